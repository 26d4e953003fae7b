/**
 * RRsets as `image/layout` lays them out: records as they stand in an answer, written once when zones are loaded instead
 * of for every query. Nodes and RRsets are numbers of a record table.
 */

import { MessageWriter } from "../dns/message-writer.ts";
import { compressibleNameCount } from "../dns/rdata/compression.ts";
import { CLASS } from "../dns/types.ts";
import { NONE, type RecordTable } from "../zone/record-table.ts";
import {
  LIVE,
  QUESTION_AT,
  QUESTION_POINTER,
  RECORD_HEAD_OCTETS,
  RRSET,
  TOO_LONG,
  WORD_OCTETS,
  wordsFor,
} from "./layout.ts";
import type { WordBuilder } from "./word-builder.ts";

export const MAX_MESSAGE_OCTETS = 0xffff;
/** TYPE and CLASS of the question. */
const QUESTION_TAIL_OCTETS = 4;
const MAX_COUNT = 0xffff;

/** Writes records behind a question; made once for a zone. */
export class RecordBytes {
  readonly table: RecordTable;
  readonly #message: Uint8Array;
  readonly #writer = new MessageWriter();
  #start = 0;

  /** `room` is for one message of any size; what it holds counts for nothing. */
  constructor(table: RecordTable, room: Uint8Array) {
    this.table = table;
    this.#message = room;
  }

  /** Appends one RRset of a node. */
  appendRRset(builder: WordBuilder, node: number, rrset: number): void {
    const { table } = this;
    const at = builder.take(RRSET.records);
    if (compressibleNameCount(table.typeOf(rrset)) === 0) {
      this.#setRRset(builder, at, rrset, this.#appendPlain(builder, rrset), RRSET.records);
      return;
    }
    this.begin(node);
    const fits = this.writeRRset(rrset, true);
    const octets = fits ? this.octets() : undefined;
    if (octets !== undefined) builder.append(octets);
    const plain = builder.next - at;
    this.#appendPlain(builder, rrset);
    this.#setRRset(builder, at, rrset, octets?.length ?? TOO_LONG, plain);
  }

  /** Appends one RRset of which the decisions say what is answered, with its number within the zone. */
  appendLiveRRset(builder: WordBuilder, rrset: number, number: number): void {
    const at = builder.take(RRSET.records);
    this.#appendPlain(builder, rrset);
    builder.words[builder.take(1)] = number;
    this.#setRRset(builder, at, rrset, LIVE, RRSET.records);
  }

  /** Begins the records of an answer to a question for the name of `node`. */
  begin(node: number): void {
    const { names } = this.table;
    const octets = names.lengthOf(node);
    const start = names.startOf(node);
    for (let index = 0; index < octets; index++) {
      this.#message[QUESTION_AT + index] = names.octets[start + index] ?? 0;
    }
    this.#start = QUESTION_AT + octets + QUESTION_TAIL_OCTETS;
    this.#writer.reset(this.#message, 0, MAX_MESSAGE_OCTETS);
    this.#writer.skip(this.#start);
    this.#writer.rememberName(QUESTION_AT);
  }

  /** Whether all of it fits. With `asAsked` owners are pointers to the question. */
  writeRRset(rrset: number, asAsked: boolean, ttlSeconds = this.table.ttlSecondsOf(rrset)): boolean {
    const writer = this.#writer;
    const { table } = this;
    const { names, rdata } = table;
    const type = table.typeOf(rrset);
    const owner = names.startOf(table.ownerOf(rrset));
    for (let record = rrset; record !== NONE; record = table.nextRecord(record)) {
      const from = table.rdataStartOf(record);
      const fits =
        (asAsked ? writer.writeUint16(QUESTION_POINTER) : writer.writeName(names.octets, owner)) &&
        writer.writeUint16(type) &&
        writer.writeUint16(CLASS.IN) &&
        writer.writeUint32(ttlSeconds) &&
        writer.writeRdata(type, rdata, from, from + table.rdataLengthOf(record));
      if (!fits) return false;
    }
    return true;
  }

  /** The records that have been written; good until the next `begin`. */
  octets(): Uint8Array {
    return this.#message.subarray(this.#start, this.#writer.length);
  }

  /** How many records an RRset has. */
  count(rrset: number): number {
    let count = 0;
    for (let record = rrset; record !== NONE; record = this.table.nextRecord(record)) count++;
    return count;
  }

  #setRRset({ words, next }: WordBuilder, at: number, rrset: number, octets: number, plain: number): void {
    words[at + RRSET.head] = this.table.typeOf(rrset) | (Math.min(this.count(rrset), MAX_COUNT) << 16);
    words[at + RRSET.words] = next - at;
    words[at + RRSET.octets] = octets > MAX_MESSAGE_OCTETS && octets !== LIVE ? TOO_LONG : octets;
    words[at + RRSET.plainOffset] = plain;
  }

  /** Records with nothing compressed in them but the owner, and how many octets they are. */
  #appendPlain(builder: WordBuilder, rrset: number): number {
    const { table } = this;
    let octets = 0;
    for (let record = rrset; record !== NONE; record = table.nextRecord(record)) {
      octets += RECORD_HEAD_OCTETS + table.rdataLengthOf(record);
    }
    const type = table.typeOf(rrset);
    const ttlSeconds = table.ttlSecondsOf(rrset);
    let at = builder.take(wordsFor(octets)) * WORD_OCTETS;
    const { view } = builder;
    for (let record = rrset; record !== NONE; record = table.nextRecord(record)) {
      const length = table.rdataLengthOf(record);
      view.setUint16(at, QUESTION_POINTER);
      view.setUint16(at + 2, type);
      view.setUint16(at + 4, CLASS.IN);
      view.setUint32(at + 6, ttlSeconds);
      view.setUint16(at + 10, length);
      builder.copy(table.rdata, table.rdataStartOf(record), length, at + RECORD_HEAD_OCTETS);
      at += RECORD_HEAD_OCTETS + length;
    }
    return octets;
  }
}
