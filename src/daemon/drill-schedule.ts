/**
 * Drills of the configuration, each begun when its cron expression strikes:
 *
 * | latest strike            | is begun                                                          |
 * | ------------------------ | ----------------------------------------------------------------- |
 * | before the node started  | no: nobody wants a drill at a time that nobody named              |
 * | was begun already        | no, also where the clock is set back                              |
 * | longer ago than `LATE_MS` | no: as the first                                                 |
 * | else                     | yes; where something speaks against it, it is skipped, and told   |
 */

import { drillRequestSchema, planOf } from "../admin/drill-request.ts";
import type { ScheduledDrill } from "../admin/drill-source.ts";
import { firstFault } from "../admin/override-request.ts";
import type { DrillOptions } from "../config/drills.ts";
import { parseCron } from "../health/cron.ts";
import { type Calendar, calendarOf, isTimeZone, latestStrikeMs, nextStrikeMs } from "../health/schedule.ts";
import type { DrillPlan } from "../policy/drill.ts";

/** The look at the schedule comes at each minute, and a little later where the machine is busy. */
export const LATE_MS = 90_000;
const DEFAULT_TIME_ZONE = "UTC";
const OWNER = "schedule";

export interface PlannedDrill {
  readonly name: string;
  readonly plan: DrillPlan;
  readonly cron: string;
  readonly timeZone: string;
  readonly calendar: Calendar;
}

export type PlannedDrills =
  | { readonly ok: true; readonly drills: readonly PlannedDrill[] }
  /** In one line, with the setting and the drill. */
  | { readonly ok: false; readonly message: string };

/** Whether its REFs match anything is known only when it strikes: zones may change until then. */
export function planDrills(options: readonly DrillOptions[]): PlannedDrills {
  const drills: PlannedDrill[] = [];
  for (const { name, drain, down, reason, abortWhen, cron, tz = DEFAULT_TIME_ZONE, ...rest } of options) {
    const fail = (message: string): PlannedDrills => ({ ok: false, message: `drills: ${name}: ${message}` });
    const parsed = drillRequestSchema.safeParse({ drain, down, for: rest.for, reason, abortWhen });
    if (!parsed.success) return fail(firstFault(parsed.error).message);
    const strikes = parseCron(cron);
    if (!strikes.ok) return fail(`'cron': ${strikes.message}`);
    if (!isTimeZone(tz)) return fail(`'tz': '${tz}' is not a time zone such as America/New_York`);
    const plan = planOf(parsed.data, OWNER, name);
    drills.push({ name, plan, cron, timeZone: tz, calendar: calendarOf(strikes.cron, tz) });
  }
  return { ok: true, drills };
}

export interface DrillSchedule {
  /** Those to begin now; each strike is told once. To be called at each minute. */
  due(atMs: number): readonly DrillPlan[];
  views(atMs: number): ScheduledDrill[];
}

/** `fromMs`: since when the node looks. */
export function createDrillSchedule(drills: readonly PlannedDrill[], fromMs: number): DrillSchedule {
  const struck = new Map<string, number>();
  return {
    due: (atMs) =>
      drills.flatMap(({ name, plan, calendar }) => {
        const strikeMs = latestStrikeMs(calendar, atMs);
        if (strikeMs === undefined || strikeMs < fromMs || strikeMs <= (struck.get(name) ?? 0)) return [];
        struck.set(name, strikeMs);
        return atMs - strikeMs > LATE_MS ? [] : [plan];
      }),
    views: (atMs) =>
      drills.map(({ name, plan: { drain, down, forMs }, cron, timeZone, calendar }) => {
        const nextMs = nextStrikeMs(calendar, atMs);
        return { name, drain, down, forMs, cron, timeZone, nextMs };
      }),
  };
}
