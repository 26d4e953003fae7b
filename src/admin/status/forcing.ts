/** Overrides, windows and the file of overrides as JSON. Pure. */

import { formatDuration } from "../../health/duration.ts";
import type { Forced } from "../../health/verdict.ts";
import type { OverrideFileView, OverridesSource, OverrideView, WindowView } from "../override-source.ts";
import { formatTime } from "./time.ts";

/** CONTRACT.md §4, and beside it where it comes from and how many endpoints it matches now. */
export interface OverrideStatus {
  readonly id: string;
  readonly ref: string;
  readonly state: Forced;
  readonly reason: string;
  readonly owner: string;
  readonly from: string;
  readonly until: string;
  readonly source: OverrideView["source"];
  readonly matches: number;
}

export interface WindowStatus {
  readonly ref: string;
  readonly state: Forced;
  readonly cron: string;
  readonly for: string;
  readonly tz: string;
  /** `file:line` */
  readonly place: string;
  readonly inForce: boolean;
  /** What speaks against it while it is open. */
  readonly refused: string | null;
  readonly from: string | null;
  readonly until: string | null;
  readonly next: string | null;
}

export interface OverrideFileStatus {
  readonly path: string;
  readonly success: boolean;
  readonly loadedAt: string | null;
  readonly error: string | null;
}

export interface ForcingStatus {
  readonly overrides: readonly OverrideStatus[];
  readonly windows: readonly WindowStatus[];
  /** `null` where there is none. */
  readonly overrideFile: OverrideFileStatus | null;
}

export function statusOfForcing(source: OverridesSource): ForcingStatus {
  const file = source.file();
  return {
    overrides: source.list().map(statusOfOverride),
    windows: source.windows().map(statusOfWindow),
    overrideFile: file === undefined ? null : statusOfFile(file),
  };
}

export function statusOfOverride(override: OverrideView): OverrideStatus {
  const { id, ref, state, reason, owner, fromMs, untilMs, source, matches } = override;
  const from = new Date(fromMs).toISOString();
  const until = new Date(untilMs).toISOString();
  return { id, ref, state, reason, owner, from, until, source, matches };
}

function statusOfWindow(window: WindowView): WindowStatus {
  const { ref, state, cron, place, inForce } = window;
  return {
    ref,
    state,
    cron,
    for: formatDuration(window.forMs),
    tz: window.timeZone,
    place,
    inForce,
    refused: window.refused ?? null,
    from: formatTime(window.fromMs),
    until: formatTime(window.untilMs),
    next: formatTime(window.nextMs),
  };
}

function statusOfFile({ path, success, loadedAtMs, fault }: OverrideFileView): OverrideFileStatus {
  return { path, success, loadedAt: formatTime(loadedAtMs), error: fault ?? null };
}
