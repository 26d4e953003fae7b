/**
 * From a client to its class in a policy, and how far around the client that class reaches.
 *
 * A client is an address, or the network that a resolver speaks of in its ECS option (RFC 7871). Around every address
 * there is a widest network in which all addresses are answered alike (`signature`), whichever of the `net:` networks they
 * are in; its length is the scope of an answer, where the source prefix is as long.
 *
 * | the source prefix                 | class                                             | scope             |
 * | --------------------------------- | ------------------------------------------------- | ----------------- |
 * | lies within that network          | that of its first address                         | that network's    |
 * | is wider: not all is alike in it  | of the longest `net:` that holds all of it        | the source prefix |
 *
 * In the second row what only holds a part of it says nothing about the client, and no answer could be right for all; a
 * scope that asks for more than the resolver said (RFC 7871 §7.2.1) would make it ask again for each client.
 */

import { buildClientClasses, type ClientClasses } from "../geo/client-classes.ts";
import { type Network, networkOf } from "../geo/network.ts";

export interface ClientTable {
  readonly classes: ClientClasses;
  /** The same as `CLIENTS` lays it out, for the image's bytes. */
  readonly words: Int32Array;
}

/**
 * Behind the counts: starts and classes of the IPv4 intervals, those of the IPv6 intervals (four words a start); for each
 * class, 0 too, the class of the next longer network around it and the length of its own prefix; then the starts alone of
 * the intervals in which all are answered alike, which are fewer or the same.
 */
const CLIENTS = { ipv4: 0, ipv6: 1, classes: 2, alikeIpv4: 3, alikeIpv6: 4, intervals: 5 } as const;

/** Where a client stands; one object, made once and filled for each query. */
export interface ClientPlace {
  classNumber: number;
  scopeBits: number;
  /** Among all clients, in 2³²; of use only where a table asks for it. */
  position: number;
}

/** Networks of one `signature` are answered alike; `undefined` is a client in none of them. */
export function buildClientTable(
  networks: readonly Network[],
  signature: (network: Network | undefined) => string,
): ClientTable {
  const classes = buildClientClasses(networks);
  const signatures = [signature(undefined), ...classes.networks.map(signature)];
  const { ipv4, ipv6 } = classes;
  const numbers = new Map(classes.networks.map((network, index) => [keyOf(network), index + 1]));
  const parents = [0, ...classes.networks.map((network) => parentOf(network, numbers))];
  const prefixes = [0, ...classes.networks.map(({ prefixBits }) => prefixBits)];
  const alikeIpv4 = startsOfAlike(ipv4, 1, signatures);
  const alikeIpv6 = startsOfAlike(ipv6, 4, signatures);
  const counts = [ipv4.classes.length, ipv6.classes.length, parents.length];
  const alikeCounts = [alikeIpv4.length, alikeIpv6.length / 4];
  const intervals = [ipv4.starts, ipv4.classes, ipv6.starts, ipv6.classes];
  const parts = [counts, alikeCounts, ...intervals, parents, prefixes, alikeIpv4, alikeIpv6];
  const words = Int32Array.from(parts.flatMap((part) => Array.from(part)));
  return { classes, words };
}

