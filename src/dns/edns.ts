/**
 * EDNS (RFC 6891): the OPT pseudo-record, whose class is the UDP size, whose TTL holds flags and whose rdata is a list of
 * options, as plain data both ways:
 *
 *     CLASS  UDP size
 *     TTL    extended RCODE (8 bits) | version (8) | DO (1) | Z (15)
 *     RDATA  { code (16), length (16), octets } …
 *
 * For tools and tests; the answer path reads and writes its OPT in place.
 */

import { decodeOption, type EdnsOption, encodeOption } from "./edns-option.ts";

export const EDNS_VERSION = 0;
const DNSSEC_OK = 0x8000;

export interface Edns {
  readonly udpSize: number;
  readonly version: number;
  /** DO (RFC 3225): the sender takes DNSSEC records. */
  readonly dnssecOk: boolean;
  /** The 15 flags that have no meaning yet. */
  readonly reservedFlags: number;
  readonly options: readonly EdnsOption[];
}

/** The parts of an OPT record that are not the same in each. */
export interface OptRecord {
  readonly class: number;
  readonly ttlSeconds: number;
  readonly rdata: Uint8Array;
}

/** Reads an OPT record; `undefined` where an option reaches beyond its rdata. */
export function readOpt(record: OptRecord): { edns: Edns; extendedRcode: number } | undefined {
  const options = decodeOptions(record.rdata);
  if (options === undefined) return undefined;
  const flags = record.ttlSeconds & 0xffff;
  return {
    edns: {
      udpSize: record.class,
      version: (record.ttlSeconds >>> 16) & 0xff,
      dnssecOk: (flags & DNSSEC_OK) !== 0,
      reservedFlags: flags & ~DNSSEC_OK,
      options,
    },
    extendedRcode: record.ttlSeconds >>> 24,
  };
}

/** The OPT record of some EDNS data; `extendedRcode` are the upper eight bits of the message's RCODE. */
export function optRecord(edns: Edns, extendedRcode: number): OptRecord {
  const flags = (edns.dnssecOk ? DNSSEC_OK : 0) | (edns.reservedFlags & ~DNSSEC_OK);
  return {
    class: edns.udpSize,
    ttlSeconds: ((extendedRcode << 24) | (edns.version << 16) | flags) >>> 0,
    rdata: encodeOptions(edns.options),
  };
}

function decodeOptions(rdata: Uint8Array): EdnsOption[] | undefined {
  const options: EdnsOption[] = [];
  for (let at = 0; at < rdata.length; ) {
    const [codeHigh = 0, codeLow = 0, lengthHigh = 0, lengthLow] = rdata.subarray(at, at + 4);
    if (lengthLow === undefined) return undefined;
    const end = at + 4 + lengthHigh * 256 + lengthLow;
    if (end > rdata.length) return undefined;
    options.push(decodeOption(codeHigh * 256 + codeLow, rdata.slice(at + 4, end)));
    at = end;
  }
  return options;
}

function encodeOptions(options: readonly EdnsOption[]): Uint8Array {
  const rdata: number[] = [];
  for (const option of options) {
    const { code, octets } = encodeOption(option);
    rdata.push(code >> 8, code & 0xff, octets.length >> 8, octets.length & 0xff, ...octets);
  }
  return Uint8Array.from(rdata);
}
