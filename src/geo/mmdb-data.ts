/**
 * The data of an MMDB file (MaxMind DB file format 2.0, «Output Data Section»): a value at an octet of a section, read as far
 * as places need it. Nothing that such a section can hold keeps us for long: a value of more parts than `PARTS_MAX`, counted
 * as often as pointers lead to them, is not well-formed, nor is one that is nested deeper than `DEPTH_MAX`, a pointer to a
 * pointer, or what goes on behind the section's end.
 *
 * A file of cities has some 200,000 records, and most of each are names in eight languages. So of maps only the keys that
 * somebody asks for are read and the other values passed over; and what pointers lead to, a country or a key, is read once.
 */

/** `null`: of a kind that nobody asks for. Maps have no prototype. */
export type MmdbValue =
  | string
  | number
  | boolean
  | null
  | readonly MmdbValue[]
  | { readonly [key: string]: MmdbValue };

/** A record of a city in eight languages has some two hundred. */
const PARTS_MAX = 10_000;
const DEPTH_MAX = 32;
/** Of a whole file: what is sound is read once, one part or less an octet. Beyond this nothing more is read. */
const PARTS_AN_OCTET = 4;

const KIND = {
  extended: 0,
  pointer: 1,
  text: 2,
  double: 3,
  octets: 4,
  uint16: 5,
  uint32: 6,
  map: 7,
  int32: 8,
  uint64: 9,
  uint128: 10,
  array: 11,
  boolean: 14,
  float: 15,
} as const;

/** By the size of a pointer: where what it counts from begins. */
const POINTER_BASES = [0, 2_048, 526_336, 0] as const;

/** The value at `at` of the section that begins at `section`; `undefined` where it is not well-formed. */
export function readMmdbValue(octets: Uint8Array, section: number, at: number): MmdbValue | undefined {
  return new MmdbSection(octets, section).read(at);
}

/** By how many octets more a size has. */
const SIZE_BASES = [0, 29, 285, 65_821] as const;

const UTF8 = new TextDecoder();
/** Texts up to this length, codes and keys, are put together here as long as they are ASCII: a decoder takes longer. */
const SHORT_OCTETS = 16;

/** What a pointer leads to, and how many parts it has. */
interface Known {
  readonly value: MmdbValue;
  readonly parts: number;
}

export class MmdbSection {
  readonly #octets: Uint8Array;
  readonly #view: DataView;
  readonly #section: number;
  readonly #keys: ReadonlySet<string> | undefined;
  readonly #known = new Map<number, Known>();
  #left = PARTS_MAX;
  #leftOfFile: number;
  /** Behind the value that was read last. */
  #next = 0;

  /** `keys`: those that maps are asked for; `undefined`: all. */
  constructor(octets: Uint8Array, section: number, keys?: ReadonlySet<string>) {
    this.#octets = octets;
    this.#view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
    this.#section = section;
    this.#keys = keys;
    this.#leftOfFile = octets.length * PARTS_AN_OCTET;
  }

  /** The value at `at` of the section; `undefined` where it is not well-formed, as far as it is asked for. */
  read(at: number): MmdbValue | undefined {
    this.#left = PARTS_MAX;
    return this.#valueAt(this.#section + at, 0);
  }

  #valueAt(start: number, depth: number, fromPointer = false): MmdbValue | undefined {
    const control = this.#octets[start];
    if (control === undefined || !this.#mayGoOn(depth)) return undefined;
    if (control >>> 5 === KIND.pointer)
      return fromPointer ? undefined : this.#throughPointer(control, start + 1, depth);
    const kind = this.#kindAt(control, start);
    const size = this.#sizeAt(control, kind > KIND.map ? start + 2 : start + 1);
    if (size === undefined) return undefined;
    if (kind === KIND.map) return this.#map(size, this.#next, depth);
    return kind === KIND.array ? this.#list(size, this.#next, depth) : this.#scalar(kind, size, this.#next);
  }

  /** Goes to what is behind a value without reading it; whether it can. */
  #pass(start: number, depth: number): boolean {
    const control = this.#octets[start];
    if (control === undefined || !this.#mayGoOn(depth)) return false;
    if (control >>> 5 === KIND.pointer) {
      this.#next = start + 2 + ((control >>> 3) & 3);
      return true;
    }
    const kind = this.#kindAt(control, start);
    const size = this.#sizeAt(control, kind > KIND.map ? start + 2 : start + 1);
    if (size === undefined) return false;
    if (kind !== KIND.map && kind !== KIND.array) {
      if (kind !== KIND.boolean) this.#next += size;
      return true;
    }
    for (let parts = kind === KIND.map ? size * 2 : size; parts > 0; parts--) {
      if (!this.#pass(this.#next, depth + 1)) return false;
    }
    return true;
  }

  /** With a further part. */
  #mayGoOn(depth: number): boolean {
    this.#left--;
    this.#leftOfFile--;
    return depth <= DEPTH_MAX && this.#left >= 0 && this.#leftOfFile >= 0;
  }

