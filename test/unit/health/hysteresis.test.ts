import { expect } from "chai";
import * as fc from "fast-check";
import { describe, it } from "mocha";
import {
  failuresToFall,
  initialState,
  newcomerState,
  type ProbeState,
  step,
} from "../../../src/health/hysteresis.ts";
import type { FallRule, Thresholds } from "../../../src/health/monitor.ts";

const COUNT: Thresholds = { fall: { kind: "consecutive", failures: 3 }, rise: 4 };
/** Six failures among the last twenty. */
const RATIO: Thresholds = { fall: { kind: "ratio", percent: 30, window: 20 }, rise: 4 };

/** Verdicts as `+` and `-`, one a second from 1 s on. */
function steps(from: ProbeState, marks: string, thresholds: Thresholds, firstMs = 1_000): ProbeState {
  let state = from;
  for (const [index, mark] of marks.split("").entries()) {
    const ok = mark === "+";
    state = step(
      state,
      { ok, reason: ok ? "fine" : "bad", elapsedMs: 1, atMs: firstMs + index * 1_000 },
      thresholds,
    );
  }
  return state;
}

describe("step()", () => {
  /** The rows of the chart in the module's head, and what stands between them. */
  const CHART: readonly {
    readonly row: string;
    readonly from?: "newcomer";
    readonly thresholds: Thresholds;
    readonly marks: string;
    readonly observed: string;
    readonly passing: boolean;
    readonly sinceMs: number;
  }[] = [
    {
      row: "unknown, pass after a start",
      thresholds: COUNT,
      marks: "+",
      observed: "up",
      passing: true,
      sinceMs: 1_000,
    },
    {
      row: "unknown, fail after a start",
      thresholds: COUNT,
      marks: "-",
      observed: "down",
      passing: false,
      sinceMs: 1_000,
    },
    {
      row: "unknown, fail, new",
      from: "newcomer",
      thresholds: COUNT,
      marks: "-",
      observed: "down",
      passing: false,
      sinceMs: 1_000,
    },
    {
      row: "unknown, pass < rise, new",
      from: "newcomer",
      thresholds: COUNT,
      marks: "+++",
      observed: "unknown",
      passing: true,
      sinceMs: 0,
    },
    {
      row: "unknown, pass = rise, new",
      from: "newcomer",
      thresholds: COUNT,
      marks: "++++",
      observed: "up",
      passing: true,
      sinceMs: 4_000,
    },
    {
      row: "new, then down, then rise",
      from: "newcomer",
      thresholds: COUNT,
      marks: "++-++++",
      observed: "up",
      passing: true,
      sinceMs: 7_000,
    },
    { row: "up, pass", thresholds: COUNT, marks: "++", observed: "up", passing: true, sinceMs: 1_000 },
    {
      row: "up, pass, by share",
      thresholds: RATIO,
      marks: "+-----+",
      observed: "up",
      passing: true,
      sinceMs: 1_000,
    },
    {
      row: "up, fail in a row < fall",
      thresholds: COUNT,
      marks: "+--",
      observed: "up",
      passing: false,
      sinceMs: 1_000,
    },
    {
      row: "up, fail in a row < fall, again",
      thresholds: COUNT,
      marks: "+--+--",
      observed: "up",
      passing: false,
      sinceMs: 1_000,
    },
    {
      row: "up, fail in a row = fall",
      thresholds: COUNT,
      marks: "+---",
      observed: "down",
      passing: false,
      sinceMs: 4_000,
    },
    {
      row: "up, fail among N < share",
      thresholds: RATIO,
      marks: "+-----",
      observed: "up",
      passing: false,
      sinceMs: 1_000,
    },
    {
      row: "up, fail among N = share",
      thresholds: RATIO,
      marks: "+-+-+-+-+-+-",
      observed: "down",
      passing: false,
      sinceMs: 12_000,
    },
    {
      row: "up, fail, old failures out of N",
      thresholds: RATIO,
      marks: `+-----${"+".repeat(19)}-`,
      observed: "up",
      passing: false,
      sinceMs: 1_000,
    },
    { row: "down, fail", thresholds: COUNT, marks: "--", observed: "down", passing: false, sinceMs: 1_000 },
    {
      row: "down, pass < rise",
      thresholds: COUNT,
      marks: "-+++",
      observed: "down",
      passing: true,
      sinceMs: 1_000,
    },
    {
      row: "down, pass < rise, again",
      thresholds: COUNT,
      marks: "-+++-+++",
      observed: "down",
      passing: true,
      sinceMs: 1_000,
    },
    {
      row: "down, pass = rise",
      thresholds: COUNT,
      marks: "-++++",
      observed: "up",
      passing: true,
      sinceMs: 5_000,
    },
    {
      row: "down, pass = rise, by share",
      thresholds: RATIO,
      marks: "+------++++-",
      observed: "up",
      passing: false,
      sinceMs: 11_000,
    },
  ];
  for (const { row, from, thresholds, marks, ...expected } of CHART) {
    it(`step() goes by its chart: ${row}`, () => {
      const start = from === "newcomer" ? newcomerState(0) : initialState(0);
      expect(steps(start, marks, thresholds)).to.include(expected);
    });
  }

  it("step() keeps the latest reason and dates the first failure of a run", () => {
    const state = steps(initialState(0), "+--", COUNT);
    expect(state).to.include({ reason: "bad", run: 2, runSinceMs: 2_000 });
  });

  it("step() remembers the first failed probe until it is up and passes again", () => {
    const rows = [
      ["+", undefined],
      ["+-", 2_000],
      ["+-+", undefined],
      ["+--", 2_000],
      ["+--+", undefined],
      ["+---+", 2_000],
      ["+---+-", 2_000],
      ["+---++++", undefined],
      ["-", undefined],
      ["--", undefined],
    ] as const;
    for (const [marks, since] of rows) {
      expect(steps(initialState(0), marks, COUNT).failingSinceMs, marks).to.equal(since);
    }
    const pulled = steps(steps(initialState(0), "+-", COUNT, 9_000_000), "-", COUNT, 5_000);
    expect(pulled.failingSinceMs, "where the clock goes back").to.equal(5_000);
  });

  it("step() pulls a date out of the future when the clock goes back", () => {
    const state = steps(steps(initialState(0), "+-", COUNT, 9_000_000), "-", COUNT, 5_000);
    expect(state).to.include({ observed: "up", sinceMs: 5_000, runSinceMs: 5_000 });
  });
});

