/**
 * What came of a drill, from what was counted while it ran. The counters of a pool are read about every second:
 *
 * | answers since it began | after the last of them was seen | finding                             |
 * | ---------------------- | ------------------------------- | ----------------------------------- |
 * | none                   | –                               | drained at once                     |
 * | some                   | a reading without a further one | drained when the last one was seen  |
 * | some                   | no further reading              | not drained: it answered to the end |
 *
 * A nameserver stops answering a pool with its next image; what its clients do is up to the TTL of the last answer.
 */

import type { DrainFinding, PoolAnswers } from "./drill.ts";

/** What is known of one pool's answers. */
export interface DrainTrack {
  readonly pool: string;
  readonly answers: number;
  /** When the latest reading was made that saw a further answer, and the latest of all. */
  readonly lastAnswerMs: number | undefined;
  readonly lastReadingMs: number | undefined;
}

export function newTrack(pool: string): DrainTrack {
  return { pool, answers: 0, lastAnswerMs: undefined, lastReadingMs: undefined };
}

/** `answers`: since the drill began. */
export function noteAnswers(track: DrainTrack, answers: number, atMs: number): DrainTrack {
  const lastAnswerMs = answers > track.answers ? atMs : track.lastAnswerMs;
  return { pool: track.pool, answers, lastAnswerMs, lastReadingMs: atMs };
}

export function findingOf(
  { pool, answers, lastAnswerMs, lastReadingMs }: DrainTrack,
  fromMs: number,
  ttlSeconds: number,
): DrainFinding {
  const drained = lastAnswerMs === undefined || (lastReadingMs !== undefined && lastReadingMs > lastAnswerMs);
  const lastAfterMs = lastAnswerMs === undefined ? null : Math.max(0, lastAnswerMs - fromMs);
  const forgottenAfterMs = drained ? (lastAfterMs ?? 0) + ttlSeconds * 1000 : null;
  return { pool, answers, lastAfterMs, drained, forgottenAfterMs };
}

/** By pool, most first; pools that answered nothing at all are left out. */
export function answersBetween(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
  lengthMs: number,
): PoolAnswers[] {
  return Array.from(after, ([pool, count]) => {
    const answers = count - (before.get(pool) ?? 0);
    return { pool, answers, perSecond: lengthMs <= 0 ? 0 : (answers * 1000) / lengthMs };
  })
    .filter(({ answers }) => answers > 0)
    .sort((one, other) => other.answers - one.answers);
}

/** What a reader should know beside the outcome. */
export function remarksOn(findings: readonly DrainFinding[], lengthMs: number, ttlSeconds: number): string[] {
  const stayed = findings.filter(({ drained }) => !drained);
  const found = stayed.map(({ pool }) => `${pool} did not drain: it was answered to the end`);
  if (stayed.length === 0 && findings.some(({ forgottenAfterMs }) => (forgottenAfterMs ?? 0) > lengthMs)) {
    found.push(`it ended before the TTL of ${ttlSeconds} s had passed: some clients never left`);
  }
  return found;
}
