/**
 * The answer path: a query's octets and an image in, the answer's octets out, in the same place. What a query is
 * answered is decided in this order; the first row that applies wins.
 *
 * | query                                            | answer                                            |
 * | ------------------------------------------------ | ------------------------------------------------- |
 * | shorter than a header, or a response             | none                                              |
 * | an opcode other than QUERY                       | NOTIMP                                            |
 * | malformed                                        | FORMERR                                           |
 * | EDNS version above 0                             | BADVERS (RFC 6891 §6.1.3)                         |
 * | signed: we know no keys                          | NOTAUTH (RFC 8945 §5.2)                           |
 * | a class other than IN, AXFR, IXFR                | REFUSED                                           |
 * | a type that only a query's own records have      | FORMERR (0, OPT, TKEY, TSIG), NOTIMP (MAILA, MAILB) |
 * | a name in none of the zones                      | REFUSED                                           |
 * | the rest                                         | what `image/find` and the policy's table say      |
 *
 * Truncation (RFC 2181 §9): question and OPT always fit; the first RRset that has to be there and does not fit ends the
 * answer and sets TC, and none is cut in half. What need not be there is left out without TC.
 */

import { MessageWriter } from "../dns/message-writer.ts";
import { readUncompressedName } from "../dns/name.ts";
import type { RRset } from "../dns/rrset.ts";
import { CLASS, OPCODE, RCODE, TYPE } from "../dns/types.ts";
import { type ClientPlace, classOfAddress, placeNetwork } from "../image/clients.ts";
import { type Found, find, NONE } from "../image/find.ts";
import type { Image } from "../image/image.ts";
import { type Random, tableOf } from "../image/tables.ts";
import type { ClientAddress } from "./client-address.ts";
import type { Counters } from "./counters.ts";
import { optOctets, writeOpt } from "./opt.ts";
import { POLICY_RESULT, PolicyRecords } from "./policy-records.ts";
import { createQuery, FLAG_QR, HEADER_OCTETS, parseQuery, type QueryForm } from "./query.ts";
import {
  MAX_TCP_ANSWER_OCTETS,
  MAX_UDP_ANSWER_OCTETS,
  MIN_UDP_ANSWER_OCTETS,
  TRANSPORT,
  type Transport,
} from "./transport.ts";

export type { Image } from "../image/image.ts";
export { Counters } from "./counters.ts";
export { TRANSPORT, type Transport } from "./transport.ts";

/**
 * Answers the query in `buffer[offset, offset + length)` in place and returns the answer's length; 0: send nothing.
 * From `offset` on the buffer has room for MAX_UDP_ANSWER_OCTETS or MAX_TCP_ANSWER_OCTETS, by transport. Octets outside
 * of that are not touched, and whatever the query's octets are, nothing is thrown.
 */
export type Answer = (
  buffer: Uint8Array,
  offset: number,
  length: number,
  client: ClientAddress,
  transport: Transport,
  image: Image,
) => number;

export interface AnswerOptions {
  readonly random: Random;
  readonly counters: Counters;
  /** RFC 5001: who answered; the node's name. */
  readonly nsid: Uint8Array;
}

/** RFC 5001 §2.3 leaves the length open; more than this would crowd out answers. */
export const MAX_NSID_OCTETS = 128;

/** An answer path has rooms of its own: make one for each thread. */
export function createAnswer(options: AnswerOptions): Answer {
  const path = new AnswerPath(options);
  return (buffer, offset, length, client, transport, image) =>
    path.answer(buffer, offset, length, client, transport, image);
}

const FLAG_AA = 0x04;
const FLAG_TC = 0x02;
const FLAG_RD = 0x01;
const OPCODE_BITS = 0x78;
const RCODE_BITS = 0x0f;

