/** Fields that are numbers of 8, 16 or 32 bits, in network order (RFC 1035 §2.3.2). */

import type { OctetsParse } from "../text.ts";
import { parseSeconds } from "../ttl.ts";
import { type Field, parseBareToken, readFixed } from "./field.ts";

export function uint8(what: string): Field {
  return numberField(what, 1, (text) => parseNumber(text, what, 1));
}

export function uint16(what: string): Field {
  return numberField(what, 2, (text) => parseNumber(text, what, 2));
}

export function uint32(what: string): Field {
  return numberField(what, 4, (text) => parseNumber(text, what, 4));
}

/** 32 bits of seconds, written as a number or with units (`1h30m`). */
export function seconds(what: string): Field {
  return numberField(what, 4, (text) => {
    const parsed = parseSeconds(text, what, highest(4));
    return parsed.ok ? { ok: true, octets: numberOctets(parsed.seconds, 4) } : parsed;
  });
}

/** 8 bits, written as a number or as one of the mnemonics, in any case. */
export function mnemonicUint8(what: string, mnemonics: Readonly<Record<string, number>>): Field {
  const codes = new Map(Object.entries(mnemonics));
  return numberField(what, 1, (text) => {
    const code = codes.get(text.toUpperCase());
    return code === undefined ? parseNumber(text, what, 1) : { ok: true, octets: numberOctets(code, 1) };
  });
}

function numberField(what: string, size: number, decode: (text: string) => OctetsParse): Field {
  return {
    what,
    isName: false,
    mayBeAbsent: false,
    parse: parseBareToken(what, decode),
    read: readFixed(size),
    format: (octets) => octets.reduce((sum, octet) => sum * 256 + octet, 0).toString(),
  };
}

function parseNumber(text: string, what: string, size: number): OctetsParse {
  const value = /^[0-9]{1,10}$/.test(text) ? Number(text) : Number.NaN;
  return value <= highest(size)
    ? { ok: true, octets: numberOctets(value, size) }
    : { ok: false, message: `${what} '${text}' is not a number from 0 to ${highest(size)}` };
}

function highest(size: number): number {
  return 256 ** size - 1;
}

/** `size` octets in network order. */
export function numberOctets(value: number, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, index) => Math.floor(value / 256 ** (size - 1 - index)) % 256);
}
