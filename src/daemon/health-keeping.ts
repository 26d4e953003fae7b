/**
 * Writes health down while the node runs: soon after a state changes, now and then so that its age is known, and at the
 * end. One write at a time; one that fails is told and tried again.
 */

import { type KeptHealth, keepHealth } from "./health-file.ts";
import type { Log, LogLimiter } from "./log.ts";

/** A change is on disk after so long. */
export const SOON_MS = 2_000;
/** Without any change it is written again after so long. */
const LATEST_MS = 30_000;

export interface HealthKeeping {
  /** A state is another one. */
  noteChange(): void;
  /** Writes for the last time. */
  stop(): Promise<void>;
}

export interface HealthKeepingParts {
  readonly stateFolder: string;
  readonly keep: () => KeptHealth;
  readonly now: () => number;
  readonly limiter: LogLimiter;
  readonly log: Log;
}

export function startHealthKeeping({
  stateFolder,
  keep,
  now,
  limiter,
  log,
}: HealthKeepingParts): HealthKeeping {
  let timer: NodeJS.Timeout | undefined;
  let dueAt = Number.POSITIVE_INFINITY;
  let writing: Promise<void> | undefined;
  /** Since the write that is under way began. */
  let changed = false;
  let stopped = false;

  const write = async (): Promise<void> => {
    try {
      await keepHealth(stateFolder, keep(), now());
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (limiter.admit(`health ${reason}`) !== undefined) {
        log.warn({ event: "state", reason }, "cannot write health down");
      }
    }
  };

  const writeAndGoOn = async (): Promise<void> => {
    dueAt = Number.POSITIVE_INFINITY;
    changed = false;
    writing = write();
    await writing;
    writing = undefined;
    writeWithin(changed ? SOON_MS : LATEST_MS);
  };

  const writeWithin = (delayMs: number): void => {
    const at = performance.now() + delayMs;
    if (stopped || at >= dueAt) return;
    dueAt = at;
    clearTimeout(timer);
    timer = setTimeout(() => void writeAndGoOn(), delayMs);
    timer.unref();
  };

  writeWithin(LATEST_MS);
  return {
    noteChange() {
      changed = true;
      if (writing === undefined) writeWithin(SOON_MS);
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await writing;
      await write();
    },
  };
}
