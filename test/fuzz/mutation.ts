/** Seeded changes to octets: those that parsers are known to stumble over, beside those of pure chance. */

import { seededRandom } from "../support/answering.ts";
import { join, u16 } from "../support/packets.ts";

export interface Mutator {
  /** From 0 to 1. */
  readonly random: () => number;
  /** A whole number from 0 to `limit`, without it. */
  readonly below: (limit: number) => number;
  /** True so often. */
  readonly chance: (share: number) => boolean;
  readonly pick: <Item>(items: readonly [Item, ...Item[]]) => Item;
  readonly octets: (count: number) => Uint8Array;
  /** One to four changes; some take a part of the donor over. */
  readonly mutate: (octets: Uint8Array, donor?: Uint8Array) => Uint8Array;
}

/** Label types and lengths, pointers, the borders of signed and unsigned numbers. */
const TELLING_OCTETS = [0, 1, 2, 0x0c, 0x3f, 0x40, 0x41, 0x7f, 0x80, 0xbf, 0xc0, 0xff] as const;
const TELLING_NUMBERS = [0, 1, 4, 41, 250, 0xff, 0x100, 0x7fff, 0x8000, 0xc00c, 0xfffe, 0xffff] as const;
const MOST_CHANGES = 4;
const MOST_ADDED_OCTETS = 12;

type Change = (octets: Uint8Array, at: number, donor: Uint8Array) => Uint8Array;

export function createMutator(seed: number): Mutator {
  const random = seededRandom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const pick = <Item>(items: readonly [Item, ...Item[]]): Item => items[below(items.length)] ?? items[0];
  const octets = (count: number): Uint8Array => Uint8Array.from({ length: count }, () => below(256));
  const withSet = (from: Uint8Array, at: number, values: Uint8Array): Uint8Array => {
    const changed = Uint8Array.from(from);
    changed.set(values.subarray(0, Math.max(0, changed.length - at)), at);
    return changed;
  };
  const insert = (from: Uint8Array, at: number, values: Uint8Array): Uint8Array =>
    join(from.subarray(0, at), values, from.subarray(at));
  const spanFrom = (from: Uint8Array, at: number): Uint8Array =>
    from.subarray(at, at + 1 + below(MOST_ADDED_OCTETS));
  const changes: readonly [Change, ...Change[]] = [
    (from, at) => withSet(from, at, Uint8Array.of(below(256))),
    (from, at) => withSet(from, at, Uint8Array.of((from[at] ?? 0) ^ (1 << below(8)))),
    (from, at) => withSet(from, at, Uint8Array.of(pick(TELLING_OCTETS))),
    (from, at) => withSet(from, at, Uint8Array.of((from[at] ?? 0) + pick([1, 255]))),
    (from, at) => withSet(from, at, u16(pick([...TELLING_NUMBERS, from.length]))),
    (from, at) => insert(from, at, octets(1 + below(MOST_ADDED_OCTETS))),
    (from, at) => insert(from, at, spanFrom(from, at)),
    (from, at) => join(from.subarray(0, at), from.subarray(at + spanFrom(from, at).length)),
    (from, at) => from.subarray(0, at),
    (from, at, donor) => join(from.subarray(0, at), donor.subarray(below(donor.length + 1))),
    (from, at, donor) => insert(from, at, spanFrom(donor, below(donor.length + 1))),
  ];
  return {
    random,
    below,
    chance: (share) => random() < share,
    pick,
    octets,
    mutate: (given, donor = given) => {
      let changed = given;
      for (let times = 1 + below(MOST_CHANGES); times > 0; times--) {
        changed = pick(changes)(changed, below(changed.length + 1), donor);
      }
      return changed;
    },
  };
}
