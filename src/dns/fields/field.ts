/**
 * What rdata is composed of. An RR type is a list of fields (`rdata/*.ts`); a field knows its text and its octets, both
 * ways. So the four directions of a type (parse and format text, read and write wire) come from one declaration and
 * cannot disagree. Octets are stored as on the wire with names uncompressed: writing them is copying them, save for the
 * names that `MessageWriter` compresses.
 */

import type { Name } from "../name.ts";
import type { OctetsParse, TextToken } from "../text.ts";

/** The tokens of one record's data while they are read. `next` stays at the token at fault where a field fails. */
export interface TokenSource {
  readonly tokens: readonly TextToken[];
  readonly origin: Name;
  next: number;
}

export interface Field {
  /** What the field is called in messages: «preference». */
  readonly what: string;
  readonly isName: boolean;
  /** Whether the record may end before it. */
  readonly mayBeAbsent: boolean;
  /** Takes the field's tokens and appends its octets to `wire`; a message where they are wrong. */
  readonly parse: (source: TokenSource, wire: number[]) => string | undefined;
  /**
   * Takes the field out of `message[at, end)`, where names may be compressed, and appends its octets to `wire`. The
   * index behind it, or `undefined` where the octets are no such field.
   */
  readonly read: (message: Uint8Array, at: number, end: number, wire: number[]) => number | undefined;
  /** The text of the field's own octets, which `read` has accepted. */
  readonly format: (octets: Uint8Array) => string;
}

/** A Field's `parse` for fields of one token that may not be quoted. */
export function parseBareToken(
  what: string,
  decode: (text: string, origin: Name) => OctetsParse,
): Field["parse"] {
  return (source, wire) => {
    const token = source.tokens[source.next];
    if (token?.quoted === true) return `${what} '${token.text}' may not be quoted`;
    return takeToken(source, wire, decode);
  };
}

/** A Field's `parse` for fields of one token, quoted or not. */
export function parseToken(decode: (text: string, origin: Name) => OctetsParse): Field["parse"] {
  return (source, wire) => takeToken(source, wire, decode);
}

function takeToken(
  source: TokenSource,
  wire: number[],
  decode: (text: string, origin: Name) => OctetsParse,
): string | undefined {
  const decoded = decode(source.tokens[source.next]?.text ?? "", source.origin);
  if (!decoded.ok) return decoded.message;
  append(wire, decoded.octets);
  source.next += 1;
  return undefined;
}

/** A Field's `read` for fields of a fixed number of octets. */
export function readFixed(count: number): Field["read"] {
  return (message, at, end, wire) => {
    if (at + count > end) return undefined;
    append(wire, message.subarray(at, at + count));
    return at + count;
  };
}

/** A Field's `read` for fields that take the rest of the rdata, which holds at least `atLeast` octets. */
export function readRest(atLeast: number): Field["read"] {
  return (message, at, end, wire) => {
    if (end - at < atLeast) return undefined;
    append(wire, message.subarray(at, end));
    return end;
  };
}

/** Pushes octet by octet: spreading 65,535 arguments would exhaust the stack. */
export function append(wire: number[], octets: Uint8Array): void {
  for (const octet of octets) wire.push(octet);
}
