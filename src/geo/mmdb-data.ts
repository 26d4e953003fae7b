/**
 * The data of an MMDB file (MaxMind DB file format 2.0, «Output Data Section»): a value at an octet of a section, read as far
 * as places need it. Nothing that such a section can hold keeps us for long: a value of more parts than `PARTS_MAX`, counted
 * as often as pointers lead to them, is not well-formed, nor is one that is nested deeper than `DEPTH_MAX`, a pointer to a
 * pointer, or what goes on behind the section's end.
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
  return new Reading(octets, section).valueAt(section + at, 0);
}

/** By how many octets more a size has. */
const SIZE_BASES = [0, 29, 285, 65_821] as const;

const UTF8 = new TextDecoder();

class Reading {
  readonly #octets: Uint8Array;
  readonly #view: DataView;
  readonly #section: number;
  #left = PARTS_MAX;
  /** Behind the value that was read last. */
  #next = 0;

  constructor(octets: Uint8Array, section: number) {
    this.#octets = octets;
    this.#view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
    this.#section = section;
  }

  valueAt(start: number, depth: number, fromPointer = false): MmdbValue | undefined {
    this.#left--;
    const control = this.#octets[start];
    if (control === undefined || depth > DEPTH_MAX || this.#left < 0) return undefined;
    let at = start + 1;
    let kind: number = control >>> 5;
    if (kind === KIND.pointer) return fromPointer ? undefined : this.#throughPointer(control, at, depth);
    if (kind === KIND.extended) kind = 7 + (this.#octets[at++] ?? 0);
    let size = control & 0x1f;
    if (size >= 29) {
      const more = size - 28;
      const added = this.#integer(at, more);
      if (added === undefined) return undefined;
      size = added + (SIZE_BASES[more] ?? 0);
      at += more;
    }
    if (kind === KIND.map || kind === KIND.array) return this.#collection(kind === KIND.map, size, at, depth);
    return this.#scalar(kind, size, at);
  }

  #throughPointer(control: number, at: number, depth: number): MmdbValue | undefined {
    const size = (control >>> 3) & 3;
    const rest = this.#integer(at, size + 1);
    if (rest === undefined) return undefined;
    const high = size === 3 ? 0 : (control & 7) * 2 ** (8 * (size + 1));
    const value = this.valueAt(this.#section + (POINTER_BASES[size] ?? 0) + high + rest, depth + 1, true);
    this.#next = at + size + 1;
    return value;
  }

  #collection(isMap: boolean, size: number, start: number, depth: number): MmdbValue | undefined {
    const items: MmdbValue[] = [];
    const map: Record<string, MmdbValue> = Object.create(null);
    this.#next = start;
    for (let count = 0; count < size; count++) {
      const key = isMap ? this.valueAt(this.#next, depth + 1) : "";
      if (typeof key !== "string") return undefined;
      const value = this.valueAt(this.#next, depth + 1);
      if (value === undefined) return undefined;
      if (isMap) map[key] = value;
      else items.push(value);
    }
    return isMap ? map : items;
  }

  #scalar(kind: number, size: number, at: number): MmdbValue | undefined {
    this.#next = at + (kind === KIND.boolean ? 0 : size);
    if (this.#next > this.#octets.length) return undefined;
    switch (kind) {
      case KIND.text:
        return UTF8.decode(this.#octets.subarray(at, this.#next));
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

  /** Of up to 16 octets, the highest first; as exactly as a number can be. */
  #integer(at: number, size: number): number | undefined {
    if (at + size > this.#octets.length || size > 16) return undefined;
    let value = 0;
    for (let index = at; index < at + size; index++) value = value * 256 + (this.#octets[index] ?? 0);
    return value;
  }
}
