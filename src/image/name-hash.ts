/**
 * Hashing and comparing names four octets at a time, without regard to ASCII case (RFC 4343). Names in wire form; the
 * length octets are below 64 and so untouched by folding.
 *
 * The hash folds coarsely, by setting the bit in which upper and lower case differ: names that are equal hash alike, and
 * a few more do. The comparison folds exactly, and only words that differ as they stand.
 */

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
export function foldWord(word: number): number {
  const sevenBits = word & 0x7f7f_7f7f;
  // The highest bit of an octet becomes 1 from «A» on in the one sum, and from behind «Z» on in the other.
  const letters = (sevenBits + 0x3f3f_3f3f) ^ (sevenBits + 0x2525_2525);
  return word | ((letters & ~word & 0x8080_8080) >>> 2);
}

/** Whether the name at `at` is the folded one at `foldedAt`, both of `length` octets. */
export function namesMatch(
  view: DataView,
  at: number,
  folded: DataView,
  foldedAt: number,
  length: number,
): boolean {
  const last = length - 4;
  if (last < 0) {
    for (let index = 0; index < length; index++) {
      const octet = view.getUint8(at + index);
      const isUpper = octet >= 0x41 && octet <= 0x5a;
      if ((isUpper ? octet + 0x20 : octet) !== folded.getUint8(foldedAt + index)) return false;
    }
    return true;
  }
  for (let index = 0; ; index += 4) {
    if (index > last) index = last;
    const word = view.getInt32(at + index, true);
    const other = folded.getInt32(foldedAt + index, true);
    if (word !== other && foldWord(word) !== other) return false;
    if (index === last) return true;
  }
}
