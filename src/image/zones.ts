/**
 * The zones part of an image: everything that follows from the zone files alone, built when they are loaded and shared
 * by every image until the next load. It numbers what the answer path and its counters speak of, so that both work with
 * small integers: zones in the order of the set, policies in the order of their zones' names, dry runs behind those of
 * their zone, and the endpoints that a policy can reach in the order in which it reaches them.
 *
 * The bytes are what is answered from; the objects beside them are for those who look on: metrics, status, explain.
 */

import { formatName, type Name, parentOf } from "../dns/name.ts";
import { clientSignature } from "../policy/client-signature.ts";
import type { Endpoint, Policy } from "../policy/model.ts";
import { reachOf } from "../policy/reach.ts";
import { findZone, indexZones, type ZonesByApexKey } from "../zone/lookup.ts";
import type { Zone, ZoneSet } from "../zone/model.ts";
import { TableNodes } from "../zone/zone-nodes.ts";
import { buildClientTable, type ClientTable } from "./clients.ts";
import { ImageNodes, ZoneBytes } from "./image-nodes.ts";
import { type LiveKey, type LiveRRset, liveKeysOf, liveRRsetsOf } from "./live-rrsets.ts";
import { MAX_MESSAGE_OCTETS } from "./record-bytes.ts";
import { appendBlock, mostBlockWords } from "./zone-block.ts";
import { type JoinedZone, joinZones, type ZoneBlock } from "./zone-bytes.ts";

/** One POLICY record, by its number; `policy.dryRun` tells those that are not served. */
export interface PolicyEntry {
  /** Absolute, as `formatName` writes it. */
  readonly owner: string;
  readonly zone: Zone;
  readonly policy: Policy;
  /** All that it can ever answer with: an endpoint's place here is its number within the policy. */
  readonly endpoints: readonly Endpoint[];
  /** All whose health, or whose definition, what it answers can rest on. */
  readonly pools: ReadonlySet<string>;
  /** What it can tell apart about a client's address. */
  readonly clients: ClientTable;
  /** One more than the number of the dry run at its owner, its own where it is one; 0: there is none. */
  readonly dryRun: number;
}

/** One zone, by its number. */
export interface ZoneEntry {
  /** The apex, absolute, as `formatName` writes it: the metrics' label. */
  readonly name: string;
  readonly zone: Zone;
  readonly rrsetCount: number;
}

export interface ZonePart {
  /** As the caller of `compileZones` numbers them. */
  readonly id: number;
  /** `image/layout` draws them. */
  readonly bytes: SharedArrayBuffer;
  readonly set: ZoneSet;
  readonly zones: readonly ZoneEntry[];
  readonly policies: readonly PolicyEntry[];
  /** RRsets whose answer the decisions change, by number. */
  readonly live: readonly LiveRRset[];
  readonly labels: ZoneLabels;
  /** How many of the zones were built from their records; the others were copied from an earlier image. */
  readonly builtZones: number;
  /** For lookups that explain. */
  readonly index: ZoneIndex;
}

/** What counters are called by, which can outlive the image that they were counted for: nothing here leads to its bytes. */
export interface ZoneLabels {
  /** By zone number, the zone's name. */
  readonly zones: readonly string[];
  /** By policy number. */
  readonly policies: readonly {
    readonly name: string;
    readonly endpoints: readonly Endpoint[];
    readonly dryRun: boolean;
  }[];
}

export interface ZoneIndex {
  readonly byApexKey: ZonesByApexKey;
}

/**
 * `id` tells these zones from those of every other load. Zones that stand in an earlier image are copied from there, and
 * all of them stand in this one from now on.
 */
export function compileZones(set: ZoneSet, id = 0): ZonePart {
  const policies: PolicyEntry[] = [];
  const byApexKey = indexZones(set.zones);
  const numbers = new Map(set.zones.map((zone, number) => [zone, number]));
  const room = new Uint8Array(MAX_MESSAGE_OCTETS);
  const liveOfZones = set.zones.map((zone) => ({ zone, live: liveKeysOf(zone) }));
  let liveCount = 0;
  const joined = liveOfZones.map(({ zone, live }): JoinedZone => {
    const first = policies.length;
    const firstLive = liveCount;
    liveCount += live.length;
    policies.push(...policyEntries(zone, first, set));
    const above = parentOf(zone.apex);
    const parent = above === undefined ? undefined : findZone(byApexKey, above);
    return {
      apex: zone.apex,
      block: blockOf(zone, live, room),
      policies: first,
      live: firstLive,
      parent: parent && numbers.get(parent),
    };
  });
  const builtZones = joined.filter(({ block }) => block.isBuilt).length;
  const bytes = joinZones(joined, policies);
  const zones = settle(set.zones, new ZoneBytes(bytes));
  const labels = {
    zones: zones.map(({ name }) => name),
    policies: policies.map(({ policy: { name, dryRun }, endpoints }) => ({ name, endpoints, dryRun })),
  };
  const policyNumbers = new Map(policies.map(({ policy }, number) => [policy, number]));
  const live = liveRRsetsOf(liveOfZones, byApexKey, policyNumbers);
  return { id, bytes, set, zones, policies, live, labels, builtZones, index: { byApexKey } };
}

/** From now on the zones read their nodes from the image. */
function settle(zones: readonly Zone[], bytes: ZoneBytes): ZoneEntry[] {
  return zones.map((zone, number) => {
    const nodes = new ImageNodes(bytes, number);
    zone.nodes.settle(nodes);
    const { rrsetCount } = nodes;
    return { name: formatName(zone.apex), zone, rrsetCount };
  });
}

function blockOf(zone: Zone, live: readonly LiveKey[], room: Uint8Array): ZoneBlock {
  const { source } = zone.nodes;
  if (source instanceof ImageNodes) {
    const { block } = source;
    return {
      isBuilt: false,
      nodes: source.size,
      mostWords: block.length,
      appendTo: (builder) => builder.appendWords(block),
    };
  }
  if (!(source instanceof TableNodes)) throw new Error("A zone stands neither in a table nor in an image");
  const { table } = source;
  return {
    isBuilt: true,
    nodes: table.nodeCount,
    mostWords: mostBlockWords(table),
    appendTo: (builder) => appendBlock(builder, zone, live, table, room),
  };
}

/** Those of a zone, the first of them with the number `first`. */
function policyEntries(zone: Zone, first: number, set: ZoneSet): PolicyEntry[] {
  const { nodes, dryRuns } = zone;
  const firstDryRun = first + nodes.policies.size;
  const dryRunAt = new Map([...dryRuns.keys()].map((key, index) => [key, firstDryRun + index + 1]));
  const served = Array.from(nodes.policies, ([key, policy]) => {
    const owner = nodes.get(key)?.owner;
    if (owner === undefined) throw new Error("A policy has no node");
    return policyEntry(zone, owner, policy, dryRunAt.get(key) ?? 0, set);
  });
  const others = Array.from(dryRuns, ([key, { owner, policy }]) =>
    policyEntry(zone, owner, policy, dryRunAt.get(key) ?? 0, set),
  );
  return [...served, ...others];
}

function policyEntry(zone: Zone, owner: Name, policy: Policy, dryRun: number, set: ZoneSet): PolicyEntry {
  const { endpoints, pools, networks } = reachOf(policy.expression, set.definitions);
  return {
    owner: formatName(owner),
    zone,
    policy,
    dryRun,
    endpoints,
    pools,
    clients: buildClientTable(networks, (network) =>
      clientSignature(policy.expression, set.definitions, { network, place: undefined }),
    ),
  };
}