/** The starts of intervals, less those where nothing changes but the network. */
function startsOfAlike(
  { starts, classes }: ClientClasses["ipv4"],
  wordsEach: number,
  signatures: readonly string[],
): number[] {
  const alike: number[] = [];
  let before: string | undefined;
  classes.forEach((classNumber, index) => {
    const signature = signatures[classNumber];
    if (signature !== before) alike.push(...starts.subarray(index * wordsEach, (index + 1) * wordsEach));
    before = signature;
  });
  return alike;
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

/** The class of a single address of 4 or 16 octets, by a table at word `at`. */
export function classOfAddressAt(words: Int32Array, at: number, octets: Uint8Array, length: 4 | 16): number {
  const starts = startsAt(words, at, length);
  const count = intervalCount(words, at, length);
  const index = intervalBehind(words, starts, count, octets, length) - 1;
  return words[starts + count * (length >> 2) + index] ?? 0;
}

/** The class of a network and the scope of an answer for it, by a table at word `at`; bits past `prefixBits` are zero. */
export function placeNetworkAt(
  words: Int32Array,
  at: number,
  octets: Uint8Array,
  length: 4 | 16,
  prefixBits: number,
  place: ClientPlace,
): void {
  const alikeBits = alikePrefixBits(words, at, octets, length);
  place.classNumber = classOfAddressAt(words, at, octets, length);
  place.scopeBits = alikeBits;
  if (alikeBits <= prefixBits) return;
  place.classNumber = classHolding(words, at, place.classNumber, prefixBits);
  place.scopeBits = prefixBits;
}

/** Of the networks around and including that of a class the longest that is no longer than `prefixBits`. */
export function classHolding(words: Int32Array, at: number, innermost: number, prefixBits: number): number {
  const parents = parentsAt(words, at);
  const prefixes = parents + (words[at + CLIENTS.classes] ?? 0);
  let classNumber = innermost;
  while (classNumber !== 0 && (words[prefixes + classNumber] ?? 0) > prefixBits) {
    classNumber = words[parents + classNumber] ?? 0;
  }
  return classNumber;
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

/** The first of the starts of intervals in which all are answered alike. */
function alikeStartsAt(words: Int32Array, at: number, length: 4 | 16): number {
  const ipv4 = parentsAt(words, at) + 2 * (words[at + CLIENTS.classes] ?? 0);
  return length === 4 ? ipv4 : ipv4 + (words[at + CLIENTS.alikeIpv4] ?? 0);
}

/** The index of the first interval that begins behind the address; the one before it holds the address. */
export function intervalBehind(
  words: Int32Array,
  starts: number,
  count: number,
  octets: Uint8Array,
  length: 4 | 16,
): number {
  const wordsEach = length >> 2;
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareWords(words, starts + middle * wordsEach, octets, length, 0) > 0) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The length of the shortest prefix around an address in which all are answered as the address is. */
function alikePrefixBits(words: Int32Array, at: number, octets: Uint8Array, length: 4 | 16): number {
  const starts = alikeStartsAt(words, at, length);
  const count = words[at + (length === 4 ? CLIENTS.alikeIpv4 : CLIENTS.alikeIpv6)] ?? 0;
  const wordsEach = length >> 2;
  const behind = intervalBehind(words, starts, count, octets, length);
  let bits = 0;
  if (behind < count) {
    bits = 1 + sharedBits(words, starts + behind * wordsEach, octets, length, 0);
  }
  // `behind − 1` starts the interval; the last address before it, its start less one, is answered otherwise.
  if (behind > 1) {
    bits = Math.max(bits, 1 + sharedBits(words, starts + (behind - 1) * wordsEach, octets, length, 1));
  }
  return bits;
}

/** Turned over, words with a sign come in the order of those without. */
const SIGN = 1 << 31;

/** Of 32 bits with a sign: without one it would be a number that the collector has to take away. */
function wordOf(octets: Uint8Array, at: number): number {
  const high = ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0);
  return (high << 16) | ((octets[at + 2] ?? 0) << 8) | (octets[at + 3] ?? 0);
}

/** The word at `word` of (the start at `at`) − `less`, where `less` is 0 or 1 and the start is not 0. */
function startWord(starts: Int32Array, at: number, word: number, words: number, less: 0 | 1): number {
  const value = starts[at + word] ?? 0;
  if (less === 0) return value;
  for (let behind = word + 1; behind < words; behind++) if (starts[at + behind] !== 0) return value;
  return (value - 1) | 0;
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
    const start = startWord(starts, at, word, words, less) ^ SIGN;
    const address = wordOf(octets, word * 4) ^ SIGN;
    if (start !== address) return start > address ? 1 : -1;
  }
  return 0;
}

/** How many leading bits an address and (the start at `at`) − `less` have in common. */
export function sharedBits(
  starts: Int32Array,
  at: number,
  octets: Uint8Array,
  length: number,
  less: 0 | 1,
): number {
  const words = length / 4;
  for (let word = 0; word < words; word++) {
    const difference = startWord(starts, at, word, words, less) ^ wordOf(octets, word * 4);
    if (difference !== 0) return word * 32 + Math.clz32(difference);
  }
  return words * 32;
}
