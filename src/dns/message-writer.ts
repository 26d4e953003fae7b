/**
 * Writes a DNS message (RFC 1035 §4) into a buffer of the caller's, between `start` and `limit`. Made once and `reset` for
 * every message: the answer path uses one for each worker, so nothing here allocates.
 *
 * Nothing throws and nothing is written beyond the limit: a method returns `false` where its octets do not fit, and then
 * the message is as if it had not been called. `mark` and `rollback` take back several writes at once, which is how an RRset
 * that does not fit is left out whole (RFC 2181 §9).
 *
 * Compression (RFC 1035 §4.1.4): every suffix of a name that has been written is remembered by its offset, up to
 * MAX_REMEMBERED_SUFFIXES; a later name ends in a pointer to the longest suffix met before. Of several the one with the
 * same octets is preferred, so that the case of a name is kept where that costs nothing; a suffix that differs in case
 * only is the same name (RFC 4343) and will do as well. Comparing lengths first makes most comparisons one octet's work.
 */

import { foldOctet, MAX_LABEL_OCTETS } from "./name.ts";
import { compressibleNameCount, octetsBeforeNames } from "./rdata/compression.ts";

/** A message with more suffixes than these goes on without remembering more: larger, and still right. */
const MAX_REMEMBERED_SUFFIXES = 128;
/** A pointer has 14 bits (RFC 1035 §4.1.4). */
const POINTER_LIMIT = 0x4000;
const POINTER_FLAGS = 0xc0;
/** `mark` packs the number of remembered suffixes below the position. */
const MARK_FACTOR = 256;

export class MessageWriter {
  #buffer: Uint8Array = new Uint8Array(0);
  #start = 0;
  #limit = 0;
  #position = 0;
  #remembered = 0;
  /** Offsets from the message's start. */
  readonly #suffixOffsets = new Uint16Array(MAX_REMEMBERED_SUFFIXES);
  /** Uncompressed lengths, at most 255. */
  readonly #suffixLengths = new Uint8Array(MAX_REMEMBERED_SUFFIXES);

  /** Begins a message at `start`; octets at and after `limit` are not touched. */
  reset(buffer: Uint8Array, start: number, limit: number): void {
    this.#buffer = buffer;
    this.#start = start;
    this.#limit = Math.min(limit, buffer.length);
    this.#position = start;
    this.#remembered = 0;
  }

  /** The index in the buffer at which the next octet is written. */
  get position(): number {
    return this.#position;
  }

  /** Octets of the message so far. */
  get length(): number {
    return this.#position - this.#start;
  }

  /** Moves the limit, to keep room for what comes last (OPT) or to give it back. */
  setLimit(limit: number): void {
    this.#limit = Math.min(limit, this.#buffer.length);
  }

  /** A state to come back to with `rollback`. */
  mark(): number {
    return this.#position * MARK_FACTOR + this.#remembered;
  }

  /** Forgets whatever was written since the mark. */
  rollback(mark: number): void {
    this.#remembered = mark % MARK_FACTOR;
    this.#position = (mark - this.#remembered) / MARK_FACTOR;
  }

