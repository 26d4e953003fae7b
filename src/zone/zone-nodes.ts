/**
 * The nodes of a zone, made one by one as they are asked for: what a zone holds is numbers and octets, in the record table
 * while it is loaded and in the image afterwards. `compileZones` changes the one for the other (`settle`), at the end of
 * every compilation, so that neither a table nor an image that is served no longer stays alive through a zone.
 *
 * A node made twice is two objects: they are told apart by their keys.
 */

import type { Name } from "../dns/name.ts";
import type { RRset } from "../dns/rrset.ts";
import type { Policy } from "../policy/model.ts";
import type { MarkedRRsets } from "./health-aware.ts";
import type { ZoneNode } from "./model.ts";
import { NONE, type RecordTable } from "./record-table.ts";

/** What nodes are made of: their records, without the policies. */
export type BareNode = Omit<ZoneNode, "policy">;

/** Where nodes are read from. Keys are `nameKey` of the owner; `entries` gives each node once. */
export interface NodeSource {
  readonly size: number;
  get(key: string): BareNode | undefined;
  has(key: string): boolean;
  entries(): Iterable<readonly [string, BareNode]>;
}

export class ZoneNodes {
  #source: NodeSource;
  /** By `nameKey` of the owner; every one of them is a node. */
  readonly policies: ReadonlyMap<string, Policy>;
  /** Where records are `health-aware=on`. */
  readonly marked: MarkedRRsets;

  constructor(source: NodeSource, policies: ReadonlyMap<string, Policy>, marked: MarkedRRsets = new Map()) {
    this.#source = source;
    this.policies = policies;
    this.marked = marked;
  }

  /** Where the nodes are read from now: a `TableNodes` until the zone is compiled. */
  get source(): NodeSource {
    return this.#source;
  }

  /** Reads the nodes, which have to be the same ones, from elsewhere from now on. */
  settle(source: NodeSource): void {
    this.#source = source;
  }

  get size(): number {
    return this.#source.size;
  }

  has(key: string): boolean {
    return this.#source.has(key);
  }

  get(key: string): ZoneNode | undefined {
    const bare = this.#source.get(key);
    return bare && { owner: bare.owner, rrsets: bare.rrsets, policy: this.policies.get(key) };
  }

  *entries(): IterableIterator<readonly [string, ZoneNode]> {
    for (const [key, { owner, rrsets }] of this.#source.entries()) {
      yield [key, { owner, rrsets, policy: this.policies.get(key) }];
    }
  }

  [Symbol.iterator](): IterableIterator<readonly [string, ZoneNode]> {
    return this.entries();
  }

  *values(): IterableIterator<ZoneNode> {
    for (const [, node] of this.entries()) yield node;
  }
}

/** Nodes read from the records of a zone file, in the order in which the table numbers their names. */
export class TableNodes implements NodeSource {
  readonly table: RecordTable;

  constructor(table: RecordTable) {
    this.table = table;
  }

  get size(): number {
    return this.table.nodeCount;
  }

  has(key: string): boolean {
    return this.table.findNode(key) !== NONE;
  }

  get(key: string): BareNode | undefined {
    const node = this.table.findNode(key);
    return node === NONE ? undefined : bareNodeOf(this.table, node);
  }

  *entries(): IterableIterator<readonly [string, BareNode]> {
    const { table } = this;
    for (let name = 0; name < table.names.count; name++) {
      if (table.isNode(name)) yield [table.names.keyOf(name), bareNodeOf(table, name)];
    }
  }
}

const NO_RRSETS: ReadonlyMap<number, RRset> = new Map();

function bareNodeOf(table: RecordTable, node: number): BareNode {
  const owner = table.names.nameOf(node);
  let rrset = table.firstRRset(node);
  if (rrset === NONE) return { owner, rrsets: NO_RRSETS };
  const rrsets = new Map<number, RRset>();
  for (; rrset !== NONE; rrset = table.nextRRset(rrset)) {
    rrsets.set(table.typeOf(rrset), rrsetAt(table, owner, rrset));
  }
  return { owner, rrsets };
}

/** An RRset of the table as an object, its octets copied. */
export function rrsetAt(table: RecordTable, owner: Name, rrset: number): RRset {
  const rdatas: Uint8Array[] = [];
  for (let record = rrset; record !== NONE; record = table.nextRecord(record)) {
    rdatas.push(table.rdataOf(record).slice());
  }
  return { owner, type: table.typeOf(rrset), ttlSeconds: table.ttlSecondsOf(rrset), rdatas };
}
