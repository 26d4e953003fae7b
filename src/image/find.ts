/** Finding in an image's bytes: a name's node, an RRset of a node. Nothing here makes an object. */

import {
  NODE,
  OWNER_MASK,
  OWNER_SHIFT,
  RRSET,
  RRSETS_SHIFT,
  SLOT_WORDS,
  WORD_OCTETS,
  wordsFor,
} from "./layout.ts";
import { hashName, namesMatch } from "./name-hash.ts";
import type { OpenImage } from "./open-image.ts";

/** The node of the name of `length` octets at `at` of `source`; 0: there is none. */
export function findNode(image: OpenImage, source: DataView, at: number, length: number): number {
  const { words, view, tableAt, tableMask } = image;
  const hash = hashName(source, at, length);
  for (let slot = hash & tableMask; ; slot = (slot + 1) & tableMask) {
    const entry = tableAt + slot * SLOT_WORDS;
    const node = words[entry + 1] ?? 0;
    if (node === 0) return 0;
    if (words[entry] !== hash) continue;
    if ((((words[node] ?? 0) >>> OWNER_SHIFT) & OWNER_MASK) !== length) continue;
    if (namesMatch(source, at, view, (node + NODE.name) * WORD_OCTETS, length)) return node;
  }
}

/** The first node whose name has that hash; 0: there is none. */
export function findNodeByHash({ words, tableAt, tableMask }: OpenImage, hash: number): number {
  for (let slot = hash & tableMask; ; slot = (slot + 1) & tableMask) {
    const entry = tableAt + slot * SLOT_WORDS;
    const node = words[entry + 1] ?? 0;
    if (node === 0 || words[entry] === hash) return node;
  }
}

/** The node or template that a node's link leads to; 0: it has none. */
export function linkOf(words: Int32Array, node: number): number {
  const link = words[node + NODE.linkOffset] ?? 0;
  return link === 0 ? 0 : node + link;
}

/** The node's RRset of a type; 0: it has none. */
export function findRRset(words: Int32Array, node: number, type: number): number {
  const head = words[node] ?? 0;
  let rrset = firstRRset(words, node);
  for (let left = head >>> RRSETS_SHIFT; left > 0; left--) {
    if (((words[rrset] ?? 0) & 0xffff) === type) return rrset;
    rrset += words[rrset + RRSET.words] ?? 0;
  }
  return 0;
}

function firstRRset(words: Int32Array, node: number): number {
  return node + NODE.name + wordsFor(((words[node] ?? 0) >>> OWNER_SHIFT) & OWNER_MASK);
}

/** What stands behind the node in its block: the next one, or the end of the nodes. */
export function nextNode(words: Int32Array, node: number): number {
  let rrset = firstRRset(words, node);
  for (let left = (words[node] ?? 0) >>> RRSETS_SHIFT; left > 0; left--) {
    rrset += words[rrset + RRSET.words] ?? 0;
  }
  return rrset;
}

/** The node of the longest name above the one at `at`; 0: none of ours is. */
export function closestEncloser(image: OpenImage, source: DataView, at: number, octets: number): number {
  let label = at;
  let left = octets;
  for (;;) {
    const length = source.getUint8(label);
    if (length === 0) return 0;
    label += length + 1;
    left -= length + 1;
    const node = findNode(image, source, label, left);
    if (node !== 0) return node;
  }
}
