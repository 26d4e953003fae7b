import { expect } from "chai";
import { describe, it } from "mocha";
import { busyPoll } from "../../../src/server/busy-poll.ts";

describe("busyPoll()", () => {
  for (const found of [3, -1]) {
    it(`is over once there is ${found}`, () => {
      const looks = [0, 0, found, 7];
      expect(busyPoll(() => looks.shift() ?? 0, 1_000_000)).to.equal(found);
      expect(looks).to.deep.equal([7]);
    });
  }

  it("is over when the time is", () => {
    const startedMs = performance.now();
    expect(busyPoll(() => 0, 2_000)).to.equal(0);
    expect(performance.now() - startedMs).to.be.at.least(2);
  });

  it("looks once where there is no time", () => {
    expect(busyPoll(() => 5, 0)).to.equal(5);
  });
});
