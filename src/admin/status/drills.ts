/** Drills as JSON: times as ISO 8601 UTC, lengths in seconds. Pure. */

import { formatDuration } from "../../health/duration.ts";
import type { DrainFinding, DrillReport } from "../../policy/drill.ts";
import type { DrillsSource, ScheduledDrill } from "../drill-source.ts";
import { formatTime } from "./time.ts";

/** One of `GET /api/v1/drills`. */
export function summaryOfDrill(drill: DrillReport) {
  const { id, name, outcome, why, drain, down, reason, owner, fromMs, untilMs, endedMs } = drill;
  return {
    id,
    name,
    outcome,
    why,
    drain,
    down,
    reason,
    owner,
    from: formatTime(fromMs),
    until: formatTime(untilMs),
    ended: formatTime(endedMs ?? undefined),
  };
}

export function statusOfDrill(drill: DrillReport) {
  const { force, abortWhen, preflight, during, after, answers, drained, remarks } = drill;
  return {
    ...summaryOfDrill(drill),
    force,
    abortWhen,
    preflight,
    during,
    after,
    answers,
    drained: drained?.map(statusOfFinding) ?? null,
    events: drill.events.map(({ atMs, ...event }) => ({ at: formatTime(atMs), ...event })),
    eventsLeftOut: drill.eventsLeftOut,
    remarks,
  };
}

function statusOfFinding({ pool, answers, drained, lastAfterMs, forgottenAfterMs }: DrainFinding) {
  return {
    pool,
    answers,
    drained,
    lastAfterSeconds: secondsOf(lastAfterMs),
    forgottenAfterSeconds: secondsOf(forgottenAfterMs),
  };
}

function secondsOf(ms: number | null): number | null {
  return ms === null ? null : ms / 1000;
}

/** In `/api/v1/status`. */
export interface DrillsStatus {
  /** The id of the one that runs. */
  readonly running: string | null;
  readonly scheduled: readonly {
    readonly name: string;
    readonly drain: readonly string[];
    readonly down: readonly string[];
    readonly for: string;
    readonly cron: string;
    readonly tz: string;
    readonly next: string | null;
  }[];
}

export function statusOfDrills(source: DrillsSource): DrillsStatus {
  const running = source.list().find(({ outcome }) => outcome === "running");
  return { running: running?.id ?? null, scheduled: source.scheduled().map(statusOfScheduled) };
}

function statusOfScheduled({ name, drain, down, forMs, cron, timeZone, nextMs }: ScheduledDrill) {
  return { name, drain, down, for: formatDuration(forMs), cron, tz: timeZone, next: formatTime(nextMs) };
}