  #kindAt(control: number, start: number): number {
    const kind = control >>> 5;
    return kind === KIND.extended ? KIND.map + (this.#octets[start + 1] ?? 0) : kind;
  }

  /** `at`: where more of the size would stand; what is behind it is next. */
  #sizeAt(control: number, at: number): number | undefined {
    const size = control & 0x1f;
    const more = Math.max(0, size - 28);
    this.#next = at + more;
    if (more === 0) return size;
    const added = this.#integer(at, more);
    return added === undefined ? undefined : added + (SIZE_BASES[more] ?? 0);
  }

  #throughPointer(control: number, at: number, depth: number): MmdbValue | undefined {
    const size = (control >>> 3) & 3;
    const rest = this.#integer(at, size + 1);
    if (rest === undefined) return undefined;
    const high = size === 3 ? 0 : (control & 7) * 2 ** (8 * (size + 1));
    const target = (POINTER_BASES[size] ?? 0) + high + rest;
    const known = this.#known.get(target);
    // Its parts count as often as it is led to.
    if (known !== undefined) this.#left -= known.parts;
    const value = known === undefined ? this.#follow(target, depth) : known.value;
    this.#next = at + size + 1;
    return this.#left < 0 ? undefined : value;
  }

  #follow(target: number, depth: number): MmdbValue | undefined {
    const before = this.#left;
    const value = this.#valueAt(this.#section + target, depth + 1, true);
    if (value !== undefined) this.#known.set(target, { value, parts: before - this.#left });
    return value;
  }

  #map(size: number, start: number, depth: number): MmdbValue | undefined {
    const map: Record<string, MmdbValue> = Object.create(null);
    this.#next = start;
    for (let count = 0; count < size; count++) {
      const key = this.#valueAt(this.#next, depth + 1);
      if (typeof key !== "string") return undefined;
      if (this.#keys === undefined || this.#keys.has(key)) {
        const value = this.#valueAt(this.#next, depth + 1);
        if (value === undefined) return undefined;
        map[key] = value;
      } else if (!this.#pass(this.#next, depth + 1)) return undefined;
    }
    return map;
  }

  #list(size: number, start: number, depth: number): MmdbValue | undefined {
    const items: MmdbValue[] = [];
    this.#next = start;
    for (let count = 0; count < size; count++) {
      const value = this.#valueAt(this.#next, depth + 1);
      if (value === undefined) return undefined;
      items.push(value);
    }
    return items;
  }

  #scalar(kind: number, size: number, at: number): MmdbValue | undefined {
    this.#next = at + (kind === KIND.boolean ? 0 : size);
    if (this.#next > this.#octets.length) return undefined;
    switch (kind) {
      case KIND.text:
        return this.#textAt(at, size);
      case KIND.double:
        return size === 8 ? this.#view.getFloat64(at) : undefined;
      case KIND.float:
        return size === 4 ? this.#view.getFloat32(at) : undefined;
      case KIND.uint16:
      case KIND.uint32:
      case KIND.uint64:
      case KIND.uint128:
        return this.#integer(at, size);
      case KIND.int32: {
        const value = size > 4 ? undefined : this.#integer(at, size);
        return value === undefined || size < 4 ? value : value | 0;
      }
      case KIND.boolean:
        return size === 1;
      case KIND.octets:
        return null;
      default:
        return undefined;
    }
  }

  #textAt(at: number, size: number): string {
    if (size <= SHORT_OCTETS) {
      let text = "";
      for (let index = at; index < at + size; index++) {
        const octet = this.#octets[index] ?? 0x80;
        if (octet >= 0x80) return UTF8.decode(this.#octets.subarray(at, at + size));
        text += String.fromCharCode(octet);
      }
      return text;
    }
    return UTF8.decode(this.#octets.subarray(at, at + size));
  }

  /** Of up to 16 octets, the highest first; as exactly as a number can be. */
  #integer(at: number, size: number): number | undefined {
    if (at + size > this.#octets.length || size > 16) return undefined;
    let value = 0;
    for (let index = at; index < at + size; index++) value = value * 256 + (this.#octets[index] ?? 0);
    return value;
  }
}
