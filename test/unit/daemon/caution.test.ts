/**
 * Health over random sequences of verdicts, forced states and clocks, from the book to the answer: no state changes faster than the
 * thresholds allow, a forced state always wins, and a clock that goes backwards does no harm; with everything that holds back.
 */

import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { createHealthBook } from "../../../src/daemon/health-book.ts";
import { UNKNOWN_CLIENT } from "../../../src/geo/client.ts";
import { observedOf } from "../../../src/health/snapshot.ts";
import type { Forced, Observed } from "../../../src/health/verdict.ts";
import { evaluate, sharesOf } from "../../../src/policy/evaluate.ts";
import { isPoolUp } from "../../../src/policy/pool.ts";
import { loadText } from "./loaded-zones.ts";

const FALL = 3;
const RISE = 2;
const GRACE_MS = 35_000;
const START_MS = 1_700_000_000_000;
const HOUR_MS = 3_600_000;
const EVERY = `every=5s timeout=2s fall=${FALL} rise=${RISE}`;

const SET = loadText(`$MONITOR m tcp port=1 ${EVERY}
$POOL patient monitor=m grace=35s
    e  192.0.2.1
$POOL careful monitor=m failback=after:10m
    e  192.0.2.2
$POOL slow monitor=m slow-start=5m
    e  192.0.2.3
$POOL plain monitor=m
    e  192.0.2.4
www 300/10 POLICY failover ( patient sticky ( careful=1 slow=1 ) plain )
`);

const POOLS = ["patient", "careful", "slow", "plain"];

interface Step {
  readonly pool: number;
  readonly ok: boolean;
  /** How often in a row. */
  readonly times: number;
  /** What the clock does before each of them. */
  readonly clockMs: number;
  readonly force: Forced | "none" | "as it was";
}

const arbitraryStep: fc.Arbitrary<Step> = fc.record({
  pool: fc.integer({ min: 0, max: POOLS.length - 1 }),
  ok: fc.boolean(),
  times: fc.integer({ min: 1, max: 5 }),
  clockMs: fc.constantFrom(0, 1_000, 5_000, 20_000, 700_000, -1_000, -60_000, -HOUR_MS),
  force: fc.constantFrom("as it was", "as it was", "as it was", "none", "up", "down", "drain"),
});

/** What is known of one pool beside the book. */
interface Watched {
  observed: Observed;
  /** Verdicts in a row that were like the latest. */
  run: number;
  passing: boolean;
  forced: Forced | undefined;
}

describe("health over random verdicts, forced states and clocks", () => {
  const play = (steps: readonly Step[]) => {
    const book = createHealthBook();
    let nowMs = START_MS;
    book.use(SET, nowMs);
    const targets = book.targets();
    const policy = [...(SET.zones[0]?.nodes.entries() ?? [])].flatMap(([, node]) => node.policy ?? [])[0];
    if (policy === undefined) throw new Error("no policy");
    const watched = POOLS.map(
      (): Watched => ({ observed: "unknown", run: 0, passing: false, forced: undefined }),
    );
    const look = () => {
      const forced = new Map(
        watched.flatMap(({ forced }, at) =>
          forced === undefined ? [] : [[`${POOLS[at]}/e`, forced] as const],
        ),
      );
      const snapshot = book.snapshot(forced, nowMs);
      return { snapshot, evaluation: evaluate(policy, SET.definitions, snapshot, UNKNOWN_CLIENT, "ipv4") };
    };
    const give = (at: number, ok: boolean, clockMs: number): void => {
      nowMs += clockMs;
      const target = targets.find(({ host }) => host === `192.0.2.${at + 1}`);
      const state = watched[at];
      if (target === undefined || state === undefined) throw new Error("no such pool");
      book.record(target.key, { ok, reason: ok ? "fine" : "bad", elapsedMs: 1, atMs: nowMs });
      state.run = state.passing === ok && state.observed !== "unknown" ? state.run + 1 : 1;
      state.passing = ok;
    };
    return { watched, look, give, step: steps, now: () => nowMs };
  };

  it("changes no state faster than the thresholds allow, and lets forced states win", () => {
    fc.assert(
      fc.property(fc.array(arbitraryStep, { maxLength: 40 }), (steps) => {
        const { watched, look, give } = play(steps);
        for (const { pool, ok, times, clockMs, force } of steps) {
          const state = watched[pool];
          if (state === undefined) throw new Error("no such pool");
          if (force !== "as it was") state.forced = force === "none" ? undefined : force;
          for (let time = 0; time < times; time++) {
            give(pool, ok, clockMs);
            const { snapshot, evaluation } = look();
            const observed = observedOf(snapshot.endpoints.get(`${POOLS[pool]}/e`)?.addresses ?? []);
            if (state.observed === "up" && observed === "down") expect(state.run).to.be.at.least(FALL);
            if (state.observed === "down" && observed === "up") expect(state.run).to.be.at.least(RISE);
            state.observed = observed;
            const answered = sharesOf(evaluation).map(({ endpoint }) => endpoint.pool);
            for (const [at, { forced }] of watched.entries()) {
              const name = POOLS[at] ?? "";
              const defined = SET.definitions.pools.get(name);
              if (defined === undefined) throw new Error(name);
              const isUp = isPoolUp(defined, snapshot, "ipv4");
              if (forced === "up") expect(isUp, name).to.equal(true);
              if (forced === "down" || forced === "drain") expect(isUp, name).to.equal(false);
              if (forced === "down") expect(answered).to.not.include(name);
              if (forced === "drain" && evaluation.rung !== 3) expect(answered).to.not.include(name);
            }
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it("keeps a pool in grace for no longer than grace by any clock that goes on, and is whole again in the end", () => {
    fc.assert(
      fc.property(fc.array(arbitraryStep, { maxLength: 30 }), (steps) => {
        const { watched, look, give } = play(steps);
        for (const { pool, ok, times, clockMs } of steps) {
          for (let time = 0; time < times; time++) give(pool, ok, clockMs);
          look();
        }
        for (const state of watched) state.forced = undefined;
        // Whatever happened: what fails from now on is withdrawn when grace is over, and nothing else is answered for it.
        for (let time = 0; time < FALL; time++) give(0, false, 0);
        for (let time = 0; time < RISE; time++) give(3, true, 0);
        give(0, false, GRACE_MS);
        const failed = look();
        expect(sharesOf(failed.evaluation).map(({ endpoint }) => endpoint.pool)).to.not.include("patient");
        expect(failed.evaluation.rung).to.be.lessThan(4);
        // And what is well is back, without anything held or the short TTL.
        for (const at of POOLS.keys()) for (let time = 0; time < RISE; time++) give(at, true, 0);
        look();
        for (let wait = 0; wait < 3; wait++) {
          give(0, true, HOUR_MS);
          look();
        }
        const { snapshot, evaluation } = look();
        expect(snapshot.holds).to.equal(undefined);
        expect(evaluation.rung).to.equal(1);
        expect(evaluation.ttlSeconds).to.equal(300);
        expect(sharesOf(evaluation).map(({ endpoint }) => endpoint.pool)).to.deep.equal(["patient"]);
      }),
      { numRuns: 300 },
    );
  });
});
