/** Geo databases as files of MaxMind DB format 2.0, written small for tests: a search tree, and data as maps. */

import { type Network, networkOf } from "../../src/geo/network.ts";

export type MmdbValue = string | number | readonly MmdbValue[] | { readonly [key: string]: MmdbValue };

export interface MmdbEntry {
  readonly network: Network;
  readonly record: { readonly [key: string]: MmdbValue };
}

/** Where the clients of tests are. */
export const LOOPBACK_NETWORK = networkOf(Uint8Array.of(127, 0, 0, 0), 8);

type Node = [left: Child, right: Child];
type Child = Node | number | undefined;

export interface MmdbForm {
  readonly recordBits?: 24 | 28 | 32;
  /** Networks of IPv6 at which the tree of IPv4 hangs as well. */
  readonly aliases?: readonly Network[];
  /** Texts that come again are pointers to where they stood first. */
  readonly pointers?: boolean;
  /** So many octets before the data, so that pointers are long. */
  readonly paddingOctets?: number;
}

/** Longer networks win over shorter ones, whatever their order. A database of IPv6 holds IPv4 at ::/96. */
export function writeMmdb(
  entries: readonly MmdbEntry[],
  ipVersion: 4 | 6 = 6,
  buildEpoch = 1_780_000_000,
  { recordBits = 24, aliases = [], pointers = false, paddingOctets = 0 }: MmdbForm = {},
): Buffer {
  const root: Node = [undefined, undefined];
  const sorted = [...entries].sort((one, other) => depthOf(one, ipVersion) - depthOf(other, ipVersion));
  sorted.forEach((entry, number) => hang(root, bitsOf(entry, ipVersion), number));
  for (const { octets, prefixBits } of aliases) hang(root, bitsOfOctets(octets, prefixBits), ipv4Root(root));
  const numbers = new Map<Node, number>();
  const collect = (node: Node): void => {
    if (numbers.has(node)) return;
    numbers.set(node, numbers.size);
    for (const child of node) if (Array.isArray(child)) collect(child);
  };
  collect(root);
  const data: Buffer[] = [Buffer.alloc(paddingOctets)];
  let octets = paddingOctets;
  const texts = pointers ? new Map<string, number>() : undefined;
  const offsets = sorted.map(({ record }) => {
    const written = write(record, octets, texts);
    data.push(written);
    octets += written.length;
    return octets - written.length;
  });
  const records = [...numbers.keys()].map((node) =>
    node.map((child) => {
      if (Array.isArray(child)) return numbers.get(child) ?? 0;
      return child === undefined ? numbers.size : numbers.size + 16 + (offsets[child] ?? 0);
    }),
  );
  const metadata = write({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: buildEpoch,
    database_type: "Test",
    description: {},
    ip_version: ipVersion,
    languages: [],
    node_count: numbers.size,
    record_size: recordBits,
  });
  return Buffer.concat([
    ...records.map(([left = 0, right = 0]) => nodeOctets(left, right, recordBits)),
    Buffer.alloc(16),
    ...data,
    Buffer.from("abcdef4d61784d696e642e636f6d", "hex"),
    metadata,
  ]);
}

function nodeOctets(left: number, right: number, recordBits: 24 | 28 | 32): Buffer {
  const octets = Buffer.alloc(recordBits / 4);
  if (recordBits === 32) {
    octets.writeUInt32BE(left, 0);
    octets.writeUInt32BE(right, 4);
    return octets;
  }
  octets.writeUIntBE(left % 2 ** 24, 0, 3);
  octets.writeUIntBE(right % 2 ** 24, octets.length - 3, 3);
  // Of 28 bits, the highest four of either share the octet in the middle.
  if (recordBits === 28) octets[3] = ((left >>> 24) << 4) | (right >>> 24);
  return octets;
}

function ipv4Root(root: Node): Child {
  let node: Child = root;
  for (let depth = 0; depth < 96 && Array.isArray(node); depth++) node = node[0];
  return node;
}

function depthOf({ network }: MmdbEntry, ipVersion: 4 | 6): number {
  return network.prefixBits + (network.family === "ipv4" && ipVersion === 6 ? 96 : 0);
}

function bitsOf(entry: MmdbEntry, ipVersion: 4 | 6): (0 | 1)[] {
  const { octets } = entry.network;
  const whole = [...new Uint8Array(octets.length === 4 && ipVersion === 6 ? 12 : 0), ...octets];
  return bitsOfOctets(whole, depthOf(entry, ipVersion));
}

function bitsOfOctets(octets: ArrayLike<number>, count: number): (0 | 1)[] {
  return Array.from({ length: count }, (_, bit) =>
    ((octets[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) === 0 ? 0 : 1,
  );
}

function hang(root: Node, bits: readonly (0 | 1)[], leaf: Child): void {
  let node = root;
  bits.forEach((bit, depth) => {
    if (depth === bits.length - 1) {
      node[bit] = leaf;
      return;
    }
    const child = node[bit];
    const next: Node = Array.isArray(child) ? child : [child, child];
    node[bit] = next;
    node = next;
  });
}

/** At an octet of its section; `texts` says where texts stood first. */
function write(value: MmdbValue, at = 0, texts?: Map<string, number>): Buffer {
  if (typeof value === "string") {
    const known = texts?.get(value);
    if (known !== undefined) return pointerTo(known);
    texts?.set(value, at);
    return Buffer.concat([control(2, Buffer.byteLength(value)), Buffer.from(value)]);
  }
  if (typeof value === "number") {
    const octets = Buffer.alloc(Number.isInteger(value) && value >= 0 ? 4 : 8);
    if (octets.length === 4) octets.writeUInt32BE(value);
    else octets.writeDoubleBE(value);
    return Buffer.concat([control(octets.length === 4 ? 6 : 3, octets.length), octets]);
  }
  const parts: Buffer[] = isList(value)
    ? [control(11, value.length)]
    : [control(7, Object.keys(value).length)];
  let end = at + (parts[0]?.length ?? 0);
  for (const part of isList(value) ? value : Object.entries(value).flat()) {
    const written = write(part, end, texts);
    parts.push(written);
    end += written.length;
  }
  return Buffer.concat(parts);
}

/** The shortest that reaches so far. */
function pointerTo(offset: number): Buffer {
  if (offset < 2_048) return Buffer.of(0x20 | (offset >>> 8), offset & 0xff);
  const [size, rest] = offset < 526_336 ? [1, offset - 2_048] : [2, offset - 526_336];
  const octets = Buffer.alloc(size + 2);
  octets.writeUIntBE(rest % 2 ** (8 * (size + 1)), 1, size + 1);
  octets[0] = 0x20 | (size << 3) | Math.floor(rest / 2 ** (8 * (size + 1)));
  return octets;
}

function isList(value: MmdbValue): value is readonly MmdbValue[] {
  return Array.isArray(value);
}

/** Of fewer than 285 octets, pairs or items. */
function control(type: number, size: number): Buffer {
  const [bits, ...more] = size < 29 ? [size] : [29, size - 29];
  return Buffer.of(...(type < 8 ? [(type << 5) | bits] : [bits, type - 7]), ...more);
}
