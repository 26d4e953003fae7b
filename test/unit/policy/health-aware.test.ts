import { expect } from "chai";
import { describe, it } from "mocha";
import type { Expression } from "../../../src/policy/expression.ts";
import { decideRecords, overallState } from "../../../src/policy/health-aware.ts";
import { definitions, endpoint, type HealthWord, policy, pool, snapshot } from "../../support/policies.ts";

const POOLS = [
  pool("one", [endpoint("one", "e", ["203.0.113.1", "2001:db8::1"])]),
  pool("two", [endpoint("two", "e", ["203.0.113.2"])]),
];
const ONE: Expression = { kind: "pool", pool: "one" };
const TWO: Expression = { kind: "pool", pool: "two" };
const ONLY_IN_US: Expression = {
  kind: "geo",
  entries: [
    { match: { kind: "country", country: "US" }, expression: ONE },
    { match: { kind: "any" }, expression: "nodata" },
  ],
};

describe("decideRecords()", () => {
  const up = { isUp: true, ttlSeconds: 30 };
  const down = { isUp: false, ttlSeconds: 10 };
  /** The rows of the table at the head of the file; «·» is a record that no policy decides over. */
  const ROWS: readonly (readonly [records: string, withheld: string, ttlSeconds: number])[] = [
    ["··", "..", 300],
    ["u·", "..", 30],
    ["ud", ".x", 10],
    ["d·", "x.", 10],
    ["dd", "..", 10],
    ["d", ".", 10],
    ["ddu", "xx.", 10],
    ["", "", 300],
  ];
  for (const [records, expected, ttlSeconds] of ROWS) {
    it(`leaves out '${expected}' of '${records}', for ${ttlSeconds} s`, () => {
      const states = Array.from(records, (letter) =>
        letter === "u" ? up : letter === "d" ? down : undefined,
      );
      const decision = decideRecords(states, 300);
      expect(decision.withheld.map((is) => (is ? "x" : ".")).join("")).to.equal(expected);
      expect(decision.ttlSeconds).to.equal(ttlSeconds);
    });
  }

  it("never lengthens a TTL", () => {
    expect(decideRecords([up], 5).ttlSeconds).to.equal(5);
  });
});

describe("overallState()", () => {
  type Health = { readonly [endpointId: string]: HealthWord | readonly HealthWord[] };
  const both: Expression = { kind: "failover", children: [ONE, TWO] };
  const ROWS: readonly (readonly [what: string, Expression, Health, isUp: boolean, ttlSeconds: number])[] = [
    ["all up", both, {}, true, 30],
    ["one of two down", both, { "one/e": "down" }, true, 10],
    ["failing, still up", ONE, { "one/e": "failing" }, true, 10],
    ["one family up", ONE, { "one/e": ["down", "up"] }, true, 10],
    ["a family that it does not have", TWO, {}, true, 30],
    ["all down", both, { "one/e": "down", "two/e": "down" }, false, 10],
    ["held back: rung 2", ONE, { "one/e": "passing" }, false, 10],
    ["not yet probed: rung 2", ONE, { "one/e": "unknown" }, false, 10],
    ["up for clients in one country alone", ONLY_IN_US, {}, true, 30],
    ["down for those, NODATA for the others", ONLY_IN_US, { "one/e": "down" }, false, 10],
  ];
  for (const [what, expression, health, isUp, ttlSeconds] of ROWS) {
    it(`${what}: ${isUp ? "up" : "down"}, ${ttlSeconds} s`, () => {
      const state = overallState(policy(expression), definitions(POOLS), snapshot(POOLS, health));
      expect(state).to.deep.equal({ isUp, ttlSeconds });
    });
  }

  it("is up while a pool is in its slow start, and down while it is held back", () => {
    const health = snapshot(POOLS);
    const stateWith = (hold: { kind: "ramping"; part: number } | { kind: "held"; untilMs: undefined }) =>
      overallState(policy(ONE), definitions(POOLS), {
        ...health,
        holds: new Map([["one", { ipv4: hold, ipv6: hold }]]),
      });
    expect(stateWith({ kind: "ramping", part: 0.05 })).to.deep.equal({ isUp: true, ttlSeconds: 10 });
    expect(stateWith({ kind: "held", untilMs: undefined })).to.deep.equal({ isUp: false, ttlSeconds: 10 });
  });
});
