/**
 * Availability: in which part of the last hour, day and 30 days something was up. A subject has one history, a bounded list
 * of spans; what lies in no span is not known and counts neither way.
 *
 *     up ──────┐ down ┌─ up ─────      (nobody looked)      ──── up ──→ now
 *     span      span   span                                  span, open
 *
 * As long as there are few spans each is wholly up or wholly down, and every ratio is exact. Where there are more than
 * `SPANS_LIMIT`, those of one bucket become one that says how much of it was known and how much of that up:
 *
 * | lies back so far   | bucket      | so that of a window                                     |
 * | ------------------ | ----------- | ------------------------------------------------------- |
 * | 1 hour at most     | a minute    | `1h` the minute that it begins in is a mixture          |
 * | 1 day at most      | an hour     | `1d` the hour that it begins in is                      |
 * | 30 days at most    | a day (UTC) | `30d` the day that it begins in is                      |
 * | more               | forgotten   |                                                         |
 *
 * The book (`createAvailabilityBook`) makes the spans of states that it is told and of the clock:
 *
 * | the clock, since it was looked at last | what lay between                                      |
 * | -------------------------------------- | ----------------------------------------------------- |
 * | went on by `LONGEST_STEP_MS` at most   | as everything was                                     |
 * | leapt further                          | not known: it was set, or this machine stood still    |
 * | went back                              | what is yet to come now is given up, and told anew    |
 */

import { formatDuration } from "./duration.ts";
import type { Observed } from "./verdict.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** The shortest first. */
export const AVAILABILITY_WINDOWS = [
  { window: "1h", windowMs: HOUR_MS },
  { window: "1d", windowMs: DAY_MS },
  { window: "30d", windowMs: 30 * DAY_MS },
] as const;
const LONGEST_WINDOW_MS = 30 * DAY_MS;

/** Of one subject: 61 minutes, 25 hours and 31 days, each clipped at either end at most, are fewer. */
export const SPANS_LIMIT = 128;
/** Whoever keeps a book looks at the clock more often. */
export const LONGEST_STEP_MS = MINUTE_MS;

/** Milliseconds since the epoch, from `fromMs` to before `toMs`; `0 <= upMs <= knownMs <= toMs - fromMs`. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
  readonly upMs: number;
  readonly knownMs: number;
}

/** One after the other, none over another. */
export type History = readonly Span[];

export type AvailabilityWindow = (typeof AVAILABILITY_WINDOWS)[number]["window"];

export interface AvailabilityReading {
  readonly window: AvailabilityWindow;
  /** From 0 to 1, of what is known of the window; `undefined` where nothing is. */
  readonly ratio: number | undefined;
  /** How much of the window is known. */
  readonly knownMs: number;
}

/** With a span behind it. */
export function withSpan(history: History, span: Span): History {
  const spans = joinedPure([...history.slice(-1), span]);
  const next = [...history.slice(0, -1), ...spans];
  const first = next.findIndex(({ toMs }) => toMs > span.toMs - LONGEST_WINDOW_MS);
  const kept = next.slice(Math.max(0, first));
  return kept.length > SPANS_LIMIT ? coarser(kept, span.toMs).slice(-SPANS_LIMIT) : kept;
}

/** Without what lies behind a moment; of a span that it falls into, the part before it. */
function withoutFuture(history: History, atMs: number): History {
  if ((history.at(-1)?.toMs ?? atMs) <= atMs) return history;
  return history
    .filter(({ fromMs }) => fromMs < atMs)
    .map((span) => (span.toMs <= atMs ? span : partOf(span, span.fromMs, atMs)));
}

/** How much of the time from `fromMs` to `toMs` is known, and how much of that was up. */
function timesOver(
  history: History,
  fromMs: number,
  toMs: number,
): { readonly upMs: number; readonly knownMs: number } {
  let upMs = 0;
  let knownMs = 0;
  for (let at = history.length - 1; at >= 0; at -= 1) {
    const span = history[at];
    if (span === undefined || span.toMs <= fromMs) break;
    const overlapMs = Math.min(span.toMs, toMs) - Math.max(span.fromMs, fromMs);
    if (overlapMs <= 0) continue;
    const part = overlapMs / (span.toMs - span.fromMs);
    upMs += span.upMs * part;
    knownMs += span.knownMs * part;
  }
  return { upMs, knownMs };
}

