/**
 * Hysteresis: one probe is a hint, a run of them is a state. `step` takes a state and a verdict to the next state and
 * is all there is: whoever probes keeps one state for each address and monitor and hands in what came back.
 *
 *   observed  verdict  and then                                   next     passing
 *   unknown   pass     after a start                              up       yes
 *   unknown   fail     after a start, or new in a reload          down     no
 *   unknown   pass     new in a reload, passes in a row < rise    unknown  yes
 *   unknown   pass     new in a reload, passes in a row = rise    up       yes
 *   up        pass     failures among the last N still < share    up       yes
 *   up        fail     failures in a row < fall                   up       no
 *   up        fail     failures in a row = fall                   down     no
 *   up        fail     failures among the last N < share of N     up       no
 *   up        fail     failures among the last N = share of N     down     no
 *   down      fail                                                down     no
 *   down      pass     passes in a row < rise                     down     yes
 *   down      pass     passes in a row = rise                     up       yes
 *
 * The share is of the full N also while fewer probes have been made: a short history condemns nobody early. What took
 * an address down is forgotten when it has come up, or its old failures would take it down again at the next one.
 *
 * Counts alone decide, never the clock: a clock that jumps changes what is shown as `sinceMs` and nothing else, and
 * neither it nor `runSinceMs` nor `failingSinceMs` is ever later than the latest verdict.
 */

import type { FallRule, Thresholds } from "./monitor.ts";
import type { Observed, Verdict } from "./verdict.ts";

/** Plain data: it can be written to disk and read back. */
export interface ProbeState {
  readonly observed: Observed;
  /** Whether the latest verdict passed; `false` before the first. */
  readonly passing: boolean;
  /** How many verdicts in a row were like the latest. Stops counting at `RUN_MAX`. */
  readonly run: number;
  /** When the first of that run came. */
  readonly runSinceMs: number;
  /**
   * The first failed probe since it was last up and passing: what `grace` counts from. Absent while it is up and passes, and
   * where it has not been up at all.
   */
  readonly failingSinceMs?: number;
  /** The last verdicts, oldest first, `+` or `-` each, as many as a ratio rule looks at; empty for a count. */
  readonly recent: string;
  /** Since when `observed` is what it is. */
  readonly sinceMs: number;
  /** The latest verdict's, or «not yet probed». */
  readonly reason: string;
  /** New in a reload: `unknown` until `rise` passes, or one failure. */
  readonly newcomer: boolean;
}

const RUN_MAX = 1_000_000;
export const NOT_YET_PROBED = "not yet probed";

/** At a start: the first verdict decides. */
export function initialState(atMs: number): ProbeState {
  return {
    observed: "unknown",
    passing: false,
    run: 0,
    runSinceMs: atMs,
    recent: "",
    sinceMs: atMs,
    reason: NOT_YET_PROBED,
    newcomer: false,
  };
}

/** What a reload adds joins after `rise` passes. */
export function newcomerState(atMs: number): ProbeState {
  return { ...initialState(atMs), newcomer: true };
}

export function step(state: ProbeState, verdict: Verdict, thresholds: Thresholds): ProbeState {
  const run = state.passing === verdict.ok ? Math.min(state.run + 1, RUN_MAX) : 1;
  const recent = remember(state.recent, verdict.ok, thresholds.fall);
  const observed = verdict.ok
    ? afterPass(state, run, thresholds.rise)
    : afterFailure(state.observed, run, recent, thresholds.fall);
  const cameUp = observed === "up" && state.observed === "down";
  return {
    observed,
    passing: verdict.ok,
    run,
    runSinceMs: run === 1 ? verdict.atMs : Math.min(state.runSinceMs, verdict.atMs),
    ...failingSince(state, verdict, observed),
    recent: cameUp ? "" : recent,
    sinceMs: observed === state.observed ? Math.min(state.sinceMs, verdict.atMs) : verdict.atMs,
    reason: verdict.reason,
    newcomer: state.newcomer && observed === "unknown",
  };
}

/** Passes on the way up do not end it: an address that fails and passes in turns would be given grace for ever. */
function failingSince(
  { observed, failingSinceMs }: ProbeState,
  { ok, atMs }: Verdict,
  next: Observed,
): Pick<ProbeState, "failingSinceMs"> {
  if (ok && next === "up") return {};
  if (failingSinceMs !== undefined) return { failingSinceMs: Math.min(failingSinceMs, atMs) };
  return observed === "up" ? { failingSinceMs: atMs } : {};
}

function afterPass(state: ProbeState, run: number, rise: number): Observed {
  if (state.observed === "up" || (state.observed === "unknown" && !state.newcomer)) {
    return "up";
  }
  return run >= rise ? "up" : state.observed;
}

function afterFailure(observed: Observed, run: number, recent: string, fall: FallRule): Observed {
  if (observed !== "up") {
    return "down";
  }
  const failures = fall.kind === "consecutive" ? run : countFailures(recent);
  return failures >= failuresToFall(fall) ? "down" : "up";
}

/**
 * How many failures take an up address down: in a row, or among the last `window`. Where every probe fails it is also
 * how many probes that takes, so `failuresToFall × every + timeout` is the longest that a dead address stays up.
 */
export function failuresToFall(fall: FallRule): number {
  return fall.kind === "consecutive"
    ? fall.failures
    : Math.max(1, Math.ceil((fall.window * fall.percent) / 100));
}

function remember(recent: string, ok: boolean, fall: FallRule): string {
  return fall.kind === "consecutive" ? "" : (recent + (ok ? "+" : "-")).slice(-fall.window);
}

/** Of the verdicts that a ratio rule remembers. */
export function countFailures(recent: string): number {
  let failures = 0;
  for (const mark of recent) {
    failures += mark === "-" ? 1 : 0;
  }
  return failures;
}
