/**
 * The records of one zone while it is loaded, as numbers in typed arrays: no object, no string and no array a record. The
 * parser appends records as it reads them; `zone/zone-draft` groups them into nodes and RRsets, the checks walk those,
 * and the image is built of them. Then the table is let go.
 *
 * ```
 * names      NameTable: every owner, by its number; a node's number is that of its name
 * nodes      NODE: flags · first RRset · parent                    a row for each name
 * rows       RECORD: owner · type and rdata octets · TTL · place   a row for each record, in the order of the files
 * rdata      the octets of all rdata, one behind the other, names in them uncompressed
 * ```
 *
 * A name is a node once `makeNode` has said so: owners outside of the zone stay names. An RRset is known by the number of
 * its first record; `nextRRset` leads from there to the node's next one, `nextRecord` through its records. All three are
 * in the order of the files. What is grouped no record twice: a duplicate stays out of every set.
 */

import type { Name } from "../dns/name.ts";
import type { Position } from "./model.ts";
import { grownWords, NameTable } from "./name-table.ts";

/** No such record, RRset or node. */
export const NONE = -1;

/** A zone larger than this is refused with a diagnostic. */
export interface TableLimits {
  readonly records: number;
  /** Owners, and the empty non-terminals above them. */
  readonly names: number;
  /** Of all owner names, and of all rdata. */
  readonly octets: number;
}

const MAX_TABLE: TableLimits = {
  records: 0x100_0000,
  names: 0x200_0000,
  octets: 0x4000_0000,
};

/** References are number + 1, so that rows begin as 0: none. */
const RECORD = {
  owner: 0,
  /** The type in the lower half, the octets of the rdata in the upper one. */
  type: 1,
  ttlSeconds: 2,
  rdata: 3,
  line: 4,
  /** Column of the record in the lower half, of its rdata in the upper one; `FAR` where they do not fit. */
  columns: 5,
  nextRecord: 6,
  nextRRset: 7,
  words: 8,
} as const;

const NODE = { flags: 0, firstRRset: 1, parent: 2, words: 3 } as const;
const IS_NODE = 1;

/** How many RRsets of a node are looked through one by one. */
const FEW_RRSETS = 16;
/** In place of a type: the node's last RRset. */
const LAST_RRSET = -1;

const MAX_NEAR_COLUMN = 0x7fff;
const FAR = 0;

/** How many octets of zone text a record takes at least, most often; a guess that spares the arrays from growing. */
const TEXT_OCTETS_A_RECORD = 21;
const OCTETS_A_NAME = 20;
const OCTETS_A_RDATA = 4;
const MIN_RECORDS = 8;

/** Where a record and its rdata begin; lines and columns count from 1. */
export interface RecordPlace {
  readonly line: number;
  readonly column: number;
  readonly rdataLine: number;
  readonly rdataColumn: number;
}

export class RecordTable {
  readonly names: NameTable;
  /** The octets of all rdata, and room behind them. Replaced when it grows. */
  rdata: Uint8Array;
  #rdataUsed = 0;
  #rows: Int32Array;
  #recordCount = 0;
  #nodes: Int32Array;
  #nodeCount = 0;
  /** The files in which records stand: each holds those from `first` up to the next one's. */
  readonly #files: { readonly first: number; readonly file: string }[] = [];
  /** RRsets by type of the nodes with more than `FEW_RRSETS`, save for the first ones. */
  readonly #wideNodes = new Map<number, Map<number, number>>();
  /** Places whose columns are too large for a row, or whose rdata begins on another line. */
  readonly #farPlaces = new Map<number, RecordPlace>();

  readonly limits: TableLimits;
  /** Owners whose upper and lower case differs from the first time that the name was written, by record. */
  readonly #spellings = new Map<number, Name>();
  /** The records marked `health-aware=on` (`zone/health-aware`). */
  readonly #healthAware = new Set<number>();
  /** Names that no record has used, and whose spelling may change. */
  readonly #awaiting = new Map<number, "record" | "record or policy">();

  /** Sized for a file of so many octets. */
  constructor(textOctets: number, limits = MAX_TABLE) {
    this.limits = limits;
    const records = Math.max(MIN_RECORDS, Math.ceil(textOctets / TEXT_OCTETS_A_RECORD));
    this.names = new NameTable(records, records * OCTETS_A_NAME);
    this.rdata = new Uint8Array(records * OCTETS_A_RDATA);
    this.#rows = new Int32Array(records * RECORD.words);
    this.#nodes = new Int32Array(records * NODE.words);
  }

