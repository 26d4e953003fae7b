/**
 * The nodes of a zone, read from the bytes of an image: what a zone's own objects look into once it is compiled
 * (`ZoneNodes.settle`), so that nothing of it is held twice. For lookups that explain and for exports; queries are
 * answered without.
 */

import { type Name, nameKey, ROOT, readUncompressedName } from "../dns/name.ts";
import type { RRset } from "../dns/rrset.ts";
import type { BareNode, NodeSource } from "../zone/zone-nodes.ts";
import { nextNode } from "./find.ts";
import {
  BLOCK,
  NODE,
  OWNER_MASK,
  OWNER_SHIFT,
  RECORD_HEAD_OCTETS,
  RRSET,
  RRSETS_SHIFT,
  SLOT_WORDS,
  WORD_OCTETS,
  wordsFor,
  ZONE,
  ZONE_HEADER,
} from "./layout.ts";
import { hashName, namesMatch } from "./name-hash.ts";

/** Views of the bytes of zones, shared by all of them. */
export class ZoneBytes {
  readonly words: Int32Array;
  readonly octets: Uint8Array;
  readonly view: DataView;

  constructor(bytes: SharedArrayBuffer) {
    this.words = new Int32Array(bytes);
    this.octets = new Uint8Array(bytes);
    this.view = new DataView(bytes);
  }

  /** The block of a zone, by its number. */
  blockOf(zone: number): number {
    return this.words[(this.words[ZONE_HEADER.zones] ?? 0) + zone * ZONE.words + ZONE.block] ?? 0;
  }

  /** The node of a zone with that `nameKey`; 0: there is none. */
  findNode(zone: number, key: string): number {
    const { words } = this;
    const name = new DataView(new ArrayBuffer(key.length));
    for (let index = 0; index < key.length; index++) name.setUint8(index, key.charCodeAt(index));
    const table = this.#search(words[ZONE_HEADER.table] ?? 0, words[ZONE_HEADER.tableMask] ?? 0, zone, name);
    if (table !== 0) return table;
    return this.#search(words[ZONE_HEADER.shadowed] ?? 0, words[ZONE_HEADER.shadowedMask] ?? 0, zone, name);
  }

  #search(table: number, mask: number, zone: number, name: DataView): number {
    const { words, view } = this;
    const length = name.byteLength;
    const hash = hashName(name, 0, length);
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const node = words[table + slot * SLOT_WORDS + 1] ?? 0;
      if (node === 0) return 0;
      if (words[table + slot * SLOT_WORDS] !== hash || words[node + NODE.zone] !== zone) continue;
      if ((((words[node] ?? 0) >>> OWNER_SHIFT) & OWNER_MASK) !== length) continue;
      if (namesMatch(name, 0, view, (node + NODE.name) * WORD_OCTETS, length)) return node;
    }
  }
}

export class ImageNodes implements NodeSource {
  readonly bytes: ZoneBytes;
  readonly #zone: number;

  constructor(bytes: ZoneBytes, zone: number) {
    this.bytes = bytes;
    this.#zone = zone;
  }

  /** The words of the zone's block. */
  get block(): Int32Array {
    const { words } = this.bytes;
    const at = this.bytes.blockOf(this.#zone);
    return words.subarray(at, at + (words[at + BLOCK.words] ?? 0));
  }

  get size(): number {
    return this.bytes.words[this.bytes.blockOf(this.#zone) + BLOCK.nodes] ?? 0;
  }

  get rrsetCount(): number {
    return this.bytes.words[this.bytes.blockOf(this.#zone) + BLOCK.rrsets] ?? 0;
  }

  has(key: string): boolean {
    return this.bytes.findNode(this.#zone, key) !== 0;
  }

  get(key: string): BareNode | undefined {
    const node = this.bytes.findNode(this.#zone, key);
    return node === 0 ? undefined : nodeAt(this.bytes, node);
  }

  *entries(): IterableIterator<readonly [string, BareNode]> {
    const { words } = this.bytes;
    const block = this.bytes.blockOf(this.#zone);
    const end = block + (words[block + BLOCK.nodesEnd] ?? 0);
    for (let at = block + BLOCK.head; at < end; at = nextNode(words, at)) {
      const node = nodeAt(this.bytes, at);
      yield [nameKey(node.owner), node];
    }
  }
}

function nodeAt(bytes: ZoneBytes, node: number): BareNode {
  const { words, octets } = bytes;
  const owner = readUncompressedName(octets, (node + NODE.name) * WORD_OCTETS) ?? ROOT;
  const rrsets = new Map<number, RRset>();
  let at = node + NODE.name + wordsFor(owner.length);
  for (let left = (words[node] ?? 0) >>> RRSETS_SHIFT; left > 0; left--) {
    const rrset = rrsetAt(bytes, at, owner);
    rrsets.set(rrset.type, rrset);
    at += words[at + RRSET.words] ?? 0;
  }
  return { owner, rrsets };
}

/** Read up to the end of the set: one that is too long for any message is whole here, and its count is not. */
function rrsetAt({ words, octets, view }: ZoneBytes, rrset: number, owner: Name): RRset {
  const first = (rrset + (words[rrset + RRSET.plainOffset] ?? 0)) * WORD_OCTETS;
  const end = (rrset + (words[rrset + RRSET.words] ?? 0)) * WORD_OCTETS;
  const rdatas: Uint8Array[] = [];
  for (let at = first; at + RECORD_HEAD_OCTETS <= end; ) {
    const rdata = at + RECORD_HEAD_OCTETS;
    at = rdata + view.getUint16(at + 10);
    rdatas.push(octets.slice(rdata, at));
  }
  return { owner, type: (words[rrset] ?? 0) & 0xffff, ttlSeconds: view.getUint32(first + 6), rdatas };
}
