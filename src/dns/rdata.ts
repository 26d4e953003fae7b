/**
 * Rdata of every type: master-file text to octets and back, and out of messages. The octets are those of the wire with
 * names uncompressed, which is how the whole program holds them. Types with a file in `rdata/` have their own text; all
 * others, and octets that a type's text cannot say, are written by RFC 3597.
 */

import type { Name } from "./name.ts";
import { formatGeneric, isGeneric, MAX_RDATA_OCTETS, parseGeneric } from "./rdata/generic.ts";
import { formatFields, namesInFields, parseFields, type RdataParse, readFields } from "./rdata/rdata-type.ts";
import { findRdataType } from "./rdata/registry.ts";
import type { TextToken } from "./text.ts";
import { formatType } from "./types.ts";

export type { RdataParse } from "./rdata/rdata-type.ts";

/** Reads a record's data, the tokens behind its type. `\# length hex` is accepted for every type and held against it. */
export function parseRdata(type: number, tokens: readonly TextToken[], origin: Name): RdataParse {
  const parsed = parseAny(type, tokens, origin);
  if (parsed.ok && parsed.rdata.length > MAX_RDATA_OCTETS) {
    return failure(0, `rdata of ${parsed.rdata.length} octets exceeds ${MAX_RDATA_OCTETS}`);
  }
  return parsed;
}

function parseAny(type: number, tokens: readonly TextToken[], origin: Name): RdataParse {
  const rdataType = findRdataType(type);
  if (!isGeneric(tokens)) {
    if (rdataType !== undefined) return parseFields(rdataType, tokens, origin);
    return failure(
      0,
      `${formatType(type)} record's data must be written '\\# length hexadecimal' (RFC 3597)`,
    );
  }
  const parsed = parseGeneric(tokens);
  if (!parsed.ok || rdataType === undefined) return parsed;
  const read = readFields(rdataType, parsed.rdata, 0, parsed.rdata.length);
  // Octets that change by being read held a compression pointer, which has no place in a zone file (RFC 3597 §4).
  const isValid = read !== undefined && read.length === parsed.rdata.length;
  return isValid ? parsed : failure(2, `rdata is not that of ${formatType(type)}`);
}

/** Master-file text, names absolute. Octets that are no rdata of the type are written by RFC 3597. */
export function formatRdata(type: number, rdata: Uint8Array): string {
  const rdataType = findRdataType(type);
  const text = rdataType === undefined ? undefined : formatFields(rdataType, rdata);
  return text ?? formatGeneric(rdata);
}

/** Takes `message[start, end)` as rdata, names decompressed; `undefined` where the octets are no rdata of the type. */
export function readRdata(
  type: number,
  message: Uint8Array,
  start: number,
  end: number,
): Uint8Array | undefined {
  if (start > end || end > message.length) return undefined;
  const rdataType = findRdataType(type);
  return rdataType === undefined ? message.slice(start, end) : readFields(rdataType, message, start, end);
}

/** The domain names in stored rdata: an MX record's exchange, an SRV record's target, and so on. */
export function namesInRdata(type: number, rdata: Uint8Array): Name[] {
  const rdataType = findRdataType(type);
  return rdataType === undefined ? [] : namesInFields(rdataType, rdata);
}

function failure(tokenIndex: number, message: string): RdataParse {
  return { ok: false, tokenIndex, message };
}
