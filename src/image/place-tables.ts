/**
 * Reads what `image/places` has compiled, on any thread: the class of a client by its network and its place, and how far
 * around it the class is the same. As with networks alone (`image/clients`), a client is an address, or a network:
 *
 * | the source prefix                    | class                                                            | scope             |
 * | ------------------------------------ | ---------------------------------------------------------------- | ----------------- |
 * | lies within one stretch of one class | that class                                                       | that network's    |
 * | is wider                             | the longest `net:` that holds all of it, the place of its first address | the source prefix |
 */

import { formatPlace } from "../geo/client.ts";
import { FAMILY, HEADER, intervalOf, placeAt, placeOfInterval } from "../geo/database.ts";
import { nextBit, previousBit } from "./bit-steps.ts";
import { type ClientPlace, classHolding, classOfAddressAt, intervalBehind, sharedBits } from "./clients.ts";

/** What a table begins with: the places of its parts, counted from the table. Of each family: `changes`, `borders`, … */
export const PLACES = {
  networks: 0,
  kinds: 1,
  kindCount: 2,
  classes: 3,
  ipv4: 4,
  changes: 0,
  borders: 1,
  borderCount: 2,
  familyWords: 3,
  words: 10,
} as const;

export interface PlaceTables {
  /** Of the geo database. */
  readonly geo: Int32Array;
  readonly words: Int32Array;
}

/** The class of a single address of 4 or 16 octets, by the table at word `table`. */
export function classOfPlacedAddress(
  { geo, words }: PlaceTables,
  table: number,
  octets: Uint8Array,
  length: 4 | 16,
): number {
  const networks = table + (words[table + PLACES.networks] ?? 0);
  const network = classOfAddressAt(words, networks, octets, length);
  return classAt(words, table, network, placeOfInterval(geo, length, intervalOf(geo, octets, length)));
}

/** The class of a network and the scope of an answer for it; bits past `prefixBits` are zero. */
export function placePlacedNetwork(
  { geo, words }: PlaceTables,
  table: number,
  octets: Uint8Array,
  length: 4 | 16,
  prefixBits: number,
  place: ClientPlace,
): void {
  const interval = intervalOf(geo, octets, length);
  const alikeBits = alikePrefixBits(geo, words, table, octets, length, interval);
  const networks = table + (words[table + PLACES.networks] ?? 0);
  let network = classOfAddressAt(words, networks, octets, length);
  place.scopeBits = alikeBits;
  if (alikeBits > prefixBits) {
    network = classHolding(words, networks, network, prefixBits);
    place.scopeBits = prefixBits;
  }
  place.classNumber = classAt(words, table, network, placeOfInterval(geo, length, interval));
}

/** Where the database puts an address: `US-VA`, `DE`, `EU`; `undefined` where it does not. */
export function locationOf({ geo }: PlaceTables, octets: Uint8Array, length: 4 | 16): string | undefined {
  return formatPlace(placeAt(geo, placeOfInterval(geo, length, intervalOf(geo, octets, length))));
}

function classAt(words: Int32Array, table: number, network: number, placeNumber: number): number {
  const kind = words[table + (words[table + PLACES.kinds] ?? 0) + placeNumber] ?? 0;
  const row = network * (words[table + PLACES.kindCount] ?? 0);
  return words[table + (words[table + PLACES.classes] ?? 0) + row + kind] ?? 0;
}

/** The length of the shortest prefix around an address in which the class is the same. */
function alikePrefixBits(
  geo: Int32Array,
  words: Int32Array,
  table: number,
  octets: Uint8Array,
  length: 4 | 16,
  interval: number,
): number {
  const header = length === 4 ? HEADER.ipv4 : HEADER.ipv6;
  const count = geo[header + FAMILY.count] ?? 0;
  const starts = geo[header + FAMILY.starts] ?? 0;
  const family = table + PLACES.ipv4 + (length === 4 ? 0 : PLACES.familyWords);
  const changes = table + (words[family + PLACES.changes] ?? 0);
  const wordsEach = length >> 2;
  let bits = 0;
  const next = nextBit(words, changes, count, interval + 1);
  if (next < count) bits = 1 + sharedBits(geo, starts + next * wordsEach, octets, length, 0);
  // The last address before the start of what the address is in is answered otherwise.
  const last = previousBit(words, changes, count, interval);
  if (last > 0) bits = Math.max(bits, 1 + sharedBits(geo, starts + last * wordsEach, octets, length, 1));
  const borderCount = words[family + PLACES.borderCount] ?? 0;
  if (borderCount === 0) return bits;
  const borders = table + (words[family + PLACES.borders] ?? 0);
  const behind = intervalBehind(words, borders, borderCount, octets, length);
  if (behind < borderCount) {
    bits = Math.max(bits, 1 + sharedBits(words, borders + behind * wordsEach, octets, length, 0));
  }
  if (behind > 0) {
    bits = Math.max(bits, 1 + sharedBits(words, borders + (behind - 1) * wordsEach, octets, length, 1));
  }
  return bits;
}
