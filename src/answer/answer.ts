/**
 * The answer path: a query's octets and an image in, the answer's octets out, in the same place. What a query is
 * answered is decided in this order; the first row that applies wins.
 *
 * | query                                            | answer                                            |
 * | ------------------------------------------------ | ------------------------------------------------- |
 * | shorter than a header, or a response             | none                                              |
 * | DSO over UDP                                     | none: it is for connections (RFC 8490 §5)         |
 * | an opcode other than QUERY                       | NOTIMP                                            |
 * | malformed                                        | FORMERR                                           |
 * | EDNS version above 0                             | BADVERS (RFC 6891 §6.1.3)                         |
 * | a TSIG that does not hold                        | NOTAUTH or FORMERR (`dns/tsig-verify`)            |
 * | no question, but a cookie                        | a cookie (RFC 7873 §5.4)                          |
 * | class CH                                         | what `chaos` says                                 |
 * | a class other than IN, AXFR, IXFR                | REFUSED                                           |
 * | a type that only a query's own records have      | FORMERR (0, OPT, TKEY, TSIG), NOTIMP (MAILA, MAILB) |
 * | a name in none of the zones                      | REFUSED                                           |
 * | the rest                                         | what the image says (`resolver`, `walk`)          |
 *
 * Truncation (RFC 2181 §9): question and OPT always fit; the first RRset that has to be there and does not fit ends the
 * answer and sets TC, and none is cut in half. What need not be there is left out without TC.
 *
 * Where responses are limited, what has been answered over UDP without a good cookie may still be held back
 * (`rate-limit`): then it is sent cut short, or not at all.
 */

import type { KeyedHash } from "../dns/tsig-key.ts";
import { CLASS, OPCODE, RCODE, TYPE } from "../dns/types.ts";
import type { Random } from "../image/draws.ts";
import type { OpenImage } from "../image/open-image.ts";
import { Chaos } from "./chaos.ts";
import type { ClientAddress } from "./client-address.ts";
import { Cookies, type CookieVerdict } from "./cookies.ts";
import type { CounterWriter } from "./counter-writer.ts";
import { EXTENDED_ERROR } from "./extended-errors.ts";
import { OptRecord } from "./opt.ts";
import { createQuery, FLAG_QR, parseQuery, type QueryForm } from "./query.ts";
import { RATE_VERDICT, RateLimit, type RateVerdict } from "./rate-limit.ts";
import { NO_ZONE, Reply } from "./reply.ts";
import { Resolver } from "./resolver.ts";
import { type AnswerSettings, DEFAULT_SETTINGS, type SettingsCell } from "./settings.ts";
import { Signatures, type SignedQuery } from "./signatures.ts";
import {
  MAX_TCP_ANSWER_OCTETS,
  MAX_UDP_ANSWER_OCTETS,
  MIN_UDP_ANSWER_OCTETS,
  TRANSPORT,
  type Transport,
} from "./transport.ts";

export { type Image, OpenImage, openImage, type PublishedImage, publishImage } from "../image/image.ts";
export { countAnsweredElsewhere } from "./answered-elsewhere.ts";
export { CounterWriter } from "./counter-writer.ts";
export { Counters } from "./counters.ts";
export { LookAhead } from "./look-ahead.ts";
export type { AnswerSettings, PublishedAnswers, SettingsCell } from "./settings.ts";
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
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly counters: CounterWriter;
  /** Looked at with every query, so that other settings count from the next one on. */
  readonly settings: SettingsCell;
  /** Verifies and makes signatures; without it no key is known. */
  readonly keyedHash?: KeyedHash;
}

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
/** Beyond every response code. */
const NO_REPLY = -1;

class AnswerPath {
  readonly #counters: CounterWriter;
  readonly #cell: SettingsCell;
  readonly #now: () => number;
  readonly #resolver: Resolver;
  readonly #signatures: Signatures;
  readonly #chaos = new Chaos();
  readonly #cookies = new Cookies();
  readonly #query = createQuery();
  readonly #reply = new Reply();
  /** Of the image that was met last, which itself is not held on to. */
  #met: OpenImage["tables"] | undefined;
  readonly #opt = new OptRecord(this.#query, this.#cookies);
  #settings: AnswerSettings = DEFAULT_SETTINGS;
  #rateLimit: RateLimit | undefined;

