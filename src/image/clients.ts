/**
 * From a client to its class in a policy, and how far around the client that class reaches.
 *
 * A client is an address, or the network that a resolver speaks of in its ECS option (RFC 7871). The class of a network
 * is that of the longest `net:` that holds all of it: what only holds a part of it says nothing about the client. The
 * scope of an answer is the length of the shortest prefix around the client in which every address has this class, and
 * no longer than the source prefix (RFC 7871 §7.2.1).
 */

import { buildClientClasses, type ClientClasses } from "../geo/client-classes.ts";
import { type Network, networkOf } from "../geo/network.ts";

export interface ClientTable {
  readonly classes: ClientClasses;
  /** The same as `CLIENTS` lays it out, for the image's bytes. */
  readonly words: Int32Array;
}

/**
 * Behind the counts: starts and classes of the IPv4 intervals, those of the IPv6 intervals (four words a start), and
 * for each class, 0 too, the class of the next longer network around it and the length of its own prefix.
 */
const CLIENTS = { ipv4: 0, ipv6: 1, classes: 2, intervals: 3 } as const;

/** Where a client stands; one object, made once and filled for each query. */
export interface ClientPlace {
  classNumber: number;
  scopeBits: number;
  /** Among all clients, in 2³²; of use only where a table asks for it. */
  position: number;
}

export function buildClientTable(networks: readonly Network[]): ClientTable {
  const classes = buildClientClasses(networks);
  const { ipv4, ipv6 } = classes;
  const numbers = new Map(classes.networks.map((network, index) => [keyOf(network), index + 1]));
  const parents = [0, ...classes.networks.map((network) => parentOf(network, numbers))];
  const prefixes = [0, ...classes.networks.map(({ prefixBits }) => prefixBits)];
  const counts = [ipv4.classes.length, ipv6.classes.length, parents.length];
  const parts = [counts, ipv4.starts, ipv4.classes, ipv6.starts, ipv6.classes, parents, prefixes];
  const words = Int32Array.from(parts.flatMap((part) => Array.from(part)));
  return { classes, words };
}

function parentOf(network: Network, numbers: ReadonlyMap<string, number>): number {
  for (let bits = network.prefixBits - 1; bits >= 0; bits--) {
    const parent = numbers.get(keyOf(networkOf(network.octets, bits)));
    if (parent !== undefined) return parent;
  }
  return 0;
}

function keyOf({ octets, prefixBits }: Network): string {
  return `${octets.join(".")}/${prefixBits}`;
}

/** How many classes a policy has, the one of clients in no network included. */
export function classCount({ classes }: ClientTable): number {
  return classes.networks.length + 1;
}

/** The class of a single address of 4 or 16 octets. */
export function classOfAddress({ words }: ClientTable, octets: Uint8Array, length: 4 | 16): number {
  return classOfAddressAt(words, 0, octets, length);
}

/** The class of a network and the scope of an answer for it; bits past `prefixBits` are zero. */
export function placeNetwork(
  { words }: ClientTable,
  octets: Uint8Array,
  length: 4 | 16,
  prefixBits: number,
  place: ClientPlace,
): void {
  placeNetworkAt(words, 0, octets, length, prefixBits, place);
}

/** As `classOfAddress`, by a table at word `at`. */
export function classOfAddressAt(words: Int32Array, at: number, octets: Uint8Array, length: 4 | 16): number {
  const index = intervalBehind(words, at, octets, length) - 1;
  return words[startsAt(words, at, length) + intervalCount(words, at, length) * (length >> 2) + index] ?? 0;
}

/** As `placeNetwork`, by a table at word `at`. */
export function placeNetworkAt(
  words: Int32Array,
  at: number,
  octets: Uint8Array,
  length: 4 | 16,
  prefixBits: number,
  place: ClientPlace,
): void {
  const parents = parentsAt(words, at);
  const prefixes = parents + (words[at + CLIENTS.classes] ?? 0);
  let classNumber = classOfAddressAt(words, at, octets, length);
  while (classNumber !== 0 && (words[prefixes + classNumber] ?? 0) > prefixBits) {
    classNumber = words[parents + classNumber] ?? 0;
  }
  place.classNumber = classNumber;
  place.scopeBits = Math.min(prefixBits, uniformPrefixBits(words, at, octets, length));
}

function intervalCount(words: Int32Array, at: number, length: 4 | 16): number {
  return words[at + (length === 4 ? CLIENTS.ipv4 : CLIENTS.ipv6)] ?? 0;
}

function startsAt(words: Int32Array, at: number, length: 4 | 16): number {
  const ipv4 = at + CLIENTS.intervals;
  return length === 4 ? ipv4 : ipv4 + 2 * (words[at + CLIENTS.ipv4] ?? 0);
}

function parentsAt(words: Int32Array, at: number): number {
  return at + CLIENTS.intervals + 2 * (words[at + CLIENTS.ipv4] ?? 0) + 5 * (words[at + CLIENTS.ipv6] ?? 0);
}

/** The index of the first interval that begins behind the address; the one before it holds the address. */
function intervalBehind(words: Int32Array, at: number, octets: Uint8Array, length: 4 | 16): number {
  const starts = startsAt(words, at, length);
  const wordsEach = length >> 2;
  let low = 0;
  let high = intervalCount(words, at, length);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareWords(words, starts + middle * wordsEach, octets, length, 0) > 0) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The length of the shortest prefix around an address in which the class is everywhere that of the address. */
function uniformPrefixBits(words: Int32Array, at: number, octets: Uint8Array, length: 4 | 16): number {
  const starts = startsAt(words, at, length);
  const wordsEach = length >> 2;
  const behind = intervalBehind(words, at, octets, length);
  let bits = 0;
  if (behind < intervalCount(words, at, length)) {
    bits = 1 + sharedBits(words, starts + behind * wordsEach, octets, length, 0);
  }
  // `behind − 1` starts the interval; the last address before it, its start less one, is another class's.
  if (behind > 1) {
    bits = Math.max(bits, 1 + sharedBits(words, starts + (behind - 1) * wordsEach, octets, length, 1));
  }
  return bits;
}

function wordOf(octets: Uint8Array, at: number): number {
  const high = ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0);
  return ((high << 16) | ((octets[at + 2] ?? 0) << 8) | (octets[at + 3] ?? 0)) >>> 0;
}

/** The word at `word` of (the start at `at`) − `less`, where `less` is 0 or 1 and the start is not 0. */
function startWord(starts: Int32Array, at: number, word: number, words: number, less: 0 | 1): number {
  const value = (starts[at + word] ?? 0) >>> 0;
  if (less === 0) return value;
  for (let behind = word + 1; behind < words; behind++) if (starts[at + behind] !== 0) return value;
  return (value - 1) >>> 0;
}

function compareWords(
  starts: Int32Array,
  at: number,
  octets: Uint8Array,
  length: number,
  less: 0 | 1,
): number {
  const words = length / 4;
  for (let word = 0; word < words; word++) {
    const start = startWord(starts, at, word, words, less);
    const address = wordOf(octets, word * 4);
    if (start !== address) return start > address ? 1 : -1;
  }
  return 0;
}

/** How many leading bits an address and (the start at `at`) − `less` have in common. */
function sharedBits(starts: Int32Array, at: number, octets: Uint8Array, length: number, less: 0 | 1): number {
  const words = length / 4;
  for (let word = 0; word < words; word++) {
    const difference = (startWord(starts, at, word, words, less) ^ wordOf(octets, word * 4)) >>> 0;
    if (difference !== 0) return word * 32 + Math.clz32(difference);
  }
  return words * 32;
}
