/**
 * A zone as a server without health would serve it: records alone, for transfers and for `export`. What has records
 * keeps them, glue and what lies below a cut too (RFC 5936 §3.5); a POLICY becomes one A and one AAAA RRset:
 *
 * | what                | becomes                                | why                                                |
 * | ------------------- | -------------------------------------- | -------------------------------------------------- |
 * | which endpoints     | those that a client of whom nothing is | a standby that no healthy day would answer has no  |
 * |                     | known could draw with everything up    | place in a round robin that nobody watches         |
 * | their shares        | alike                                  | an RRset has no weights; weight 0 is left out      |
 * | `answers=`, `all`   | every one of them                      | a resolver turns the records around by itself      |
 * | `geo`, networks     | what `*` says                          | a record cannot tell its clients apart             |
 * | the TTL             | the policy's `max`                     | `min` is for what is about to change; nothing is   |
 * | nothing to answer   | no RRset                               | NODATA, or NXDOMAIN where the name has no others   |
 *
 * Health and overrides never show in it, so its serial is the file's, and changes when the file says so.
 */

import type { RRset } from "../dns/rrset.ts";
import { TYPE } from "../dns/types.ts";
import { UNKNOWN_CLIENT } from "../geo/client.ts";
import { type EndpointHealth, type Snapshot, SUPPOSED_UP } from "../health/snapshot.ts";
import { evaluate, sharesOf } from "../policy/evaluate.ts";
import type { AddressFamily, Definitions, Policy } from "../policy/model.ts";
import type { Zone, ZoneNode } from "./model.ts";

const FAMILIES: readonly (readonly [AddressFamily, number])[] = [
  ["ipv4", TYPE.A],
  ["ipv6", TYPE.AAAA],
];

/** All RRsets of a zone, its SOA first and once; made one by one as they are asked for. */
export function* plainRRsets(zone: Zone, definitions: Definitions): Generator<RRset, void> {
  yield zone.soa;
  const snapshot = everythingUp(definitions);
  for (const node of zone.nodes.values()) {
    for (const rrset of node.rrsets.values()) if (rrset.type !== TYPE.SOA) yield rrset;
    if (node.policy !== undefined) yield* policyRRsets(node, node.policy, definitions, snapshot);
  }
}

function* policyRRsets(
  { owner }: ZoneNode,
  policy: Policy,
  definitions: Definitions,
  snapshot: Snapshot,
): Generator<RRset, void> {
  for (const [family, type] of FAMILIES) {
    const shares = sharesOf(evaluate(policy, definitions, snapshot, UNKNOWN_CLIENT, family));
    const addresses = shares.flatMap((share) => share.addresses);
    // Two endpoints may have one address; a record stands once (RFC 2181 §5).
    const rdatas = new Map(addresses.map(({ text, octets }) => [text, octets]));
    if (rdatas.size > 0) {
      yield { owner, type, ttlSeconds: policy.ttl.maxSeconds, rdatas: [...rdatas.values()] };
    }
  }
}

function everythingUp({ pools }: Definitions): Snapshot {
  const healths = Array.from(pools.values(), ({ endpoints }) => endpoints)
    .flat()
    .map(({ id, addresses }): [string, EndpointHealth] => [
      id,
      { forced: undefined, addresses: addresses.map(() => SUPPOSED_UP) },
    ]);
  return { atMs: 0, endpoints: new Map(healths) };
}
