/**
 * One zone into the block that `image/layout` draws, from the records of its file. A block depends on its zone alone:
 * what other zones of the set and the numbers through all of them add is for `image/zone-bytes`. Whether a node is
 * occluded by a cut or a DNAME above it is worked out here, once, so that a query finds it at its node.
 */

import { TYPE } from "../dns/types.ts";
import { negativeSoa } from "../zone/lookup.ts";
import type { Zone } from "../zone/model.ts";
import { NONE, type RecordTable } from "../zone/record-table.ts";
import {
  BLOCK,
  FLAG_APEX,
  FLAG_CNAME,
  FLAG_DRY_RUN,
  KIND,
  NODE,
  OWNER_SHIFT,
  RECORD_HEAD_OCTETS,
  RRSET,
  RRSETS_SHIFT,
  WORD_OCTETS,
  wordsFor,
} from "./layout.ts";
import type { LiveKey } from "./live-rrsets.ts";
import { RecordBytes } from "./record-bytes.ts";
import { appendReferralTemplate, appendSoaTemplate } from "./template-bytes.ts";
import type { WordBuilder } from "./word-builder.ts";
import { ZoneSurvey } from "./zone-survey.ts";

/** Appends the block of a zone whose records stand in `table`, and says where; `room` is as `RecordBytes` has it. */
export function appendBlock(
  builder: WordBuilder,
  zone: Zone,
  live: readonly LiveKey[],
  table: RecordTable,
  room: Uint8Array,
): number {
  return new BlockWriter(builder, zone, live, table, room).write();
}

/** Room for the template of a SOA with names of usual length. */
const SOA_TEMPLATE_WORDS = 64;

/** Enough for the block of these records, save for its referrals. */
export function mostBlockWords({ names, nodeCount, recordCount, rdata }: RecordTable): number {
  const ofNodes = nodeCount * (NODE.name + 1) + wordsFor(names.octetCount);
  // Twice, for the plain form; a word is what padding takes at most.
  const ofRecords =
    recordCount * (RRSET.records + 2 * (wordsFor(RECORD_HEAD_OCTETS) + 1)) + 2 * wordsFor(rdata.length);
  return BLOCK.head + SOA_TEMPLATE_WORDS + ofNodes + ofRecords;
}

class BlockWriter {
  readonly #builder: WordBuilder;
  readonly #zone: Zone;
  readonly #table: RecordTable;
  readonly #records: RecordBytes;
  readonly #apex: number;
  readonly #survey: ZoneSurvey;
  /** By number, where each node has been written. */
  readonly #places: Int32Array;
  readonly #policies: ReadonlyMap<number, number>;
  readonly #dryRuns: ReadonlySet<number>;
  /** Numbers of live RRsets. */
  readonly #live: ReadonlyMap<number, number>;
  #rrsets = 0;

  constructor(
    builder: WordBuilder,
    zone: Zone,
    live: readonly LiveKey[],
    table: RecordTable,
    room: Uint8Array,
  ) {
    this.#builder = builder;
    this.#zone = zone;
    this.#table = table;
    this.#records = new RecordBytes(table, room);
    this.#apex = table.names.find(zone.apex, 0, zone.apex.length);
    this.#survey = new ZoneSurvey(table, this.#apex);
    this.#places = new Int32Array(table.names.count);
    // A dry run is met at its owner where no policy is served there.
    const { policies } = zone.nodes;
    const nodesOf = (keys: Iterable<string>): number[] => Array.from(keys, (key) => table.findNode(key));
    const dryRuns = nodesOf(zone.dryRuns.keys());
    const numbers = new Map(dryRuns.map((node, index) => [node, policies.size + index]));
    nodesOf(policies.keys()).forEach((node, number) => numbers.set(node, number));
    this.#policies = numbers;
    this.#dryRuns = new Set(dryRuns);
    this.#live = new Map(
      live.map(({ ownerKey, type }, number) => [table.rrsetOf(table.findNode(ownerKey), type), number]),
    );
  }

  write(): number {
    const builder = this.#builder;
    const block = builder.take(BLOCK.head);
    for (let node = 0; node < this.#places.length; node++) {
      if (this.#table.isNode(node)) this.#appendNode(node);
    }
    const nodesEnd = builder.next;
    if (!this.#survey.isPlain) this.#setLinks();
    for (const cut of this.#survey.cuts) this.#appendReferral(cut);
    const soa = appendSoaTemplate(builder, this.#records, this.#apex, negativeSoa(this.#zone).ttlSeconds);
    const { words } = builder;
    words[block + BLOCK.words] = builder.next - block;
    words[block + BLOCK.nodes] = this.#table.nodeCount;
    words[block + BLOCK.nodesEnd] = nodesEnd - block;
    words[block + BLOCK.rrsets] = this.#rrsets;
    words[block + BLOCK.apex] = (this.#places[this.#apex] ?? 0) - block;
    words[block + BLOCK.soa] = soa - block;
    return block;
  }

  #appendNode(node: number): void {
    const builder = this.#builder;
    const table = this.#table;
    const { names } = table;
    const octets = names.lengthOf(node);
    const place = builder.take(NODE.name + wordsFor(octets));
    this.#places[node] = place;
    builder.copy(names.octets, names.startOf(node), octets, (place + NODE.name) * WORD_OCTETS);
    const policy = this.#policies.size === 0 ? undefined : this.#policies.get(node);
    if (policy !== undefined) builder.words[place + NODE.policy] = policy + 1;
    let flags = node === this.#apex ? FLAG_APEX : 0;
    if (this.#dryRuns.has(node)) flags |= FLAG_DRY_RUN;
    let rrsets = 0;
    for (let rrset = table.firstRRset(node); rrset !== NONE; rrset = table.nextRRset(rrset)) {
      if (table.typeOf(rrset) === TYPE.CNAME) flags |= FLAG_CNAME;
      const live = this.#live.size === 0 ? undefined : this.#live.get(rrset);
      if (live === undefined) this.#records.appendRRset(builder, node, rrset);
      else this.#records.appendLiveRRset(builder, rrset, live);
      rrsets++;
    }
    this.#rrsets += rrsets;
    builder.words[place + NODE.head] =
      this.#survey.kindOf(node) | flags | (octets << OWNER_SHIFT) | (rrsets << RRSETS_SHIFT);
  }

  #setLinks(): void {
    const { words } = this.#builder;
    for (let node = 0; node < this.#places.length; node++) {
      const link = this.#table.isNode(node) ? this.#survey.linkOf(node) : NONE;
      const place = this.#places[node] ?? 0;
      if (link !== NONE) words[place + NODE.linkOffset] = (this.#places[link] ?? 0) - place;
    }
  }

  #appendReferral(cut: number): void {
    if (this.#survey.kindOf(cut) !== KIND.cut) return;
    const at = appendReferralTemplate(this.#builder, this.#records, cut, this.#places);
    const place = this.#places[cut] ?? 0;
    this.#builder.words[place + NODE.linkOffset] = at - place;
  }
}
