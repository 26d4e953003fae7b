import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { fillAliasSlots } from "../../../src/image/alias.ts";

const STEPS = 2 ** 32;

describe("fillAliasSlots()", () => {
  it("gives every candidate the share of its weight", () => {
    const arbitraryWeights = fc.array(fc.double({ min: 1e-3, max: 1e3, noNaN: true }), {
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(arbitraryWeights, (weights) => {
        const count = weights.length;
        const sum = weights.reduce((total, weight) => total + weight, 0);
        const slots = {
          thresholds: new Uint32Array(count),
          candidates: new Int32Array(count),
          aliases: new Int32Array(count),
        };
        fillAliasSlots(slots, 0, Array.from(weights.keys()), [...weights]);
        const shares = new Float64Array(count);
        for (let slot = 0; slot < count; slot++) {
          const own = (slots.thresholds[slot] ?? 0) / STEPS;
          const candidate = slots.candidates[slot] ?? -1;
          const alias = slots.aliases[slot] ?? -1;
          shares[candidate] = (shares[candidate] ?? 0) + own / count;
          shares[alias] = (shares[alias] ?? 0) + (1 - own) / count;
        }
        weights.forEach((weight, index) => expect(shares[index]).to.be.closeTo(weight / sum, 1e-8));
      }),
      { seed: 20_261_122, numRuns: 500 },
    );
  });
});
