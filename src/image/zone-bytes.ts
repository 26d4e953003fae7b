/**
 * Zones into the bytes of `image/layout`. Every node of every zone is written; the table leads to those that a question
 * can reach by their name, which leaves out what lies at or below the apex of another zone of the set. Whether a node is
 * occluded by a cut or a DNAME above it is worked out here, once, so that a query finds it at its node.
 */

import type { Name } from "../dns/name.ts";
import { nameKey } from "../dns/name.ts";
import type { RRset } from "../dns/rrset.ts";
import { TYPE } from "../dns/types.ts";
import type { Zone, ZoneNode } from "../zone/model.ts";
import { type ClientTable, classCount } from "./clients.ts";
import {
  FLAG_APEX,
  FLAG_CNAME,
  KIND,
  NODE,
  OWNER_SHIFT,
  POLICY,
  RRSETS_SHIFT,
  SLOT_WORDS,
  WORD_OCTETS,
  wordsFor,
  ZONE,
  ZONE_BYTES_MAGIC,
  ZONE_HEADER,
} from "./layout.ts";
import { hashName } from "./name-hash.ts";
import { RecordBytes } from "./record-bytes.ts";
import { appendReferralTemplate, appendSoaTemplate, glueNodesOf } from "./template-bytes.ts";
import { WordBuilder } from "./word-builder.ts";
import { apexesBelow, surveyZone, type ZoneSurvey } from "./zone-survey.ts";

export interface ZoneBytesInput {
  readonly zones: readonly { readonly zone: Zone; readonly negativeSoa: RRset }[];
  readonly policies: readonly {
    readonly clients: ClientTable;
    readonly endpoints: readonly unknown[];
  }[];
  readonly policyNumbers: ReadonlyMap<ZoneNode, number>;
  /** The zone that holds what is above an apex, by zone number; `undefined` where it is not ours. */
  readonly parents: readonly (Zone | undefined)[];
}

/** Room for a node with one address, rounded up; a guess that spares most sets of zones from growing. */
const WORDS_A_NODE = 32;
const WORDS_BESIDE = 16_384;

export function buildZoneBytes(input: ZoneBytesInput): SharedArrayBuffer {
  return new ZoneBytesBuilder(input).build();
}

class ZoneBytesBuilder {
  readonly #input: ZoneBytesInput;
  readonly #builder: WordBuilder;
  readonly #records = new RecordBytes();
  /** Nodes in the table. */
  readonly #hashes: Int32Array;
  readonly #places: Int32Array;
  #reachable = 0;
  /** Nodes that others refer to: their place once they are written. */
  readonly #placeOf = new Map<ZoneNode, number>();
  /** Places of nodes whose link is another node, and that node. */
  readonly #links: { readonly from: number; readonly to: ZoneNode }[] = [];

  constructor(input: ZoneBytesInput) {
    this.#input = input;
    const nodes = input.zones.reduce((sum, { zone }) => sum + zone.nodes.size, 0);
    this.#builder = new WordBuilder(WORDS_BESIDE + nodes * WORDS_A_NODE);
    this.#hashes = new Int32Array(nodes);
    this.#places = new Int32Array(nodes);
  }

