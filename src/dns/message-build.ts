/**
 * `Message` → octets, names compressed. What does not fit is left out by whole RRsets (RFC 2181 §9): from answers and
 * authorities with TC set, from additionals without a word.
 */

import { optRecord } from "./edns.ts";
import { EXTENDED_RCODE_SHIFT, FLAG, HEADER_OCTETS, OPCODE_SHIFT, RCODE_MASK } from "./header.ts";
import type { Message, ResourceRecord } from "./message.ts";
import { MessageWriter } from "./message-writer.ts";
import { namesEqual, ROOT } from "./name.ts";
import { TYPE } from "./types.ts";

const MAX_MESSAGE_OCTETS = 0xffff;
/** Root owner, type, class, TTL and RDLENGTH. */
const OPT_FIXED_OCTETS = 11;

const COUNT_OFFSET = { questions: 4, answers: 6, authorities: 8, additionals: 10 } as const;

/**
 * The message in at most `limit` octets. Throws where header, questions and OPT alone exceed that, or where the RCODE needs
 * an OPT that is not there: the caller's errors.
 */
export function buildMessage(message: Message, limit: number = MAX_MESSAGE_OCTETS): Uint8Array {
  const octets = new Uint8Array(Math.min(limit, MAX_MESSAGE_OCTETS));
  const writer = new MessageWriter();
  const opt = message.edns && optRecord(message.edns, message.rcode >> EXTENDED_RCODE_SHIFT);
  if (opt === undefined && message.rcode > RCODE_MASK) {
    throw new Error(`Cannot build message: RCODE ${message.rcode} needs EDNS`);
  }
  const optOctets = opt === undefined ? 0 : OPT_FIXED_OCTETS + opt.rdata.length;
  writer.reset(octets, 0, octets.length - optOctets);
  if (!writer.skip(HEADER_OCTETS) || !writeQuestions(writer, message)) {
    throw new Error(`Cannot build message: ${limit} octets do not hold header, questions and OPT`);
  }
  const answerCount = writeSection(writer, message.answers);
  const answersFit = answerCount === message.answers.length;
  const authorityCount = answersFit ? writeSection(writer, message.authorities) : 0;
  const isCut = !answersFit || authorityCount < message.authorities.length;
  const additionalCount = isCut ? 0 : writeSection(writer, message.additionals);
  if (opt !== undefined) {
    writer.setLimit(octets.length);
    writer.writeRecord(ROOT, 0, TYPE.OPT, opt.class, opt.ttlSeconds, opt.rdata);
  }
  writer.setUint16(0, message.id);
  writer.setUint16(2, headerFlags(message, isCut));
  writer.setUint16(COUNT_OFFSET.questions, message.questions.length);
  writer.setUint16(COUNT_OFFSET.answers, answerCount);
  writer.setUint16(COUNT_OFFSET.authorities, authorityCount);
  writer.setUint16(COUNT_OFFSET.additionals, additionalCount + (opt === undefined ? 0 : 1));
  return octets.slice(0, writer.length);
}

function headerFlags(message: Message, isCut: boolean): number {
  return (
    (message.isResponse ? FLAG.QR : 0) |
    (message.opcode << OPCODE_SHIFT) |
    (message.isAuthoritative ? FLAG.AA : 0) |
    (message.isTruncated || isCut ? FLAG.TC : 0) |
    (message.recursionDesired ? FLAG.RD : 0) |
    (message.recursionAvailable ? FLAG.RA : 0) |
    (message.authenticData ? FLAG.AD : 0) |
    (message.checkingDisabled ? FLAG.CD : 0) |
    (message.rcode & RCODE_MASK)
  );
}

function writeQuestions(writer: MessageWriter, message: Message): boolean {
  return message.questions.every(
    (question) =>
      writer.writeName(question.name) &&
      writer.writeUint16(question.type) &&
      writer.writeUint16(question.class),
  );
}

/** Writes records while whole RRsets fit; how many were written. */
function writeSection(writer: MessageWriter, records: readonly ResourceRecord[]): number {
  let rrsetStart = 0;
  let mark = writer.mark();
  for (const [index, record] of records.entries()) {
    const previous = records[index - 1];
    if (previous !== undefined && !isSameRrset(previous, record)) {
      rrsetStart = index;
      mark = writer.mark();
    }
    const { owner, type, class: rrClass, ttlSeconds, rdata } = record;
    if (!writer.writeRecord(owner, 0, type, rrClass, ttlSeconds, rdata)) {
      writer.rollback(mark);
      return rrsetStart;
    }
  }
  return records.length;
}

function isSameRrset(one: ResourceRecord, other: ResourceRecord): boolean {
  return one.type === other.type && one.class === other.class && namesEqual(one.owner, other.owner);
}
