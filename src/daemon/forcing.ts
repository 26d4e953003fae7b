/**
 * Forced state as a part of the node: the overrides with their journal and their file, what wakes them up, and what
 * they record. node-cron looks at the windows at each minute, when they open; a timer waits for whatever ends in between.
 */

import { randomBytes } from "node:crypto";
import { schedule } from "node-cron";
import type { OverridesSource } from "../admin/override-source.ts";
import type { ServeOptions } from "../config/options.ts";
import type { ForcedStates } from "../health/override.ts";
import type { Image } from "../image/image.ts";
import type { Definitions } from "../policy/model.ts";
import type { ZoneSet } from "../zone/model.ts";
import type { Ending } from "./endings.ts";
import type { Recorder } from "./events.ts";
import { createLogLimiter, type Log } from "./log.ts";
import {
  type AcceptedCopy,
  createOverrideFile,
  type OverrideFile,
  readAcceptedCopy,
} from "./override-file.ts";
import { type OverrideJournal, openOverrideJournal } from "./override-journal.ts";
import { createOverrides } from "./overrides.ts";
import type { Clock } from "./serving.ts";
import { systemReason } from "./system-error.ts";
import { watchFoldersOf } from "./watch.ts";

const EVERY_MINUTE = "* * * * *";
/** The clock may be set: it is looked at again after so long. */
const LONGEST_WAIT_MS = 60_000;
/** What is refused, a window or the file, is tried again when something changes, so often at most. */
const RETRY_MS = 1_000;
const ID_OCTETS = 5;
/** One line of a kind in this time, for what could repeat without end. */
const LIMITED_LOG_MS = 60_000;

export interface ForcingParts {
  readonly options: ServeOptions;
  readonly clock: Clock;
  readonly log: Log;
  readonly image: () => Image | undefined;
  readonly onChange: () => void;
  readonly record: Recorder;
}

export interface Forcing {
  readonly source: OverridesSource;
  /** Takes leave of what has ended, also where the clock was set and nobody has looked since. */
  readonly settle: () => void;
  /** Whether what an operator set under this id is in force. */
  readonly holds: (id: string) => boolean;
  readonly forcedAt: (definitions: Definitions, atMs: number) => ForcedStates;
  /** Puts in force what was kept. Returns, in one line, why it cannot: without it clients would go where they must not. */
  replay(): Promise<string | undefined>;
  /** Something else is served now. */
  published(): void;
  /** Reads the file of overrides again. */
  reload(): Promise<void>;
  /** From now on files and time are watched; something is served by then. */
  start(cannotWatch: (error: unknown) => void): Promise<Ending>;
}

export function createForcing(parts: ForcingParts): Forcing {
  const { options, clock, log, record } = parts;
  const limiter = createLogLimiter(LIMITED_LOG_MS, clock.monotonic);
  const { state: stateFolder, overrideFile: path } = options;
  let file: OverrideFile | undefined;
  let timer: NodeJS.Timeout | undefined;
  let retryTimer: NodeJS.Timeout | undefined;
  let steppedSet: ZoneSet | undefined;
  let stopped = false;

  const overrides = createOverrides({
    now: clock.now,
    newId: () => randomBytes(ID_OCTETS).toString("hex"),
    served() {
      const image = parts.image();
      if (image === undefined) return undefined;
      const { set, policies } = image.zones;
      const { definitions, snapshot } = image.decisions;
      return { set, definitions, policies, snapshot };
    },
    onChange() {
      awaitTime();
      parts.onChange();
    },
    onEvent: parts.record,
    onFault(error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (limiter.admit(`journal ${reason}`) === undefined) return;
      log.warn({ event: "state", reason }, "cannot write the journal of overrides");
    },
  });

  const settle = (): void => {
    if (stopped) return;
    steppedSet = parts.image()?.zones.set;
    overrides.settle();
    awaitTime();
  };

  const awaitTime = (): void => {
    clearTimeout(timer);
    const dueMs = overrides.nextChangeMs();
    if (dueMs === undefined || stopped) return;
    timer = setTimeout(settle, Math.min(Math.max(1, dueMs - clock.now()), LONGEST_WAIT_MS));
    timer.unref();
  };

  const retryLater = (): void => {
    retryTimer ??= setTimeout(() => {
      retryTimer = undefined;
      settle();
      if (file?.isWaiting() === true) void file.reload();
    }, RETRY_MS).unref();
  };

  return {
    source: {
      list: overrides.list,
      windows: overrides.windows,
      file: () => file?.view(),
      set: overrides.set,
      clear: overrides.clear,
    },
    settle,
    holds: overrides.holds,
    forcedAt: overrides.forcedAt,
    async replay() {
      let journal: OverrideJournal;
      let accepted: AcceptedCopy | undefined;
      try {
        journal = await openOverrideJournal(stateFolder);
        accepted = path === undefined ? undefined : await readAcceptedCopy(stateFolder, path);
      } catch (error) {
        return `Cannot read the overrides: ${systemReason(error, stateFolder)}`;
      }
      overrides.begin(journal, accepted?.overrides ?? []);
      if (path !== undefined)
        file = createOverrideFile({ path, stateFolder, accepted, overrides, now: clock.now, record });
      const line = { event: "state", overrides: overrides.list().length };
      if (journal.damagedLines === 0) log.info(line, "overrides go on from what was kept");
      else
        log.error(
          { ...line, damagedLines: journal.damagedLines },
          "a part of the journal of overrides cannot be read",
        );
      return undefined;
    },
    published() {
      const hasOtherZones = parts.image()?.zones.set !== steppedSet;
      if (hasOtherZones) settle();
      const isRefused = file?.isWaiting() === true || (!hasOtherZones && overrides.hasRefusedWindow());
      if (isRefused && !stopped) retryLater();
    },
    async reload() {
      await file?.reload();
    },
    async start(cannotWatch) {
      await file?.reload();
      settle();
      const unwatch =
        path === undefined ? undefined : watchFoldersOf([path], () => void file?.reload(), cannotWatch);
      const task = schedule(EVERY_MINUTE, settle, {
        name: "windows",
        suppressMissedWarning: true,
        unref: true,
      });
      return async () => {
        stopped = true;
        clearTimeout(timer);
        clearTimeout(retryTimer);
        unwatch?.();
        await task.destroy();
      };
    },
  };
}
