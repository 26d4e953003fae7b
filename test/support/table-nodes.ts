/** Nodes made for a test as the loader would have read them: numbers in a record table. */

import { NONE, RecordTable } from "../../src/zone/record-table.ts";
import { type BareNode, TableNodes } from "../../src/zone/zone-nodes.ts";

/** The apex comes first, and no name lacks one of those between. */
export function tableNodesOf(nodes: readonly BareNode[]): TableNodes {
  const table = new RecordTable(0);
  for (const { owner, rrsets } of nodes) {
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
  return new TableNodes(table);
}
