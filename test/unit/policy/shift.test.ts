import { expect } from "chai";
import { describe, it } from "mocha";
import { type SentTo, shiftBetween } from "../../../src/policy/shift.ts";

const to = (share: number, ...addresses: string[]): SentTo => ({ share, addresses });

describe("shiftBetween()", () => {
  const rows: [what: string, before: SentTo[], after: SentTo[], shift: number][] = [
    ["weights change", [to(0.7, "a"), to(0.3, "b")], [to(0.5, "a"), to(0.5, "b")], 0.2],
    ["all move", [to(1, "a")], [to(1, "b")], 1],
    ["the order changes", [to(0.5, "a"), to(0.5, "b")], [to(0.5, "b"), to(0.5, "a")], 0],
    ["an address is added", [to(1, "a")], [to(1, "a", "b")], 0.5],
    ["two endpoints become one", [to(0.5, "a"), to(0.5, "b")], [to(1, "a", "b")], 0],
    ["nothing is left", [to(1, "a")], [], 1],
    ["there was nothing", [], [to(1, "a")], 0],
  ];
  for (const [what, before, after, shift] of rows) {
    it(`is ${shift} where ${what}`, () => {
      expect(shiftBetween(before, after)).to.be.closeTo(shift, 1e-12);
    });
  }
});
