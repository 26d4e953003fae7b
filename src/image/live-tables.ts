/**
 * What is answered of live RRsets (`image/live-rrsets`), for any thread: few words, made anew with every change of health.
 *
 * ```
 * [TTL, first choice] of each live RRset, by its number, and one pair more that ends the last one's choices
 * choices, one a record: AS_WRITTEN, WITHHELD, or the number of the policy that gives it hints + 1
 * ```
 */

/** The record stands as in the zone file. */
export const AS_WRITTEN = 0;
/** It is left out. */
export const WITHHELD = -1;

const PAIR_WORDS = 2;

/** What becomes of one live RRset. */
export interface LiveAnswer {
  readonly ttlSeconds: number;
  /** By record. */
  readonly choices: readonly number[];
}

export function packLive(answers: readonly LiveAnswer[]): SharedArrayBuffer {
  const pairs = (answers.length + 1) * PAIR_WORDS;
  const size = answers.reduce((sum, { choices }) => sum + choices.length, pairs);
  const bytes = new SharedArrayBuffer(size * Int32Array.BYTES_PER_ELEMENT);
  const words = new Int32Array(bytes);
  let at = pairs;
  answers.forEach(({ ttlSeconds, choices }, number) => {
    words[number * PAIR_WORDS] = ttlSeconds;
    words[number * PAIR_WORDS + 1] = at;
    words.set(choices, at);
    at += choices.length;
  });
  words[answers.length * PAIR_WORDS + 1] = at;
  return bytes;
}

export function liveTtlSeconds(live: Int32Array, number: number): number {
  return live[number * PAIR_WORDS] ?? 0;
}

/** The place of the choice of the RRset's first record; that of the next RRset is the end. */
export function firstChoice(live: Int32Array, number: number): number {
  return live[number * PAIR_WORDS + 1] ?? 0;
}
