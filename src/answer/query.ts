/**
 * Reads a query where it lies: header, question, OPT and TSIG (RFC 1035 §4, RFC 6891, RFC 8945). Whatever the octets are,
 * nothing throws and nothing outside of them is looked at.
 *
 * The answer is written over the query, so all that is needed beyond the question is copied into a `Query`, an object
 * that is made once and filled for each packet.
 *
 * | what arrives                                  | result                                              |
 * | --------------------------------------------- | --------------------------------------------------- |
 * | shorter than a header                         | `short`: dropped                                    |
 * | QR set                                        | `response`: dropped, or two servers could go on     |
 * | no question, but a cookie (RFC 7873 §5.4)     | `whole`, without a question                         |
 * | not exactly one whole question (RFC 9619)     | `malformed`, the question is not repeated           |
 * | records where a query has none, or cut short  | `malformed`                                         |
 * | two OPT, OPT below a name, an option too long | `malformed` (RFC 6891 §6.1.1, §6.1.2)               |
 * | anything else                                 | `whole`                                             |
 */

import { MAX_LABEL_OCTETS, MAX_NAME_OCTETS } from "../dns/name.ts";
import { OPCODE, TYPE } from "../dns/types.ts";
import { CUT, skipName } from "../dns/wire-name.ts";
import { MAX_COOKIE_OCTETS, readOptions } from "./query-options.ts";

export const HEADER_OCTETS = 12;
export const FLAG_QR = 0x80;
const OPCODE_SHIFT = 3;
const OPCODE_MASK = 0x0f;
/** TYPE, CLASS, TTL and RDLENGTH. */
const RECORD_HEAD_OCTETS = 10;
const DNSSEC_OK = 0x80;

export type QueryForm = "short" | "response" | "malformed" | "whole";

/** Offsets and lengths are octets, from the message's start. */
export interface Query {
  opcode: number;
  /** Octet 2 of the header: QR, opcode, AA, TC, RD. */
  flags: number;
  /** Whether the question is whole and goes back with the answer. */
  hasQuestion: boolean;
  /** Behind the question, or behind the header where that is not whole. */
  questionEnd: number;
  qtype: number;
  qclass: number;
  /** A question alone, or with an OPT without options; then nothing below `ecs` is filled in. */
  isPlain: boolean;
  hasOpt: boolean;
  udpOctets: number;
  ednsVersion: number;
  dnssecOk: boolean;
  ecs: ClientSubnet;
  hasTsig: boolean;
  wantsNsid: boolean;
  wantsKeepalive: boolean;
  wantsPadding: boolean;
  readonly cookie: QueryCookie;
}

/** RFC 7873 §4: the client's part of 8 octets, and behind it the server's where the client has one. */
export interface QueryCookie {
  /** 0: none. */
  length: number;
  /** 40 octets of room; the first `length` count. */
  readonly octets: Uint8Array;
}

/** RFC 7871 §6; `present` only where it is well-formed. */
export interface ClientSubnet {
  present: boolean;
  /** 1: IPv4, 2: IPv6; 0 only with a prefix of 0. */
  family: number;
  sourceBits: number;
  /** The address, zero past the prefix. */
  readonly octets: Uint8Array;
}

export function createQuery(): Query {
  return {
    opcode: 0,
    flags: 0,
    hasQuestion: false,
    questionEnd: HEADER_OCTETS,
    qtype: 0,
    qclass: 0,
    isPlain: false,
    hasOpt: false,
    udpOctets: 0,
    ednsVersion: 0,
    dnssecOk: false,
    ecs: { present: false, family: 0, sourceBits: 0, octets: new Uint8Array(16) },
    hasTsig: false,
    wantsNsid: false,
    wantsKeepalive: false,
    wantsPadding: false,
    cookie: { length: 0, octets: new Uint8Array(MAX_COOKIE_OCTETS) },
  };
}

function clear(query: Query): void {
  query.hasQuestion = false;
  query.questionEnd = HEADER_OCTETS;
  query.qtype = 0;
  query.qclass = 0;
  query.hasOpt = false;
  query.udpOctets = 0;
  query.ednsVersion = 0;
  query.dnssecOk = false;
  query.ecs.present = false;
}

/** The rest, which plain queries do without. */
function clearExtras(query: Query): void {
  query.hasTsig = false;
  query.wantsNsid = false;
  query.wantsKeepalive = false;
  query.wantsPadding = false;
  query.cookie.length = 0;
}

/** QDCOUNT 1 and ANCOUNT 0, read as one. */
const ONE_QUESTION = 0x0001_0000;
/** An OPT without options: root owner, TYPE, CLASS, TTL, RDLENGTH. */
const BARE_OPT_OCTETS = 11;

/** `view` is of the same memory as `octets`, from its beginning. */
export function parseQuery(
  query: Query,
  octets: Uint8Array,
  view: DataView,
  offset: number,
  length: number,
): QueryForm {
  if (length < HEADER_OCTETS) return "short";
  const flags = octets[offset + 2] ?? 0;
  if ((flags & FLAG_QR) !== 0) return "response";
  clear(query);
  query.flags = flags;
  query.opcode = (flags >> OPCODE_SHIFT) & OPCODE_MASK;
  const end = offset + length;
  // Nearly every query is a question alone, or with an OPT that says no more than a size: 10 ns less than the whole way, 20 to 50 with an OPT.
  if (query.opcode === OPCODE.QUERY && view.getUint32(offset + 4) === ONE_QUESTION) {
    const records = view.getUint32(offset + 8);
    const behind = records > 1 ? CUT : readQuestion(query, octets, offset + HEADER_OCTETS, end);
    if (behind !== CUT && (records === 0 ? behind === end : isBareOpt(query, view, behind, end))) {
      query.isPlain = true;
      query.hasQuestion = true;
      query.questionEnd = behind - offset;
      return "whole";
    }
  }
  query.isPlain = false;
  clearExtras(query);
  return parseWhole(query, octets, offset, end);
}

