/** The records of a zone as a table, whatever its nodes are read from. */

import { NONE, RecordTable } from "../zone/record-table.ts";
import { type NodeSource, TableNodes } from "../zone/zone-nodes.ts";

export function tableOf(source: NodeSource): RecordTable {
  if (source instanceof TableNodes) return source.table;
  const table = new RecordTable(source.size * 32);
  for (const [, { owner, rrsets }] of source.entries()) {
    const node = table.names.intern(owner);
    table.makeNode(node);
    for (const { type, ttlSeconds, rdatas } of rrsets.values()) {
      let last = NONE;
      for (const rdata of rdatas) {
        const record = table.recordCount;
        const at = table.rdataRoom(rdata.length);
        table.rdata.set(rdata, at);
        table.append(node, type, ttlSeconds, rdata.length, 1, 1, 1, 1);
        if (last !== NONE) table.setNextRecord(last, record);
        else table.addRRset(node, record);
        last = record;
      }
    }
  }
  for (let node = 0; node < table.names.count; node++) {
    const octets = table.names.lengthOf(node);
    const start = table.names.startOf(node);
    const label = (table.names.octets[start] ?? 0) + 1;
    if (label === 1) continue;
    const parent = table.names.find(table.names.octets, start + label, octets - label);
    if (parent !== NONE) table.setParent(node, parent);
  }
  return table;
}
