/**
 * One zone into the block that `image/layout` draws. A block depends on its zone alone: what other zones of the set and
 * the numbers through all of them add is for `image/zone-bytes`. Whether a node is occluded by a cut or a DNAME above it
 * is worked out here, once, so that a query finds it at its node.
 */

import { nameKey } from "../dns/name.ts";
import { TYPE } from "../dns/types.ts";
import { negativeSoa } from "../zone/lookup.ts";
import type { Zone, ZoneNode } from "../zone/model.ts";
import {
  BLOCK,
  FLAG_APEX,
  FLAG_CNAME,
  KIND,
  NODE,
  OWNER_SHIFT,
  RRSETS_SHIFT,
  WORD_OCTETS,
  wordsFor,
} from "./layout.ts";
import { RecordBytes } from "./record-bytes.ts";
import { appendReferralTemplate, appendSoaTemplate, glueNodesOf } from "./template-bytes.ts";
import type { WordBuilder } from "./word-builder.ts";
import { surveyZone, type ZoneSurvey } from "./zone-survey.ts";

/** Appends the block of a zone and says where. */
export function appendBlock(builder: WordBuilder, records: RecordBytes, zone: Zone): number {
  return new BlockWriter(builder, records, zone).write();
}

class BlockWriter {
  readonly #builder: WordBuilder;
  readonly #records: RecordBytes;
  readonly #zone: Zone;
  readonly #survey: ZoneSurvey;
  /** By key, the places of nodes that others refer to; 0 until they are written. */
  readonly #placeOf = new Map<string, number>();
  /** Nodes whose link is another node, and the key of that. */
  readonly #links: { readonly from: number; readonly to: string }[] = [];
  #policies = 0;

  constructor(builder: WordBuilder, records: RecordBytes, zone: Zone) {
    this.#builder = builder;
    this.#records = records;
    this.#zone = zone;
    this.#survey = surveyZone(zone);
  }

  write(): number {
    const builder = this.#builder;
    const block = builder.take(BLOCK.head);
    this.#announceReferred();
    for (const [key, node] of this.#zone.nodes) this.#appendNode(key, node);
    const nodesEnd = builder.next;
    for (const { from, to } of this.#links) builder.words[from + NODE.link] = this.#place(to) - from;
    this.#appendReferrals();
    const soa = appendSoaTemplate(builder, this.#records, negativeSoa(this.#zone));
    const { words } = builder;
    words[block + BLOCK.words] = builder.next - block;
    words[block + BLOCK.nodes] = this.#zone.nodes.size;
    words[block + BLOCK.nodesEnd] = nodesEnd - block;
    words[block + BLOCK.apex] = this.#place(this.#survey.apexKey) - block;
    words[block + BLOCK.soa] = soa - block;
    return block;
  }

  /** Notes every node whose place will be asked for, so that not every node of a large zone is remembered. */
  #announceReferred(): void {
    const { apexKey, cuts, dnames, wildcardParents } = this.#survey;
    this.#placeOf.set(apexKey, 0);
    for (const [key, cut] of cuts) {
      this.#placeOf.set(key, 0);
      for (const { server } of glueNodesOf(this.#zone, cut)) this.#placeOf.set(nameKey(server), 0);
    }
    for (const key of dnames) this.#placeOf.set(key, 0);
    for (const [parent, wildcard] of wildcardParents) {
      this.#placeOf.set(parent, 0);
      this.#placeOf.set(wildcard, 0);
    }
  }

  #place(key: string): number {
    const place = this.#placeOf.get(key);
    if (place === undefined) throw new Error("A node is referred to that was not announced");
    return place;
  }

  #appendNode(key: string, node: ZoneNode): void {
    const builder = this.#builder;
    const { owner, rrsets, policy } = node;
    const place = builder.take(NODE.name + wordsFor(owner.length));
    if (this.#placeOf.has(key)) this.#placeOf.set(key, place);
    const { kind, link } = this.#survey.standingOf(key);
    const flags = (rrsets.has(TYPE.CNAME) ? FLAG_CNAME : 0) | (key === this.#survey.apexKey ? FLAG_APEX : 0);
    builder.words[place + NODE.head] =
      kind | flags | (owner.length << OWNER_SHIFT) | (rrsets.size << RRSETS_SHIFT);
    if (policy !== undefined) builder.words[place + NODE.policy] = ++this.#policies;
    builder.octets.set(owner, (place + NODE.name) * WORD_OCTETS);
    if (link !== undefined) this.#links.push({ from: place, to: link });
    for (const rrset of rrsets.values()) this.#records.appendRRset(builder, rrset);
  }

  #appendReferrals(): void {
    const { cuts, standingOf } = this.#survey;
    for (const [key, cut] of cuts) {
      if (standingOf(key).kind !== KIND.cut) continue;
      const place = this.#place(key);
      const at = appendReferralTemplate(this.#builder, this.#records, this.#zone, cut, (server) =>
        this.#place(nameKey(server)),
      );
      this.#builder.words[place + NODE.link] = at - place;
    }
  }
}