  get recordCount(): number {
    return this.#recordCount;
  }

  /** Whether the table takes no further record. */
  get isFull(): boolean {
    return (
      this.#recordCount >= this.limits.records ||
      this.names.octetCount > this.limits.octets ||
      this.#rdataUsed > this.limits.octets
    );
  }

  // Records, as the parser appends them.

  /** The records from here on stand in `file`. */
  beginFile(file: string): void {
    this.#files.push({ first: this.#recordCount, file });
  }

  /** Where in `rdata` the next record's may be written, of `octets` at most; `append` then takes it. */
  rdataRoom(octets: number): number {
    if (this.rdata.length - this.#rdataUsed < octets) {
      const grown = new Uint8Array(this.rdata.length * 2 + octets);
      grown.set(this.rdata);
      this.rdata = grown;
    }
    return this.#rdataUsed;
  }

  /** Appends a record whose rdata, of `octets`, stands where `rdataRoom` said. */
  append(
    owner: number,
    type: number,
    ttlSeconds: number,
    octets: number,
    line: number,
    column: number,
    rdataLine: number,
    rdataColumn: number,
  ): void {
    const record = this.#recordCount++;
    const row = record * RECORD.words;
    if (row >= this.#rows.length) this.#rows = grownWords(this.#rows);
    const rows = this.#rows;
    rows[row + RECORD.owner] = owner;
    rows[row + RECORD.type] = type | (octets << 16);
    rows[row + RECORD.ttlSeconds] = ttlSeconds;
    rows[row + RECORD.rdata] = this.#rdataUsed;
    rows[row + RECORD.line] = line;
    if (rdataLine === line && column <= MAX_NEAR_COLUMN && rdataColumn <= MAX_NEAR_COLUMN) {
      rows[row + RECORD.columns] = column | (rdataColumn << 16);
    } else {
      rows[row + RECORD.columns] = FAR;
      this.#farPlaces.set(record, { line, column, rdataLine, rdataColumn });
    }
    this.#rdataUsed += octets;
  }

  /**
   * A name has been written, and whether a record goes with it will be seen. A name is written as in its first record, else
   * as in its first POLICY record, else as it was met first.
   */
  awaitRecord(name: number): void {
    this.#awaiting.set(name, "record or policy");
  }

  /** What of the spelling of a record's owner is left to note, once the name is written as it says. */
  spellForRecord(owner: number, written: Name | undefined): Name | undefined {
    const isFirst = this.#awaiting.size > 0 && this.#awaiting.delete(owner);
    return isFirst ? this.#spell(owner, written) : written;
  }

  /** The same for a POLICY record. */
  spellForPolicy(owner: number, written: Name | undefined): Name | undefined {
    if (this.#awaiting.get(owner) !== "record or policy") return written;
    this.#awaiting.set(owner, "record");
    return this.#spell(owner, written);
  }

  #spell(owner: number, written: Name | undefined): undefined {
    if (written !== undefined) this.names.respell(owner, written);
  }

  /** The owner of the last record was written so. */
  respell(owner: Name): void {
    this.#spellings.set(this.#recordCount - 1, owner);
  }

  /** The owner of a record as written there. */
  ownerNameOf(record: number): Name {
    return this.#spellings.get(record) ?? this.names.nameOf(this.ownerOf(record));
  }

  /** The last record is marked `health-aware=on`. */
  markHealthAware(): void {
    this.#healthAware.add(this.#recordCount - 1);
  }

  /** In the order of the files. */
  get healthAware(): ReadonlySet<number> {
    return this.#healthAware;
  }

  ownerOf(record: number): number {
    return this.#rows[record * RECORD.words + RECORD.owner] ?? 0;
  }

  typeOf(record: number): number {
    return (this.#rows[record * RECORD.words + RECORD.type] ?? 0) & 0xffff;
  }

  /** Of a record; an RRset has that of its first one (RFC 2181 §5.2). */
  ttlSecondsOf(record: number): number {
    return this.#rows[record * RECORD.words + RECORD.ttlSeconds] ?? 0;
  }

  /** Where a record's rdata begins in `rdata`. */
  rdataStartOf(record: number): number {
    return this.#rows[record * RECORD.words + RECORD.rdata] ?? 0;
  }

  rdataLengthOf(record: number): number {
    return (this.#rows[record * RECORD.words + RECORD.type] ?? 0) >>> 16;
  }

  /** A record's rdata where it stands, not a copy. */
  rdataOf(record: number): Uint8Array {
    const start = this.rdataStartOf(record);
    return this.rdata.subarray(start, start + this.rdataLengthOf(record));
  }

  positionOf(record: number): Position {
    const { line, column } = this.#placeOf(record);
    return { file: this.#fileOf(record), line, column };
  }

  rdataPositionOf(record: number): Position {
    const { rdataLine, rdataColumn } = this.#placeOf(record);
    return { file: this.#fileOf(record), line: rdataLine, column: rdataColumn };
  }

  #placeOf(record: number): RecordPlace {
    const far = this.#farPlaces.get(record);
    if (far !== undefined) return far;
    const line = this.#rows[record * RECORD.words + RECORD.line] ?? 0;
    const columns = this.#rows[record * RECORD.words + RECORD.columns] ?? 0;
    return { line, column: columns & 0xffff, rdataLine: line, rdataColumn: columns >>> 16 };
  }

  #fileOf(record: number): string {
    let low = 0;
    let high = this.#files.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#files[middle]?.first ?? 0) <= record) low = middle;
      else high = middle - 1;
    }
    return this.#files[low]?.file ?? "";
  }

  // Nodes and RRsets, as the draft groups them.

  /** How many names are nodes. */
  get nodeCount(): number {
    return this.#nodeCount;
  }

  isNode(name: number): boolean {
    return ((this.#nodes[name * NODE.words + NODE.flags] ?? 0) & IS_NODE) !== 0;
  }

  makeNode(name: number): void {
    while ((name + 1) * NODE.words > this.#nodes.length) this.#nodes = grownWords(this.#nodes);
    const row = name * NODE.words;
    if (this.isNode(name)) return;
    this.#nodes[row + NODE.flags] = IS_NODE;
    this.#nodeCount++;
  }

  /** The node of the name without its first label; `NONE` at the apex. */
  parentOf(node: number): number {
    return (this.#nodes[node * NODE.words + NODE.parent] ?? 0) - 1;
  }

  setParent(node: number, parent: number): void {
    this.#nodes[node * NODE.words + NODE.parent] = parent + 1;
  }

  /** The node of a `nameKey`; `NONE` where there is none. */
  findNode(key: string): number {
    const name = this.names.findKey(key);
    return name >= 0 && this.isNode(name) ? name : NONE;
  }

  /** The node's first RRset; `NONE` at an empty non-terminal, or where there is but a policy. */
  firstRRset(node: number): number {
    return (this.#nodes[node * NODE.words + NODE.firstRRset] ?? 0) - 1;
  }

  nextRRset(rrset: number): number {
    return (this.#rows[rrset * RECORD.words + RECORD.nextRRset] ?? 0) - 1;
  }

  nextRecord(record: number): number {
    return (this.#rows[record * RECORD.words + RECORD.nextRecord] ?? 0) - 1;
  }

  setNextRecord(record: number, next: number): void {
    this.#rows[record * RECORD.words + RECORD.nextRecord] = next + 1;
  }

  /** The node's RRset of a type; `NONE` where it has none. */
  rrsetOf(node: number, type: number): number {
    let rrset = this.firstRRset(node);
    for (let index = 0; rrset !== NONE && this.typeOf(rrset) !== type; index++) {
      if (index === FEW_RRSETS) return this.#wideNodes.get(node)?.get(type) ?? NONE;
      rrset = this.nextRRset(rrset);
    }
    return rrset;
  }

  /** Begins an RRset with a record whose type the node has not had yet. */
  addRRset(node: number, record: number): void {
    let last = this.firstRRset(node);
    if (last === NONE) {
      this.#nodes[node * NODE.words + NODE.firstRRset] = record + 1;
      return;
    }
    let index = 1;
    for (; index <= FEW_RRSETS; index++) {
      const next = this.nextRRset(last);
      if (next === NONE) break;
      last = next;
    }
    if (index > FEW_RRSETS) {
      const wide = this.#wideNodes.get(node) ?? new Map<number, number>();
      this.#wideNodes.set(node, wide);
      last = wide.get(LAST_RRSET) ?? last;
      wide.set(LAST_RRSET, record).set(this.typeOf(record), record);
    }
    this.#rows[last * RECORD.words + RECORD.nextRRset] = record + 1;
  }
}
