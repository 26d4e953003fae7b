/**
 * Looking ahead: where a zone is larger than the processor's caches, what a name stands for is far away, and a query that
 * waits for its slot of the table and then for its node waits twice. The queries of a batch can wait together: all of their
 * slots are asked for, then all of their nodes, and what comes from memory comes at once. Nothing is decided here, and
 * whatever the octets are, nothing is thrown; the answers are the same without it.
 */

import { MAX_NAME_OCTETS } from "../dns/name.ts";
import { findNodeByHash } from "../image/find.ts";
import { SLOT_WORDS } from "../image/layout.ts";
import { hashName } from "../image/name-hash.ts";
import type { OpenImage } from "../image/open-image.ts";
import { HEADER_OCTETS } from "./query.ts";

/**
 * Tables of so many slots, some 20,000 names, are looked ahead in: below that they stay in the caches, and looking ahead
 * only costs its 20 ns a query.
 */
const LEAST_SLOTS = 65_536;
/** A node with an owner and an address of usual length ends behind these words of it, in its second line or a third. */
const SECOND_LINE_WORDS = 16;
const LAST_WORDS = 20;

export class LookAhead {
  readonly #currentImage: () => OpenImage;
  readonly #hashes: Int32Array;
  /** What the last look has found, by query: the node of its name, as far as a hash can tell; 0 for none. */
  readonly nodes: Int32Array;
  #slots: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  /** Of all that was looked at; for nobody, save that a compiler leaves out what is not kept. */
  sum = 0;

  /** For batches of so many queries at most. */
  constructor(currentImage: () => OpenImage, queries: number) {
    this.#currentImage = currentImage;
    this.#hashes = new Int32Array(queries);
    this.nodes = new Int32Array(queries);
  }

  /** Whether it is worth while with the image of this moment. */
  pays(): boolean {
    return this.#currentImage().tableMask >= LEAST_SLOTS - 1;
  }

  /** Looks at what `count` queries ask for, which lie in `slots` at `offsets`. */
  look(slots: Uint8Array, offsets: Int32Array, lengths: Int32Array, count: number): void {
    if (slots !== this.#slots) {
      this.#slots = slots;
      this.#view = new DataView(slots.buffer, slots.byteOffset, slots.byteLength);
    }
    const image = this.#currentImage();
    const { words, tableAt, tableMask } = image;
    const hashes = this.#hashes;
    const { nodes } = this;
    for (let index = 0; index < count; index++) {
      hashes[index] = this.#hashAt(offsets[index] ?? 0, lengths[index] ?? 0);
    }
    let sum = 0;
    for (let index = 0; index < count; index++) {
      sum ^= words[tableAt + ((hashes[index] ?? 0) & tableMask) * SLOT_WORDS] ?? 0;
    }
    for (let index = 0; index < count; index++) {
      nodes[index] = findNodeByHash(image, hashes[index] ?? 0);
    }
    for (let index = 0; index < count; index++) {
      const node = nodes[index] ?? 0;
      sum ^= words[node] ?? 0;
      sum ^= (words[node + SECOND_LINE_WORDS] ?? 0) ^ (words[node + LAST_WORDS] ?? 0);
    }
    this.sum = sum;
  }

  /** The hash of the question's name; of nothing where there is none. */
  #hashAt(offset: number, length: number): number {
    const slots = this.#slots;
    const start = offset + HEADER_OCTETS;
    const end = Math.min(offset + length, start + MAX_NAME_OCTETS);
    let at = start;
    while (at < end && (slots[at] ?? 0) !== 0) at += (slots[at] ?? 0) + 1;
    return at < end ? hashName(this.#view, start, at + 1 - start) : 0;
  }
}
