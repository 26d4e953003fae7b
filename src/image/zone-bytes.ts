/**
 * Zones into the bytes of `image/layout`: a block each, copied from an earlier image where it has one already, then what
 * goes across zones. Every node of every zone has its place; the table leads to those that a question can reach by their
 * name, which leaves out what lies at or below the apex of another zone of the set.
 */

import type { Name } from "../dns/name.ts";
import { type ClientTable, classCount } from "./clients.ts";
import { nextNode } from "./find.ts";
import {
  BLOCK,
  FLAG_APEX,
  NODE,
  OWNER_MASK,
  OWNER_SHIFT,
  POLICY,
  SLOT_WORDS,
  WORD_OCTETS,
  ZONE,
  ZONE_BYTES_MAGIC,
  ZONE_HEADER,
} from "./layout.ts";
import { NodeTable, slotsFor } from "./node-table.ts";
import { WordBuilder } from "./word-builder.ts";

/** For what has no size in advance: referrals, clients. */
const WORDS_BESIDE = 16_384;

/** A block that is to be. */
export interface ZoneBlock {
  /** From the zone's records; otherwise it is a copy. */
  readonly isBuilt: boolean;
  /** Nodes in it. */
  readonly nodes: number;
  /** About the words of it, rather too many than too few: what is not touched costs nothing. */
  readonly mostWords: number;
  /** Appends it and says where. */
  readonly appendTo: (builder: WordBuilder) => number;
}

/** One zone, by its number. */
export interface JoinedZone {
  readonly apex: Name;
  readonly block: ZoneBlock;
  /** The number of its first policy. */
  readonly policies: number;
  /** The number of its first live RRset. */
  readonly live: number;
  /** The number of the zone that holds what is above the apex, where that is ours as well. */
  readonly parent: number | undefined;
}

export interface JoinedPolicy {
  readonly clients: ClientTable;
  readonly endpoints: readonly unknown[];
  /** As `POLICY` has it. */
  readonly dryRun: number;
}

export function joinZones(
  zones: readonly JoinedZone[],
  policies: readonly JoinedPolicy[],
): SharedArrayBuffer {
  const nodes = zones.reduce((sum, { block }) => sum + block.nodes, 0);
  const mostWords = zones.reduce((sum, { block }) => sum + block.mostWords, 0);
  const builder = new WordBuilder(
    WORDS_BESIDE + mostWords + zones.length * ZONE.words + slotsFor(nodes) * SLOT_WORDS,
  );
  builder.take(ZONE_HEADER.words);
  const blocks = zones.map(({ block }) => block.appendTo(builder));
  const policiesAt = appendPolicies(builder, policies);
  const zonesAt = builder.take(zones.length * ZONE.words);
  blocks.forEach((block, number) => {
    setZone(builder, zonesAt + number * ZONE.words, block);
    renumber(builder.words, block, number, zones[number]?.policies ?? 0);
    builder.words[zonesAt + number * ZONE.words + ZONE.live] = zones[number]?.live ?? 0;
  });
  const { table, shadowed } = new TableWriter(builder, zones, zonesAt, nodes).write();
  const { words } = builder;
  words[ZONE_HEADER.magic] = ZONE_BYTES_MAGIC;
  words[ZONE_HEADER.zoneCount] = zones.length;
  words[ZONE_HEADER.policyCount] = policies.length;
  words[ZONE_HEADER.zones] = zonesAt;
  words[ZONE_HEADER.policies] = policiesAt;
  words[ZONE_HEADER.table] = table.at;
  words[ZONE_HEADER.tableMask] = table.mask;
  words[ZONE_HEADER.shadowed] = shadowed.at;
  words[ZONE_HEADER.shadowedMask] = shadowed.mask;
  return builder.finish();
}

function setZone({ words }: WordBuilder, zone: number, block: number): void {
  words[zone + ZONE.block] = block;
  words[zone + ZONE.apex] = block + (words[block + BLOCK.apex] ?? 0);
  words[zone + ZONE.soa] = block + (words[block + BLOCK.soa] ?? 0);
}

/** Sets the numbers that count through all zones. */
function renumber(words: Int32Array, block: number, number: number, policies: number): void {
  const first = block + BLOCK.head;
  const shift = policies - (words[block + BLOCK.policies] ?? 0);
  if (words[first + NODE.zone] === number && shift === 0) return;
  words[block + BLOCK.policies] = policies;
  const end = block + (words[block + BLOCK.nodesEnd] ?? 0);
  for (let node = first; node < end; node = nextNode(words, node)) {
    words[node + NODE.zone] = number;
    const policy = words[node + NODE.policy] ?? 0;
    if (policy !== 0) words[node + NODE.policy] = policy + shift;
  }
}

