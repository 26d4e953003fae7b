/** Strikes of cron expressions against a calendar that is walked minute by minute, across every kind of jump. */

import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { type Cron, parseCron } from "../../../src/health/cron.ts";
import { calendarOf, latestStrikeMs, nextStrikeMs } from "../../../src/health/schedule.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

function cronOf(text: string): Cron {
  const parsed = parseCron(text);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.cron;
}

/** The clock on the wall, as the system tells it. */
function wallClock(timeZone: string): (atMs: number) => string {
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "short" });
  return (atMs) => format.format(atMs);
}

function matches(cron: Cron, local: string): boolean {
  const date = new Date(`${local.replace(" ", "T")}:00Z`);
  const onMonthDay = cron.monthDays.includes(date.getUTCDate());
  const onWeekday = cron.weekdays.includes(date.getUTCDay());
  return (
    cron.minutes.includes(date.getUTCMinutes()) &&
    cron.hours.includes(date.getUTCHours()) &&
    cron.months.includes(date.getUTCMonth() + 1) &&
    (cron.eitherDay ? onMonthDay || onWeekday : onMonthDay && onWeekday)
  );
}

function parseLocal(local: string): number {
  return Date.parse(`${local.replace(" ", "T")}:00Z`);
}

/**
 * Every strike from `fromMs` to before `toMs`, by a clock that is looked at each minute: a minute strikes when the clock
 * shows it for the first time; what it jumps over strikes as it lands.
 */
function strikesByWatching(cron: Cron, timeZone: string, fromMs: number, toMs: number): number[] {
  const read = wallClock(timeZone);
  const strikes: number[] = [];
  // What the clock has shown already, a second time around, is no strike.
  let latestShown = parseLocal(read(fromMs - MINUTE_MS));
  for (let before = fromMs - 30 * HOUR_MS; before < fromMs; before += MINUTE_MS) {
    latestShown = Math.max(latestShown, parseLocal(read(before)));
  }
  for (let atMs = fromMs; atMs < toMs; atMs += MINUTE_MS) {
    const shown = parseLocal(read(atMs));
    let strikesNow = false;
    for (let local = latestShown + MINUTE_MS; local <= shown; local += MINUTE_MS) {
      if (matches(cron, new Date(local).toISOString().slice(0, 16).replace("T", " "))) strikesNow = true;
    }
    if (strikesNow) strikes.push(atMs);
    latestShown = Math.max(latestShown, shown);
  }
  return strikes;
}

/** Days around a jump of the zone's clock, and one where there is none. */
const ZONES: readonly (readonly [timeZone: string, around: readonly string[]])[] = [
  ["America/New_York", ["2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z"]],
  ["Europe/Berlin", ["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"]],
  ["Asia/Kolkata", ["2026-03-29T01:00:00Z"]],
  // Half an hour, and the other way round in the year.
  ["Australia/Lord_Howe", ["2026-04-04T15:00:00Z", "2026-10-03T15:30:00Z"]],
  // A whole day was left out.
  ["Pacific/Apia", ["2011-12-30T10:00:00Z"]],
  ["UTC", ["2026-11-22T00:00:00Z"]],
];

const CRONS = [
  "0 2 * * 0",
  "30 2 * * *",
  "30 1 * * *",
  "*/20 1-3 * * *",
  "0 0 * * *",
  "15 * 1,8,29 * 6",
  "45 23 * * mon-fri",
];

describe("latestStrikeMs() and nextStrikeMs()", () => {
  for (const [timeZone, instants] of ZONES) {
    for (const instant of instants) {
      it(`know every strike around ${instant} in ${timeZone}`, () => {
        const fromMs = Date.parse(instant) - 40 * HOUR_MS;
        const toMs = Date.parse(instant) + 40 * HOUR_MS;
        for (const text of CRONS) {
          const calendar = calendarOf(cronOf(text), timeZone);
          const expected = strikesByWatching(calendar.cron, timeZone, fromMs, toMs);
          const forwards: number[] = [];
          for (let at = nextStrikeMs(calendar, fromMs - 1); at !== undefined && at < toMs; ) {
            forwards.push(at);
            at = nextStrikeMs(calendar, at);
          }
          expect(forwards, `${text} forwards`).to.deep.equal(expected);
          const backwards: number[] = [];
          for (let at = latestStrikeMs(calendar, toMs - 1); at !== undefined && at >= fromMs; ) {
            backwards.unshift(at);
            at = latestStrikeMs(calendar, at - 1);
          }
          expect(backwards, `${text} backwards`).to.deep.equal(expected);
        }
      });
    }
  }

  it("agree at any instant: nothing strikes between the latest and the next", () => {
    const instants = fc.integer({ min: Date.UTC(2025, 0, 1), max: Date.UTC(2028, 0, 1) });
    const zones = fc.constantFrom(...ZONES.map(([timeZone]) => timeZone));
    fc.assert(
      fc.property(instants, zones, fc.constantFrom(...CRONS), (atMs, timeZone, text) => {
        const calendar = calendarOf(cronOf(text), timeZone);
        const latest = latestStrikeMs(calendar, atMs) ?? Number.NaN;
        const next = nextStrikeMs(calendar, atMs) ?? Number.NaN;
        expect(latest).to.be.at.most(atMs);
        expect(next).to.be.above(atMs);
        expect(nextStrikeMs(calendar, latest)).to.equal(next);
        expect(latestStrikeMs(calendar, next - 1)).to.equal(latest);
      }),
      { numRuns: 100 },
    );
  });

  const examples: readonly (readonly [
    what: string,
    cron: string,
    zone: string,
    at: string,
    next: string | undefined,
  ])[] = [
    [
      "a time that is skipped, at the gap's end",
      "30 2 * * *",
      "America/New_York",
      "2026-03-08T00:00Z",
      "2026-03-08T07:00:00.000Z",
    ],
    [
      "a time that occurs twice, at its first",
      "30 1 * * *",
      "America/New_York",
      "2026-11-01T00:00Z",
      "2026-11-01T05:30:00.000Z",
    ],
    ["and not again", "30 1 * * *", "America/New_York", "2026-11-01T05:30Z", "2026-11-02T06:30:00.000Z"],
    [
      "half an hour's gap",
      "15 2 * * *",
      "Australia/Lord_Howe",
      "2026-10-03T12:00Z",
      "2026-10-03T15:30:00.000Z",
    ],
    ["a leap day, years ahead", "0 0 29 2 *", "UTC", "2096-03-01T00:00Z", "2104-02-29T00:00:00.000Z"],
    [
      "either day, where both are given",
      "0 0 13 * 5",
      "UTC",
      "2026-11-12T12:00Z",
      "2026-11-13T00:00:00.000Z",
    ],
    [
      "both fields, where a star begins one",
      "0 0 */2 * 0",
      "UTC",
      "2026-11-22T12:00Z",
      "2026-11-29T00:00:00.000Z",
    ],
    ["a day that never comes", "0 0 30 2 *", "UTC", "2026-11-12T12:00Z", undefined],
  ];
  for (const [what, cron, zone, at, next] of examples) {
    it(`strike at ${what}`, () => {
      const strike = nextStrikeMs(calendarOf(cronOf(cron), zone), Date.parse(at));
      expect(strike && new Date(strike).toISOString()).to.equal(next);
    });
  }
});
