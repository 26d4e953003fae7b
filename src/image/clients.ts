/**
 * From a client to its class in a policy, and how far around the client that class reaches.
 *
 * A client is an address, or the network that a resolver speaks of in its ECS option (RFC 7871). The class of a network
 * is that of the longest `net:` that holds all of it: what only holds a part of it says nothing about the client. The
 * scope of an answer is the length of the shortest prefix around the client in which every address has this class, and
 * no longer than the source prefix (RFC 7871 §7.2.1).
 */

import { buildClientClasses, type ClientClasses, classOf, networkOfClass } from "../geo/client-classes.ts";
import { type Network, networkOf } from "../geo/network.ts";

export interface ClientTable {
  readonly classes: ClientClasses;
  /** By class: the class of the next longer network around it; 0 where there is none. */
  readonly parents: Uint32Array;
}

/** Where a client stands; one object, made once and filled for each query. */
export interface ClientPlace {
  classNumber: number;
  scopeBits: number;
}

export function buildClientTable(networks: readonly Network[]): ClientTable {
  const classes = buildClientClasses(networks);
  const numbers = new Map(classes.networks.map((network, index) => [keyOf(network), index + 1]));
  const parents = new Uint32Array(classes.networks.length + 1);
  classes.networks.forEach((network, index) => {
    for (let bits = network.prefixBits - 1; bits >= 0; bits--) {
      const parent = numbers.get(keyOf(networkOf(network.octets, bits)));
      if (parent === undefined) continue;
      parents[index + 1] = parent;
      return;
    }
  });
  return { classes, parents };
}

function keyOf({ octets, prefixBits }: Network): string {
  return `${octets.join(".")}/${prefixBits}`;
}

/** How many classes a policy has, the one of clients in no network included. */
export function classCount({ parents }: ClientTable): number {
  return parents.length;
}

/** The class of a single address of 4 or 16 octets. */
export function classOfAddress({ classes }: ClientTable, octets: Uint8Array, length: 4 | 16): number {
  return classes.networks.length === 0 ? 0 : classOf(classes, octets, length);
}

/** The class of a network and the scope of an answer for it; bits past `prefixBits` are zero. */
export function placeNetwork(
  { classes, parents }: ClientTable,
  octets: Uint8Array,
  length: 4 | 16,
  prefixBits: number,
  place: ClientPlace,
): void {
  place.classNumber = 0;
  place.scopeBits = 0;
  if (classes.networks.length === 0) return;
  let classNumber = classOf(classes, octets, length);
  while (classNumber !== 0 && (networkOfClass(classes, classNumber)?.prefixBits ?? 0) > prefixBits) {
    classNumber = parents[classNumber] ?? 0;
  }
  place.classNumber = classNumber;
  place.scopeBits = Math.min(prefixBits, uniformPrefixBits(classes, octets, length));
}

/** The length of the shortest prefix around an address in which the class is everywhere that of the address. */
function uniformPrefixBits(classes: ClientClasses, octets: Uint8Array, length: 4 | 16): number {
  const { starts, wordsEach } = length === 4 ? classes.ipv4 : classes.ipv6;
  const count = starts.length / wordsEach;
  // The interval that holds the address ends before the first start behind it.
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareWords(starts, middle * wordsEach, octets, length, 0) > 0) high = middle;
    else low = middle + 1;
  }
  let bits = 0;
  if (low < count) bits = 1 + sharedBits(starts, low * wordsEach, octets, length, 0);
  // `low − 1` starts the interval; the last address before it, its start less one, is another class's.
  if (low > 1) bits = Math.max(bits, 1 + sharedBits(starts, (low - 1) * wordsEach, octets, length, 1));
  return bits;
}

function wordOf(octets: Uint8Array, at: number): number {
  const high = ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0);
  return ((high << 16) | ((octets[at + 2] ?? 0) << 8) | (octets[at + 3] ?? 0)) >>> 0;
}

/** The word at `word` of (the start at `at`) − `less`, where `less` is 0 or 1 and the start is not 0. */
function startWord(starts: Uint32Array, at: number, word: number, words: number, less: 0 | 1): number {
  const value = starts[at + word] ?? 0;
  if (less === 0) return value;
  for (let behind = word + 1; behind < words; behind++) if (starts[at + behind] !== 0) return value;
  return (value - 1) >>> 0;
}

function compareWords(
  starts: Uint32Array,
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
function sharedBits(
  starts: Uint32Array,
  at: number,
  octets: Uint8Array,
  length: number,
  less: 0 | 1,
): number {
  const words = length / 4;
  for (let word = 0; word < words; word++) {
    const difference = (startWord(starts, at, word, words, less) ^ wordOf(octets, word * 4)) >>> 0;
    if (difference !== 0) return word * 32 + Math.clz32(difference);
  }
  return words * 32;
}
