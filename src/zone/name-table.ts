/**
 * Owner names of one zone, each once and known by a number: wire form in one array of octets, found again by a hash table
 * beside it. A million names are four typed arrays and no object.
 *
 * Names are numbered in the order in which they come, from 0. They are kept as first written, and equal without regard
 * to ASCII case (RFC 4343). `zone/record-table` makes one and writes into it; whoever reads a zone that is being loaded
 * takes names by their number.
 */

import { foldOctet, MAX_NAME_OCTETS, type Name, nameKey, ROOT, readUncompressedName } from "../dns/name.ts";

/** No such name. */
export const NO_NAME = -1;

/**
 * How many slots a search looks at before the names that found no room among them. At most half of the slots are taken,
 * so chance alone hardly ever makes a run of that length; a file written to make one costs a Map, and no more.
 */
const MAX_PROBES = 64;

const WILDCARD_LABEL = [1, 0x2a];

/** In place of a slot: there is none within `MAX_PROBES`. */
const CROWDED = -1;

const MIN_SLOTS = 16;
/** A hash, and the name's number + 1 (0: empty). */
const SLOT_WORDS = 2;

/** An odd number with its bits well mixed (the golden ratio of 32 bits), and the finaliser's. */
const MULTIPLIER = 0x9e37_79b1;
const FINAL_MULTIPLIER = 0x85eb_ca6b;
/** The bit in which upper and lower case differ. */
const CASE_BIT = 0x20;

export class NameTable {
  /** Names in wire form, one behind the other, and room behind them. Replaced when it grows. */
  octets: Uint8Array;
  #used = 0;
  /** Where each name begins. */
  #starts: Int32Array;
  #lengths: Uint8Array;
  #slots: Int32Array;
  #mask: number;
  #count = 0;
  /** Number + 1 by `nameKey`: names for which there was no room within `MAX_PROBES`. */
  readonly #crowded = new Map<string, number>();

  /** Sized for so many names of so many octets in all; grows beyond them. */
  constructor(names: number, octets: number) {
    this.octets = new Uint8Array(octets + MAX_NAME_OCTETS);
    this.#starts = new Int32Array(names + 1);
    this.#lengths = new Uint8Array(names + 1);
    const slots = slotsFor(names);
    this.#slots = new Int32Array(slots * SLOT_WORDS);
    this.#mask = slots - 1;
  }

  get count(): number {
    return this.#count;
  }

  /** Octets of all names; one that ends another has none of its own. */
  get octetCount(): number {
    return this.#used;
  }

  /** Where a name begins in `octets`. */
  startOf(name: number): number {
    return this.#starts[name] ?? 0;
  }

  /** The octets of a name in wire form, 1 to 255. */
  lengthOf(name: number): number {
    return this.#lengths[name] ?? 0;
  }

  /** A copy of a name. */
  nameOf(name: number): Name {
    return this.writtenAt(this.startOf(name));
  }

  /** A copy of the name that stands at `at` in `octets`. */
  writtenAt(at: number): Name {
    return readUncompressedName(this.octets, at) ?? ROOT;
  }

  /** `nameKey` of a name. */
  keyOf(name: number): string {
    return this.#keyAt(this.startOf(name), this.lengthOf(name));
  }

