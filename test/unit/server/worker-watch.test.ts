import { expect } from "chai";
import { describe, it } from "mocha";
import { LOOKS_UNTIL_HUNG, WorkerWatch } from "../../../src/server/worker-watch.ts";

/** What each look saw, and at which looks the worker was said to hang. */
function verdicts(turns: readonly number[]): number[] {
  const watch = new WorkerWatch();
  return turns.flatMap((count, look) => (watch.look(0, count) ? [look] : []));
}

const still = (count: number, looks: number): number[] => Array.from({ length: looks }, () => count);

describe("WorkerWatch", () => {
  const cases: readonly [what: string, turns: number[], hung: number[]][] = [
    ["one that moves", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13], []],
    ["one that moves once in a while", [...still(1, LOOKS_UNTIL_HUNG), ...still(2, LOOKS_UNTIL_HUNG)], []],
    ["one that stands", still(7, LOOKS_UNTIL_HUNG + 1), [LOOKS_UNTIL_HUNG]],
    ["one that never took a turn", still(0, LOOKS_UNTIL_HUNG + 1), [LOOKS_UNTIL_HUNG]],
    ["one whose count wraps around", [2 ** 31 - 1, -(2 ** 31), ...still(-(2 ** 31), 3)], []],
  ];
  for (const [what, turns, hung] of cases) {
    it(`judges ${what}`, () => {
      expect(verdicts(turns)).to.deep.equal(hung);
    });
  }

  it("gives whoever takes a place as many looks as anyone", () => {
    const watch = new WorkerWatch();
    for (let look = 0; look < LOOKS_UNTIL_HUNG; look++) watch.look(3, 9);
    watch.forget(3);
    expect(watch.look(3, 9)).to.equal(false);
  });

  it("judges each by itself", () => {
    const watch = new WorkerWatch();
    const hung: number[] = [];
    for (let look = 0; look <= LOOKS_UNTIL_HUNG; look++) {
      for (const [index, turns] of [look, 5, -look].entries()) if (watch.look(index, turns)) hung.push(index);
    }
    expect(hung).to.deep.equal([1]);
  });
});