  build(): SharedArrayBuffer {
    const { zones, policies } = this.#input;
    const builder = this.#builder;
    builder.take(ZONE_HEADER.words);
    const below = apexesBelow(zones.map(({ zone }) => zone));
    const surveys = zones.map(({ zone }) => surveyZone(zone, below.get(nameKey(zone.apex)) ?? new Set()));
    surveys.forEach((survey) => this.#announceReferred(survey));
    this.#announceApexes();
    surveys.forEach((survey, number) => this.#appendNodes(survey, number));
    for (const { from, to } of this.#links) builder.words[from + NODE.link] = this.#place(to);
    surveys.forEach((survey) => this.#appendReferrals(survey));
    const zonesAt = this.#appendZones();
    const policiesAt = this.#appendPolicies();
    this.#appendTable();
    builder.words[ZONE_HEADER.magic] = ZONE_BYTES_MAGIC;
    builder.words[ZONE_HEADER.zoneCount] = zones.length;
    builder.words[ZONE_HEADER.policyCount] = policies.length;
    builder.words[ZONE_HEADER.zones] = zonesAt;
    builder.words[ZONE_HEADER.policies] = policiesAt;
    return builder.finish();
  }

  /** Notes every node whose place will be asked for, so that not every node of a large zone is remembered. */
  #announceReferred({ zone, cuts, dnames, wildcardParents }: ZoneSurvey): void {
    for (const cut of cuts.values()) {
      this.#placeOf.set(cut, 0);
      for (const { node } of glueNodesOf(zone, cut)) this.#placeOf.set(node, 0);
    }
    for (const dname of dnames.values()) this.#placeOf.set(dname, 0);
    for (const [parent, wildcard] of wildcardParents) {
      this.#placeOf.set(parent, 0);
      this.#placeOf.set(wildcard, 0);
    }
  }

  #announceApexes(): void {
    const { zones, parents } = this.#input;
    zones.forEach(({ zone }, number) => {
      this.#placeOf.set(apexNode(zone), 0);
      const parent = parents[number];
      const node = parent === undefined ? undefined : dsNode(parent, zone.apex);
      if (node !== undefined) this.#placeOf.set(node, 0);
    });
  }

  #place(node: ZoneNode): number {
    const place = this.#placeOf.get(node);
    if (place === undefined) throw new Error("A node is referred to that was not announced");
    return place;
  }

  #appendNodes(survey: ZoneSurvey, zoneNumber: number): void {
    for (const [key, node] of survey.zone.nodes) {
      const place = this.#appendNode(key, node, survey, zoneNumber);
      if (this.#placeOf.size > 0 && this.#placeOf.has(node)) this.#placeOf.set(node, place);
      if (survey.isShadowed(key)) continue;
      const at = (place + NODE.name) * WORD_OCTETS;
      this.#hashes[this.#reachable] = hashName(this.#builder.view, at, key.length);
      this.#places[this.#reachable] = place;
      this.#reachable++;
    }
  }

  #appendNode(key: string, node: ZoneNode, survey: ZoneSurvey, zoneNumber: number): number {
    const builder = this.#builder;
    const place = builder.take(NODE.name + wordsFor(key.length));
    const { kind, link } = survey.standingOf(key, node);
    const flags = (node.rrsets.has(TYPE.CNAME) ? FLAG_CNAME : 0) | (key === survey.apexKey ? FLAG_APEX : 0);
    builder.words[place + NODE.head] =
      kind | flags | (key.length << OWNER_SHIFT) | (node.rrsets.size << RRSETS_SHIFT);
    builder.words[place + NODE.zone] = zoneNumber;
    if (node.policy !== undefined) {
      builder.words[place + NODE.policy] = (this.#input.policyNumbers.get(node) ?? -1) + 1;
    }
    const nameAt = (place + NODE.name) * WORD_OCTETS;
    for (let index = 0; index < key.length; index++) builder.octets[nameAt + index] = key.charCodeAt(index);
    if (link !== undefined) this.#links.push({ from: place, to: link });
    for (const rrset of node.rrsets.values()) this.#records.appendRRset(builder, rrset);
    return place;
  }

  #appendReferrals({ zone, cuts, standingOf }: ZoneSurvey): void {
    for (const [key, cut] of cuts) {
      if (standingOf(key, cut).kind !== KIND.cut) continue;
      const at = appendReferralTemplate(this.#builder, this.#records, zone, cut, (node) => this.#place(node));
      this.#builder.words[this.#place(cut) + NODE.link] = at;
    }
  }

  #appendZones(): number {
    const builder = this.#builder;
    const { zones, parents } = this.#input;
    const soas = zones.map(({ negativeSoa }) => appendSoaTemplate(builder, this.#records, negativeSoa));
    const at = builder.take(zones.length * ZONE.words);
    zones.forEach(({ zone }, number) => {
      const record = at + number * ZONE.words;
      builder.words[record + ZONE.soa] = soas[number] ?? 0;
      builder.words[record + ZONE.apex] = this.#place(apexNode(zone));
      const parent = parents[number];
      if (parent === undefined) return;
      const nearest = dsNode(parent, zone.apex);
      if (nearest === undefined) return;
      const isApex = nearest.owner.length === zone.apex.length;
      builder.words[record + (isApex ? ZONE.dsNode : ZONE.dsEncloser)] = this.#place(nearest);
    });
    return at;
  }

  #appendPolicies(): number {
    const builder = this.#builder;
    const { policies } = this.#input;
    const clients = policies.map(({ clients }) => {
      // Most policies ask nothing about clients.
      if (classCount(clients) === 1) return 0;
      const at = builder.take(clients.words.length);
      builder.words.set(clients.words, at);
      return at;
    });
    const at = builder.take(policies.length * POLICY.words);
    let counters = 0;
    policies.forEach(({ endpoints }, number) => {
      builder.words[at + number * POLICY.words + POLICY.clients] = clients[number] ?? 0;
      builder.words[at + number * POLICY.words + POLICY.answerCounter] = counters;
      counters += endpoints.length;
    });
    builder.words[ZONE_HEADER.answerCounters] = counters;
    return at;
  }

  /** At least twice as many slots as nodes, a power of two. */
  #appendTable(): void {
    const count = this.#reachable;
    const slots = 2 ** Math.max(4, Math.ceil(Math.log2(count * 2 + 1)));
    const mask = slots - 1;
    const table = this.#builder.take(slots * SLOT_WORDS);
    const { words } = this.#builder;
    for (let index = 0; index < count; index++) {
      const hash = this.#hashes[index] ?? 0;
      let slot = hash & mask;
      while ((words[table + slot * SLOT_WORDS + 1] ?? 0) !== 0) slot = (slot + 1) & mask;
      words[table + slot * SLOT_WORDS] = hash;
      words[table + slot * SLOT_WORDS + 1] = this.#places[index] ?? 0;
    }
    words[ZONE_HEADER.table] = table;
    words[ZONE_HEADER.tableMask] = mask;
  }
}

/** The node of a child's apex in its parent zone, or the nearest one above it: it answers for DS (RFC 4035 §3.1.4.1). */
function dsNode(parent: Zone, apex: Name): ZoneNode | undefined {
  const key = nameKey(apex);
  for (let at = 0; at < key.length; at += key.charCodeAt(at) + 1) {
    const node = parent.nodes.get(key.slice(at));
    if (node !== undefined) return node;
  }
  return undefined;
}

function apexNode({ apex, nodes }: Zone): ZoneNode {
  const node = nodes.get(nameKey(apex));
  if (node === undefined) throw new Error("A zone has no node at its apex");
  return node;
}
