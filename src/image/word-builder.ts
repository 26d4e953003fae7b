/**
 * Writes words into shared memory that grows as needed. What lies behind the last word is asked of the system but never
 * touched, so a generous first size costs nothing.
 */

import { WORD_OCTETS, wordsFor } from "./layout.ts";

export class WordBuilder {
  #buffer: SharedArrayBuffer;
  words: Int32Array;
  octets: Uint8Array;
  view: DataView;
  /** The index of the next word. */
  next = 0;

  constructor(words: number) {
    this.#buffer = new SharedArrayBuffer(words * WORD_OCTETS);
    this.words = new Int32Array(this.#buffer);
    this.octets = new Uint8Array(this.#buffer);
    this.view = new DataView(this.#buffer);
  }

  /** Takes room for `count` words, all 0, and says where. */
  take(count: number): number {
    const at = this.next;
    this.next += count;
    if (this.next > this.words.length) this.#grow(this.next);
    return at;
  }

  /** Takes room for octets, and writes them. */
  append(octets: Uint8Array): void {
    const at = this.take(wordsFor(octets.length));
    this.octets.set(octets, at * WORD_OCTETS);
  }

  /** Writes octets over what has been taken; quicker for a few of them than a view and `set`. */
  copy(source: Uint8Array, from: number, count: number, to: number): void {
    const { octets } = this;
    for (let index = 0; index < count; index++) octets[to + index] = source[from + index] ?? 0;
  }

  /** Takes room for words, and writes them. */
  appendWords(words: Int32Array): number {
    const at = this.take(words.length);
    this.words.set(words, at);
    return at;
  }

  /** The bytes so far. */
  finish(): SharedArrayBuffer {
    return this.#buffer;
  }

  #grow(words: number): void {
    const grown = new SharedArrayBuffer(Math.ceil(words * 1.5) * WORD_OCTETS);
    const octets = new Uint8Array(grown);
    octets.set(this.octets);
    this.#buffer = grown;
    this.octets = octets;
    this.words = new Int32Array(grown);
    this.view = new DataView(grown);
  }
}
