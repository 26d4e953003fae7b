/**
 * The records that stand ready for candidates of decision tables (`image/tables`): copied behind the question as they are, or
 * written one by one for another owner. Those of one family are all of one length, so that several stand side by side and none
 * has to be read to find the next; a CNAME is the only record of its candidate.
 */

import { CLASS, TYPE } from "../dns/types.ts";
import { RECORD_HEAD_OCTETS } from "../image/layout.ts";
import type { DecisionTables } from "../image/tables.ts";
import type { Hints } from "./hints.ts";
import type { Reply } from "./reply.ts";

/** Octets of a whole record, by address family. */
const A_RECORD_OCTETS = RECORD_HEAD_OCTETS + 4;
const AAAA_RECORD_OCTETS = RECORD_HEAD_OCTETS + 16;

/** Where the records are owned: by the name of the question, or by a name that a chain led to. */
export interface RecordOwner {
  readonly octets: Uint8Array;
  readonly at: number;
}

/** Of an address of the type. */
export function recordOctets(type: number): number {
  return type === TYPE.A ? A_RECORD_OCTETS : AAAA_RECORD_OCTETS;
}

export function isCname(
  { candidateRecords }: DecisionTables,
  recordView: DataView,
  candidate: number,
): boolean {
  return recordView.getUint16((candidateRecords[candidate] ?? 0) + 2) === TYPE.CNAME;
}

/**
 * Writes the addresses in `octets` octets of the tables' records from `from` on, all or none: copied without an owner, else
 * through the reply's open writer.
 */
export function writeRecords(
  reply: Reply,
  { records }: DecisionTables,
  recordView: DataView,
  from: number,
  octets: number,
  type: number,
  owner: RecordOwner | undefined,
): boolean {
  if (owner === undefined) return reply.copy(recordView, from, octets);
  const { writer } = reply;
  const step = recordOctets(type);
  const mark = writer.mark();
  for (let at = from; at < from + octets; at += step) {
    const ttlSeconds = recordView.getUint32(at + 6);
    const rdata = at + RECORD_HEAD_OCTETS;
    if (writer.writeRecord(owner.octets, owner.at, type, CLASS.IN, ttlSeconds, records, rdata, at + step))
      continue;
    writer.rollback(mark);
    return false;
  }
  return true;
}

/** Of a table for hints: its records are of both families. */
export function addAddresses(
  { records, candidateRecords }: DecisionTables,
  candidate: number,
  hints: Hints,
): void {
  const end = candidateRecords[candidate + 1] ?? 0;
  let at = candidateRecords[candidate] ?? 0;
  while (at < end) {
    const length = records[at + RECORD_HEAD_OCTETS - 1] ?? 0;
    hints.add(records, at + RECORD_HEAD_OCTETS, length);
    at += RECORD_HEAD_OCTETS + length;
  }
}

export function sameOctets(octets: Uint8Array, one: number, other: number, count: number): boolean {
  for (let index = 0; index < count; index++) {
    if (octets[one + index] !== octets[other + index]) return false;
  }
  return true;
}
