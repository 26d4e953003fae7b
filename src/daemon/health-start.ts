/** How health begins: with what the last run kept of it, and the targets of the zones to be probed. */

import type { ServeOptions } from "../config/options.ts";
import type { Prober } from "../probe/wheel.ts";
import type { ZoneSet } from "../zone/model.ts";
import type { HealthBook } from "./health-book.ts";
import { readHealth } from "./health-file.ts";
import type { Log } from "./log.ts";
import type { Clock } from "./serving.ts";

export interface StartParts {
  readonly options: ServeOptions;
  readonly clock: Clock;
  readonly log: Log;
}

/** A start goes on from what the last run knew: one that was told nothing would take a restart for an outage. */
export async function beginHealth(
  { options, clock, log }: StartParts,
  { book, prober }: { readonly book: HealthBook; readonly prober: Prober },
  set: ZoneSet,
): Promise<void> {
  const read = await readHealth(options.state, clock.now());
  if (read.kind === "read") {
    book.restore(read.health);
    const states = read.health.states.size;
    const ageSeconds = Math.round(read.ageMs / 1000);
    log.info({ event: "state", states, ageSeconds }, "health goes on from what was kept");
  } else if (read.kind === "unusable") {
    log.warn({ event: "state", reason: read.reason }, "cannot use what was kept of health");
  }
  book.use(set, clock.now());
  prober.setTargets(book.targets());
}
