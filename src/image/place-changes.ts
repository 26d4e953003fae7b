/**
 * Where, along all addresses of a family, the class of a policy changes: the intervals of the geo database and the networks
 * of the policy gone through side by side. A database of cities has two million intervals, and this is done for every
 * table; so it is in steps, and without an object or a call for an interval at which no network begins.
 */

import type { ClientClasses } from "../geo/client-classes.ts";
import { FAMILY, type GeoDatabase, HEADER } from "../geo/database.ts";
import { bitWords, setBit } from "./bit-steps.ts";

/** What a policy makes of networks and places (`image/places`). */
export interface PlaceClasses {
  /** By number of a place: its kind. */
  readonly kinds: Uint32Array;
  readonly kindCount: number;
  /** By network × kinds + kind. */
  readonly classes: Uint32Array;
}

export interface Changes {
  readonly wordsEach: number;
  /** Bits (`image/bit-steps`): the intervals of the database at whose start the class changes. */
  readonly changes: Int32Array;
  /** Starts of networks within an interval at which it changes, ascending. */
  readonly borders: readonly number[];
}

const INTERVALS_A_STEP = 0x8000;

export function* changesInSteps(
  { kinds, kindCount, classes }: PlaceClasses,
  networks: ClientClasses["ipv4"],
  { words }: GeoDatabase,
  header: typeof HEADER.ipv4 | typeof HEADER.ipv6,
): Generator<undefined, Changes> {
  const { wordsEach, starts: networkStarts, classes: networkOf } = networks;
  const count = words[header + FAMILY.count] ?? 0;
  const starts = words[header + FAMILY.starts] ?? 0;
  const places = words[header + FAMILY.places] ?? 0;
  const changes = new Int32Array(bitWords(count));
  const borders: number[] = [];
  const last = networkOf.length - 1;
  let network = 0;
  let row = (networkOf[0] ?? 0) * kindCount;
  let before = -1;
  for (let interval = 0; interval < count; interval++) {
    if (interval % INTERVALS_A_STEP === INTERVALS_A_STEP - 1) yield undefined;
    const kind = kinds[words[places + interval] ?? 0] ?? 0;
    const start = starts + interval * wordsEach;
    // Networks that begin here count from here; the others begin within the interval.
    while (
      network < last &&
      compare(networkStarts, (network + 1) * wordsEach, words, start, wordsEach) <= 0
    ) {
      row = (networkOf[++network] ?? 0) * kindCount;
    }
    let now = classes[row + kind] ?? 0;
    if (now !== before && interval > 0) setBit(changes, 0, count, interval);
    const end = interval + 1 === count ? BEHIND_ALL : start + wordsEach;
    while (network < last && compare(networkStarts, (network + 1) * wordsEach, words, end, wordsEach) < 0) {
      row = (networkOf[++network] ?? 0) * kindCount;
      const within = classes[row + kind] ?? 0;
      if (within !== now) {
        borders.push(...networkStarts.subarray(network * wordsEach, (network + 1) * wordsEach));
      }
      now = within;
    }
    before = now;
  }
  return { wordsEach, changes, borders };
}

/** In place of where an address stands. */
const BEHIND_ALL = -1;

function compare(
  some: Uint32Array,
  at: number,
  others: Int32Array,
  otherAt: number,
  wordsEach: number,
): number {
  if (otherAt === BEHIND_ALL) return -1;
  for (let word = 0; word < wordsEach; word++) {
    const one = some[at + word] ?? 0;
    const other = (others[otherAt + word] ?? 0) >>> 0;
    if (one !== other) return one < other ? -1 : 1;
  }
  return 0;
}
