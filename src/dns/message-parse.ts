/** Octets → `Message`. Never throws; reads each octet at most a few times, whatever the counts in the header say. */

import { type Edns, readOpt } from "./edns.ts";
import {
  EXTENDED_RCODE_SHIFT,
  FLAG,
  HEADER_OCTETS,
  OPCODE_MASK,
  OPCODE_SHIFT,
  RCODE_MASK,
} from "./header.ts";
import type { Message, Question, ResourceRecord } from "./message.ts";
import { readRdata } from "./rdata.ts";
import { TYPE } from "./types.ts";
import { readName } from "./wire-name.ts";

export type MessageFault = "header" | "question" | "record" | "rdata" | "opt" | "trailing octets";

export type MessageParse =
  | { readonly ok: true; readonly message: Message }
  /** `offset` is where what could not be read begins. */
  | {
      readonly ok: false;
      readonly fault: MessageFault;
      readonly offset: number;
      readonly message: string;
    };

type Failure = Extract<MessageParse, { ok: false }>;

/** A place in the message that is being read. */
interface Cursor {
  readonly octets: Uint8Array;
  at: number;
}

/** Reads a message that fills `octets` to the end. */
export function parseMessage(octets: Uint8Array): MessageParse {
  if (octets.length < HEADER_OCTETS) {
    return failure("header", 0, `message of ${octets.length} octets is shorter than a header`);
  }
  const cursor: Cursor = { octets, at: HEADER_OCTETS };
  const questions = readMany(cursor, uint16(octets, 4), readQuestion);
  if (!Array.isArray(questions)) return questions;
  const answers = readMany(cursor, uint16(octets, 6), readRecord);
  if (!Array.isArray(answers)) return answers;
  const authorities = readMany(cursor, uint16(octets, 8), readRecord);
  if (!Array.isArray(authorities)) return authorities;
  const lastSectionAt = cursor.at;
  const additionals = readMany(cursor, uint16(octets, 10), readRecord);
  if (!Array.isArray(additionals)) return additionals;
  if (cursor.at < octets.length) {
    const message = `${octets.length - cursor.at} octets follow the last record`;
    return failure("trailing octets", cursor.at, message);
  }
  const opt = findOpt(additionals);
  if (opt === undefined) return failure("opt", lastSectionAt, "OPT record is malformed or not the only one");
  return {
    ok: true,
    message: {
      ...readHeader(octets, opt.extendedRcode),
      questions,
      answers,
      authorities,
      additionals: additionals.filter((record) => record.type !== TYPE.OPT),
      edns: opt.edns,
    },
  };
}

function readHeader(octets: Uint8Array, extendedRcode: number) {
  const flags = uint16(octets, 2);
  const has = (flag: number): boolean => (flags & flag) !== 0;
  return {
    id: uint16(octets, 0),
    opcode: (flags >> OPCODE_SHIFT) & OPCODE_MASK,
    rcode: (extendedRcode << EXTENDED_RCODE_SHIFT) | (flags & RCODE_MASK),
    isResponse: has(FLAG.QR),
    isAuthoritative: has(FLAG.AA),
    isTruncated: has(FLAG.TC),
    recursionDesired: has(FLAG.RD),
    recursionAvailable: has(FLAG.RA),
    authenticData: has(FLAG.AD),
    checkingDisabled: has(FLAG.CD),
  };
}

/** A count that is a lie ends at the first item that the octets do not hold. */
function readMany<Item extends object>(
  cursor: Cursor,
  count: number,
  read: (cursor: Cursor) => Item | Failure,
): Item[] | Failure {
  const items: Item[] = [];
  for (let index = 0; index < count; index++) {
    const item = read(cursor);
    if (isFailure(item)) return item;
    items.push(item);
  }
  return items;
}

function readQuestion(cursor: Cursor): Question | Failure {
  const { octets, at } = cursor;
  const read = readName(octets, at, octets.length);
  if (read === undefined || read.next + 4 > octets.length) {
    return failure("question", at, "question is cut off or its name malformed");
  }
  cursor.at = read.next + 4;
  return { name: read.name, type: uint16(octets, read.next), class: uint16(octets, read.next + 2) };
}

function readRecord(cursor: Cursor): ResourceRecord | Failure {
  const { octets, at } = cursor;
  const owner = readName(octets, at, octets.length);
  const fixed = owner?.next ?? octets.length;
  const rdataAt = fixed + 10;
  const end = rdataAt + uint16(octets, fixed + 8);
  if (owner === undefined || rdataAt > octets.length || end > octets.length) {
    return failure("record", at, "record is cut off or its owner malformed");
  }
  const type = uint16(octets, fixed);
  const rdata = readRdata(type, octets, rdataAt, end);
  if (rdata === undefined) return failure("rdata", rdataAt, "rdata is not that of its type");
  cursor.at = end;
  return {
    owner: owner.name,
    type,
    class: uint16(octets, fixed + 2),
    ttlSeconds: uint16(octets, fixed + 4) * 65_536 + uint16(octets, fixed + 6),
    rdata,
  };
}

/** The one OPT record, if any; `undefined` where there are two, or it is malformed (RFC 6891 §6.1.1, §6.1.2). */
function findOpt(
  additionals: readonly ResourceRecord[],
): { edns: Edns | undefined; extendedRcode: number } | undefined {
  const [opt, ...others] = additionals.filter((record) => record.type === TYPE.OPT);
  if (opt === undefined) return { edns: undefined, extendedRcode: 0 };
  if (others.length > 0 || opt.owner.length > 1) return undefined;
  return readOpt(opt);
}

function uint16(octets: Uint8Array, at: number): number {
  return (octets[at] ?? 0) * 256 + (octets[at + 1] ?? 0);
}

function isFailure(item: object): item is Failure {
  return "fault" in item;
}

function failure(fault: MessageFault, offset: number, message: string): Failure {
  return { ok: false, fault, offset, message };
}