describe("failuresToFall()", () => {
  const ROWS: readonly (readonly [FallRule, number])[] = [
    [{ kind: "consecutive", failures: 3 }, 3],
    [{ kind: "ratio", percent: 30, window: 20 }, 6],
    [{ kind: "ratio", percent: 34, window: 10 }, 4],
    [{ kind: "ratio", percent: 1, window: 10 }, 1],
    [{ kind: "ratio", percent: 100, window: 7 }, 7],
    [{ kind: "ratio", percent: 29, window: 100 }, 29],
  ];
  for (const [fall, failures] of ROWS) {
    it(`failuresToFall() of ${JSON.stringify(fall)} is ${failures}`, () => {
      expect(failuresToFall(fall)).to.equal(failures);
    });
  }
});

const fallRule: fc.Arbitrary<FallRule> = fc.oneof(
  fc.record({ kind: fc.constant("consecutive" as const), failures: fc.integer({ min: 1, max: 6 }) }),
  fc.record({
    kind: fc.constant("ratio" as const),
    percent: fc.integer({ min: 1, max: 100 }),
    window: fc.integer({ min: 2, max: 20 }),
  }),
);
const thresholds: fc.Arbitrary<Thresholds> = fc.record({
  fall: fallRule,
  rise: fc.integer({ min: 1, max: 8 }),
});
const sequence = fc.array(fc.record({ ok: fc.boolean(), atMs: fc.integer({ min: 0, max: 1e12 }) }), {
  maxLength: 80,
});

function walk(verdicts: readonly { ok: boolean; atMs: number }[], rules: Thresholds, newcomer: boolean) {
  const states = [newcomer ? newcomerState(0) : initialState(0)];
  for (const { ok, atMs } of verdicts) {
    const last = states.at(-1) ?? initialState(0);
    states.push(step(last, { ok, atMs, reason: ok ? "fine" : "bad", elapsedMs: 1 }, rules));
  }
  return states;
}

describe("step() over random verdicts", () => {
  it("step() changes no state faster than the thresholds allow", () => {
    fc.assert(
      fc.property(sequence, thresholds, fc.boolean(), (verdicts, rules, newcomer) => {
        for (const [index, state] of walk(verdicts, rules, newcomer).entries()) {
          const before = walk(verdicts, rules, newcomer)[index - 1];
          const seen = verdicts.slice(0, index);
          if (before?.observed === "up" && state.observed === "down") {
            const window = rules.fall.kind === "ratio" ? rules.fall.window : rules.fall.failures;
            const failures = seen.slice(-window).filter(({ ok }) => !ok).length;
            expect(failures).to.be.at.least(failuresToFall(rules.fall));
          }
          if (before !== undefined && before.observed !== "up" && state.observed === "up") {
            const needed = before.observed === "unknown" && !newcomer ? 1 : rules.rise;
            expect(seen.slice(-needed).filter(({ ok }) => ok)).to.have.length(needed);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it("step() takes no longer than the thresholds allow either", () => {
    fc.assert(
      fc.property(sequence, thresholds, (verdicts, rules) => {
        const last = walk(verdicts, rules, false).at(-1) ?? initialState(0);
        expect(steps(last, "-".repeat(failuresToFall(rules.fall)), rules).observed).to.equal("down");
        expect(steps(last, "+".repeat(rules.rise), rules).observed).to.equal("up");
      }),
    );
  });

  it("step() decides the same whatever the clock says, and dates nothing after the verdict", () => {
    fc.assert(
      fc.property(sequence, thresholds, fc.boolean(), (verdicts, rules, newcomer) => {
        const steady = verdicts.map(({ ok }, index) => ({ ok, atMs: index }));
        const jumping = walk(verdicts, rules, newcomer);
        const decisions = (states: readonly ProbeState[]) =>
          states.map(({ observed, passing, run, recent }) => ({ observed, passing, run, recent }));
        expect(decisions(jumping)).to.deep.equal(decisions(walk(steady, rules, newcomer)));
        for (const [index, { atMs }] of verdicts.entries()) {
          expect(jumping[index + 1]?.sinceMs).to.be.at.most(atMs);
          expect(jumping[index + 1]?.runSinceMs).to.be.at.most(atMs);
        }
      }),
    );
  });

  it("step() never returns to unknown, remembers no more than it must, and survives being written to disk", () => {
    fc.assert(
      fc.property(sequence, thresholds, fc.boolean(), (verdicts, rules, newcomer) => {
        const states = walk(verdicts, rules, newcomer);
        for (const [index, state] of states.entries()) {
          expect(state.recent.length).to.be.at.most(rules.fall.kind === "ratio" ? rules.fall.window : 0);
          expect(JSON.parse(JSON.stringify(state))).to.deep.equal(state);
          const before = states[index - 1];
          if (before !== undefined && before.observed !== "unknown") {
            expect(state.observed).to.not.equal("unknown");
          }
          if (!newcomer && index > 0) {
            expect(state.observed).to.not.equal("unknown");
          }
        }
      }),
    );
  });
});
