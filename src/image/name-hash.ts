/**
 * Hashing and comparing names four octets at a time, without regard to ASCII case (RFC 4343). Names in wire form; the
 * length octets are below 64 and so untouched by folding.
 *
 * The hash folds coarsely, by setting the bit in which upper and lower case differ: names that are equal hash alike, and
 * a few more do. The comparison folds exactly, and only words that differ as they stand.
 */

import { foldOctet } from "../dns/name.ts";

const CASE_BITS = 0x2020_2020;
const MULTIPLIER = 0x9e37_79b1;
const FINAL_MULTIPLIER = 0x85eb_ca6b;

function mix(hash: number, word: number): number {
  return Math.imul(((hash << 13) | (hash >>> 19)) ^ (word | CASE_BITS), MULTIPLIER);
}

/** A signed 32-bit hash of the name of `length` octets at `at`. */
export function hashName(view: DataView, at: number, length: number): number {
  let hash = length;
  // The last word is read for its own end, over octets that have been read before.
  const last = at + length - 4;
  if (last >= at) {
    for (let index = at; index < last; index += 4) hash = mix(hash, view.getInt32(index, true));
    hash = mix(hash, view.getInt32(last, true));
  } else {
    for (let index = at; index < at + length; index++) hash = mix(hash, view.getUint8(index));
  }
  hash ^= hash >>> 16;
  hash = Math.imul(hash, FINAL_MULTIPLIER);
  return hash ^ (hash >>> 15);
}

/** Four octets in ASCII lower case. */
function foldWord(word: number): number {
  const sevenBits = word & 0x7f7f_7f7f;
  // The highest bit of an octet becomes 1 from «A» on in the one sum, and from behind «Z» on in the other.
  const letters = (sevenBits + 0x3f3f_3f3f) ^ (sevenBits + 0x2525_2525);
  return word | ((letters & ~word & 0x8080_8080) >>> 2);
}

/** Whether the names at `at` and at `otherAt`, both of `length` octets, are one. */
export function namesMatch(
  view: DataView,
  at: number,
  other: DataView,
  otherAt: number,
  length: number,
): boolean {
  const last = length - 4;
  if (last < 0) {
    for (let index = 0; index < length; index++) {
      if (foldOctet(view.getUint8(at + index)) !== foldOctet(other.getUint8(otherAt + index))) return false;
    }
    return true;
  }
  for (let index = 0; ; index += 4) {
    if (index > last) index = last;
    const one = view.getInt32(at + index, true);
    const two = other.getInt32(otherAt + index, true);
    if (one !== two && foldWord(one) !== foldWord(two)) return false;
    if (index === last) return true;
  }
}
