/** Zones for benchmarks: one of everything beside any number of names, made without zone text, which is slow to make. */

import { nameKey, nameOf } from "../../src/dns/name.ts";
import type { RRset } from "../../src/dns/rrset.ts";
import { TYPE } from "../../src/dns/types.ts";
import type { ZoneSet } from "../../src/zone/model.ts";
import { type BareNode, ZoneNodes } from "../../src/zone/zone-nodes.ts";
import { zoneSetOf } from "../support/zones.ts";

/** Some of the address in each label, so that names differ early and late and in length. */
export function nameAt(number: number): string {
  return `host-${number.toString(36)}-${(number * 7919) % 1000}.bench.test.`;
}

const FRAME = `
$TTL 300
@ SOA ns hostmaster ( 1 3600 600 86400 60 )
@ NS ns
@ NS ns2
ns A 192.0.2.53
ns2 A 192.0.2.54
alias CNAME web
web A 192.0.2.80
web A 192.0.2.81
*.wild A 192.0.2.4
cut NS ns.cut
cut NS ns2.cut
ns.cut A 192.0.2.55
ns2.cut A 192.0.2.56
$POOL one monitor=none
    a 203.0.113.1
$POOL two monitor=none
    a 203.0.113.11
$POOL three monitor=none min-up=1
    a 203.0.113.21 weight=3
    b 203.0.113.22 weight=1
weighted 30/10 POLICY weighted ( one=70 two=20 three=10 )
failover 30/10 POLICY failover ( one two three )
geo      30/10 POLICY geo ( net:10.0.0.0/8=one net:127.0.0.0/8=two *=three )
`;

export function benchSet(names: number): ZoneSet {
  const set = zoneSetOf({ "bench.test.zone": FRAME });
  const [zone] = set.zones;
  if (zone === undefined) throw new Error("the frame has no zone");
  const nodes = new Map<string, BareNode>(zone.nodes);
  for (let number = 0; number < names; number++) {
    const owner = nameOf(nameAt(number));
    const rdatas = [Uint8Array.of(10, (number >> 16) & 0xff, (number >> 8) & 0xff, number & 0xff)];
    const rrset: RRset = { owner, type: TYPE.A, ttlSeconds: 300, rdatas };
    nodes.set(nameKey(owner), { owner, rrsets: new Map([[TYPE.A, rrset]]) });
  }
  return { ...set, zones: [{ ...zone, nodes: new ZoneNodes(nodes, zone.nodes.policies) }] };
}