  /** Passes over octets that are in the buffer already, as a query's header and question are. */
  skip(count: number): boolean {
    if (this.#position + count > this.#limit) return false;
    this.#position += count;
    return true;
  }

  /** Remembers an uncompressed name that is in the buffer already, at an index of it. */
  rememberName(index: number): void {
    const length = nameLength(this.#buffer, index);
    for (let at = 0; (this.#buffer[index + at] ?? 0) !== 0; at += (this.#buffer[index + at] ?? 0) + 1) {
      this.#remember(index + at - this.#start, length - at);
    }
  }

  writeUint8(value: number): boolean {
    if (this.#position + 1 > this.#limit) return false;
    this.#buffer[this.#position] = value;
    this.#position += 1;
    return true;
  }

  writeUint16(value: number): boolean {
    if (this.#position + 2 > this.#limit) return false;
    this.setUint16(this.#position, value);
    this.#position += 2;
    return true;
  }

  writeUint32(value: number): boolean {
    if (this.#position + 4 > this.#limit) return false;
    this.setUint16(this.#position, value >>> 16);
    this.setUint16(this.#position + 2, value & 0xffff);
    this.#position += 4;
    return true;
  }

  /** Overwrites two octets at an index of the buffer: counts and lengths that are known only afterwards. */
  setUint16(index: number, value: number): void {
    this.#buffer[index] = value >>> 8;
    this.#buffer[index + 1] = value & 0xff;
  }

  /** Copies `source[from, to)`. */
  writeOctets(source: Uint8Array, from = 0, to = source.length): boolean {
    const count = to - from;
    if (this.#position + count > this.#limit) return false;
    // A loop: for the few octets of an address or a label it is quicker than a view and `set`.
    for (let index = 0; index < count; index++) {
      this.#buffer[this.#position + index] = source[from + index] ?? 0;
    }
    this.#position += count;
    return true;
  }

  /** Writes the uncompressed name at `source[at…]`, compressed where it can be. */
  writeName(source: Uint8Array, at = 0): boolean {
    const mark = this.mark();
    const end = at + nameLength(source, at);
    for (let label = at; (source[label] ?? 0) !== 0; ) {
      const known = this.#findSuffix(source, label, end - label);
      if (known >= 0) {
        if (this.writeUint16((POINTER_FLAGS << 8) | known)) return true;
        this.rollback(mark);
        return false;
      }
      const next = label + 1 + (source[label] ?? 0);
      const offset = this.#position - this.#start;
      if (!this.writeOctets(source, label, next)) {
        this.rollback(mark);
        return false;
      }
      this.#remember(offset, end - label);
      label = next;
    }
    if (this.writeUint8(0)) return true;
    this.rollback(mark);
    return false;
  }

  /** Writes RDLENGTH and the rdata that `source[from, to)` holds uncompressed. */
  writeRdata(type: number, source: Uint8Array, from = 0, to = source.length): boolean {
    const mark = this.mark();
    const lengthIndex = this.#position;
    if (this.writeUint16(0) && this.#writeRdataOctets(type, source, from, to)) {
      this.setUint16(lengthIndex, this.#position - lengthIndex - 2);
      return true;
    }
    this.rollback(mark);
    return false;
  }

  /** Writes a whole record; the owner is the uncompressed name at `owner[ownerAt…]`. */
  writeRecord(
    owner: Uint8Array,
    ownerAt: number,
    type: number,
    rrClass: number,
    ttlSeconds: number,
    source: Uint8Array,
    from = 0,
    to = source.length,
  ): boolean {
    const mark = this.mark();
    const fits =
      this.writeName(owner, ownerAt) &&
      this.writeUint16(type) &&
      this.writeUint16(rrClass) &&
      this.writeUint32(ttlSeconds) &&
      this.writeRdata(type, source, from, to);
    if (!fits) this.rollback(mark);
    return fits;
  }

  #writeRdataOctets(type: number, source: Uint8Array, from: number, to: number): boolean {
    const nameCount = compressibleNameCount(type);
    if (nameCount === 0) return this.writeOctets(source, from, to);
    let at = from + octetsBeforeNames(type);
    if (!this.writeOctets(source, from, at)) return false;
    for (let count = 0; count < nameCount; count++) {
      if (!this.writeName(source, at)) return false;
      at += nameLength(source, at);
    }
    return this.writeOctets(source, at, to);
  }

  #remember(offset: number, length: number): void {
    if (this.#remembered === MAX_REMEMBERED_SUFFIXES || offset >= POINTER_LIMIT) return;
    this.#suffixOffsets[this.#remembered] = offset;
    this.#suffixLengths[this.#remembered] = length;
    this.#remembered += 1;
  }

  /** The offset of a suffix equal to `source[at, at + length)`, one with the same octets before others; −1: none. */
  #findSuffix(source: Uint8Array, at: number, length: number): number {
    let found = -1;
    for (let index = 0; index < this.#remembered; index++) {
      if (this.#suffixLengths[index] !== length) continue;
      const offset = this.#suffixOffsets[index] ?? 0;
      const likeness = this.#compareSuffix(source, at, offset);
      if (likeness === "same octets") return offset;
      if (likeness === "same name" && found < 0) found = offset;
    }
    return found;
  }

  #compareSuffix(source: Uint8Array, at: number, offset: number): "same octets" | "same name" | "other" {
    const buffer = this.#buffer;
    let here = this.#start + offset;
    let there = at;
    let exact = true;
    for (;;) {
      const length = buffer[here] ?? 0;
      if (length > MAX_LABEL_OCTETS) {
        // Pointers in what this writer wrote lead backwards only, so this ends.
        here = this.#start + (((length & ~POINTER_FLAGS) << 8) | (buffer[here + 1] ?? 0));
        continue;
      }
      if (length !== source[there]) return "other";
      if (length === 0) return exact ? "same octets" : "same name";
      for (let index = 1; index <= length; index++) {
        const one = buffer[here + index] ?? 0;
        const other = source[there + index] ?? 0;
        if (one === other) continue;
        if (foldOctet(one) !== foldOctet(other)) return "other";
        exact = false;
      }
      here += length + 1;
      there += length + 1;
    }
  }
}

/** Octets of the uncompressed name at `at`, the root label included. */
function nameLength(octets: Uint8Array, at: number): number {
  let end = at;
  while ((octets[end] ?? 0) !== 0) end += (octets[end] ?? 0) + 1;
  return end + 1 - at;
}
