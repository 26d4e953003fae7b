/** Work that nobody waits for, once an hour by node-cron: what is bounded stays bounded. */

import { schedule } from "node-cron";
import { pruneAcceptedSets } from "./accepted-set.ts";
import type { KeptSettings } from "./answer-settings.ts";
import { removeLeftovers } from "./atomic-file.ts";
import type { HealthBook } from "./health-book.ts";
import type { Log, LogLimiter } from "./log.ts";

/** Not on the hour, when everybody's timers fire. */
const SCHEDULE = "17 * * * *";

export interface HousekeepingParts {
  readonly stateFolder: string;
  readonly book: HealthBook;
  readonly settings: KeptSettings;
  readonly limiter: LogLimiter;
  readonly now: () => number;
  readonly log: Log;
}

/** Removes old state files, and forgets the states of endpoints that left the zones. Never rejects. */
async function keepHouse(parts: HousekeepingParts): Promise<void> {
  const { stateFolder, book, settings, limiter, now, log } = parts;
  settings.renewOwnSecret();
  try {
    const line = {
      setsRemoved: await pruneAcceptedSets(stateFolder),
      leftoversRemoved: await removeLeftovers(stateFolder),
      statesForgotten: book.forgetGone(now()),
      limitedLogKeys: limiter.tidy(),
    };
    log.info(line, "housekeeping done");
  } catch (error) {
    log.warn({ error: error instanceof Error ? error.message : String(error) }, "housekeeping failed");
  }
}

/** Returns what ends it. */
export function startHousekeeping(parts: HousekeepingParts): () => Promise<void> {
  const task = schedule(SCHEDULE, () => keepHouse(parts), {
    name: "housekeeping",
    noOverlap: true,
    suppressMissedWarning: true,
    unref: true,
  });
  return async () => {
    await task.destroy();
  };
}
