/**
 * RRsets as `image/layout` lays them out: records as they stand in an answer, written once when zones are loaded instead
 * of for every query.
 */

import { MessageWriter } from "../dns/message-writer.ts";
import type { Name } from "../dns/name.ts";
import { compressibleNameCount } from "../dns/rdata/compression.ts";
import type { RRset } from "../dns/rrset.ts";
import { CLASS } from "../dns/types.ts";
import {
  QUESTION_AT,
  QUESTION_POINTER,
  RECORD_HEAD_OCTETS,
  RRSET,
  TOO_LONG,
  WORD_OCTETS,
  wordsFor,
} from "./layout.ts";
import type { WordBuilder } from "./word-builder.ts";

const MAX_MESSAGE_OCTETS = 0xffff;
/** TYPE and CLASS of the question. */
const QUESTION_TAIL_OCTETS = 4;
const MAX_COUNT = 0xffff;

/** Writes records behind a question; made once for a build. */
export class RecordBytes {
  readonly #message = new Uint8Array(MAX_MESSAGE_OCTETS);
  readonly #writer = new MessageWriter();
  #start = 0;

  /** Appends one RRset of a node. */
  appendRRset(builder: WordBuilder, rrset: RRset): void {
    const at = builder.take(RRSET.records);
    if (compressibleNameCount(rrset.type) === 0) {
      const octets = appendPlain(builder, rrset);
      setRRset(builder, at, rrset, octets, RRSET.records);
      return;
    }
    this.begin(rrset.owner);
    const fits = this.writeRRset(rrset, true);
    const octets = fits ? this.octets() : undefined;
    if (octets !== undefined) builder.append(octets);
    const plain = builder.next - at;
    appendPlain(builder, rrset);
    setRRset(builder, at, rrset, octets?.length ?? TOO_LONG, plain);
  }

  /** Begins the records of an answer to a question for `question`. */
  begin(question: Name): void {
    this.#message.set(question, QUESTION_AT);
    this.#start = QUESTION_AT + question.length + QUESTION_TAIL_OCTETS;
    this.#writer.reset(this.#message, 0, MAX_MESSAGE_OCTETS);
    this.#writer.skip(this.#start);
    this.#writer.rememberName(QUESTION_AT);
  }

  /** Whether all of it fits. With `asAsked` owners are pointers to the question. */
  writeRRset({ owner, type, ttlSeconds, rdatas }: RRset, asAsked: boolean): boolean {
    const writer = this.#writer;
    return rdatas.every(
      (rdata) =>
        (asAsked ? writer.writeUint16(QUESTION_POINTER) : writer.writeName(owner)) &&
        writer.writeUint16(type) &&
        writer.writeUint16(CLASS.IN) &&
        writer.writeUint32(ttlSeconds) &&
        writer.writeRdata(type, rdata),
    );
  }

  /** The records that have been written; good until the next `begin`. */
  octets(): Uint8Array {
    return this.#message.subarray(this.#start, this.#writer.length);
  }

  /** Octets from the message's start to the records. */
  get start(): number {
    return this.#start;
  }
}

function setRRset(builder: WordBuilder, at: number, { type, rdatas }: RRset, octets: number, plain: number) {
  const { words } = builder;
  words[at + RRSET.head] = type | (Math.min(rdatas.length, MAX_COUNT) << 16);
  words[at + RRSET.words] = builder.next - at;
  words[at + RRSET.octets] = octets > MAX_MESSAGE_OCTETS ? TOO_LONG : octets;
  words[at + RRSET.plain] = plain;
}

/** Records with nothing compressed in them but the owner, and how many octets they are. */
function appendPlain(builder: WordBuilder, { type, ttlSeconds, rdatas }: RRset): number {
  let octets = 0;
  for (const rdata of rdatas) octets += RECORD_HEAD_OCTETS + rdata.length;
  let at = builder.take(wordsFor(octets)) * WORD_OCTETS;
  for (const rdata of rdatas) {
    builder.view.setUint16(at, QUESTION_POINTER);
    builder.view.setUint16(at + 2, type);
    builder.view.setUint16(at + 4, CLASS.IN);
    builder.view.setUint32(at + 6, ttlSeconds);
    builder.view.setUint16(at + 10, rdata.length);
    builder.octets.set(rdata, at + RECORD_HEAD_OCTETS);
    at += RECORD_HEAD_OCTETS + rdata.length;
  }
  return octets;
}
