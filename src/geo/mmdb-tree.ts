/**
 * The search tree of an MMDB file (MaxMind DB file format 2.0) as intervals: the first address of each stretch of addresses
 * that one data record speaks of, in the order of addresses.
 *
 * The tree is walked once, each node once. IPv4 lies at `::/96`; where a file links that part of the tree in at other places
 * (6to4, Teredo, mapped addresses), those addresses have no place: nobody asks from there, and a file that links in circles
 * cannot keep us for ever.
 */

export interface MmdbTree {
  readonly octets: Uint8Array;
  readonly nodeCount: number;
  readonly recordBits: 24 | 28 | 32;
  readonly ipVersion: 4 | 6;
}

/** Of one family. `words` is the first address of each, `wordsEach` words of 32 bits; the first is address 0. */
export interface TreeIntervals {
  readonly wordsEach: 1 | 4;
  readonly words: Uint32Array;
  /** Beside each: the value that the tree has for it, the file's own number of a data record; 0: none. */
  readonly records: Uint32Array;
}

export interface TreeWalk {
  readonly ipv4: TreeIntervals;
  readonly ipv6: TreeIntervals;
}

const IPV4_DEPTH = 96;

export function walkTree(tree: MmdbTree): TreeWalk {
  const walker = new Walker(tree);
  if (tree.ipVersion === 4) return { ipv4: walker.walk(0, 1), ipv6: new Growing(4).finish() };
  let ipv4Root = 0;
  for (let depth = 0; depth < IPV4_DEPTH && ipv4Root < tree.nodeCount; depth++) {
    ipv4Root = readRecord(tree, ipv4Root, 0);
  }
  // Walked first, so that the walk of all addresses leaves it out.
  const ipv4 = walker.walk(ipv4Root, 1);
  return { ipv4, ipv6: walker.walk(0, 4) };
}

class Walker {
  readonly #tree: MmdbTree;
  readonly #seen: Uint8Array;

  constructor(tree: MmdbTree) {
    this.#tree = tree;
    this.#seen = new Uint8Array(tree.nodeCount);
  }

  /** Everything below `root`, less what was walked before: always down to the left, and from its end to the next right. */
  walk(root: number, wordsEach: 1 | 4): TreeIntervals {
    const tree = this.#tree;
    const seen = this.#seen;
    const { nodeCount } = tree;
    const found = new Growing(wordsEach);
    const address = new Uint32Array(wordsEach);
    const depthLimit = wordsEach * 32;
    /** Of each node on the way down, what is to its right. */
    const rights = new Uint32Array(depthLimit);
    let value = root;
    let depth = 0;
    for (;;) {
      while (value < nodeCount && depth < depthLimit && seen[value] === 0) {
        seen[value] = 1;
        rights[depth++] = readRecord(tree, value, 1);
        value = readRecord(tree, value, 0);
      }
      found.add(address, value > nodeCount ? value : 0);
      let isRight = true;
      while (isRight && depth > 0) {
        depth--;
        const bit = 1 << (31 - (depth & 31));
        const word = address[depth >>> 5] ?? 0;
        isRight = (word & bit) !== 0;
        address[depth >>> 5] = word ^ bit;
      }
      if (isRight) return found.finish();
      value = rights[depth++] ?? 0;
    }
  }
}

/** The left (0) or right (1) record of a node. */
function readRecord({ octets, recordBits }: MmdbTree, node: number, side: 0 | 1): number {
  if (recordBits === 28) {
    const at = node * 7;
    const middle = octets[at + 3] ?? 0;
    const high = side === 0 ? middle >>> 4 : middle & 0x0f;
    return (high << 24) | readBits24(octets, at + side * 4);
  }
  if (recordBits === 24) return readBits24(octets, node * 6 + side * 3);
  const at = node * 8 + side * 4;
  return (octets[at] ?? 0) * 0x100_0000 + readBits24(octets, at + 1);
}

function readBits24(octets: Uint8Array, at: number): number {
  return ((octets[at] ?? 0) << 16) | ((octets[at + 1] ?? 0) << 8) | (octets[at + 2] ?? 0);
}

/** Intervals that are added from the lowest address up; one that goes on as the one before it is part of it. */
class Growing {
  readonly #wordsEach: 1 | 4;
  #words: Uint32Array;
  #records: Uint32Array;
  #count = 0;

  constructor(wordsEach: 1 | 4) {
    this.#wordsEach = wordsEach;
    this.#words = new Uint32Array(wordsEach * 1024);
    this.#records = new Uint32Array(1024);
  }

  add(address: Uint32Array, record: number): void {
    if (this.#count > 0 && this.#records[this.#count - 1] === record) return;
    if (this.#count === this.#records.length) {
      this.#words = grown(this.#words);
      this.#records = grown(this.#records);
    }
    // `set` takes longer for so few words.
    const at = this.#count * this.#wordsEach;
    for (let word = 0; word < this.#wordsEach; word++) this.#words[at + word] = address[word] ?? 0;
    this.#records[this.#count] = record;
    this.#count++;
  }

  finish(): TreeIntervals {
    if (this.#count === 0) this.add(new Uint32Array(this.#wordsEach), 0);
    return {
      wordsEach: this.#wordsEach,
      words: this.#words.slice(0, this.#count * this.#wordsEach),
      records: this.#records.slice(0, this.#count),
    };
  }
}

function grown(array: Uint32Array): Uint32Array {
  const larger = new Uint32Array(array.length * 2);
  larger.set(array);
  return larger;
}
