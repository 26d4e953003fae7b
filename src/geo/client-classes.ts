/**
 * Client classes: the networks that a policy can tell apart, laid out so that an address finds the longest one that
 * holds it by one binary search, without an object being made.
 *
 * Networks nest or are disjoint, so each family's address space falls into intervals within each of which the longest
 * network is the same. `starts` holds the first address of every interval, ascending, as words of 32 bits (one for
 * IPv4, four for IPv6); `classes` holds its class beside it. Class 0 is an address in none of the networks; class n is
 * `networks[n − 1]`. Whatever contains the longest network contains the client as well, so the class says all that a
 * policy's `net:` entries could ask.
 *
 * Built by the compiler whenever a set of zones is loaded, read by every query that meets a policy.
 */

import type { Network } from "./network.ts";

interface Intervals {
  readonly wordsEach: number;
  readonly starts: Uint32Array;
  readonly classes: Uint32Array;
}

export interface ClientClasses {
  /** Distinct networks; class n is the one at n − 1. */
  readonly networks: readonly Network[];
  readonly ipv4: Intervals;
  readonly ipv6: Intervals;
}

export function buildClientClasses(networks: readonly Network[]): ClientClasses {
  const distinct = [...new Map(networks.map((network) => [keyOf(network), network])).values()];
  const classed = distinct.map((network, index) => ({ network, classIndex: index + 1 }));
  return {
    networks: distinct,
    ipv4: buildIntervals(
      classed.filter(({ network }) => network.family === "ipv4"),
      1,
    ),
    ipv6: buildIntervals(
      classed.filter(({ network }) => network.family === "ipv6"),
      4,
    ),
  };
}

/** The class of an address of 4 or 16 octets at `offset` of `octets`. */
export function classOf(classes: ClientClasses, octets: Uint8Array, length: 4 | 16, offset = 0): number {
  const { wordsEach, starts, classes: byInterval } = length === 4 ? classes.ipv4 : classes.ipv6;
  let low = 0;
  let high = byInterval.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (startsAfter(starts, middle * wordsEach, wordsEach, octets, offset)) high = middle - 1;
    else low = middle;
  }
  return byInterval[low] ?? 0;
}

export function networkOfClass(classes: ClientClasses, classIndex: number): Network | undefined {
  return classIndex === 0 ? undefined : classes.networks[classIndex - 1];
}

/** Whether the interval's first address, at word `at`, lies behind the address in `octets`. */
function startsAfter(
  starts: Uint32Array,
  at: number,
  wordsEach: number,
  octets: Uint8Array,
  offset: number,
): boolean {
  for (let word = 0; word < wordsEach; word++) {
    const start = starts[at + word] ?? 0;
    const octet = offset + word * 4;
    const address =
      (((octets[octet] ?? 0) << 24) |
        ((octets[octet + 1] ?? 0) << 16) |
        ((octets[octet + 2] ?? 0) << 8) |
        (octets[octet + 3] ?? 0)) >>>
      0;
    if (start !== address) return start > address;
  }
  return false;
}

interface ClassedNetwork {
  readonly network: Network;
  readonly classIndex: number;
}

interface OpenNetwork {
  readonly end: bigint;
  readonly classIndex: number;
}

/** Sweeps the networks in address order, outer before inner, and notes where the longest one changes. */
function buildIntervals(networks: readonly ClassedNetwork[], wordsEach: number): Intervals {
  const sorted = networks
    .map((item) => ({ ...item, start: toInteger(item.network.octets) }))
    .sort((one, other) =>
      one.start === other.start
        ? one.network.prefixBits - other.network.prefixBits
        : one.start < other.start
          ? -1
          : 1,
    );
  const changes: { readonly start: bigint; readonly classIndex: number }[] = [{ start: 0n, classIndex: 0 }];
  const note = (start: bigint, classIndex: number): void => {
    if (changes.at(-1)?.start === start) changes.pop();
    changes.push({ start, classIndex });
  };
  const open: OpenNetwork[] = [];
  const closeUntil = (address: bigint): void => {
    for (let last = open.at(-1); last !== undefined && last.end <= address; last = open.at(-1)) {
      open.pop();
      note(last.end, open.at(-1)?.classIndex ?? 0);
    }
  };
  const addressEnd = 1n << BigInt(wordsEach * 32);
  for (const { network, classIndex, start } of sorted) {
    closeUntil(start);
    note(start, classIndex);
    open.push({ end: start + (1n << BigInt(wordsEach * 32 - network.prefixBits)), classIndex });
  }
  closeUntil(addressEnd);
  const intervals = changes.filter(({ start }) => start < addressEnd);
  const starts = new Uint32Array(intervals.length * wordsEach);
  intervals.forEach(({ start }, index) => {
    for (let word = 0; word < wordsEach; word++) {
      starts[index * wordsEach + word] = Number((start >> BigInt((wordsEach - 1 - word) * 32)) & 0xffffffffn);
    }
  });
  return { wordsEach, starts, classes: Uint32Array.from(intervals, ({ classIndex }) => classIndex) };
}

function toInteger(octets: Uint8Array): bigint {
  let integer = 0n;
  for (const octet of octets) integer = (integer << 8n) | BigInt(octet);
  return integer;
}

function keyOf({ octets, prefixBits }: Network): string {
  return `${octets.join(".")}/${prefixBits}`;
}
