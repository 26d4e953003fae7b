/**
 * The TSIG record (RFC 8945 §4.2) and what is hashed to make its MAC (§4.3). It is the last record of a message and no
 * part of what it signs: the message is hashed as if it were not there. Hashing itself is the caller's; `tsig-sign` and
 * `tsig-verify` say what is hashed when.
 */

import { HEADER_OCTETS } from "./header.ts";
import { foldOctet, type Name, readUncompressedName } from "./name.ts";
import { CLASS, TYPE } from "./types.ts";
import { CUT, readName, skipName } from "./wire-name.ts";

/** Its ERROR field, where that is no RCODE of the header (RFC 8945 §3). */
export const TSIG_ERROR = { BADSIG: 16, BADKEY: 17, BADTIME: 18, BADTRUNC: 22 } as const;

export interface Tsig {
  readonly keyName: Name;
  readonly algorithm: Name;
  /** Seconds since the epoch, 48 bits. */
  readonly timeSigned: number;
  readonly fudgeSeconds: number;
  readonly mac: Uint8Array;
  readonly originalId: number;
  readonly error: number;
  readonly other: Uint8Array;
}

export type FoundTsig =
  | { readonly kind: "none" }
  | { readonly kind: "malformed" }
  /** `at` is where the record begins, and what is signed ends. */
  | { readonly kind: "found"; readonly at: number; readonly tsig: Tsig };

/** TYPE, CLASS, TTL and RDLENGTH. */
const RECORD_HEAD_OCTETS = 10;
const UINT32 = 0x1_0000_0000;
const ADDITIONAL_COUNT_AT = 10;

function uint16(octets: Uint8Array, at: number): number {
  return ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0);
}

/** Looks for it where alone it may stand: at the end (RFC 8945 §5.1). */
export function findTsig(message: Uint8Array): FoundTsig {
  const end = message.length;
  if (end < HEADER_OCTETS) return { kind: "malformed" };
  let at = HEADER_OCTETS;
  for (let left = uint16(message, 4); left > 0; left--) {
    at = skipName(message, at, end);
    if (at === CUT || at + 4 > end) return { kind: "malformed" };
    at += 4;
  }
  const additionals = uint16(message, ADDITIONAL_COUNT_AT);
  for (let left = uint16(message, 6) + uint16(message, 8) + additionals; left > 0; left--) {
    const head = skipName(message, at, end);
    if (head === CUT || head + RECORD_HEAD_OCTETS > end) return { kind: "malformed" };
    const next = head + RECORD_HEAD_OCTETS + uint16(message, head + 8);
    if (next > end) return { kind: "malformed" };
    if (uint16(message, head) === TYPE.TSIG) {
      const tsig = left === 1 && additionals > 0 && next === end ? readTsig(message, at, head) : undefined;
      return tsig === undefined ? { kind: "malformed" } : { kind: "found", at, tsig };
    }
    at = next;
  }
  return { kind: "none" };
}

/** The record whose owner is at `at` and whose TYPE is at `head`, filling the message to its end. */
function readTsig(message: Uint8Array, at: number, head: number): Tsig | undefined {
  const end = message.length;
  const owner = readName(message, at, end);
  const isWellFormed = uint16(message, head + 2) === CLASS.ANY && uint16(message, head + 4) === 0;
  if (owner === undefined || !isWellFormed || uint16(message, head + 6) !== 0) return undefined;
  const rdata = copyOf(message, head + RECORD_HEAD_OCTETS, end);
  // RFC 8945 §4.2: it is not compressed.
  const algorithm = readUncompressedName(rdata, 0);
  if (algorithm === undefined) return undefined;
  const times = algorithm.length;
  const macAt = times + 10;
  const macEnd = macAt + uint16(rdata, times + 8);
  const otherAt = macEnd + 6;
  if (otherAt > rdata.length || otherAt + uint16(rdata, macEnd + 4) !== rdata.length) return undefined;
  return {
    keyName: owner.name,
    algorithm,
    timeSigned:
      uint16(rdata, times) * UINT32 + uint16(rdata, times + 2) * 0x1_0000 + uint16(rdata, times + 4),
    fudgeSeconds: uint16(rdata, times + 6),
    mac: rdata.slice(macAt, macEnd),
    originalId: uint16(rdata, macEnd),
    error: uint16(rdata, macEnd + 2),
    other: rdata.slice(otherAt),
  };
}

