/**
 * An RR type as a list of fields, and the directions that follow from it. The files beside this one declare one type
 * each; `registry.ts` lists them; `../rdata.ts` is what others call.
 */

import type { Field, TokenSource } from "../fields/field.ts";
import { type Name, readUncompressedName } from "../name.ts";
import type { TextToken } from "../text.ts";
import { formatType } from "../types.ts";

export interface RdataType {
  readonly type: number;
  readonly fields: readonly Field[];
  /**
   * What the type's own text may not say although the fields can hold it, as a message: a rule between fields, or octets
   * that have no text. Such rdata from the wire is kept, and written by RFC 3597.
   */
  readonly check?: (rdata: Uint8Array) => string | undefined;
}

export type RdataParse =
  | { readonly ok: true; readonly rdata: Uint8Array }
  /** `tokenIndex` is that of the token at fault; the number of tokens where the record ends too soon. */
  | { readonly ok: false; readonly tokenIndex: number; readonly message: string };

export function parseFields(
  { type, fields, check }: RdataType,
  tokens: readonly TextToken[],
  origin: Name,
): RdataParse {
  const source: TokenSource = { tokens, origin, next: 0 };
  const wire: number[] = [];
  let fieldStart = 0;
  for (const field of fields) {
    fieldStart = source.next;
    if (source.next === tokens.length && !field.mayBeAbsent) {
      return failure(source.next, `${formatType(type)} record ends before its ${field.what}`);
    }
    const message = field.parse(source, wire);
    if (message !== undefined) return failure(source.next, message);
  }
  const extra = tokens[source.next];
  if (extra !== undefined) {
    return failure(source.next, `${formatType(type)} record goes on after its last field: '${extra.text}'`);
  }
  const rdata = Uint8Array.from(wire);
  const fault = check?.(rdata);
  return fault === undefined ? { ok: true, rdata } : failure(fieldStart, fault);
}

/** Takes rdata out of `message[start, end)`; `undefined` where the octets are not the type's fields and nothing else. */
export function readFields(
  { fields }: RdataType,
  message: Uint8Array,
  start: number,
  end: number,
): Uint8Array | undefined {
  const wire: number[] = [];
  let at = start;
  for (const field of fields) {
    const next = field.read(message, at, end, wire);
    if (next === undefined) return undefined;
    at = next;
  }
  return at === end ? Uint8Array.from(wire) : undefined;
}

/** The type's text; `undefined` where the octets have none. */
export function formatFields(rdataType: RdataType, rdata: Uint8Array): string | undefined {
  const parts = splitFields(rdataType, rdata);
  if (parts === undefined || rdataType.check?.(rdata) !== undefined) return undefined;
  return parts
    .map(({ field, octets }) => field.format(octets))
    .filter((text) => text !== "")
    .join(" ");
}

/** The domain names among the fields, in their order. */
export function namesInFields(rdataType: RdataType, rdata: Uint8Array): Name[] {
  const names: Name[] = [];
  for (const { field, octets } of splitFields(rdataType, rdata) ?? []) {
    const name = field.isName ? readUncompressedName(octets, 0) : undefined;
    if (name !== undefined) names.push(name);
  }
  return names;
}

/** The octets of each field of stored rdata. */
function splitFields(
  { fields }: RdataType,
  rdata: Uint8Array,
): { readonly field: Field; readonly octets: Uint8Array }[] | undefined {
  const parts: { field: Field; octets: Uint8Array }[] = [];
  let at = 0;
  for (const field of fields) {
    const next = field.read(rdata, at, rdata.length, []);
    if (next === undefined) return undefined;
    parts.push({ field, octets: rdata.subarray(at, next) });
    at = next;
  }
  return at === rdata.length ? parts : undefined;
}

function failure(tokenIndex: number, message: string): RdataParse {
  return { ok: false, tokenIndex, message };
}
