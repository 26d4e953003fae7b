/**
 * Zones as they would be if every `dry-run` policy were served: what `explain`, `whatif`, `test` and `plan` look into when
 * they are asked for dry runs. Nothing here is ever answered from.
 *
 * | at the owner of a dry run | as if it were served                                      |
 * | ------------------------- | --------------------------------------------------------- |
 * | a POLICY                  | the dry run answers in its place                          |
 * | A, AAAA, a CNAME          | they are gone; the dry run answers, and other types stay  |
 * | other types               | the dry run answers beside them                           |
 * | no such name              | there is one, and it may stop a wildcard from being asked |
 */

import { type Name, nameKey, parentOf } from "../dns/name.ts";
import type { RRset } from "../dns/rrset.ts";
import { TYPE } from "../dns/types.ts";
import type { ZonesByApexKey } from "./lookup.ts";
import type { Zone } from "./model.ts";
import { type BareNode, type NodeSource, ZoneNodes } from "./zone-nodes.ts";

/** What answers for A and AAAA in place of a policy, and so what a dry run may stand beside. */
export const REPLACED_TYPES: readonly number[] = [TYPE.A, TYPE.AAAA, TYPE.CNAME];

/** The same zones, those without a dry run as the very objects that they are. */
export function promoteDryRuns(zones: ZonesByApexKey): ZonesByApexKey {
  return new Map(Array.from(zones, ([key, zone]) => [key, promoted(zone)]));
}

function promoted(zone: Zone): Zone {
  const { nodes, dryRuns } = zone;
  if (dryRuns.size === 0) return zone;
  const changed = new Map<string, BareNode>();
  for (const [key, { owner }] of dryRuns) {
    changed.set(key, { owner, rrsets: withoutReplaced(nodes.get(key)?.rrsets ?? new Map()) });
    if (!nodes.has(key)) addNodesAbove(owner, nodes, changed);
  }
  const policies = new Map(nodes.policies);
  for (const [key, { policy }] of dryRuns) policies.set(key, policy);
  return { ...zone, nodes: new ZoneNodes(new ChangedNodes(nodes, changed), policies, nodes.marked) };
}

function withoutReplaced(rrsets: ReadonlyMap<number, RRset>): ReadonlyMap<number, RRset> {
  return new Map([...rrsets].filter(([type]) => !REPLACED_TYPES.includes(type)));
}

/** Empty non-terminals up to the first name that there is (RFC 4592 §2.2.2). */
function addNodesAbove(owner: Name, nodes: ZoneNodes, changed: Map<string, BareNode>): void {
  for (let above = parentOf(owner); above !== undefined; above = parentOf(above)) {
    const key = nameKey(above);
    if (nodes.has(key) || changed.has(key)) return;
    changed.set(key, { owner: above, rrsets: new Map() });
  }
}

/** Nodes of which some are others, or more. */
class ChangedNodes implements NodeSource {
  readonly #nodes: ZoneNodes;
  readonly #changed: ReadonlyMap<string, BareNode>;

  constructor(nodes: ZoneNodes, changed: ReadonlyMap<string, BareNode>) {
    this.#nodes = nodes;
    this.#changed = changed;
  }

  get size(): number {
    return this.#nodes.size + this.#added().length;
  }

  has(key: string): boolean {
    return this.#changed.has(key) || this.#nodes.has(key);
  }

  get(key: string): BareNode | undefined {
    return this.#changed.get(key) ?? this.#nodes.get(key);
  }

  *entries(): Iterable<readonly [string, BareNode]> {
    for (const [key, node] of this.#nodes) yield [key, this.#changed.get(key) ?? node];
    yield* this.#added();
  }

  #added(): (readonly [string, BareNode])[] {
    return [...this.#changed].filter(([key]) => !this.#nodes.has(key));
  }
}
