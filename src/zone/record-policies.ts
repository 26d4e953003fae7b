/**
 * The policies that records rest on which are no answers of a policy's:
 *
 * | the record                                               | rests on the policy that answers     | for                     |
 * | -------------------------------------------------------- | ------------------------------------ | ----------------------- |
 * | SVCB, HTTPS in ServiceMode at a policy's owner, target `.` | its owner (RFC 9460 §2.5)            | its hints               |
 * | the same with another target                             | the target, where it is one of ours  | its hints               |
 * | the same with a hint of its own, or in AliasMode         | –                                    | it is left as written   |
 * | SRV, MX with `health-aware=on`                           | the target, where it is one of ours  | whether it is left out  |
 * | every other                                              | –                                    |                         |
 *
 * A target is one of ours where a policy of any zone of the set answers it, aliases followed.
 */

import { type Name, nameKey, namesEqual } from "../dns/name.ts";
import { takesHints } from "../dns/rdata/svc-hints.ts";
import { namesInRdata } from "../dns/rdata.ts";
import { TYPE } from "../dns/types.ts";
import type { Policy } from "../policy/model.ts";
import { lookup, type ZonesByApexKey } from "./lookup.ts";
import type { Zone, ZoneNode } from "./model.ts";

const ROOT_OCTETS = 1;

export function isServiceBinding(type: number): boolean {
  return type === TYPE.SVCB || type === TYPE.HTTPS;
}

/** By record of the node's RRset of that type. Nothing but `undefined`: the RRset rests on zone files alone. */
export function policiesOfRecords(
  zones: ZonesByApexKey,
  zone: Zone,
  node: ZoneNode,
  type: number,
): readonly (Policy | undefined)[] {
  const rdatas = node.rrsets.get(type)?.rdatas ?? [];
  if (isServiceBinding(type)) {
    const { policy } = node;
    if (policy === undefined) return rdatas.map(() => undefined);
    return rdatas.map((rdata) => {
      if (!takesHints(rdata)) return undefined;
      const target = targetOf(type, rdata);
      const isOwner = target === undefined || target.length === ROOT_OCTETS || namesEqual(target, node.owner);
      return isOwner ? policy : policyAt(zones, target);
    });
  }
  const marked = zone.nodes.marked.get(nameKey(node.owner))?.find((rrset) => rrset.type === type)?.records;
  return rdatas.map((rdata, place) => {
    const target = marked?.has(place) === true ? targetOf(type, rdata) : undefined;
    return target && policyAt(zones, target);
  });
}

/** The name that a record sends its clients to. */
export function targetOf(type: number, rdata: Uint8Array): Name | undefined {
  return namesInRdata(type, rdata)[0];
}

/** The policy that answers for the addresses of a name, aliases followed. */
export function policyAt(zones: ZonesByApexKey, name: Name): Policy | undefined {
  const { end } = lookup(zones, name, TYPE.A);
  return end.kind === "policy" ? end.policy : undefined;
}
