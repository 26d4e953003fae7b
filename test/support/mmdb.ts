/** Geo databases as files of MaxMind DB format 2.0, written small for tests: a tree of 24-bit records, and data as maps. */

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

/** Longer networks win over shorter ones, whatever their order. A database of IPv6 holds IPv4 at ::/96. */
export function writeMmdb(
  entries: readonly MmdbEntry[],
  ipVersion: 4 | 6 = 6,
  buildEpoch = 1_780_000_000,
): Buffer {
  const root: Node = [undefined, undefined];
  const sorted = [...entries].sort((one, other) => depthOf(one, ipVersion) - depthOf(other, ipVersion));
  sorted.forEach((entry, number) => insert(root, bitsOf(entry, ipVersion), number));
  const nodes: Node[] = [];
  const collect = (node: Node): void => {
    nodes.push(node);
    for (const child of node) if (Array.isArray(child)) collect(child);
  };
  collect(root);
  const numbers = new Map(nodes.map((node, number) => [node, number]));
  const data: Buffer[] = [];
  let octets = 0;
  const offsets = sorted.map(({ record }) => {
    const written = write(record);
    data.push(written);
    octets += written.length;
    return octets - written.length;
  });
  const tree = Buffer.alloc(nodes.length * 6);
  nodes.forEach((node, number) => {
    node.forEach((child, side) => {
      const value = Array.isArray(child)
        ? (numbers.get(child) ?? 0)
        : child === undefined
          ? nodes.length
          : nodes.length + 16 + (offsets[child] ?? 0);
      tree.writeUIntBE(value, number * 6 + side * 3, 3);
    });
  });
  const metadata = write({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: buildEpoch,
    database_type: "Test",
    description: {},
    ip_version: ipVersion,
    languages: [],
    node_count: nodes.length,
    record_size: 24,
  });
  return Buffer.concat([
    tree,
    Buffer.alloc(16),
    ...data,
    Buffer.from("abcdef4d61784d696e642e636f6d", "hex"),
    metadata,
  ]);
}

function depthOf({ network }: MmdbEntry, ipVersion: 4 | 6): number {
  return network.prefixBits + (network.family === "ipv4" && ipVersion === 6 ? 96 : 0);
}

function bitsOf(entry: MmdbEntry, ipVersion: 4 | 6): (0 | 1)[] {
  const { octets } = entry.network;
  const whole = [...new Uint8Array(octets.length === 4 && ipVersion === 6 ? 12 : 0), ...octets];
  return Array.from({ length: depthOf(entry, ipVersion) }, (_, bit) =>
    ((whole[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) === 0 ? 0 : 1,
  );
}

function insert(root: Node, bits: readonly (0 | 1)[], leaf: number): void {
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

function write(value: MmdbValue): Buffer {
  if (typeof value === "string")
    return Buffer.concat([control(2, Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === "number") {
    const octets = Buffer.alloc(Number.isInteger(value) && value >= 0 ? 4 : 8);
    if (octets.length === 4) octets.writeUInt32BE(value);
    else octets.writeDoubleBE(value);
    return Buffer.concat([control(octets.length === 4 ? 6 : 3, octets.length), octets]);
  }
  if (isList(value)) return Buffer.concat([control(11, value.length), ...value.map(write)]);
  const pairs = Object.entries(value);
  return Buffer.concat([
    control(7, pairs.length),
    ...pairs.flatMap(([key, held]) => [write(key), write(held)]),
  ]);
}

function isList(value: MmdbValue): value is readonly MmdbValue[] {
  return Array.isArray(value);
}

/** Of fewer than 29 octets, pairs or items. */
function control(type: number, size: number): Buffer {
  return type < 8 ? Buffer.of((type << 5) | size) : Buffer.of(size, type - 7);
}
