/**
 * When a cron expression strikes, by the local calendar of a time zone. What is in force follows from the latest strike and
 * the length, and from nothing that was remembered: a node that was down at the strike knows it as well as one that was up.
 *
 * Where the zone's clock jumps:
 *
 * | the local time       | strikes                                               |
 * | -------------------- | ----------------------------------------------------- |
 * | exists once          | then                                                  |
 * | is skipped           | when the gap ends; several in one gap are one strike  |
 * | occurs twice         | at its first, and not again                           |
 *
 * Times are milliseconds since the epoch, and strikes are at whole minutes of the local clock.
 */

import type { Cron } from "./cron.ts";

/** Of an expression that never strikes (`0 0 30 2 *`), so many days are looked at: 29 February is at most eight years away. */
const SEARCHED_DAYS = 8 * 366 + 1;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** No zone is further from UTC, and none ever jumped by more at once. */
const FURTHEST_OFFSET_MS = 27 * 3_600_000;

export interface Calendar {
  readonly cron: Cron;
  /** Local time less UTC, at an instant. */
  readonly offsetAt: (atMs: number) => number;
}

/** `timeZone` is a name of the IANA database; every one that `Intl` knows. */
export function calendarOf(cron: Cron, timeZone: string): Calendar {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    calendar: "iso8601",
    numberingSystem: "latn",
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  const offsetAt = (atMs: number): number => {
    const wholeMs = Math.floor(atMs / 1000) * 1000;
    const parts: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(wholeMs)) parts[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    return Date.UTC(year, month - 1, day, hour, minute, second) - wholeMs;
  };
  return { cron, offsetAt };
}

/** Whether it is a name of the IANA database. Canonical names differ between versions, so names are kept as written. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions();
    return true;
  } catch {
    return false;
  }
}

/** The latest strike at or before `atMs`; `undefined` where there was none within eight years. */
export function latestStrikeMs(calendar: Calendar, atMs: number): number | undefined {
  const last = dayOf(atMs + FURTHEST_OFFSET_MS);
  for (let day = last; day > last - SEARCHED_DAYS; day--) {
    if (!isOnDay(calendar.cron, day)) continue;
    for (const localMs of minutesOf(calendar.cron, day).reverse()) {
      if (localMs - FURTHEST_OFFSET_MS > atMs) continue;
      const strikeMs = instantOf(localMs, calendar.offsetAt);
      if (strikeMs <= atMs) return strikeMs;
    }
  }
  return undefined;
}

/** The first strike after `atMs`; `undefined` where there will be none within eight years. */
export function nextStrikeMs(calendar: Calendar, atMs: number): number | undefined {
  const first = dayOf(atMs - FURTHEST_OFFSET_MS);
  for (let day = first; day < first + SEARCHED_DAYS; day++) {
    if (!isOnDay(calendar.cron, day)) continue;
    for (const localMs of minutesOf(calendar.cron, day)) {
      if (localMs + FURTHEST_OFFSET_MS <= atMs) continue;
      const strikeMs = instantOf(localMs, calendar.offsetAt);
      if (strikeMs > atMs) return strikeMs;
    }
  }
  return undefined;
}

/** Days since the epoch, of a local time written as if it were UTC. */
function dayOf(localMs: number): number {
  return Math.floor(localMs / DAY_MS);
}

function isOnDay({ months, monthDays, weekdays, eitherDay }: Cron, day: number): boolean {
  const date = new Date(day * DAY_MS);
  if (!months.includes(date.getUTCMonth() + 1)) return false;
  const onMonthDay = monthDays.includes(date.getUTCDate());
  const onWeekday = weekdays.includes(date.getUTCDay());
  return eitherDay ? onMonthDay || onWeekday : onMonthDay && onWeekday;
}

/** Local times, ascending. */
function minutesOf({ hours, minutes }: Cron, day: number): number[] {
  return hours.flatMap((hour) => minutes.map((minute) => day * DAY_MS + (hour * 60 + minute) * MINUTE_MS));
}

/** The instant of a local time written as if it were UTC; the table at the head of this file. */
function instantOf(localMs: number, offsetAt: Calendar["offsetAt"]): number {
  const before = offsetAt(localMs - FURTHEST_OFFSET_MS);
  const after = offsetAt(localMs + FURTHEST_OFFSET_MS);
  if (before === after) return localMs - before;
  // The clock jumps about now. The earliest instant that reads so, or that reads later where none does.
  let low = localMs - Math.max(before, after);
  let high = localMs - Math.min(before, after);
  if (low + offsetAt(low) >= localMs) return low;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (middle + offsetAt(middle) >= localMs) high = middle;
    else low = middle;
  }
  return high;
}
