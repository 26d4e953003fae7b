/**
 * The zones part of an image: everything that follows from the zone files alone, built when they are loaded and shared
 * by every image until the next load. It numbers what the answer path and its counters speak of, so that both work with
 * small integers: zones in the order of the set, policies in the order of their zones' names, and the endpoints that a
 * policy can reach in the order in which it reaches them.
 *
 * The bytes are what is answered from; the objects beside them are for those who look on: metrics, status, explain.
 */

import { formatName, type Name, parentOf } from "../dns/name.ts";
import type { RRset } from "../dns/rrset.ts";
import type { Endpoint, Policy } from "../policy/model.ts";
import { reachOf } from "../policy/reach.ts";
import { findZone, indexZones, negativeSoa, type ZonesByApexKey } from "../zone/lookup.ts";
import type { Zone, ZoneSet } from "../zone/model.ts";
import { buildClientTable, type ClientTable } from "./clients.ts";
import { RecordBytes } from "./record-bytes.ts";
import { WordBuilder } from "./word-builder.ts";
import { appendBlock } from "./zone-block.ts";
import { type JoinedZone, joinZones } from "./zone-bytes.ts";

/** Room for a node with one address, rounded up; a guess that spares most sets of zones from growing. */
const WORDS_A_NODE = 32;
const WORDS_BESIDE = 16_384;

/** One POLICY record, by its number. */
export interface PolicyEntry {
  /** Absolute, as `formatName` writes it. */
  readonly owner: string;
  readonly ownerName: Name;
  readonly zone: Zone;
  readonly policy: Policy;
  /** All that it can ever answer with: an endpoint's place here is its number within the policy. */
  readonly endpoints: readonly Endpoint[];
  /** What it can tell apart about a client's address. */
  readonly clients: ClientTable;
}

/** One zone, by its number. */
export interface ZoneEntry {
  /** The apex, absolute, as `formatName` writes it: the metrics' label. */
  readonly name: string;
  readonly zone: Zone;
  /** As it goes into negative answers, with their TTL. */
  readonly negativeSoa: RRset;
}

export interface ZonePart {
  /** As the caller of `compileZones` numbers them. */
  readonly id: number;
  /** `image/layout` draws them. */
  readonly bytes: SharedArrayBuffer;
  readonly set: ZoneSet;
  readonly zones: readonly ZoneEntry[];
  readonly policies: readonly PolicyEntry[];
  /** For lookups that explain. */
  readonly index: ZoneIndex;
}

export interface ZoneIndex {
  readonly byApexKey: ZonesByApexKey;
}

/** `id` tells these zones from those of every other load. */
export function compileZones(set: ZoneSet, id = 0): ZonePart {
  const policies: PolicyEntry[] = [];
  const byApexKey = indexZones(set.zones);
  const numbers = new Map(set.zones.map((zone, number) => [zone, number]));
  const records = new RecordBytes();
  const joined = set.zones.map((zone): JoinedZone => {
    const first = policies.length;
    for (const { owner, policy } of zone.nodes.values()) {
      if (policy !== undefined) policies.push(policyEntry(zone, owner, policy, set));
    }
    const above = parentOf(zone.apex);
    const parent = above === undefined ? undefined : findZone(byApexKey, above);
    return {
      apex: zone.apex,
      appendBlock: (builder) => appendBlock(builder, records, zone),
      policies: first,
      parent: parent && numbers.get(parent),
    };
  });
  const nodes = set.zones.reduce((sum, zone) => sum + zone.nodes.size, 0);
  const builder = new WordBuilder(WORDS_BESIDE + nodes * WORDS_A_NODE);
  const bytes = joinZones(builder, joined, policies);
  const zones = set.zones.map((zone) => ({
    name: formatName(zone.apex),
    zone,
    negativeSoa: negativeSoa(zone),
  }));
  return { id, bytes, set, zones, policies, index: { byApexKey } };
}

function policyEntry(zone: Zone, owner: Name, policy: Policy, set: ZoneSet): PolicyEntry {
  const { endpoints, networks } = reachOf(policy.expression, set.definitions);
  return {
    owner: formatName(owner),
    ownerName: owner,
    zone,
    policy,
    endpoints,
    clients: buildClientTable(networks),
  };
}
