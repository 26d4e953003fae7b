/** How long the thread that asks has had a core, which the clock on the wall does not tell where others want it too. */

import { readFileSync } from "node:fs";

/** Runs on a core, then waits for one, in nanoseconds (Documentation/scheduler/sched-stats in Linux's source). */
const SCHEDULER_STATISTICS = "/proc/thread-self/schedstat";
const NS_PER_MS = 1e6;

/** In milliseconds, to a tick of the scheduler's; `undefined` where the system does not say (it is Linux that does). */
export function threadTimeMs(): number | undefined {
  try {
    return Number.parseInt(readFileSync(SCHEDULER_STATISTICS, "latin1"), 10) / NS_PER_MS;
  } catch {
    return undefined;
  }
}