class AnswerPath {
  readonly #counters: Counters;
  readonly #nsid: Uint8Array;
  readonly #policyRecords: PolicyRecords;
  readonly #query = createQuery();
  readonly #writer = new MessageWriter();
  readonly #place: ClientPlace = { classNumber: 0, scopeBits: 0 };
  /** The answer under way. */
  #zoneNumber = NONE;
  #rcode: number = RCODE.NOERROR;
  #authoritative = false;
  #truncated = false;
  #answerCount = 0;
  #authorityCount = 0;
  #additionalCount = 0;

  constructor({ random, counters, nsid }: AnswerOptions) {
    this.#counters = counters;
    this.#nsid = nsid.subarray(0, MAX_NSID_OCTETS);
    this.#policyRecords = new PolicyRecords(random, counters);
  }

  answer(
    buffer: Uint8Array,
    offset: number,
    length: number,
    client: ClientAddress,
    transport: Transport,
    image: Image,
  ): number {
    const query = this.#query;
    const form = parseQuery(query, buffer, offset, length);
    if (form === "short" || form === "response") {
      this.#counters.countDrop(form);
      return 0;
    }
    this.#counters.adopt(image.zones);
    const end = offset + this.#limitOctets(transport);
    const reserved = optOctets(query, transport, this.#nsid);
    this.#begin(buffer, offset, end - reserved);
    this.#rcode = this.#refusal(form);
    if (this.#rcode === RCODE.NOERROR) this.#resolve(buffer, offset, client, image);
    this.#writer.setLimit(end);
    if (reserved > 0) {
      writeOpt(this.#writer, query, transport, this.#nsid, this.#rcode, this.#place.scopeBits);
      this.#additionalCount++;
    }
    this.#writeHeader(buffer, offset);
    this.#counters.countQuery(this.#zoneNumber, query.qtype, transport);
    this.#counters.countResponse(this.#zoneNumber, this.#rcode);
    return this.#writer.length;
  }

  #limitOctets(transport: Transport): number {
    if (transport !== TRANSPORT.udp) return MAX_TCP_ANSWER_OCTETS;
    return Math.min(MAX_UDP_ANSWER_OCTETS, Math.max(MIN_UDP_ANSWER_OCTETS, this.#query.udpOctets));
  }

  #begin(buffer: Uint8Array, offset: number, limit: number): void {
    this.#zoneNumber = NONE;
    this.#authoritative = false;
    this.#truncated = false;
    this.#answerCount = 0;
    this.#authorityCount = 0;
    this.#additionalCount = 0;
    this.#place.classNumber = 0;
    this.#place.scopeBits = 0;
    this.#writer.reset(buffer, offset, limit);
    this.#writer.skip(this.#query.questionEnd);
    if (this.#query.hasQuestion) this.#writer.rememberName(offset + HEADER_OCTETS);
  }

  /** What a query is refused with before any zone is asked; NOERROR: it is not. */
  #refusal(form: QueryForm): number {
    const { opcode, ednsVersion, hasTsig, qclass, qtype } = this.#query;
    if (opcode !== OPCODE.QUERY) return RCODE.NOTIMP;
    if (form === "malformed") return RCODE.FORMERR;
    if (ednsVersion > 0) return RCODE.BADVERS;
    if (hasTsig) return RCODE.NOTAUTH;
    if (qclass !== CLASS.IN) return RCODE.REFUSED;
    switch (qtype) {
      case TYPE.AXFR:
      case TYPE.IXFR:
        return RCODE.REFUSED;
      case TYPE.MAILA:
      case TYPE.MAILB:
        return RCODE.NOTIMP;
      case 0:
      case TYPE.OPT:
      case TYPE.TKEY:
      case TYPE.TSIG:
        return RCODE.FORMERR;
      default:
        return RCODE.NOERROR;
    }
  }

  #resolve(buffer: Uint8Array, offset: number, client: ClientAddress, image: Image): void {
    const qname = readUncompressedName(buffer, offset + HEADER_OCTETS);
    if (qname === undefined) throw new Error("A question that was parsed has no name");
    const found = find(image.zones, qname, this.#query.qtype);
    this.#zoneNumber = found.zoneNumber;
    this.#rcode = found.rcode;
    this.#authoritative = found.authoritative;
    const mark = this.#writer.mark();
    for (const rrset of found.answer) this.#answerCount += this.#writeRequired(rrset);
    if (found.policyNumber !== NONE && !this.#truncated) this.#resolvePolicy(found, client, image, mark);
    for (const rrset of found.authority) this.#authorityCount += this.#writeRequired(rrset);
    for (const rrset of found.glue) this.#additionalCount += this.#writeRequired(rrset);
    for (const rrset of found.additional) this.#additionalCount += this.#writeOptional(rrset);
  }

  #resolvePolicy(found: Found, client: ClientAddress, image: Image, mark: number): void {
    const entry = image.zones.policies[found.policyNumber];
    const { policyOwner, policySoa, policyNumber } = found;
    if (entry === undefined || policyOwner === undefined || policySoa === undefined) return;
    const { ecs, qtype } = this.#query;
    if (ecs.present && ecs.sourceBits > 0) {
      placeNetwork(entry.clients, ecs.octets, ecs.family === 1 ? 4 : 16, ecs.sourceBits, this.#place);
    } else {
      this.#place.classNumber = classOfAddress(entry.clients, client.octets, client.length);
    }
    const { tables } = image.decisions;
    const family = qtype === TYPE.A ? 0 : 1;
    const table = tableOf(tables, policyNumber, this.#place.classNumber, family);
    const result = this.#policyRecords.write(
      this.#writer,
      tables,
      table,
      policyNumber,
      policyOwner,
      qtype,
      family,
    );
    if (result > 0) this.#answerCount += result;
    else if (result === POLICY_RESULT.truncated) this.#truncated = true;
    else if (result === POLICY_RESULT.servfail) this.#fail(mark);
    else {
      // What health decides may not outlive the policy's TTL in a cache, be it negative.
      const ttlSeconds = Math.min(policySoa.ttlSeconds, tables.ttlSeconds[table] ?? 0);
      this.#authorityCount += this.#writeRequired(policySoa, ttlSeconds);
    }
  }

  /** SERVFAIL, without the chain that led to it. */
  #fail(mark: number): void {
    this.#writer.rollback(mark);
    this.#answerCount = 0;
    this.#authoritative = false;
    this.#rcode = RCODE.SERVFAIL;
  }

  /** Writes an RRset without which the answer is not whole: how many records, 0 and TC where it does not fit. */
  #writeRequired(rrset: RRset, ttlSeconds = rrset.ttlSeconds): number {
    if (this.#truncated) return 0;
    const written = this.#writeRRset(rrset, ttlSeconds);
    if (written === 0) this.#truncated = true;
    return written;
  }

  #writeOptional(rrset: RRset): number {
    return this.#truncated ? 0 : this.#writeRRset(rrset, rrset.ttlSeconds);
  }

  /** All of its records or none: how many. */
  #writeRRset({ owner, type, rdatas }: RRset, ttlSeconds: number): number {
    const mark = this.#writer.mark();
    for (const rdata of rdatas) {
      if (!this.#writer.writeRecord(owner, 0, type, CLASS.IN, ttlSeconds, rdata)) {
        this.#writer.rollback(mark);
        return 0;
      }
    }
    return rdatas.length;
  }

  /** The identifier stays; RA, Z, AD and CD are clear (RFC 4035 §3.1.6). */
  #writeHeader(buffer: Uint8Array, offset: number): void {
    const { flags, hasQuestion } = this.#query;
    buffer[offset + 2] =
      FLAG_QR |
      (flags & (OPCODE_BITS | FLAG_RD)) |
      (this.#authoritative ? FLAG_AA : 0) |
      (this.#truncated ? FLAG_TC : 0);
    buffer[offset + 3] = this.#rcode & RCODE_BITS;
    this.#writer.setUint16(offset + 4, hasQuestion ? 1 : 0);
    this.#writer.setUint16(offset + 6, this.#answerCount);
    this.#writer.setUint16(offset + 8, this.#authorityCount);
    this.#writer.setUint16(offset + 10, this.#additionalCount);
  }
}