/** How long the record of such a TSIG is, names uncompressed. */
export function tsigOctets(keyName: Name, algorithm: Name, macOctets: number, otherOctets: number): number {
  return keyName.length + RECORD_HEAD_OCTETS + algorithm.length + 10 + macOctets + 6 + otherOctets;
}

/** The whole record, to stand behind the last one of a message. */
export function writeTsig(tsig: Tsig): Uint8Array {
  const { keyName, algorithm, mac, originalId, error, other } = tsig;
  const rdataOctets = algorithm.length + 10 + mac.length + 6 + other.length;
  return concatOctets([
    keyName,
    uint16s(TYPE.TSIG, CLASS.ANY, 0, 0, rdataOctets),
    algorithm,
    timers(tsig),
    uint16s(mac.length),
    mac,
    uint16s(originalId, error, other.length),
    other,
  ]);
}

/** The message with its TSIG behind it, counted. */
export function appendTsig(message: Uint8Array, tsig: Uint8Array): Uint8Array {
  const signed = concatOctets([message, tsig]);
  signed.set(uint16s(uint16(message, ADDITIONAL_COUNT_AT) + 1), ADDITIONAL_COUNT_AT);
  return signed;
}

/** RFC 8945 §4.3.2: the message before its TSIG came, with the identifier that it was signed with. */
export function signedMessage(message: Uint8Array, tsigAt: number, { originalId }: Tsig): Uint8Array[] {
  const head = copyOf(message, 0, HEADER_OCTETS);
  head.set(uint16s(originalId));
  head.set(uint16s(uint16(message, ADDITIONAL_COUNT_AT) - 1), ADDITIONAL_COUNT_AT);
  return [head, message.subarray(HEADER_OCTETS, tsigAt)];
}

/** RFC 8945 §4.3.3: the fields of the record that are signed, its names in lower case. */
export function signedVariables(tsig: Omit<Tsig, "mac" | "originalId">): Uint8Array[] {
  const { keyName, algorithm, error, other } = tsig;
  return [
    keyName.map(foldOctet),
    uint16s(CLASS.ANY, 0, 0),
    algorithm.map(foldOctet),
    timers(tsig),
    uint16s(error, other.length),
    other,
  ];
}

/** RFC 8945 §4.3.3.1: all that is signed of it in the later messages of a transfer. */
export function timers({ timeSigned, fudgeSeconds }: Pick<Tsig, "timeSigned" | "fudgeSeconds">): Uint8Array {
  return concatOctets([timeOctets(timeSigned), uint16s(fudgeSeconds)]);
}

/** 48 bits of seconds. */
export function timeOctets(seconds: number): Uint8Array {
  return uint16s(Math.floor(seconds / UINT32), Math.floor(seconds / 0x1_0000) % 0x1_0000, seconds % 0x1_0000);
}

/** RFC 8945 §4.3.1: an earlier MAC goes in behind its length. */
export function signedMac(mac: Uint8Array): Uint8Array[] {
  return [uint16s(mac.length), mac];
}

function uint16s(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values.flatMap((value) => [value >>> 8, value & 0xff]));
}

/** A copy even of a Node Buffer, whose `slice` is none: a message is overwritten with its answer. */
function copyOf(octets: Uint8Array, from: number, to: number): Uint8Array {
  return Uint8Array.from(octets.subarray(from, to));
}

function concatOctets(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
