/**
 * `$WINDOW`: planned maintenance, as it stands at one moment. Whether a window is open follows from its schedule alone
 * (`health/schedule`), so a restart loses none; whether it is in force, from what speaks against it when it opens.
 *
 * | open | in force since it opened | something speaks against it | next                              |
 * | ---- | ------------------------ | --------------------------- | --------------------------------- |
 * | no   | any                      | any                         | not in force                      |
 * | yes  | yes                      | any                         | in force: people are at work there, and probes are never overruled |
 * | yes  | no                       | no                          | in force                          |
 * | yes  | no                       | yes                         | refused, and tried again when things change |
 */

import type { WindowView } from "../admin/override-source.ts";
import { parseCron } from "../health/cron.ts";
import { formatDuration } from "../health/duration.ts";
import type { Override } from "../health/override.ts";
import { type Calendar, calendarOf, latestStrikeMs, nextStrikeMs } from "../health/schedule.ts";
import type { MaintenanceWindow } from "../zone/model.ts";

/** Of windows that name no zone: the same on every node, wherever it stands. */
const DEFAULT_TIME_ZONE = "UTC";

export interface Maintenance {
  /** Makes these the windows; those that stay keep what is in force of them. */
  use(windows: readonly MaintenanceWindow[]): void;
  /**
   * Brings every window to `atMs`. `judge` says what speaks against a further one, given those that are in force. Returns
   * what began, ended and was refused, for whoever keeps the record.
   */
  step(
    atMs: number,
    judge: (inForce: readonly Override[], next: Override) => string | undefined,
  ): WindowChange[];
  /** Those in force, in the order in which they opened. */
  inForce(): readonly Override[];
  /** Whether one is open and refused. */
  hasRefused(): boolean;
  /** When the next one opens, or one that is open ends. */
  nextChangeMs(): number | undefined;
  views(): WindowView[];
}

export interface WindowChange {
  readonly kind: "began" | "ended" | "refused";
  readonly override: Override;
  /** Of what was refused. */
  readonly objection?: string;
}

interface Planned {
  window: MaintenanceWindow;
  readonly calendar: Calendar;
  /** Until when `open` and `nextMs` hold. */
  knownFromMs: number;
  /** While it is open. */
  open: Override | undefined;
  nextMs: number | undefined;
  /** What is in force of it: `open`, or nothing. */
  inForce: Override | undefined;
  objection: string | undefined;
}

export function createMaintenance(): Maintenance {
  let planned = new Map<string, Planned>();
  /** In force as their windows left the zones. */
  let gone: Override[] = [];

  const all = (): Override[] =>
    Array.from(planned.values(), ({ inForce }) => inForce)
      .filter((override) => override !== undefined)
      .sort((one, other) => one.fromMs - other.fromMs);

  return {
    use(windows) {
      const next = new Map<string, Planned>();
      for (const window of windows) {
        const key = contentOf(window);
        const known = planned.get(key) ?? plan(window);
        next.set(key, Object.assign(known, { window }));
      }
      for (const [key, { inForce }] of planned) {
        if (inForce !== undefined && !next.has(key)) gone.push(inForce);
      }
      planned = next;
    },
    step(atMs, judge) {
      const changes: WindowChange[] = gone.map((override) => ({ kind: "ended", override }));
      gone = [];
      for (const each of planned.values()) {
        lookUp(each, atMs);
        if (each.inForce === undefined || each.inForce === each.open) continue;
        // One that opens again before it ends goes on, as the same one.
        const goesOn = each.open !== undefined && each.open.fromMs <= each.inForce.untilMs;
        if (!goesOn) changes.push({ kind: "ended", override: each.inForce });
        each.inForce = goesOn ? each.open : undefined;
      }
      const waiting = [...planned.values()].sort(
        (one, other) => (one.open?.fromMs ?? 0) - (other.open?.fromMs ?? 0),
      );
      for (const each of waiting) {
        const before = each.objection;
        each.objection = undefined;
        if (each.open === undefined || each.inForce !== undefined) continue;
        const objection = judge(all(), each.open);
        each.objection = objection;
        if (objection === undefined) {
          each.inForce = each.open;
          changes.push({ kind: "began", override: each.open });
        } else if (objection !== before) changes.push({ kind: "refused", override: each.open, objection });
      }
      return changes;
    },
    inForce: all,
    hasRefused: () => [...planned.values()].some(({ objection }) => objection !== undefined),
    nextChangeMs() {
      const times = [...planned.values()].flatMap(({ open, nextMs }) => [open?.untilMs, nextMs]);
      const known = times.filter((time) => time !== undefined);
      return known.length === 0 ? undefined : Math.min(...known);
    },
    views: () => Array.from(planned.values(), viewOf),
  };
}

function plan(window: MaintenanceWindow): Planned {
  const parsed = parseCron(window.cron);
  if (!parsed.ok) throw new Error(`the checker let a window pass: ${parsed.message}`);
  const calendar = calendarOf(parsed.cron, window.timeZone ?? DEFAULT_TIME_ZONE);
  const nothing = { open: undefined, nextMs: undefined, inForce: undefined, objection: undefined };
  return { window, calendar, knownFromMs: Number.POSITIVE_INFINITY, ...nothing };
}

/** The schedule is looked up once for all the time in which nothing of it changes; also when the clock is set back. */
function lookUp(planned: Planned, atMs: number): void {
  const { window, calendar, knownFromMs, open, nextMs = Number.POSITIVE_INFINITY } = planned;
  const isKnown = atMs >= knownFromMs && atMs < nextMs && (open === undefined || atMs < open.untilMs);
  if (isKnown) return;
  const fromMs = latestStrikeMs(calendar, atMs);
  planned.knownFromMs = fromMs ?? atMs;
  planned.nextMs = nextStrikeMs(calendar, atMs);
  planned.open = undefined;
  if (fromMs === undefined || atMs >= fromMs + window.forMs) return;
  const { ref, state, position } = window;
  planned.open = {
    id: `window:${position.file}:${position.line}`,
    ref,
    state,
    reason: describe(window),
    owner: `${position.file}:${position.line}`,
    fromMs,
    untilMs: fromMs + window.forMs,
  };
}

function describe({ cron, forMs, timeZone }: MaintenanceWindow): string {
  const zone = timeZone === undefined ? "" : ` tz=${timeZone}`;
  return `planned: cron="${cron}" for=${formatDuration(forMs)}${zone}`;
}

/** Where it stands does not make it another window. */
function contentOf({ ref, state, cron, forMs, timeZone }: MaintenanceWindow): string {
  return JSON.stringify([ref, state, cron, forMs, timeZone]);
}

function viewOf({ window, open, nextMs, inForce, objection }: Planned): WindowView {
  const { ref, state, cron, forMs, timeZone, position } = window;
  return {
    ref,
    state,
    cron,
    forMs,
    timeZone: timeZone ?? DEFAULT_TIME_ZONE,
    place: `${position.file}:${position.line}`,
    inForce: inForce !== undefined,
    refused: objection,
    fromMs: open?.fromMs,
    untilMs: open?.untilMs,
    nextMs,
  };
}
