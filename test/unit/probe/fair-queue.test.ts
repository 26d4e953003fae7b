import { expect } from "chai";
import { describe, it } from "mocha";
import { FairQueue } from "../../../src/probe/fair-queue.ts";

function drain(queue: FairQueue<string>): string[] {
  const drained: string[] = [];
  while (queue.size > 0) {
    drained.push(queue.shift() ?? "nothing");
  }
  return drained;
}

describe("FairQueue", () => {
  it("FairQueue serves lines in turn and each in its order", () => {
    const queue = new FairQueue<string>();
    for (const item of ["a1", "a2", "a3", "b1", "c1", "c2"]) {
      queue.push(item.charAt(0), item);
    }
    expect(drain(queue)).to.deep.equal(["a1", "b1", "c1", "a2", "c2", "a3"]);
    expect(queue.shift()).to.equal(undefined);
  });

  it("FairQueue keeps its order over a long line that never empties", () => {
    const queue = new FairQueue<string>();
    const served: (string | undefined)[] = [];
    for (let index = 0; index < 5_000; index++) {
      queue.push("a", `${index}`);
      if (index >= 10) {
        served.push(queue.shift());
      }
    }
    expect(served).to.deep.equal(Array.from({ length: 4_990 }, (_, index) => `${index}`));
    expect(queue.size).to.equal(10);
  });
});
