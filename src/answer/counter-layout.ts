/**
 * The block in which one thread counts: 64-bit floats in shared memory, laid out for the zones of one image. One thread
 * writes it, any may read it; a count is an index and an addition.
 *
 * ```
 * drops          by reason                        for every layout in the same place
 * response times by bucket, then their sum        likewise
 * rate limits    by action                        likewise
 * extended errors                                 likewise
 * queries        [zone][transport][type]          zone slot 0 is `none`: names that are not ours
 * responses      [zone][rcode]
 * answers        by policy, then by endpoint as the policy numbers them; of dry runs too
 * ```
 */

import { parseType } from "../dns/types.ts";
import { EXTENDED_ERRORS } from "./extended-errors.ts";
import { TRANSPORT_NAMES } from "./transport.ts";

/** Why a query got no answer. */
export const DROP_REASONS = [
  "short",
  "response",
  "dso-over-udp",
  "port-zero",
  "client-address",
  "send-queue-full",
  "send-failed",
  "internal-error",
  "rate-limited",
  "proxy-header",
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** What became of responses that were held back: nothing was sent, or TC, or BADCOOKIE. */
export const LIMIT_ACTIONS = ["drop", "slip", "badcookie"] as const;
export type LimitAction = (typeof LIMIT_ACTIONS)[number];

/** The types that have a label of their own; all others share one, as a client could make up 65,536. */
export const LABELLED_TYPES: readonly number[] = (
  "A AAAA NS SOA CNAME DNAME PTR MX TXT SRV CAA NAPTR SSHFP TLSA DS SVCB HTTPS LOC HINFO RP URI SPF " +
  "DNSKEY RRSIG ANY AXFR IXFR"
)
  .split(" ")
  .map((mnemonic) => parseType(mnemonic) ?? 0);
const OTHER_TYPE = LABELLED_TYPES.length;
export const TYPE_SLOTS = LABELLED_TYPES.length + 1;
const LABELLED_TYPE_LIMIT = 258;
/** By RR type below the limit: its slot. */
const SLOT_OF_TYPE = Uint8Array.from({ length: LABELLED_TYPE_LIMIT }, (_, type) => {
  const slot = LABELLED_TYPES.indexOf(type);
  return slot === -1 ? OTHER_TYPE : slot;
});

export function slotOfType(type: number): number {
  return type < LABELLED_TYPE_LIMIT ? (SLOT_OF_TYPE[type] ?? OTHER_TYPE) : OTHER_TYPE;
}

/** The codes that we send are all below this. */
export const RCODE_SLOTS = 24;

/** Upper bounds, ascending: from a few microseconds, where an answer belongs, to where something is badly wrong. */
export const RESPONSE_BOUNDS_SECONDS: readonly number[] = [
  0.000_005, 0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.01, 0.1,
];

export const RESPONSE_COUNTS_AT = DROP_REASONS.length;
export const RESPONSE_SUM_AT = RESPONSE_COUNTS_AT + RESPONSE_BOUNDS_SECONDS.length + 1;
export const LIMITS_AT = RESPONSE_SUM_AT + 1;
export const ERRORS_AT = LIMITS_AT + LIMIT_ACTIONS.length;
export const QUERIES_AT = ERRORS_AT + EXTENDED_ERRORS.length;
const QUERY_SLOTS = TRANSPORT_NAMES.length * TYPE_SLOTS;

export interface CounterLayout {
  readonly zoneCount: number;
  /** Endpoints of all policies together. */
  readonly answerCount: number;
}

export function responsesAt(zoneCount: number): number {
  return QUERIES_AT + (zoneCount + 1) * QUERY_SLOTS;
}

export function answersAt(zoneCount: number): number {
  return responsesAt(zoneCount) + (zoneCount + 1) * RCODE_SLOTS;
}

export function createCounterBlock({ zoneCount, answerCount }: CounterLayout): SharedArrayBuffer {
  const slots = answersAt(zoneCount) + answerCount;
  return new SharedArrayBuffer(slots * Float64Array.BYTES_PER_ELEMENT);
}
