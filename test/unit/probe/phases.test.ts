import { expect } from "chai";
import * as fc from "fast-check";
import { describe, it } from "mocha";
import { createPhases, type Place } from "../../../src/probe/phases.ts";

/** The gaps between the offsets of a circle, as shares of an equal gap. */
function gaps(places: readonly Place[]): readonly number[] {
  const offsets = places.map((place) => place.offsetMs).sort((one, other) => one - other);
  const intervalMs = places[0]?.intervalMs ?? 1;
  const shares = offsets.map((offset, index) => {
    const next = offsets[index + 1] ?? (offsets[0] ?? 0) + intervalMs;
    return ((next - offset) * offsets.length) / intervalMs;
  });
  return shares;
}

describe("createPhases()", () => {
  it("createPhases() spreads the targets of a monitor evenly, however many there are", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 400 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (count, base) => {
          const phases = createPhases(() => base);
          const places = Array.from({ length: count }, (_, index) => phases.take("m", `host${index}`, 5_000));
          expect(Math.max(...gaps(places))).to.be.at.most(2);
          expect(Math.min(...gaps(places))).to.be.at.least(0.3);
        },
      ),
      { numRuns: 30 },
    );
  });

  it("createPhases() stays even while targets come and go", () => {
    const phases = createPhases(() => 0.3);
    const places = Array.from({ length: 100 }, (_, index) => phases.take("m", `host${index}`, 5_000));
    for (const place of places.splice(20, 30)) {
      phases.release(place);
    }
    places.push(...Array.from({ length: 30 }, (_, index) => phases.take("m", `other${index}`, 5_000)));
    expect(Math.max(...gaps(places))).to.be.at.most(2);
  });

  it("createPhases() keeps the probes of one host out of step, also with other intervals", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(2_000, 5_000, 10_000), { minLength: 2, maxLength: 6 }),
        (intervals) => {
          const phases = createPhases(() => 0.5);
          for (let other = 0; other < 40; other++) {
            phases.take(`m${other % 6}`, `other${other}`, 5_000);
          }
          const places = intervals.map((intervalMs, index) => phases.take(`m${index}`, "host", intervalMs));
          for (const [index, one] of places.entries()) {
            for (const other of places.slice(index + 1)) {
              const cycleMs =
                one.intervalMs === other.intervalMs
                  ? one.intervalMs
                  : one.intervalMs % 5_000 === 0 && other.intervalMs % 5_000 === 0
                    ? 5_000
                    : one.intervalMs + other.intervalMs === 12_000
                      ? 2_000
                      : 1_000;
              const apartMs = Math.abs(one.offsetMs - other.offsetMs) % cycleMs;
              expect(Math.min(apartMs, cycleMs - apartMs)).to.be.at.least(5);
            }
          }
        },
      ),
      { numRuns: 50 },
    );
  });
});
