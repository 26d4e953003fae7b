/**
 * Live RRsets: records of the zone files whose answer changes with health, though no policy answers them. SVCB and HTTPS at a
 * policy's owner are given hints, SRV and MX marked `health-aware=on` are left out (`zone/record-policies`). They are numbered:
 * within a zone in the order of `liveKeysOf`, which its block keeps (`image/layout`), and from zone to zone through the
 * set. What health makes of each stands in the decisions.
 */

import { formatName } from "../dns/name.ts";
import { TYPE } from "../dns/types.ts";
import type { Policy } from "../policy/model.ts";
import type { ZonesByApexKey } from "../zone/lookup.ts";
import type { Zone } from "../zone/model.ts";
import { isServiceBinding, policiesOfRecords } from "../zone/record-policies.ts";

export interface LiveKey {
  readonly ownerKey: string;
  readonly type: number;
}

export interface LiveRRset {
  /** Absolute, as `formatName` writes it. */
  readonly owner: string;
  readonly type: number;
  readonly ttlSeconds: number;
  /** By record, the number of the policy that it rests on. */
  readonly policies: readonly (number | undefined)[];
  /** What rests on them: hints, or else whether the record is left out. */
  readonly isHinted: boolean;
}

const HINTED_TYPES = [TYPE.SVCB, TYPE.HTTPS] as const;

/** Those of a zone, by their numbers within it; they follow from the zone alone. */
export function liveKeysOf({ nodes }: Zone): readonly LiveKey[] {
  const keys: LiveKey[] = [];
  for (const ownerKey of nodes.policies.keys()) {
    const rrsets = nodes.get(ownerKey)?.rrsets;
    for (const type of HINTED_TYPES) if (rrsets?.has(type) === true) keys.push({ ownerKey, type });
  }
  for (const [ownerKey, marked] of nodes.marked) {
    for (const { type } of marked) keys.push({ ownerKey, type });
  }
  return keys;
}

/** Those of all zones, by their numbers; `numbers` are the policies'. */
export function liveRRsetsOf(
  zones: readonly { readonly zone: Zone; readonly live: readonly LiveKey[] }[],
  byApexKey: ZonesByApexKey,
  numbers: ReadonlyMap<Policy, number>,
): LiveRRset[] {
  return zones.flatMap(({ zone, live }) =>
    live.map(({ ownerKey, type }): LiveRRset => {
      const node = zone.nodes.get(ownerKey);
      if (node === undefined) throw new Error("A live RRset has no node");
      const policies = policiesOfRecords(byApexKey, zone, node, type);
      return {
        owner: formatName(node.owner),
        type,
        ttlSeconds: node.rrsets.get(type)?.ttlSeconds ?? 0,
        policies: policies.map((policy) => policy && numbers.get(policy)),
        isHinted: isServiceBinding(type),
      };
    }),
  );
}