  #keyAt(at: number, length: number): string {
    return nameKey(this.octets.subarray(at, at + length));
  }

  /** The number of the name of `length` octets at `at`; `NO_NAME` where there is none. */
  find(octets: Uint8Array, at: number, length: number): number {
    const slot = this.#slotOf(hashOf(octets, at, length), octets, at, length);
    if (slot !== CROWDED) return (this.#slots[slot * SLOT_WORDS + 1] ?? 0) - 1;
    if (this.#crowded.size === 0) return NO_NAME;
    return (this.#crowded.get(nameKey(octets.subarray(at, at + length))) ?? 0) - 1;
  }

  /** The slot of a name, or the empty one that it would take. */
  #slotOf(hash: number, octets: Uint8Array, at: number, length: number): number {
    const slots = this.#slots;
    let slot = hash & this.#mask;
    for (let probes = 0; probes < MAX_PROBES; probes++) {
      const name = (slots[slot * SLOT_WORDS + 1] ?? 0) - 1;
      if (name < 0) return slot;
      if (slots[slot * SLOT_WORDS] === hash && this.#isEqual(name, octets, at, length)) return slot;
      slot = (slot + 1) & this.#mask;
    }
    return CROWDED;
  }

  /** The number of the name with that `nameKey`. */
  findKey(key: string): number {
    if (key.length > MAX_NAME_OCTETS) return NO_NAME;
    const at = this.room();
    for (let index = 0; index < key.length; index++) this.octets[at + index] = key.charCodeAt(index);
    return this.find(this.octets, at, key.length);
  }

  /** Whether a name stands at `at` in upper and lower case as it was first written. */
  isSpelt(name: number, octets: Uint8Array, at: number): boolean {
    const start = this.startOf(name);
    const length = this.lengthOf(name);
    for (let index = 0; index < length; index++) {
      if (this.octets[start + index] !== octets[at + index]) return false;
    }
    return true;
  }

  /** Writes a name in other upper and lower case from now on. */
  respell(name: number, written: Name): void {
    this.octets.set(written, this.startOf(name));
  }

  /** The number of `*` below a name. */
  findWildcard(name: number): number {
    const length = this.lengthOf(name) + WILDCARD_LABEL.length;
    if (length > MAX_NAME_OCTETS) return NO_NAME;
    const at = this.room();
    this.octets.set(WILDCARD_LABEL, at);
    this.octets.copyWithin(
      at + WILDCARD_LABEL.length,
      this.startOf(name),
      this.startOf(name) + this.lengthOf(name),
    );
    return this.find(this.octets, at, length);
  }

  /** The number of a name, a new one where it is not known yet. */
  intern(name: Uint8Array): number {
    const at = this.room();
    this.octets.set(name, at);
    return this.take(name.length);
  }

  /** The same for octets that stand in this table's own already, where they stay: the end of another name. */
  internAt(at: number, length: number): number {
    return this.#intern(at, length, this.#used);
  }

  /** Where in `octets` a name may be written, of 255 octets at most; `take` then makes it one of the table. */
  room(): number {
    if (this.octets.length - this.#used < MAX_NAME_OCTETS) {
      const grown = new Uint8Array(this.octets.length * 2 + MAX_NAME_OCTETS);
      grown.set(this.octets);
      this.octets = grown;
    }
    return this.#used;
  }

  /** The number of the name of `length` octets that was written to `room`, a new one where it is not known yet. */
  take(length: number): number {
    return this.#intern(this.#used, length, this.#used + length);
  }

  /** `used` are the octets in use once the name is a new one. */
  #intern(at: number, length: number, used: number): number {
    const hash = hashOf(this.octets, at, length);
    const slot = this.#slotOf(hash, this.octets, at, length);
    const known =
      slot === CROWDED ? this.#crowded.get(this.#keyAt(at, length)) : this.#slots[slot * SLOT_WORDS + 1];
    if (known !== undefined && known !== 0) return known - 1;
    const name = this.#count++;
    if (name >= this.#starts.length) this.#grow();
    this.#starts[name] = at;
    this.#lengths[name] = length;
    this.#used = used;
    if (this.#count * 2 > this.#mask + 1) this.#rehash();
    else this.#place(slot, hash, name);
    return name;
  }

  #grow(): void {
    this.#starts = grownWords(this.#starts);
    const lengths = new Uint8Array(this.#starts.length);
    lengths.set(this.#lengths);
    this.#lengths = lengths;
  }

  #place(slot: number, hash: number, name: number): void {
    if (slot === CROWDED) {
      this.#crowded.set(this.keyOf(name), name + 1);
      return;
    }
    this.#slots[slot * SLOT_WORDS] = hash;
    this.#slots[slot * SLOT_WORDS + 1] = name + 1;
  }

  #rehash(): void {
    const slots = slotsFor(this.#count * 2);
    this.#slots = new Int32Array(slots * SLOT_WORDS);
    this.#mask = slots - 1;
    this.#crowded.clear();
    for (let name = 0; name < this.#count; name++) {
      const at = this.startOf(name);
      const length = this.lengthOf(name);
      const hash = hashOf(this.octets, at, length);
      this.#place(this.#slotOf(hash, this.octets, at, length), hash, name);
    }
  }

  #isEqual(name: number, octets: Uint8Array, at: number, length: number): boolean {
    if (this.lengthOf(name) !== length) return false;
    return octetsMatch(this.octets, this.startOf(name), octets, at, length);
  }
}

/** Whether two runs of octets are equal without regard to ASCII case. */
export function octetsMatch(
  one: Uint8Array,
  oneAt: number,
  other: Uint8Array,
  otherAt: number,
  length: number,
): boolean {
  for (let index = 0; index < length; index++) {
    const left = one[oneAt + index] ?? 0;
    const right = other[otherAt + index] ?? 0;
    if (left !== right && foldOctet(left) !== foldOctet(right)) return false;
  }
  return true;
}

/** Folds coarsely: names that are equal hash alike, and a few more do. */
function hashOf(octets: Uint8Array, at: number, length: number): number {
  let hash = length;
  for (let index = at; index < at + length; index++) {
    hash = Math.imul(((hash << 13) | (hash >>> 19)) ^ ((octets[index] ?? 0) | CASE_BIT), MULTIPLIER);
  }
  hash = Math.imul(hash ^ (hash >>> 16), FINAL_MULTIPLIER);
  return hash ^ (hash >>> 15);
}

/** A power of two, at least twice as many as the names. */
function slotsFor(names: number): number {
  let slots = MIN_SLOTS;
  while (slots < names * 2) slots *= 2;
  return slots;
}

/** The same words with as much room again. */
export function grownWords(words: Int32Array): Int32Array {
  const grown = new Int32Array(words.length * 2);
  grown.set(words);
  return grown;
}
