/**
 * The answer under way, in the place of its query: made once, begun for every query. Records that the image holds ready
 * are copied; where names have to be written one by one, a `MessageWriter` takes over (`openWriter`) and hands back.
 */

import { MessageWriter } from "../dns/message-writer.ts";
import { RCODE } from "../dns/types.ts";
import type { ClientPlace } from "../image/clients.ts";
import { TEMPLATE, templateRecords, WORD_OCTETS } from "../image/layout.ts";
import type { OpenImage } from "../image/open-image.ts";
import { EXTENDED_ERROR } from "./extended-errors.ts";
import { HEADER_OCTETS } from "./query.ts";

/** The zone number of a name that is in none. */
export const NO_ZONE = -1;
/** Of a record whose owner is a pointer: the octets before its TTL. */
const TTL_OFFSET = 6;

export class Reply {
  buffer: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(new ArrayBuffer(0));
  /** Indices of the buffer: the message's first octet, the next one, and the end of what may be written. */
  start = 0;
  position = 0;
  limit = 0;
  questionEnd = 0;
  zoneNumber = NO_ZONE;
  rcode: number = RCODE.NOERROR;
  authoritative = false;
  truncated = false;
  answerCount = 0;
  authorityCount = 0;
  additionalCount = 0;
  /** Of `EXTENDED_ERROR`: why the answer is what it is. */
  extendedError: number = EXTENDED_ERROR.none;
  readonly place: ClientPlace = { classNumber: 0, scopeBits: 0, position: 0 };
  readonly writer = new MessageWriter();

  /** Moves to the memory of a query. */
  moveTo(buffer: Uint8Array, start: number): void {
    this.start = start;
    if (buffer === this.buffer) return;
    this.buffer = buffer;
    this.view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  }

  /** Begins behind the question; `questionEnd` is an offset, `limit` an index of the buffer. */
  begin(questionEnd: number, limit: number): void {
    this.questionEnd = questionEnd;
    this.limit = limit;
    this.zoneNumber = NO_ZONE;
    this.authoritative = false;
    this.extendedError = EXTENDED_ERROR.none;
    this.place.classNumber = 0;
    this.place.scopeBits = 0;
    this.restart();
  }

  /** Takes back all records. */
  restart(): void {
    this.position = this.start + this.questionEnd;
    this.rcode = RCODE.NOERROR;
    this.truncated = false;
    this.answerCount = 0;
    this.authorityCount = 0;
    this.additionalCount = 0;
  }

  /** Copies octets of the image; false where they do not fit. */
  copy(source: DataView, from: number, octets: number): boolean {
    const { view, position } = this;
    if (position + octets > this.limit) return false;
    const words = octets & ~3;
    for (let index = 0; index < words; index += 4) {
      view.setInt32(position + index, source.getInt32(from + index, true), true);
    }
    for (let index = words; index < octets; index++) {
      view.setUint8(position + index, source.getUint8(from + index));
    }
    this.position = position + octets;
    return true;
  }

  /** Copies a template and moves its pointers to where the question has them; false where it does not fit. */
  copyTemplate({ words, view: source }: OpenImage, template: number): boolean {
    const at = this.position;
    const records = templateRecords(words, template);
    if (!this.copy(source, records * WORD_OCTETS, words[template + TEMPLATE.octets] ?? 0)) return false;
    const nameOctets = this.questionEnd - HEADER_OCTETS - 4;
    const shift = nameOctets - (words[template + TEMPLATE.anchor] ?? 0);
    if (shift === 0) return true;
    const { view } = this;
    // Places of pointers end where the records begin.
    for (let index = records - (words[template + TEMPLATE.pointers] ?? 0); index < records; index++) {
      const pointer = at + (words[index] ?? 0);
      view.setUint16(pointer, view.getUint16(pointer) + shift);
    }
    return true;
  }

  /** The TTL of the record at an index of the buffer, its owner a pointer. */
  setTtl(at: number, ttlSeconds: number): void {
    this.view.setUint32(at + TTL_OFFSET, ttlSeconds);
  }

  /** Hands the message to the writer, which knows no name: for what holds none. */
  openNamelessWriter(): void {
    this.writer.reset(this.buffer, this.start, this.limit);
    this.writer.skip(this.position - this.start);
  }

  /** Hands the message to the writer, which knows the question's name. */
  openWriter(): void {
    this.openNamelessWriter();
    if (this.questionEnd > HEADER_OCTETS) this.writer.rememberName(this.start + HEADER_OCTETS);
  }

  /** Takes the message back. */
  closeWriter(): void {
    this.position = this.writer.position;
  }
}
