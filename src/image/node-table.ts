/**
 * The tables that lead from a name to its node (`image/layout`), in the making: open addressing, slots of [hash, node],
 * at most half full, so that most names are found at the first look.
 */

import { NODE, OWNER_MASK, OWNER_SHIFT, SLOT_WORDS, WORD_OCTETS } from "./layout.ts";
import { hashName, namesMatch } from "./name-hash.ts";
import type { WordBuilder } from "./word-builder.ts";

const LEAST_SLOTS = 16;

/** A power of two, at least twice as many as the nodes. */
export function slotsFor(nodes: number): number {
  return Math.max(LEAST_SLOTS, 2 ** Math.ceil(Math.log2(nodes * 2 + 1)));
}

export class NodeTable {
  readonly at: number;
  /** Slots, less one. */
  readonly mask: number;
  readonly #words: Int32Array;
  readonly #view: DataView;

  /** Room for so many nodes, at the end of what has been written; nothing may be appended while it is filled. */
  constructor(builder: WordBuilder, nodes: number) {
    const slots = slotsFor(nodes);
    this.mask = slots - 1;
    this.at = builder.take(slots * SLOT_WORDS);
    this.#words = builder.words;
    this.#view = builder.view;
  }

  add(node: number): void {
    const words = this.#words;
    const octets = ((words[node] ?? 0) >>> OWNER_SHIFT) & OWNER_MASK;
    const hash = hashName(this.#view, (node + NODE.name) * WORD_OCTETS, octets);
    let entry = this.at + (hash & this.mask) * SLOT_WORDS;
    while (words[entry + 1] !== 0) entry = this.#after(entry);
    words[entry] = hash;
    words[entry + 1] = node;
  }

  /** The node of the name of `length` octets at octet `at` of what has been written; 0: there is none. */
  find(at: number, length: number): number {
    const words = this.#words;
    const hash = hashName(this.#view, at, length);
    for (let entry = this.at + (hash & this.mask) * SLOT_WORDS; ; entry = this.#after(entry)) {
      const node = words[entry + 1] ?? 0;
      if (node === 0) return 0;
      if (words[entry] !== hash || (((words[node] ?? 0) >>> OWNER_SHIFT) & OWNER_MASK) !== length) continue;
      if (namesMatch(this.#view, at, this.#view, (node + NODE.name) * WORD_OCTETS, length)) return node;
    }
  }

  #after(entry: number): number {
    const next = entry + SLOT_WORDS;
    return next === this.at + (this.mask + 1) * SLOT_WORDS ? this.at : next;
  }
}
