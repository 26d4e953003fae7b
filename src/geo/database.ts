/**
 * A geo database as flat words that all threads share: from an address to the number of its place without an object and
 * with one short search. `buildGeoDatabase` makes it once from an MMDB file that somebody has opened; the answer path reads
 * `words`; `placeAt` says in full what a number stands for.
 *
 * ```
 * header   HEADER
 * ipv4     starts, one word each, ascending, the first 0.0.0.0 · places beside them · index
 * ipv6     starts, four words each · places · index
 * places   PLACE_WORDS each: country, continent · subdivision · AS number · tenths of degrees north, east; 0 is no place
 * ```
 *
 * The index says for each bucket of addresses, by their highest bits, which interval is the first that begins in it or
 * behind it, so that a search looks at the few intervals of one bucket.
 */

import { type Coordinates, NOWHERE, type Place } from "./client.ts";
import { type MmdbTree, type TreeIntervals, walkTree } from "./mmdb-tree.ts";
import type { Network } from "./network.ts";
import { NumberTable } from "./number-table.ts";
import { placeOfRecord } from "./record-place.ts";

/** A file that somebody has opened. */
export interface MmdbFile {
  readonly tree: MmdbTree;
  /** The data record by the file's own number, as the tree has it. */
  readonly recordOf: (record: number) => unknown;
}

export interface GeoDatabase {
  readonly bytes: SharedArrayBuffer;
  readonly words: Int32Array;
}

/** For each family: how many intervals, and where their starts, places and index are. */
export const FAMILY = { count: 0, starts: 1, places: 2, index: 3, words: 4 } as const;
export const HEADER = { places: 0, placeCount: 1, ipv4: 2, ipv6: 6, words: 10 } as const;
const PLACE_WORDS = 4;

/** Of an address, what says its bucket: so few bits that they are a small integer in any case, for which no room is needed. */
const PREFIX_BITS = 20;
const IPV4_BUCKETS = 2 ** 16;
const IPV4_BUCKET_SHIFT = PREFIX_BITS - 16;
/** 2000::/3 is where addresses are given out (RFC 4291 §2.4); a bucket for each /20 of it, and one before and behind. */
const IPV6_FIRST = 0x2_0000;
const IPV6_END = 0x4_0000;
const IPV6_BUCKETS = 2 + IPV6_END - IPV6_FIRST;

const NO_DEGREES = -0x8000;
const STEPS_A_DEGREE = 10;

export function buildGeoDatabase({ tree, recordOf }: MmdbFile): GeoDatabase {
  const { ipv4, ipv6 } = walkTree(tree);
  const numbering = new PlaceNumbers(recordOf);
  const families = [numbered(ipv4, numbering), numbered(ipv6, numbering)] as const;
  const { places } = numbering;
  let size: number = HEADER.words;
  const take = (count: number): number => {
    size += count;
    return size - count;
  };
  const layouts = families.map(({ wordsEach, records, words }) => ({
    count: records.length,
    starts: take(words.length),
    places: take(records.length),
    index: take((wordsEach === 1 ? IPV4_BUCKETS : IPV6_BUCKETS) + 1),
  }));
  const placesAt = take(places.length * PLACE_WORDS);
  const bytes = new SharedArrayBuffer(size * Int32Array.BYTES_PER_ELEMENT);
  const all = new Int32Array(bytes);
  all[HEADER.places] = placesAt;
  all[HEADER.placeCount] = places.length;
  families.forEach(({ wordsEach, words, records }, number) => {
    const header = number === 0 ? HEADER.ipv4 : HEADER.ipv6;
    const { count, starts, places: beside, index } = layouts[number] ?? NO_LAYOUT;
    all.set([count, starts, beside, index], header);
    all.set(words, starts);
    all.set(records, beside);
    fillIndex(all, index, words, wordsEach);
  });
  places.forEach((place, number) => all.set(wordsOfPlace(place), placesAt + number * PLACE_WORDS));
  return { bytes, words: all };
}

const NO_LAYOUT = { count: 0, starts: 0, places: 0, index: 0 };

/** Places by what they say: records that say the same are one place. */
class PlaceNumbers {
  readonly places: (Place | undefined)[] = [undefined];
  readonly #recordOf: MmdbFile["recordOf"];
  readonly #byRecord = new NumberTable();
  readonly #byText = new Map<string, number>();

  constructor(recordOf: MmdbFile["recordOf"]) {
    this.#recordOf = recordOf;
    this.#byRecord.set(0, 0);
  }

  /** The place of a record of the file. */
  of(record: number): number {
    const known = this.#byRecord.get(record);
    if (known !== -1) return known;
    const place = placeOfRecord(this.#recordOf(record));
    const number = place === undefined ? 0 : this.#numberOf(place);
    this.#byRecord.set(record, number);
    return number;
  }

  #numberOf(place: Place): number {
    const [codes, subdivision, asn, degrees] = wordsOfPlace(place);
    const text = `${codes} ${subdivision} ${asn} ${degrees}`;
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    this.#byText.set(text, this.places.length);
    return this.places.push(place) - 1;
  }
}

/** The intervals with numbers of places for records; neighbours of one place are one. */
function numbered({ wordsEach, words, records }: TreeIntervals, numbers: PlaceNumbers): TreeIntervals {
  const starts = new Uint32Array(words.length);
  const places = new Uint32Array(records.length);
  let count = 0;
  for (let at = 0; at < records.length; at++) {
    const place = numbers.of(records[at] ?? 0);
    if (count > 0 && places[count - 1] === place) continue;
    for (let word = 0; word < wordsEach; word++) {
      starts[count * wordsEach + word] = words[at * wordsEach + word] ?? 0;
    }
    places[count++] = place;
  }
  return { wordsEach, words: starts.slice(0, count * wordsEach), records: places.slice(0, count) };
}

