import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { createPoolReturns } from "../../../src/daemon/pool-returns.ts";
import type { EndpointHealth } from "../../../src/health/snapshot.ts";
import type { Pool } from "../../../src/policy/model.ts";
import { definitions, endpoint, pool } from "../../support/policies.ts";

const START_MS = 1_700_000_000_000;
const GRACE_MS = 35_000;

const NAMES = ["patient", "late", "slow", "both"] as const;
const ENDPOINTS = ["a", "b"];
const RULES: { readonly [name in (typeof NAMES)[number]]: Partial<Pool> } = {
  patient: { graceMs: GRACE_MS, failback: { kind: "after", afterMs: 60_000 } },
  late: { failback: { kind: "manual" } },
  slow: { slowStartMs: 300_000 },
  both: { graceMs: GRACE_MS, slowStartMs: 100_000, minUp: { kind: "count", count: 2 } },
};
const DEFINITIONS = definitions(
  NAMES.map((name, at) =>
    pool(
      name,
      ENDPOINTS.map((each, index) => endpoint(name, each, [`192.0.2.${2 * at + index}`])),
      RULES[name],
    ),
  ),
);

interface Step {
  readonly id: string;
  readonly observed: "up" | "down" | "as it was";
  readonly forced: "up" | "drain" | undefined;
  readonly clockMs: number;
}

const arbitraryStep: fc.Arbitrary<Step> = fc.record({
  id: fc.constantFrom(...NAMES.flatMap((name) => ENDPOINTS.map((each) => `${name}/${each}`))),
  observed: fc.constantFrom("up", "down", "down", "as it was", "as it was"),
  forced: fc.constantFrom(undefined, undefined, undefined, "up", "drain"),
  clockMs: fc.constantFrom(0, 1_000, 20_000, GRACE_MS, 120_000, -1_000, -60_000, -3_600_000),
});

describe("createPoolReturns()", () => {
  it("createPoolReturns() passes over what cannot be another, and comes to what it comes to without", () => {
    fc.assert(
      fc.property(fc.array(arbitraryStep, { minLength: 1, maxLength: 40 }), (steps) => {
        const [quick, thorough] = [createPoolReturns(), createPoolReturns()];
        quick.use(DEFINITIONS, START_MS);
        let atMs = START_MS;
        const endpoints = new Map<string, EndpointHealth>();
        for (const { id, observed, forced, clockMs } of steps) {
          atMs += clockMs;
          if (observed !== "as it was") {
            const passing = observed === "up";
            const failing = passing ? {} : { failingSinceMs: atMs };
            const address = { observed, passing, reason: "", sinceMs: atMs, ...failing };
            endpoints.set(id, { forced, addresses: [address] });
          }
          const snapshot = { atMs, endpoints: new Map(endpoints) };
          // What is used anew is stepped whatever is known.
          thorough.use(DEFINITIONS, atMs);
          expect(quick.step(snapshot)).to.deep.equal(thorough.step(snapshot));
          expect(quick.keep()).to.deep.equal(thorough.keep());
        }
      }),
      { numRuns: 300 },
    );
  });
});
