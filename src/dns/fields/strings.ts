/** Fields that are text for people and programs: character-strings (RFC 1035 §3.3) and text that fills the rdata. */

import { decodeCharacterString, decodeEscapes, formatCharacterString, type OctetsParse } from "../text.ts";
import { append, type Field, parseToken, readRest } from "./field.ts";

/** One character-string: a length octet and up to 255 octets. */
export function characterString(what: string): Field {
  return {
    what,
    isName: false,
    mayBeAbsent: false,
    parse: parseToken((text) => decodeLengthPrefixed(text, what)),
    read: readCharacterString,
    format: (octets) => formatCharacterString(octets.subarray(1)),
  };
}

/** One character-string or more, to the end of the rdata. */
export function characterStrings(what: string): Field {
  const parseOne = parseToken((text) => decodeLengthPrefixed(text, what));
  return {
    what,
    isName: false,
    mayBeAbsent: false,
    parse: (source, wire) => {
      while (source.next < source.tokens.length) {
        const message = parseOne(source, wire);
        if (message !== undefined) return message;
      }
      return undefined;
    },
    read: (message, at, end, wire) => {
      let index = at;
      do {
        const next = readCharacterString(message, index, end, wire);
        if (next === undefined) return undefined;
        index = next;
      } while (index < end);
      return index;
    },
    format: (octets) => {
      const texts: string[] = [];
      for (let at = 0; at < octets.length; at += 1 + (octets[at] ?? 0)) {
        texts.push(formatCharacterString(octets.subarray(at + 1, at + 1 + (octets[at] ?? 0))));
      }
      return texts.join(" ");
    },
  };
}

/** Text without a length of its own, to the end of the rdata. */
export function restOfText(what: string): Field {
  return {
    what,
    isName: false,
    mayBeAbsent: false,
    parse: parseToken((text) => named(decodeEscapes(text), what)),
    read: readRest(0),
    format: formatCharacterString,
  };
}

function readCharacterString(
  message: Uint8Array,
  at: number,
  end: number,
  wire: number[],
): number | undefined {
  const next = at + 1 + (message[at] ?? 0);
  if (at >= end || next > end) return undefined;
  append(wire, message.subarray(at, next));
  return next;
}

function decodeLengthPrefixed(text: string, what: string): OctetsParse {
  const decoded = named(decodeCharacterString(text), what);
  if (!decoded.ok) return decoded;
  return { ok: true, octets: Uint8Array.of(decoded.octets.length, ...decoded.octets) };
}

function named(parsed: OctetsParse, what: string): OctetsParse {
  return parsed.ok ? parsed : { ok: false, message: `Cannot parse ${what}: ${parsed.message}` };
}