function fillIndex(all: Int32Array, index: number, words: Uint32Array, wordsEach: 1 | 4): void {
  const buckets = wordsEach === 1 ? IPV4_BUCKETS : IPV6_BUCKETS;
  const count = words.length / wordsEach;
  let bucket = 0;
  for (let interval = 0; interval < count; interval++) {
    const own = bucketOf((words[interval * wordsEach] ?? 0) >>> (32 - PREFIX_BITS), wordsEach);
    while (bucket <= own) all[index + bucket++] = interval;
  }
  while (bucket <= buckets) all[index + bucket++] = count;
}

/** `prefix` is the first `PREFIX_BITS` of an address. */
function bucketOf(prefix: number, wordsEach: 1 | 4): number {
  if (wordsEach === 1) return prefix >>> IPV4_BUCKET_SHIFT;
  if (prefix < IPV6_FIRST) return 0;
  return prefix < IPV6_END ? 1 + prefix - IPV6_FIRST : IPV6_BUCKETS - 1;
}

/** The number of the interval that holds an address of 4 or 16 octets. */
export function intervalOf(words: Int32Array, octets: Uint8Array, length: 4 | 16): number {
  const header = length === 4 ? HEADER.ipv4 : HEADER.ipv6;
  const wordsEach = length === 4 ? 1 : 4;
  const starts = words[header + FAMILY.starts] ?? 0;
  const prefix = ((octets[0] ?? 0) << 12) | ((octets[1] ?? 0) << 4) | ((octets[2] ?? 0) >>> 4);
  const bucket = (words[header + FAMILY.index] ?? 0) + bucketOf(prefix, wordsEach);
  // What begins before the bucket may reach into it.
  let low = Math.max(0, (words[bucket] ?? 0) - 1);
  let high = (words[bucket + 1] ?? 0) - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (beginsBehind(words, starts + middle * wordsEach, octets, wordsEach)) high = middle - 1;
    else low = middle;
  }
  return low;
}

/** Turned over, numbers with a sign come in the order of those without. */
const SIGN = 1 << 31;

function beginsBehind(words: Int32Array, at: number, octets: Uint8Array, wordsEach: number): boolean {
  for (let word = 0; word < wordsEach; word++) {
    const start = (words[at + word] ?? 0) ^ SIGN;
    const address = wordAt(octets, word * 4) ^ SIGN;
    if (start !== address) return start > address;
  }
  return false;
}

/** Of 32 bits with a sign, as those in `words`: what has none would be a number that the collector has to take away. */
function wordAt(octets: Uint8Array, at: number): number {
  const high = ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0);
  return (high << 16) | ((octets[at + 2] ?? 0) << 8) | (octets[at + 3] ?? 0);
}

/** The number of the place of an interval; 0: not known. */
export function placeOfInterval(words: Int32Array, length: 4 | 16, interval: number): number {
  return words[(words[(length === 4 ? HEADER.ipv4 : HEADER.ipv6) + FAMILY.places] ?? 0) + interval] ?? 0;
}

/**
 * The place of a network: that of its first address, so of a wide one that of some of it. No answer could be right for all
 * of it, and one that is right for some is better than what clients of unknown place get.
 */
export function placeOfNetwork({ words }: GeoDatabase, { octets }: Network): Place | undefined {
  const length = octets.length === 4 ? 4 : 16;
  return placeAt(words, placeOfInterval(words, length, intervalOf(words, octets, length)));
}

export function placeCount({ words }: GeoDatabase): number {
  return words[HEADER.placeCount] ?? 0;
}

/** `undefined` for 0, which is no place. */
export function placeAt(words: Int32Array, number: number): Place | undefined {
  if (number === 0) return undefined;
  const at = (words[HEADER.places] ?? 0) + number * PLACE_WORDS;
  const codes = words[at] ?? 0;
  return {
    country: textOf(codes >>> 16),
    continent: textOf(codes & 0xffff),
    subdivision: textOf(words[at + 1] ?? 0),
    asn: (words[at + 2] ?? 0) === 0 ? undefined : (words[at + 2] ?? 0) >>> 0,
    coordinates: coordinatesOf(words[at + 3] ?? 0),
  };
}

function wordsOfPlace(place: Place = NOWHERE): [number, number, number, number] {
  const { country, continent, subdivision, asn, coordinates } = place;
  const codes = (bitsOf(country) << 16) | bitsOf(continent);
  const { latitude, longitude } = coordinates ?? { latitude: NO_DEGREES / STEPS_A_DEGREE, longitude: 0 };
  const north = Math.round(latitude * STEPS_A_DEGREE);
  const east = Math.round(longitude * STEPS_A_DEGREE);
  return [codes | 0, bitsOf(subdivision), (asn ?? 0) | 0, (north << 16) | (east & 0xffff)];
}

function coordinatesOf(word: number): Coordinates | undefined {
  const north = word >> 16;
  if (north === NO_DEGREES) return undefined;
  return { latitude: north / STEPS_A_DEGREE, longitude: ((word << 16) >> 16) / STEPS_A_DEGREE };
}

/** Up to three characters of ASCII in a number. */
function bitsOf(text = ""): number {
  let bits = 0;
  for (let at = 0; at < text.length; at++) bits = (bits << 8) | text.charCodeAt(at);
  return bits;
}

function textOf(bits: number): string | undefined {
  if (bits === 0) return undefined;
  const codes = [(bits >>> 16) & 0xff, (bits >>> 8) & 0xff, bits & 0xff].filter((code) => code !== 0);
  return String.fromCharCode(...codes);
}
