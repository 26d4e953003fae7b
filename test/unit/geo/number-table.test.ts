import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { NumberTable } from "../../../src/geo/number-table.ts";

const key = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 2 ** 32 - 1 }));

describe("NumberTable", () => {
  it("holds what a map holds", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(key, fc.nat()), { maxLength: 2_000 }), fc.array(key), (pairs, others) => {
        const table = new NumberTable();
        const map = new Map<number, number>();
        for (const [number, value] of pairs) {
          table.set(number, value);
          map.set(number, value);
        }
        for (const asked of [...others, ...map.keys()])
          expect(table.get(asked)).to.equal(map.get(asked) ?? -1);
      }),
    );
  });

  it("finds each of 100,000 that lie four apart, as nodes of a tree do", () => {
    const table = new NumberTable();
    for (let at = 0; at < 100_000; at++) table.set(at * 4, at);
    for (let at = 0; at < 100_000; at++) if (table.get(at * 4) !== at) expect.fail(`${at}`);
    expect(table.get(2)).to.equal(-1);
  });
});