/** Over every window, the shortest first. */
export function readAvailability(history: History, atMs: number): AvailabilityReading[] {
  return AVAILABILITY_WINDOWS.map(({ window, windowMs }) => {
    const { upMs, knownMs } = timesOver(history, atMs - windowMs, atMs);
    return { window, ratio: knownMs > 0 ? Math.min(1, upMs / knownMs) : undefined, knownMs };
  });
}

/** The same as it is told on the way to people; `null` where nothing is known. */
export type KnownAvailability = Readonly<
  Partial<Record<AvailabilityWindow, { readonly ratio: number | null; readonly knownSeconds: number }>>
>;

export interface AvailabilityBook {
  /** The subject is in that state from now on; the same state again changes nothing. */
  note(subject: string, state: Observed, atMs: number): void;
  /** Everything is as it was until now. To be called more often than every `LONGEST_STEP_MS`. */
  look(atMs: number): void;
  /** As of the latest look; `undefined` for what it was never told of. */
  read(subject: string): readonly AvailabilityReading[] | undefined;
  /** Those that it knows of. */
  subjects(): Iterable<string>;
  /** Up to the latest look; empty where nothing is known. */
  history(subject: string): History;
  /** Begins with what was kept; what lies behind `atMs` is none of it. */
  restore(subject: string, history: History, atMs: number): void;
  forget(subject: string): void;
}

interface Subject {
  state: Observed;
  /** Of the open span. */
  sinceMs: number;
  /** Without the open span. */
  history: History;
}

export function createAvailabilityBook(): AvailabilityBook {
  const subjects = new Map<string, Subject>();
  let seenMs: number | undefined;

  const openSpan = ({ state, sinceMs }: Subject, toMs: number): Span[] => {
    const knownMs = toMs - sinceMs;
    if (state === "unknown" || knownMs <= 0) return [];
    return [{ fromMs: sinceMs, toMs, upMs: state === "up" ? knownMs : 0, knownMs }];
  };

  const close = (subject: Subject, atMs: number): void => {
    for (const span of openSpan(subject, atMs)) subject.history = withSpan(subject.history, span);
    subject.sinceMs = atMs;
  };

  const look = (atMs: number): void => {
    const lastMs = seenMs ?? atMs;
    seenMs = atMs;
    if (atMs >= lastMs && atMs - lastMs <= LONGEST_STEP_MS) return;
    for (const subject of subjects.values()) {
      close(subject, lastMs);
      subject.history = withoutFuture(subject.history, atMs);
      subject.sinceMs = atMs;
    }
  };

  const historyOf = (subject: Subject): History => [...subject.history, ...openSpan(subject, seenMs ?? 0)];

  return {
    note(name, state, atMs) {
      look(atMs);
      const subject = subjects.get(name) ?? { state: "unknown", sinceMs: atMs, history: [] };
      subjects.set(name, subject);
      if (subject.state === state) return;
      close(subject, atMs);
      subject.state = state;
    },
    look,
    read(name) {
      const subject = subjects.get(name);
      return subject && readAvailability(historyOf(subject), seenMs ?? 0);
    },
    subjects: () => subjects.keys(),
    history(name) {
      const subject = subjects.get(name);
      return subject === undefined ? [] : historyOf(subject);
    },
    restore(name, history, atMs) {
      subjects.set(name, { state: "unknown", sinceMs: atMs, history: withoutFuture(history, atMs) });
    },
    forget: (name) => void subjects.delete(name),
  };
}

/** No ratio is rounded up: 100 % is said of what was never down. */
const PERCENT_DECIMALS = 1_000;

/**
 * In one line, such as `1h 100%, 1d 99.98% (of 5h)`; windows of which no more is known than of the one before add nothing and
 * are left out. Empty where nothing is known.
 */
export function formatAvailability(availability: KnownAvailability): string {
  const texts: string[] = [];
  let toldSeconds = 0;
  for (const { window, windowMs } of AVAILABILITY_WINDOWS) {
    const { ratio = null, knownSeconds = 0 } = availability[window] ?? {};
    if (ratio === null || knownSeconds <= toldSeconds) continue;
    toldSeconds = knownSeconds;
    const percent = Math.floor(ratio * 100 * PERCENT_DECIMALS + 1e-6) / PERCENT_DECIMALS;
    texts.push(`${window} ${percent}%${knownInWords(knownSeconds * 1_000, windowMs)}`);
  }
  return texts.join(", ");
}

