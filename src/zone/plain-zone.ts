/**
 * A zone as a server without health would serve it: records alone, for transfers and for `export`. What has records
 * keeps them, glue and what lies below a cut too (RFC 5936 §3.5); a POLICY becomes one A and one AAAA RRset, or a CNAME:
 *
 * | what                | becomes                                | why                                                |
 * | ------------------- | -------------------------------------- | -------------------------------------------------- |
 * | which endpoints     | those that a client of whom nothing is | a standby that no healthy day would answer has no  |
 * |                     | known could draw with everything up    | place in a round robin that nobody watches         |
 * | their shares        | alike                                  | an RRset has no weights; weight 0 is left out      |
 * | `answers=`, `all`   | every one of them                      | a resolver turns the records around by itself      |
 * | `geo`, networks     | what `*` says                          | a record cannot tell its clients apart             |
 * | the TTL             | the policy's `max`                     | `min` is for what is about to change; nothing is   |
 * | CNAMEs alone        | the one with the largest share         | an owner has one CNAME (RFC 2181 §10.1)            |
 * | CNAMEs, addresses   | that CNAME where it has a larger share | a CNAME stands alone (RFC 1034 §3.6.2)             |
 * |                     | than all addresses, else these         |                                                    |
 * | nothing to answer   | no RRset                               | NODATA, or NXDOMAIN where the name has no others   |
 *
 * Health and overrides never show in it, so its serial is the file's, and changes when the file says so.
 */

import { nameOf } from "../dns/name.ts";
import type { RRset } from "../dns/rrset.ts";
import { TYPE } from "../dns/types.ts";
import { UNKNOWN_CLIENT } from "../geo/client.ts";
import { type EndpointHealth, type Snapshot, SUPPOSED_UP } from "../health/snapshot.ts";
import { cnameTargetOf, placesOf } from "../policy/cname.ts";
import { evaluate, sharesOf } from "../policy/evaluate.ts";
import type { Share } from "../policy/evaluation.ts";
import type { AddressFamily, Definitions, Policy } from "../policy/model.ts";
import type { Zone, ZoneNode } from "./model.ts";

/** Shares are sums of fractions; what differs by less is equal. */
const EPSILON = 1e-9;

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
  const ttlSeconds = policy.ttl.maxSeconds;
  const answers = FAMILIES.map(([family, type]) => ({
    type,
    shares: sharesOf(evaluate(policy, definitions, snapshot, UNKNOWN_CLIENT, family)),
  }));
  const target = targetOf(answers.map(({ shares }) => shares));
  if (target !== undefined) {
    yield { owner, type: TYPE.CNAME, ttlSeconds, rdatas: [nameOf(target)] };
    return;
  }
  for (const { type, shares } of answers) {
    const addresses = shares.flatMap((share) => share.addresses);
    // Two endpoints may have one address; a record stands once (RFC 2181 §5).
    const rdatas = new Map(addresses.map(({ text, octets }) => [text, octets]));
    if (rdatas.size > 0) yield { owner, type, ttlSeconds, rdatas: [...rdatas.values()] };
  }
}

/**
 * Where a CNAME leads that has a larger share than every other, and than all that is no CNAME, NODATA included: what of it one
 * family lacks is drawn for it all the same. The first one of several alike.
 */
function targetOf(families: readonly (readonly Share[])[]): string | undefined {
  const byTarget = new Map<string, number>();
  let others = families.length;
  for (const { endpoint, share } of families.flat()) {
    const target = cnameTargetOf(endpoint);
    if (target === undefined) continue;
    byTarget.set(target, (byTarget.get(target) ?? 0) + share);
    others -= share;
  }
  const largest = Math.max(0, ...byTarget.values());
  if (largest <= others + EPSILON) return undefined;
  return [...byTarget].find(([, share]) => share > largest - EPSILON)?.[0];
}

function everythingUp({ pools }: Definitions): Snapshot {
  const healths = Array.from(pools.values(), ({ endpoints }) => endpoints)
    .flat()
    .map((endpoint): [string, EndpointHealth] => [
      endpoint.id,
      { forced: undefined, addresses: placesOf(endpoint).map(() => SUPPOSED_UP) },
    ]);
  return { atMs: 0, endpoints: new Map(healths) };
}