  constructor({ random, now, counters, settings, keyedHash }: AnswerOptions) {
    this.#counters = counters;
    this.#cell = settings;
    this.#now = now;
    this.#resolver = new Resolver(random, counters);
    this.#signatures = new Signatures(keyedHash, now);
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
    if (this.#cell.current !== this.#settings) this.#configure(this.#cell.current);
    const form = parseQuery(query, buffer, reply.view, offset, length);
    if (form === "short" || form === "response") {
      this.#counters.countDrop(form);
      return 0;
    }
    const cookie = query.isPlain ? "absent" : this.#cookies.judge(query.cookie, client, this.#now);
    const reserved = this.#opt.measure(transport);
    const signed =
      query.isPlain || !query.hasTsig
        ? undefined
        : this.#judge(form, buffer.subarray(offset, offset + length));
    let end = Math.min(offset + this.#limitOctets(transport), buffer.length);
    // A short reply has to hold its question, OPT and TSIG all the same; together they are less than MAX_UDP_ANSWER_OCTETS.
    if (signed !== undefined) {
      end = Math.max(end - signed.octets, offset + query.questionEnd + reserved);
    }
    reply.begin(query.questionEnd, end - reserved);
    reply.rcode = this.#refusal(form, transport, signed === undefined ? RCODE.NOERROR : signed.rcode);
    if (reply.rcode === NO_REPLY) {
      this.#counters.countDrop("dso-over-udp");
      return 0;
    }
    if (reply.rcode === RCODE.NOERROR) this.#resolve(reply, client, image);
    if (reserved > 0 && reply.extendedError === EXTENDED_ERROR.none) this.#noteError(reply);
    if (this.#rateLimit !== undefined) {
      const isLimited = transport === TRANSPORT.udp && cookie !== "good";
      const verdict = isLimited ? this.#rateLimit.judge(reply, client, this.#now()) : RATE_VERDICT.pass;
      this.#counters.settleAnswers(verdict === RATE_VERDICT.pass);
      if (verdict !== RATE_VERDICT.pass && !this.#holdBack(reply, verdict, cookie)) return 0;
    }
    if (reserved > 0) {
      reply.limit = end;
      if (this.#opt.append(reply, transport, reserved))
        this.#counters.countExtendedError(reply.extendedError);
    }
    this.#writeHeader();
    if (signed !== undefined) signed.sign(reply);
    this.#counters.countResponse(reply.zoneNumber, query.qtype, transport, reply.rcode);
    return reply.position - offset;
  }

  /** `undefined` where nothing of the message counts. */
  #judge(form: QueryForm, message: Uint8Array): SignedQuery | undefined {
    if (form !== "whole") return undefined;
    return this.#signatures.judge(message, this.#settings.tsigKeys);
  }

  #meet(image: OpenImage): void {
    this.#met = image.tables;
    this.#counters.meet(image);
  }

  #configure(settings: AnswerSettings): void {
    this.#settings = settings;
    this.#opt.settings = settings;
    this.#resolver.minimal = settings.minimalResponses;
    this.#cookies.configure(settings.cookieSecrets);
    this.#rateLimit = settings.rateLimit && new RateLimit(settings.rateLimit);
    this.#counters.deferAnswers(this.#rateLimit !== undefined);
  }

  #limitOctets(transport: Transport): number {
    if (transport !== TRANSPORT.udp) return MAX_TCP_ANSWER_OCTETS;
    return Math.min(MAX_UDP_ANSWER_OCTETS, Math.max(MIN_UDP_ANSWER_OCTETS, this.#query.udpOctets));
  }

  #resolve(reply: Reply, client: ClientAddress, image: OpenImage): void {
    const query = this.#query;
    if (query.qclass === CLASS.IN) this.#resolver.resolve(reply, query, client, image);
    // Without a question the cookie is all there is to answer.
    else if (query.hasQuestion) this.#chaos.answer(reply, query, client, image, this.#settings);
  }

  /** What the response code says in general, for those who would like to know more. */
  #noteError(reply: Reply): void {
    if (reply.rcode === RCODE.NOTIMP) {
      reply.extendedError = EXTENDED_ERROR.notSupported;
    } else if (reply.rcode === RCODE.REFUSED) {
      reply.extendedError = this.#errorOfRefusal();
    } else if (this.#settings.isStale && reply.zoneNumber !== NO_ZONE) {
      reply.extendedError = EXTENDED_ERROR.stale;
    }
  }

  #errorOfRefusal(): number {
    const { qclass, qtype } = this.#query;
    if (qclass !== CLASS.IN) return EXTENDED_ERROR.notSupported;
    // Whether the zone is ours was not looked at: transfers are not answered here, whoever asks.
    const isTransfer = qtype === TYPE.AXFR || qtype === TYPE.IXFR;
    return isTransfer ? EXTENDED_ERROR.prohibited : EXTENDED_ERROR.notAuthoritative;
  }

  /**
   * Over the rate: false where nothing is sent. A client that can have a cookie is sent for one (RFC 7873 §5.2.3), any
   * other to TCP.
   */
  #holdBack(reply: Reply, verdict: RateVerdict, cookie: CookieVerdict): boolean {
    if (verdict === RATE_VERDICT.drop) {
      this.#counters.countLimit("drop");
      this.#counters.countDrop("rate-limited");
      this.#counters.countQuery(reply.zoneNumber, this.#query.qtype, TRANSPORT.udp);
      return false;
    }
    const { rcode } = reply;
    reply.restart();
    reply.extendedError = EXTENDED_ERROR.none;
    if (cookie === "absent") {
      reply.rcode = rcode === RCODE.NXDOMAIN ? RCODE.NOERROR : rcode;
      reply.truncated = true;
      this.#counters.countLimit("slip");
    } else {
      reply.rcode = RCODE.BADCOOKIE;
      reply.authoritative = false;
      this.#counters.countLimit("badcookie");
    }
    return true;
  }

  /**
   * What a query is refused with before any zone is asked; NOERROR: it is not; NO_REPLY: with silence. `signature` is
   * what its TSIG alone is answered.
   */
  #refusal(form: QueryForm, transport: Transport, signature: number): number {
    const { opcode, ednsVersion, hasQuestion, qclass, qtype } = this.#query;
    if (opcode !== OPCODE.QUERY) {
      return opcode === OPCODE.DSO && transport === TRANSPORT.udp ? NO_REPLY : RCODE.NOTIMP;
    }
    if (form === "malformed") return RCODE.FORMERR;
    if (ednsVersion > 0) return RCODE.BADVERS;
    if (signature !== RCODE.NOERROR) return signature;
    if (!hasQuestion) return this.#cookies.enabled ? RCODE.NOERROR : RCODE.FORMERR;
    if (qclass === CLASS.CH) return RCODE.NOERROR;
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