/** Nothing where the window is known but for a hundredth. */
function knownInWords(knownMs: number, windowMs: number): string {
  if (knownMs > 0.99 * windowMs) return "";
  const unitMs = [DAY_MS, HOUR_MS, MINUTE_MS].find((each) => knownMs >= 2 * each) ?? 1_000;
  return ` (of ${formatDuration(Math.max(unitMs, Math.floor(knownMs / unitMs) * unitMs))})`;
}

// --- spans that are too many -----------------------------------------------------------------------------------------

function isPure({ fromMs, toMs, upMs, knownMs }: Span): boolean {
  return knownMs === toMs - fromMs && (upMs === 0 || upMs === knownMs);
}

function merged(one: Span, other: Span): Span {
  return {
    fromMs: one.fromMs,
    toMs: other.toMs,
    upMs: one.upMs + other.upMs,
    knownMs: one.knownMs + other.knownMs,
  };
}

/** Those that follow each other without a gap and are wholly up, or wholly down, as one. */
function joinedPure(history: History): Span[] {
  const spans: Span[] = [];
  for (const span of history) {
    const last = spans.at(-1);
    const isOne =
      last !== undefined &&
      last.toMs === span.fromMs &&
      isPure(last) &&
      isPure(span) &&
      last.upMs > 0 === span.upMs > 0;
    if (isOne) spans[spans.length - 1] = merged(last, span);
    else spans.push(span);
  }
  return spans;
}

/** One span a bucket, beside those that are whole buckets of one kind. */
function coarser(history: History, nowMs: number): Span[] {
  const spans: Span[] = [];
  for (const piece of history.flatMap((span) => piecesOf(span, nowMs))) {
    const last = spans.at(-1);
    if (last !== undefined && piece.toMs <= bucketAt(last.fromMs, nowMs).toMs)
      spans[spans.length - 1] = merged(last, piece);
    else spans.push(piece);
  }
  return joinedPure(spans);
}

/** The part in its first bucket, whole buckets, and the part in its last one. A mixture is never cut. */
function piecesOf(span: Span, nowMs: number): Span[] {
  const headEndMs = bucketAt(span.fromMs, nowMs).toMs;
  if (span.toMs <= headEndMs || !isPure(span)) return [span];
  const tailStartMs = Math.max(headEndMs, bucketAt(span.toMs, nowMs).fromMs);
  return [
    partOf(span, span.fromMs, headEndMs),
    partOf(span, headEndMs, tailStartMs),
    partOf(span, tailStartMs, span.toMs),
  ].filter(({ fromMs, toMs }) => fromMs < toMs);
}

/** The bucket that holds a moment. A coarser one ends where finer ones begin. */
function bucketAt(atMs: number, nowMs: number): { readonly fromMs: number; readonly toMs: number } {
  const minutesFromMs = floorTo(nowMs - HOUR_MS, MINUTE_MS);
  const hoursFromMs = floorTo(nowMs - DAY_MS, HOUR_MS);
  if (atMs >= minutesFromMs) return bucketOf(atMs, MINUTE_MS);
  const { fromMs, toMs } = bucketOf(atMs, atMs >= hoursFromMs ? HOUR_MS : DAY_MS);
  return { fromMs, toMs: Math.min(toMs, atMs >= hoursFromMs ? minutesFromMs : hoursFromMs) };
}

function bucketOf(atMs: number, unitMs: number): { readonly fromMs: number; readonly toMs: number } {
  const fromMs = floorTo(atMs, unitMs);
  return { fromMs, toMs: fromMs + unitMs };
}

function floorTo(atMs: number, unitMs: number): number {
  return Math.floor(atMs / unitMs) * unitMs;
}

/** Of a mixture in proportion, as whole milliseconds. */
function partOf(span: Span, fromMs: number, toMs: number): Span {
  const widthMs = toMs - fromMs;
  if (isPure(span)) return { fromMs, toMs, upMs: span.upMs > 0 ? widthMs : 0, knownMs: widthMs };
  const part = widthMs / (span.toMs - span.fromMs);
  const upMs = Math.floor(span.upMs * part);
  return { fromMs, toMs, upMs, knownMs: Math.floor(span.knownMs * part) };
}
