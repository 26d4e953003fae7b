/**
 * The data of plain records (`zone/plain-lines`), from the octets of a file into those of a record table: addresses, names,
 * small numbers, strings without escapes. Each reader takes only what is beyond doubt. It answers how many octets it has
 * written, and leaves in `end` where the data ends; `NOT_PLAIN` is no fault, but for the parser proper to judge.
 */

import { MAX_LABEL_OCTETS, MAX_NAME_OCTETS, type Name } from "../dns/name.ts";
import { MAX_CHARACTER_STRING_OCTETS } from "../dns/text.ts";
import {
  BACKSLASH,
  classOf,
  DIGIT,
  DOT,
  HEX,
  NAME_OCTET,
  NEWLINE,
  QUOTE,
  STRING_OCTET,
} from "./plain-octets.ts";

export const NOT_PLAIN = -1;

const AT = 0x40;
const COLON = 0x3a;
const ZERO = 0x30;
const IPV4_OCTETS = 4;
const IPV6_OCTETS = 16;
const MAX_OCTET = 0xff;
const MAX_UINT16 = 0xffff;
const MAX_GROUP_DIGITS = 4;

export class PlainRdata {
  readonly #octets: Uint8Array;
  /** Behind what was read last. */
  end = 0;

  constructor(octets: Uint8Array) {
    this.#octets = octets;
  }

  /** A name in wire form, relative ones completed with `origin`; needs room for 255 octets. */
  readName(start: number, origin: Name, target: Uint8Array, room: number): number {
    const octets = this.#octets;
    if (octets[start] === AT) return this.#copyOrigin(start + 1, origin, target, room);
    let at = start;
    let label = room;
    let out = room + 1;
    for (;;) {
      const octet = octets[at] ?? NEWLINE;
      if ((classOf(octet) & NAME_OCTET) !== 0) {
        target[out++] = octet;
      } else if (octet === DOT) {
        const length = out - label - 1;
        if (length === 0 || length > MAX_LABEL_OCTETS) return NOT_PLAIN;
        target[label] = length;
        label = out++;
      } else {
        break;
      }
      at++;
    }
    const length = out - label - 1;
    if (at === start || length > MAX_LABEL_OCTETS) return NOT_PLAIN;
    target[label] = length;
    // A final dot has left an empty label, which is the root's.
    if (length === 0) return this.#nameOf(out - room, at);
    if (out - room + origin.length > MAX_NAME_OCTETS) return NOT_PLAIN;
    for (let index = 0; index < origin.length; index++) target[out + index] = origin[index] ?? 0;
    return this.#nameOf(out - room + origin.length, at);
  }

  #nameOf(length: number, end: number): number {
    this.end = end;
    return length <= MAX_NAME_OCTETS ? length : NOT_PLAIN;
  }

  #copyOrigin(end: number, origin: Name, target: Uint8Array, room: number): number {
    target.set(origin, room);
    return this.#nameOf(origin.length, end);
  }

  readIpv4(start: number, target: Uint8Array, room: number): number {
    const octets = this.#octets;
    let at = start;
    for (let part = 0; part < IPV4_OCTETS; part++) {
      if (part > 0 && octets[at++] !== DOT) return NOT_PLAIN;
      const first = at;
      let value = 0;
      for (; at - first <= 3; at++) {
        const octet = octets[at] ?? NEWLINE;
        if ((classOf(octet) & DIGIT) === 0) break;
        value = value * 10 + octet - ZERO;
      }
      // A leading zero is refused, which is for the parser to say.
      const isNumber = at > first && value <= MAX_OCTET && (at === first + 1 || octets[first] !== ZERO);
      if (!isNumber) return NOT_PLAIN;
      target[room + part] = value;
    }
    this.end = at;
    return IPV4_OCTETS;
  }

  /** Hexadecimal groups, with one «::» or none; a dotted end is not plain. */
  readIpv6(start: number, target: Uint8Array, room: number): number {
    const octets = this.#octets;
    let at = start;
    let written = 0;
    /** Octets before «::». */
    let gap = -1;
    if (octets[at] === COLON && octets[at + 1] === COLON) {
      gap = 0;
      at += 2;
    }
    for (;;) {
      const first = at;
      let value = 0;
      for (; at - first <= MAX_GROUP_DIGITS; at++) {
        const digit = HEX[octets[at] ?? NEWLINE] ?? -1;
        if (digit < 0) break;
        value = value * 16 + digit;
      }
      if (at === first) {
        if (gap !== written) return NOT_PLAIN;
        break;
      }
      if (at - first > MAX_GROUP_DIGITS || written === IPV6_OCTETS) return NOT_PLAIN;
      target[room + written++] = value >> 8;
      target[room + written++] = value;
      if (octets[at] !== COLON) break;
      at++;
      if (octets[at] !== COLON) continue;
      if (gap >= 0) return NOT_PLAIN;
      gap = written;
      at++;
    }
    if (gap < 0 ? written !== IPV6_OCTETS : written === IPV6_OCTETS) return NOT_PLAIN;
    if (gap >= 0) {
      const behind = written - gap;
      target.copyWithin(room + IPV6_OCTETS - behind, room + gap, room + written);
      target.fill(0, room + gap, room + IPV6_OCTETS - behind);
    }
    this.end = at;
    return IPV6_OCTETS;
  }

  readUint16(start: number, target: Uint8Array, room: number): number {
    const octets = this.#octets;
    let at = start;
    let value = 0;
    for (; value <= MAX_UINT16; at++) {
      const octet = octets[at] ?? NEWLINE;
      if ((classOf(octet) & DIGIT) === 0) break;
      value = value * 10 + octet - ZERO;
    }
    if (at === start || value > MAX_UINT16) return NOT_PLAIN;
    target[room] = value >> 8;
    target[room + 1] = value;
    this.end = at;
    return 2;
  }

  /** One character-string; needs room for 256 octets. */
  readString(start: number, target: Uint8Array, room: number): number {
    const octets = this.#octets;
    const isQuoted = octets[start] === QUOTE;
    const first = isQuoted ? start + 1 : start;
    const limit = first + MAX_CHARACTER_STRING_OCTETS;
    let at = first;
    for (; at <= limit; at++) {
      const octet = octets[at] ?? NEWLINE;
      if (isQuoted) {
        if (octet === NEWLINE || octet === BACKSLASH) return NOT_PLAIN;
        if (octet === QUOTE) break;
      } else if ((classOf(octet) & STRING_OCTET) === 0) {
        break;
      }
      target[room + 1 + at - first] = octet;
    }
    const length = at - first;
    if (length > MAX_CHARACTER_STRING_OCTETS || (length === 0 && !isQuoted)) return NOT_PLAIN;
    target[room] = length;
    this.end = isQuoted ? at + 1 : at;
    return length + 1;
  }
}

/** Types are told apart by five bits a letter; six letters fit. */
export function mnemonicCode(mnemonic: string): number {
  let code = 0;
  for (const character of mnemonic) code = (code << 5) | (character.charCodeAt(0) & 0x1f);
  return code;
}
