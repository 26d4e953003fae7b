import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { bitWords, nextBit, previousBit, setBit } from "../../../src/image/bit-steps.ts";

describe("nextBit(), previousBit()", () => {
  it("find what a look at every number finds", () => {
    const drawn = fc
      .integer({ min: 1, max: 5000 })
      .chain((count) =>
        fc.tuple(
          fc.constant(count),
          fc.array(fc.integer({ min: 0, max: count - 1 }), { maxLength: 6 }),
          fc.integer({ min: 0, max: count - 1 }),
        ),
      );
    fc.assert(
      fc.property(drawn, ([count, numbers, from]) => {
        const words = new Int32Array(3 + bitWords(count));
        for (const number of numbers) setBit(words, 3, count, number);
        expect(nextBit(words, 3, count, from)).to.equal(
          Math.min(count, ...numbers.filter((number) => number >= from)),
        );
        expect(previousBit(words, 3, count, from)).to.equal(
          Math.max(-1, ...numbers.filter((number) => number <= from)),
        );
      }),
      { numRuns: 1000 },
    );
  });
});
