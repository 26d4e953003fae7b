/**
 * A set of numbers below some count as bits, such that the next one up or down is found in a few steps however far it is:
 * beside the bits there is a bit for each word of them that holds any.
 *
 * ```
 * words   ceil(count / 32): number n is bit n mod 32 of word n / 32
 * summary ceil(words / 32): likewise for the words
 * ```
 */

export function bitWords(count: number): number {
  const words = Math.ceil(count / 32);
  return words + Math.ceil(words / 32);
}

export function setBit(all: Int32Array, at: number, count: number, number: number): void {
  const word = number >>> 5;
  const summary = at + Math.ceil(count / 32) + (word >>> 5);
  all[at + word] = (all[at + word] ?? 0) | (1 << (number & 31));
  all[summary] = (all[summary] ?? 0) | (1 << (word & 31));
}

/** The least number from `from` on; `count`: there is none. */
export function nextBit(all: Int32Array, at: number, count: number, from: number): number {
  if (from >= count) return count;
  const words = Math.ceil(count / 32);
  let word = from >>> 5;
  const here = (all[at + word] ?? 0) & (-1 << (from & 31));
  if (here !== 0) return word * 32 + lowest(here);
  word++;
  let rest = (all[at + words + (word >>> 5)] ?? 0) & (-1 << (word & 31));
  const summaries = Math.ceil(words / 32);
  for (let summary = word >>> 5; summary < summaries; ) {
    if (rest !== 0) {
      word = summary * 32 + lowest(rest);
      return word * 32 + lowest(all[at + word] ?? 0);
    }
    summary++;
    rest = all[at + words + summary] ?? 0;
  }
  return count;
}

/** The greatest number up to `from`; −1: there is none. */
export function previousBit(all: Int32Array, at: number, count: number, from: number): number {
  const words = Math.ceil(count / 32);
  let word = from >>> 5;
  const here = (all[at + word] ?? 0) & (-1 >>> (31 - (from & 31)));
  if (here !== 0) return word * 32 + highest(here);
  if (word === 0) return -1;
  word--;
  let rest = (all[at + words + (word >>> 5)] ?? 0) & (-1 >>> (31 - (word & 31)));
  for (let summary = word >>> 5; summary >= 0; ) {
    if (rest !== 0) {
      word = summary * 32 + highest(rest);
      return word * 32 + highest(all[at + word] ?? 0);
    }
    summary--;
    rest = summary < 0 ? 0 : (all[at + words + summary] ?? 0);
  }
  return -1;
}

function lowest(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

function highest(bits: number): number {
  return 31 - Math.clz32(bits);
}