function appendPolicies(builder: WordBuilder, policies: readonly JoinedPolicy[]): number {
  // Most policies ask nothing about clients.
  const clients = policies.map(({ clients }) =>
    classCount(clients) === 1 ? 0 : builder.appendWords(clients.words),
  );
  const at = builder.take(policies.length * POLICY.words);
  const { words } = builder;
  let counters = 0;
  policies.forEach(({ endpoints, dryRun }, number) => {
    words[at + number * POLICY.words + POLICY.clients] = clients[number] ?? 0;
    words[at + number * POLICY.words + POLICY.answerCounter] = counters;
    words[at + number * POLICY.words + POLICY.dryRun] = dryRun;
    counters += endpoints.length;
  });
  words[ZONE_HEADER.answerCounters] = counters;
  return at;
}

/** Fills the tables, and on the way finds what answers for the DS of each zone. */
class TableWriter {
  readonly #builder: WordBuilder;
  readonly #zones: readonly JoinedZone[];
  readonly #zonesAt: number;
  readonly #table: NodeTable;
  readonly #shadowed: number[] = [];

  constructor(builder: WordBuilder, zones: readonly JoinedZone[], zonesAt: number, nodes: number) {
    this.#table = new NodeTable(builder, nodes);
    this.#builder = builder;
    this.#zones = zones;
    this.#zonesAt = zonesAt;
  }

  write(): { table: NodeTable; shadowed: NodeTable } {
    const zonesAbove = this.#zonesAbove();
    this.#zones.forEach((_, number) => this.#table.add(this.#wordOf(number, ZONE.apex)));
    this.#zones.forEach((_, number) => this.#addNodes(number, zonesAbove.has(number)));
    this.#zones.forEach((_, number) => this.#findEncloser(number));
    const shadowed = new NodeTable(this.#builder, this.#shadowed.length);
    for (const node of this.#shadowed) shadowed.add(node);
    return { table: this.#table, shadowed };
  }

  /** The numbers of zones that have another one below them. */
  #zonesAbove(): ReadonlySet<number> {
    const above = new Set<number>();
    for (const { parent } of this.#zones) {
      let number = parent;
      while (number !== undefined && !above.has(number)) {
        above.add(number);
        number = this.#zones[number]?.parent;
      }
    }
    return above;
  }

  #addNodes(number: number, isAbove: boolean): void {
    const { words } = this.#builder;
    const block = this.#wordOf(number, ZONE.block);
    const end = block + (words[block + BLOCK.nodesEnd] ?? 0);
    for (let node = block + BLOCK.head; node < end; node = nextNode(words, node)) {
      if (((words[node] ?? 0) & FLAG_APEX) !== 0) continue;
      if (isAbove && this.#isShadowed(node, number)) this.#shadowed.push(node);
      else this.#table.add(node);
    }
  }

  /** Whether the name is at or below the apex of another zone, which then holds it. */
  #isShadowed(node: number, number: number): boolean {
    const { words, octets } = this.#builder;
    const start = (node + NODE.name) * WORD_OCTETS;
    const end = start + (((words[node] ?? 0) >>> OWNER_SHIFT) & OWNER_MASK);
    const apexOctets = this.#zones[number]?.apex.length ?? 0;
    for (let at = start; end - at > apexOctets; at += (octets[at] ?? 0) + 1) {
      const found = this.#table.find(at, end - at);
      if (found === 0 || ((words[found] ?? 0) & FLAG_APEX) === 0) continue;
      const other = words[found + NODE.zone] ?? 0;
      const answersDs = at === start && this.#zones[other]?.parent === number;
      if (answersDs) words[this.#zonesAt + other * ZONE.words + ZONE.dsNode] = node;
      return true;
    }
    return false;
  }

  /** The nearest name above the apex, where the zone above has none at it. */
  #findEncloser(number: number): void {
    const { words, octets } = this.#builder;
    if (this.#zones[number]?.parent === undefined || this.#wordOf(number, ZONE.dsNode) !== 0) return;
    const apex = this.#wordOf(number, ZONE.apex);
    let at = (apex + NODE.name) * WORD_OCTETS;
    const end = at + (((words[apex] ?? 0) >>> OWNER_SHIFT) & OWNER_MASK);
    let found = 0;
    while (found === 0) {
      at += (octets[at] ?? 0) + 1;
      found = this.#table.find(at, end - at);
    }
    words[this.#zonesAt + number * ZONE.words + ZONE.dsEncloser] = found;
  }

  #wordOf(zone: number, field: number): number {
    return this.#builder.words[this.#zonesAt + zone * ZONE.words + field] ?? 0;
  }
}
