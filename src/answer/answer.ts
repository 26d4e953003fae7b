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
 * | the rest                                         | what the image says (`resolver`, `walk`)          |
 *
 * Truncation (RFC 2181 §9): question and OPT always fit; the first RRset that has to be there and does not fit ends the
 * answer and sets TC, and none is cut in half. What need not be there is left out without TC.
 */

import { CLASS, OPCODE, RCODE, TYPE } from "../dns/types.ts";
import type { OpenImage } from "../image/open-image.ts";
import type { Random } from "../image/tables.ts";
import type { ClientAddress } from "./client-address.ts";
import type { CounterWriter } from "./counter-writer.ts";
import { appendOpt, optOctets } from "./opt.ts";
import { createQuery, FLAG_QR, parseQuery, type QueryForm } from "./query.ts";
import { Reply } from "./reply.ts";
import { Resolver } from "./resolver.ts";
import {
  MAX_TCP_ANSWER_OCTETS,
  MAX_UDP_ANSWER_OCTETS,
  MIN_UDP_ANSWER_OCTETS,
  TRANSPORT,
  type Transport,
} from "./transport.ts";

export { type Image, OpenImage, openImage, type PublishedImage, publishImage } from "../image/image.ts";
export { CounterWriter } from "./counter-writer.ts";
export { Counters } from "./counters.ts";
export { LookAhead } from "./look-ahead.ts";
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
  image: OpenImage,
) => number;

export interface AnswerOptions {
  /** Seeds the draws. */
  readonly random: Random;
  readonly counters: CounterWriter;
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
  readonly #counters: CounterWriter;
  readonly #nsid: Uint8Array;
  readonly #resolver: Resolver;
  readonly #query = createQuery();
  readonly #reply = new Reply();
  /** Of the image that was met last, which itself is not held on to. */
  #met: OpenImage["tables"] | undefined;

  constructor({ random, counters, nsid }: AnswerOptions) {
    this.#counters = counters;
    this.#nsid = nsid.subarray(0, MAX_NSID_OCTETS);
    this.#resolver = new Resolver(random, counters);
  }

  answer(
    buffer: Uint8Array,
    offset: number,
    length: number,
    client: ClientAddress,
    transport: Transport,
    image: OpenImage,
  ): number {
    const query = this.#query;
    const reply = this.#reply;
    reply.moveTo(buffer, offset);
    if (image.tables !== this.#met) this.#meet(image);
    const form = parseQuery(query, buffer, reply.view, offset, length);
    if (form === "short" || form === "response") {
      this.#counters.countDrop(form);
      return 0;
    }
    const end = Math.min(offset + this.#limitOctets(transport), buffer.length);
    const reserved = optOctets(query, transport, this.#nsid);
    reply.begin(query.questionEnd, end - reserved);
    reply.rcode = this.#refusal(form);
    if (reply.rcode === RCODE.NOERROR) this.#resolver.resolve(reply, query, client, image);
    if (reserved > 0) {
      reply.limit = end;
      appendOpt(reply, query, transport, this.#nsid, reserved);
    }
    this.#writeHeader();
    this.#counters.countResponse(reply.zoneNumber, query.qtype, transport, reply.rcode);
    return reply.position - offset;
  }

  #meet(image: OpenImage): void {
    this.#met = image.tables;
    this.#counters.meet(image);
  }

  #limitOctets(transport: Transport): number {
    if (transport !== TRANSPORT.udp) return MAX_TCP_ANSWER_OCTETS;
    return Math.min(MAX_UDP_ANSWER_OCTETS, Math.max(MIN_UDP_ANSWER_OCTETS, this.#query.udpOctets));
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

  /** The identifier stays; RA, Z, AD and CD are clear (RFC 4035 §3.1.6). */
  #writeHeader(): void {
    const { flags, hasQuestion } = this.#query;
    const { view, start, authoritative, truncated, rcode } = this.#reply;
    const high =
      FLAG_QR | (flags & (OPCODE_BITS | FLAG_RD)) | (authoritative ? FLAG_AA : 0) | (truncated ? FLAG_TC : 0);
    view.setUint16(start + 2, (high << 8) | (rcode & RCODE_BITS));
    view.setUint16(start + 4, hasQuestion ? 1 : 0);
    view.setUint16(start + 6, this.#reply.answerCount);
    view.setUint16(start + 8, this.#reply.authorityCount);
    view.setUint16(start + 10, this.#reply.additionalCount);
  }
}
