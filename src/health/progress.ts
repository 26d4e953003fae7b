/**
 * How far probes are towards another state, for people who wait: read from the state of `health/hysteresis`, and no part of
 * the decision.
 *
 * | observed | latest probe | says                                                        |
 * | -------- | ------------ | ----------------------------------------------------------- |
 * | unknown  | none yet     | the first one decides; new in a reload: 0 of `rise` passes   |
 * | unknown  | passed       | so many of `rise` passes: only what is new in a reload waits |
 * | up       | failed       | so many of `fall` failures                                  |
 * | up       | passed       | nothing; by a share of the last N, so many failures if any  |
 * | down     | passed       | so many of `rise` passes                                    |
 * | down     | failed       | 0 of `rise` passes                                          |
 */

import { countFailures, failuresToFall, type ProbeState } from "./hysteresis.ts";
import type { Thresholds } from "./monitor.ts";

/** In words: «2 of 6 passes towards up»; `undefined` where nothing is under way. */
export function describeProgress(state: ProbeState, { fall, rise }: Thresholds): string | undefined {
  const { observed, passing, run, recent, newcomer } = state;
  if (observed === "unknown" && run === 0 && !newcomer) return "its first probe decides";
  if (observed !== "up") return `${passing ? run : 0} of ${rise} passes towards up`;
  const failures = fall.kind === "ratio" ? countFailures(recent) : passing ? 0 : run;
  if (failures === 0) return undefined;
  const among = fall.kind === "ratio" ? ` among the last ${fall.window}` : "";
  return `${failures} of ${failuresToFall(fall)} failures${among} towards down`;
}