/** Whether all that follows the question is an OPT of version 0 without options; the query then has it. */
function isBareOpt(query: Query, view: DataView, at: number, end: number): boolean {
  if (end - at !== BARE_OPT_OCTETS) return false;
  // Root owner and TYPE; EDNS version; RDLENGTH.
  if (view.getUint16(at) !== 0 || view.getUint8(at + 2) !== TYPE.OPT) return false;
  if (view.getUint8(at + 6) !== 0 || view.getUint16(at + 9) !== 0) return false;
  query.hasOpt = true;
  query.udpOctets = view.getUint16(at + 3);
  query.dnssecOk = (view.getUint8(at + 7) & DNSSEC_OK) !== 0;
  return true;
}

function parseWhole(query: Query, octets: Uint8Array, offset: number, end: number): QueryForm {
  const questions = uint16(octets, offset + 4);
  if (questions === 0 && query.opcode === OPCODE.QUERY) return parseCookieOnly(query, octets, offset, end);
  if (questions !== 1) return "malformed";
  const questionEnd = readQuestion(query, octets, offset + HEADER_OCTETS, end);
  if (questionEnd === CUT) return "malformed";
  query.hasQuestion = true;
  query.questionEnd = questionEnd - offset;
  // IXFR carries the client's SOA as authority (RFC 1995 §3); other opcodes have records of their own there.
  const authorityCount = uint16(octets, offset + 8);
  const mayHaveRecords = query.opcode !== OPCODE.QUERY;
  if (!mayHaveRecords && uint16(octets, offset + 6) !== 0) return "malformed";
  if (!mayHaveRecords && authorityCount !== 0 && query.qtype !== TYPE.IXFR) return "malformed";
  const before = uint16(octets, offset + 6) + authorityCount;
  return readRecords(query, octets, questionEnd, end, before, uint16(octets, offset + 10));
}

/** RFC 7873 §5.4: without a question a cookie is all that can be asked for. */
function parseCookieOnly(query: Query, octets: Uint8Array, offset: number, end: number): QueryForm {
  if (uint16(octets, offset + 6) !== 0 || uint16(octets, offset + 8) !== 0) return "malformed";
  const form = readRecords(query, octets, offset + HEADER_OCTETS, end, 0, uint16(octets, offset + 10));
  return query.cookie.length > 0 ? form : "malformed";
}

function uint16(octets: Uint8Array, at: number): number {
  return ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0);
}

/** The index behind the question, or CUT. A pointer in it could lead nowhere but to itself, so there is none. */
function readQuestion(query: Query, octets: Uint8Array, start: number, end: number): number {
  let at = start;
  for (;;) {
    if (at >= end) return CUT;
    const label = octets[at] ?? 0;
    if (label > MAX_LABEL_OCTETS) return CUT;
    at += 1 + label;
    if (at - start > MAX_NAME_OCTETS) return CUT;
    if (label === 0) break;
  }
  if (at + 4 > end) return CUT;
  query.qtype = uint16(octets, at);
  query.qclass = uint16(octets, at + 2);
  return at + 4;
}

/** Passes over `before` records of no interest, then over the additional ones, taking what a query may say there. */
function readRecords(
  query: Query,
  octets: Uint8Array,
  start: number,
  end: number,
  before: number,
  additional: number,
): QueryForm {
  let at = start;
  for (let index = 0; index < before + additional; index++) {
    // RFC 8945 §5.1: TSIG is the last record.
    if (query.hasTsig) return "malformed";
    const isRootOwner = octets[at] === 0;
    const head = skipName(octets, at, end);
    if (head === CUT || head + RECORD_HEAD_OCTETS > end) return "malformed";
    const rdata = head + RECORD_HEAD_OCTETS;
    const rdataEnd = rdata + uint16(octets, head + 8);
    if (rdataEnd > end) return "malformed";
    if (index >= before) {
      const type = uint16(octets, head);
      if (type === TYPE.TSIG) query.hasTsig = true;
      if (type === TYPE.OPT) {
        if (!isRootOwner || query.hasOpt) return "malformed";
        if (!readOpt(query, octets, head, rdata, rdataEnd)) return "malformed";
      }
    }
    at = rdataEnd;
  }
  return at === end ? "whole" : "malformed";
}

/** RFC 6891 §6.1.3. Options of a version that we do not know are not looked at: BADVERS is all there is to say. */
function readOpt(query: Query, octets: Uint8Array, head: number, rdata: number, rdataEnd: number): boolean {
  query.hasOpt = true;
  query.udpOctets = uint16(octets, head + 2);
  query.ednsVersion = octets[head + 5] ?? 0;
  query.dnssecOk = ((octets[head + 6] ?? 0) & DNSSEC_OK) !== 0;
  return query.ednsVersion !== 0 || readOptions(query, octets, rdata, rdataEnd);
}
