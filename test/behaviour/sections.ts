/** What two servers are compared by: the response code, AA, and each section as a set of records, in text. */

import type { Message, ResourceRecord } from "../../src/dns/message.ts";
import { formatName } from "../../src/dns/name.ts";
import { formatRdata } from "../../src/dns/rdata.ts";
import { formatRcode, formatType } from "../../src/dns/types.ts";

export interface Sections {
  readonly rcode: string;
  readonly isAuthoritative: boolean;
  readonly answer: readonly string[];
  readonly authority: readonly string[];
  readonly additional: readonly string[];
}

export function sectionsOf(message: Message): Sections {
  return {
    rcode: formatRcode(message.rcode),
    isAuthoritative: message.isAuthoritative,
    answer: setOf(message.answers),
    authority: setOf(message.authorities),
    additional: setOf(message.additionals),
  };
}

export function isSame(one: Sections, other: Sections): boolean {
  return (
    one.rcode === other.rcode &&
    one.isAuthoritative === other.isAuthoritative &&
    isSameSet(one.answer, other.answer) &&
    isSameSet(one.authority, other.authority) &&
    isSameSet(one.additional, other.additional)
  );
}

function isSameSet(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((line, at) => line === other[at]);
}

/** In small letters, since compression takes the case of the name that it points to. */
function setOf(records: readonly ResourceRecord[]): string[] {
  return [...new Set(records.map(lineOf))].sort();
}

function lineOf({ owner, ttlSeconds, type, rdata }: ResourceRecord): string {
  return `${formatName(owner)} ${ttlSeconds} ${formatType(type)} ${formatRdata(type, rdata)}`.toLowerCase();
}
