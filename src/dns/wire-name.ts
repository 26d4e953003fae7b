/** Reading names out of messages, where they may be compressed (RFC 1035 §4.1.4). Writing them is `MessageWriter`'s. */

import { MAX_LABEL_OCTETS, MAX_NAME_OCTETS, type Name, readUncompressedName } from "./name.ts";

const POINTER_FLAGS = 0xc0;

export interface WireName {
  readonly name: Name;
  /** The index behind the name's last octet where it stands. */
  readonly next: number;
}

/**
 * The name at `at`, decompressed; `undefined` where there is none: cut off at `end`, longer than 255 octets, a label type
 * other than 00 and 11, or a pointer that does not lead backwards. RFC 1035 speaks of «prior» occurrences; holding
 * pointers to it is also what makes this end.
 */
export function readName(message: Uint8Array, at: number, end: number): WireName | undefined {
  const wire: number[] = [];
  let index = at;
  let next: number | undefined;
  let earliest = at;
  for (;;) {
    const length = index < end ? message[index] : undefined;
    if (length === undefined) return undefined;
    if (length <= MAX_LABEL_OCTETS) {
      const labelEnd = index + 1 + length;
      if (labelEnd > end || wire.length + 1 + length > MAX_NAME_OCTETS) return undefined;
      for (; index < labelEnd; index++) wire.push(message[index] ?? 0);
      if (length > 0) continue;
      const name = readUncompressedName(Uint8Array.from(wire), 0);
      return name === undefined ? undefined : { name, next: next ?? index };
    }
    if (length < POINTER_FLAGS || index + 2 > end) return undefined;
    const target = ((length & ~POINTER_FLAGS) << 8) | (message[index + 1] ?? 0);
    if (target >= earliest) return undefined;
    next ??= index + 2;
    earliest = target;
    index = target;
  }
}

/** What an index becomes when the octets end before what they announce, or are no name. */
export const CUT = -1;

/** The index behind a name, its pointer not followed; CUT where it does not end. Allocates nothing. */
export function skipName(octets: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; ) {
    const label = octets[at] ?? 0;
    if (label === 0) return at + 1;
    if ((label & POINTER_FLAGS) === POINTER_FLAGS) return at + 2;
    if (label > MAX_LABEL_OCTETS) return CUT;
    at += 1 + label;
  }
  return CUT;
}
