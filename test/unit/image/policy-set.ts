/** The smallest set of zones that holds one policy, made without zone text so that this room is tested by itself. */

import { nameKey, nameOf } from "../../../src/dns/name.ts";
import type { RRset } from "../../../src/dns/rrset.ts";
import { TYPE } from "../../../src/dns/types.ts";
import type { Definitions, Policy } from "../../../src/policy/model.ts";
import type { ZoneSet } from "../../../src/zone/model.ts";
import { type BareNode, ZoneNodes } from "../../../src/zone/zone-nodes.ts";
import { tableNodesOf } from "../../support/table-nodes.ts";

const NOWHERE = { file: "example.zone", line: 1, column: 1 };

/** `beside` are the other RRsets at each owner; all SRV records of them are `health-aware`. */
export function setOfPolicies(
  policies: readonly Policy[],
  definitions: Definitions,
  beside: readonly Omit<RRset, "owner">[] = [],
): ZoneSet {
  const apex = nameOf("example.");
  const soa: RRset = {
    owner: apex,
    type: TYPE.SOA,
    ttlSeconds: 3600,
    rdatas: [Uint8Array.of(0, 0, ...new Uint8Array(16), 0, 0, 0, 60)],
  };
  const bare: BareNode[] = [{ owner: apex, rrsets: new Map([[TYPE.SOA, soa]]) }];
  const byOwner = new Map<string, Policy>();
  policies.forEach((policy, index) => {
    const owner = nameOf(`p${index}`, apex);
    bare.push({ owner, rrsets: new Map(beside.map((rrset) => [rrset.type, { owner, ...rrset }])) });
    byOwner.set(nameKey(owner), policy);
  });
  const marked = beside
    .filter(({ type }) => type === TYPE.SRV)
    .map(({ type, rdatas }) => ({ type, records: new Map(rdatas.map((_, record) => [record, NOWHERE])) }));
  const nodes = new ZoneNodes(
    tableNodesOf(bare),
    byOwner,
    marked.length === 0 ? new Map() : new Map([...byOwner.keys()].map((key) => [key, marked])),
  );
  return {
    zones: [{ apex, file: "example.zone", serial: 1, soa, nodes, dryRuns: new Map() }],
    monitors: new Map(),
    definitions,
    expectations: [],
    rules: [],
    windows: [],
    files: [],
  };
}
