/**
 * Which rdata an RRset holds already. Few records are compared one by one; a set with many gets an index, so that a
 * hundred thousand records at one owner cost no more than so many at as many owners. Lives as long as a zone is drafted.
 */

import { foldOctet, nameKey } from "../dns/name.ts";
import { TYPE } from "../dns/types.ts";
import { NONE, type RecordTable } from "./record-table.ts";

/** RRsets of up to so many records have no index. */
const FEW_RECORDS = 8;

/** Where a domain name begins in the rdata, by type; the rest of those rdatas is nothing but that name. */
export const NAME_OFFSET: ReadonlyMap<number, number> = new Map([
  [TYPE.NS, 0],
  [TYPE.CNAME, 0],
  [TYPE.DNAME, 0],
  [TYPE.PTR, 0],
  [TYPE.MX, 2],
  [TYPE.SRV, 6],
]);

interface ManyRecords {
  last: number;
  readonly keys: Set<string>;
}

export class RdataIndex {
  readonly #table: RecordTable;
  readonly #many = new Map<number, ManyRecords>();

  constructor(table: RecordTable) {
    this.#table = table;
  }

  /** Appends a record to an RRset; false where the set holds its rdata already. */
  add(rrset: number, record: number): boolean {
    const table = this.#table;
    const many = this.#many.get(rrset);
    if (many !== undefined) {
      const { size } = many.keys;
      if (many.keys.add(rdataKey(table, record)).size === size) return false;
      table.setNextRecord(many.last, record);
      many.last = record;
      return true;
    }
    let last = rrset;
    let count = 0;
    for (let other = rrset; other !== NONE; other = table.nextRecord(other)) {
      if (rdatasEqual(table, other, record)) return false;
      last = other;
      count++;
    }
    table.setNextRecord(last, record);
    if (count >= FEW_RECORDS) this.#index(rrset, record);
    return true;
  }

  #index(rrset: number, last: number): void {
    const keys = new Set<string>();
    for (let record = rrset; record !== NONE; record = this.#table.nextRecord(record)) {
      keys.add(rdataKey(this.#table, record));
    }
    this.#many.set(rrset, { last, keys });
  }
}

/** Whether two records of one type say the same; names in rdata are compared without regard to case (RFC 4034 §6.2). */
export function rdatasEqual(table: RecordTable, one: number, other: number): boolean {
  const length = table.rdataLengthOf(one);
  if (length !== table.rdataLengthOf(other)) return false;
  const { rdata } = table;
  const oneAt = table.rdataStartOf(one);
  const otherAt = table.rdataStartOf(other);
  const nameAt = NAME_OFFSET.get(table.typeOf(one)) ?? length;
  for (let index = 0; index < length; index++) {
    const left = rdata[oneAt + index] ?? 0;
    const right = rdata[otherAt + index] ?? 0;
    if (left !== right && (index < nameAt || foldOctet(left) !== foldOctet(right))) return false;
  }
  return true;
}

/** Equal for rdata of one type that is equal. */
function rdataKey(table: RecordTable, record: number): string {
  const rdata = table.rdataOf(record);
  const nameAt = NAME_OFFSET.get(table.typeOf(record)) ?? rdata.length;
  let key = "";
  for (let index = 0; index < nameAt; index++) key += String.fromCharCode(rdata[index] ?? 0);
  return key + nameKey(rdata.subarray(nameAt));
}
