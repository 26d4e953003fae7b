import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import {
  FRESH,
  holdOf,
  nextHoldMs,
  RAMP_STEPS,
  type ReturnRules,
  type ReturnState,
  type Standing,
  stepReturn,
} from "../../../src/policy/failback.ts";
import type { Failback } from "../../../src/policy/model.ts";

const AT = 1_000_000;
const AFTER_MS = 600_000;
const SLOW_MS = 300_000;

const RULES: Readonly<Record<string, Failback>> = {
  auto: { kind: "auto" },
  after: { kind: "after", afterMs: AFTER_MS },
  manual: { kind: "manual" },
};
const STATES: Readonly<Record<string, ReturnState>> = {
  fresh: FRESH,
  serving: { kind: "serving", rampFromMs: undefined },
  ramping: { kind: "serving", rampFromMs: AT - 1000 },
  withdrawn: { kind: "withdrawn" },
  held: { kind: "held", sinceMs: AT - 1000 },
  "held long": { kind: "held", sinceMs: AT - AFTER_MS },
};

function wordOf(state: ReturnState): string {
  return state.kind === "serving" && state.rampFromMs !== undefined ? "ramping" : state.kind;
}

describe("stepReturn()", () => {
  /** The chart at the head of policy/failback, row by row. */
  const CHART = `
    fresh      up       no   auto    serving
    fresh      up       yes  manual  serving
    fresh      unknown  no   manual  fresh
    fresh      down     no   auto    withdrawn
    serving    down     no   manual  withdrawn
    ramping    down     no   auto    withdrawn
    held       down     no   after   withdrawn
    withdrawn  down     yes  auto    withdrawn
    serving    unknown  no   manual  serving
    serving    up       no   manual  serving
    ramping    up       no   auto    ramping
    withdrawn  unknown  no   auto    withdrawn
    withdrawn  up       yes  manual  serving
    withdrawn  up       no   auto    ramping
    withdrawn  up       no   after   held
    withdrawn  up       no   manual  held
    held       unknown  no   after   withdrawn
    held       up       yes  after   serving
    held       up       no   after   held
    held       up       no   manual  held
    held-long  up       no   after   ramping
    held-long  up       no   manual  held`;
  for (const row of CHART.trim().split("\n")) {
    const [from = "", stands, forced, failback = "", next] = row.trim().split(/\s+/);
    it(`goes ${row.trim().replaceAll(/\s+/g, " ")}`, () => {
      const state = STATES[from.replace("-", " ")];
      const rules = RULES[failback];
      if (state === undefined || rules === undefined) throw new Error(`no such state or rule: ${row}`);
      if (stands !== "up" && stands !== "down" && stands !== "unknown") throw new Error(row);
      const standing: Standing = { stands, forcedUp: forced === "yes" };
      const stepped = stepReturn(state, standing, { failback: rules, slowStartMs: SLOW_MS }, AT);
      expect(wordOf(stepped)).to.equal(next);
    });
  }

  it("brings a pool without slow-start back whole", () => {
    const rules: ReturnRules = { failback: { kind: "auto" }, slowStartMs: 0 };
    const stepped = stepReturn({ kind: "withdrawn" }, { stands: "up", forcedUp: false }, rules, AT);
    expect(stepped).to.deep.equal({ kind: "serving", rampFromMs: undefined });
  });

  const arbitraryStanding = fc.record({
    stands: fc.constantFrom<Standing["stands"]>("up", "down", "unknown"),
    forcedUp: fc.boolean(),
  });
  const arbitraryRules: fc.Arbitrary<ReturnRules> = fc.record({
    failback: fc.constantFrom<Failback>(
      { kind: "auto" },
      { kind: "manual" },
      { kind: "after", afterMs: AFTER_MS },
    ),
    slowStartMs: fc.constantFrom(0, SLOW_MS),
  });
  /** Steps of a clock that mostly goes forward. */
  const arbitraryDays = fc.array(
    fc.tuple(arbitraryStanding, fc.integer({ min: -AFTER_MS, max: 2 * AFTER_MS })),
    { maxLength: 40 },
  );

  it("is never back earlier than failback allows, whatever the clock does", () => {
    fc.assert(
      fc.property(arbitraryRules, arbitraryDays, (rules, days) => {
        let state = FRESH;
        let atMs = AT;
        /** What a steady clock would have shown since the pool came up again. */
        let upForMs = 0;
        for (const [standing, passedMs] of days) {
          atMs += passedMs;
          const before = state;
          state = stepReturn(state, standing, rules, atMs);
          upForMs = standing.stands === "up" && before.kind === "held" ? upForMs + Math.max(0, passedMs) : 0;
          if (standing.stands === "down") expect(state.kind).to.equal("withdrawn");
          if (standing.forcedUp && standing.stands === "up")
            expect(holdOf(state, rules, atMs)?.kind).to.not.equal("held");
          const isBack = before.kind !== "serving" && before.kind !== "fresh" && state.kind === "serving";
          if (!isBack || standing.forcedUp) continue;
          expect(rules.failback.kind).to.not.equal("manual");
          if (rules.failback.kind === "after") expect(upForMs).to.be.at.least(rules.failback.afterMs);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("survives being written to disk", () => {
    for (const state of Object.values(STATES)) {
      const read = JSON.parse(JSON.stringify(state));
      expect(
        holdOf(read, { failback: RULES["after"] ?? { kind: "auto" }, slowStartMs: SLOW_MS }, AT),
      ).to.deep.equal(
        holdOf(state, { failback: RULES["after"] ?? { kind: "auto" }, slowStartMs: SLOW_MS }, AT),
      );
    }
  });
});

describe("holdOf()", () => {
  const rules: ReturnRules = { failback: { kind: "auto" }, slowStartMs: SLOW_MS };

  it("lets the share grow step by step until the pool is whole, and says when each step is due", () => {
    const state: ReturnState = { kind: "serving", rampFromMs: AT };
    const parts: number[] = [];
    let atMs: number | undefined = AT;
    while (atMs !== undefined && parts.length <= RAMP_STEPS) {
      const hold = holdOf(stepReturn(state, { stands: "up", forcedUp: false }, rules, atMs), rules, atMs);
      if (hold === undefined) break;
      if (hold.kind !== "ramping") throw new Error("a slow start is no hold");
      parts.push(hold.part);
      const due: number | undefined = nextHoldMs(state, rules, atMs);
      if (due !== undefined) {
        expect(holdOf(state, rules, due - 1)).to.deep.equal(hold);
        expect(holdOf(state, rules, due)).to.not.deep.equal(hold);
      }
      atMs = due;
    }
    expect(parts).to.have.length(RAMP_STEPS);
    expect(atMs).to.equal(AT + SLOW_MS);
    expect(parts).to.deep.equal([...parts].sort((one, other) => one - other));
    expect(Math.min(...parts)).to.be.greaterThan(0);
    expect(Math.max(...parts)).to.be.lessThan(1);
  });

  it("begins at the first step where the clock goes backwards", () => {
    expect(holdOf({ kind: "serving", rampFromMs: AT }, rules, AT - 50_000)).to.deep.equal(
      holdOf({ kind: "serving", rampFromMs: AT }, rules, AT),
    );
  });

  it("says until when failback holds a pool", () => {
    const held: ReturnState = { kind: "held", sinceMs: AT };
    expect(holdOf(held, { failback: { kind: "after", afterMs: 5 }, slowStartMs: 0 }, AT)).to.deep.equal({
      kind: "held",
      untilMs: AT + 5,
    });
    expect(nextHoldMs(held, { failback: { kind: "after", afterMs: 5 }, slowStartMs: 0 }, AT)).to.equal(
      AT + 5,
    );
    expect(holdOf(held, { failback: { kind: "manual" }, slowStartMs: 0 }, AT)).to.deep.equal({
      kind: "held",
      untilMs: undefined,
    });
    expect(nextHoldMs(held, { failback: { kind: "manual" }, slowStartMs: 0 }, AT)).to.equal(undefined);
  });
});
