/** How health begins: a start goes on from what the last run knew. One that knew nothing would take a restart for an outage. */

import type { EndpointHealth } from "../health/snapshot.ts";
import type { Prober } from "../probe/wheel.ts";
import type { ZoneSet } from "../zone/model.ts";
import type { HealthBook } from "./health-book.ts";
import { readHealth } from "./health-file.ts";
import type { Log } from "./log.ts";

export interface HealthStartParts {
  readonly folder: string;
  readonly now: () => number;
  readonly log: Log;
  readonly book: HealthBook;
  readonly prober: Prober;
}

/** Returns what the last run knew of the endpoints of `set`. */
export async function beginHealth(
  { folder, now, log, book, prober }: HealthStartParts,
  set: ZoneSet,
): Promise<ReadonlyMap<string, EndpointHealth>> {
  const read = await readHealth(folder, now());
  if (read.kind === "read") {
    book.restore(read.health);
    const states = read.health.states.size;
    const ageSeconds = Math.round(read.ageMs / 1000);
    log.info({ event: "state", states, ageSeconds }, "health goes on from what was kept");
  } else if (read.kind === "unusable") {
    log.warn({ event: "state", reason: read.reason }, "cannot use what was kept of health");
  }
  book.use(set, now());
  prober.setTargets(book.targets());
  return book.observed();
}
