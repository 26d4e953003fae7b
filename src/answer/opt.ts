/**
 * The OPT record of an answer (RFC 6891 §6.1.2): it comes last, and room is kept for it from the start. Two of its options
 * are decided when the answer is there: an extended error takes what room is left, padding goes to the next border.
 */

import { EDNS_OPTION } from "../dns/edns-option.ts";
import type { MessageWriter } from "../dns/message-writer.ts";
import { TYPE } from "../dns/types.ts";
import { type Cookies, WHOLE_COOKIE_OCTETS } from "./cookies.ts";
import { EXTENDED_ERROR, EXTENDED_ERRORS } from "./extended-errors.ts";
import type { Query } from "./query.ts";
import { ECS_HEAD_OCTETS, ecsAddressOctets, OPTION_HEAD_OCTETS } from "./query-options.ts";
import type { Reply } from "./reply.ts";
import { type AnswerSettings, DEFAULT_SETTINGS, MAX_NSID_OCTETS } from "./settings.ts";
import { MAX_UDP_ANSWER_OCTETS, TRANSPORT, type Transport } from "./transport.ts";

/** Root owner, TYPE, CLASS, TTL and RDLENGTH. */
const OPT_OCTETS = 11;
const KEEPALIVE_OCTETS = 2;
/** RFC 7828 §3.1: the unit of TIMEOUT. */
const KEEPALIVE_UNIT_MS = 100;
/** INFO-CODE, in front of EXTRA-TEXT. */
const ERROR_HEAD_OCTETS = 2;
/** RFC 8467 §4.1: what responses are padded to a multiple of. */
export const PADDING_BLOCK_OCTETS = 468;
const DNSSEC_OK = 0x8000;
const EXTENDED_RCODE_SHIFT = 4;

/** Writes the OPT of each answer of one path. */
export class OptRecord {
  settings: AnswerSettings = DEFAULT_SETTINGS;
  readonly #query: Query;
  readonly #cookies: Cookies;

  constructor(query: Query, cookies: Cookies) {
    this.#query = query;
    this.#cookies = cookies;
  }

  /** What it takes at least; 0 where the query had none, since then the answer has none (RFC 6891 §7). */
  measure(transport: Transport): number {
    const query = this.#query;
    if (!query.hasOpt) return 0;
    return query.isPlain ? OPT_OCTETS : OPT_OCTETS + this.#measureOptions(query, transport);
  }

  #measureOptions(query: Query, transport: Transport): number {
    let octets = 0;
    if (query.wantsNsid) octets += OPTION_HEAD_OCTETS + nsidOctets(this.settings);
    if (this.#returnsCookie()) octets += OPTION_HEAD_OCTETS + WHOLE_COOKIE_OCTETS;
    if (announcesKeepalive(query, transport)) octets += OPTION_HEAD_OCTETS + KEEPALIVE_OCTETS;
    if (query.ecs.present) {
      octets += OPTION_HEAD_OCTETS + ECS_HEAD_OCTETS + ecsAddressOctets(query.ecs.sourceBits);
    }
    return octets;
  }

  /** Appends it to a reply that has been cut to leave it `octets` of room. True where it tells the reply's extended error. */
  append(reply: Reply, transport: Transport, octets: number): boolean {
    reply.additionalCount++;
    if (!this.#query.isPlain || reply.extendedError !== EXTENDED_ERROR.none) {
      return this.#appendWhole(reply, transport, octets);
    }
    appendBare(reply, this.#query.dnssecOk);
    return false;
  }

  #appendWhole(reply: Reply, transport: Transport, octets: number): boolean {
    const query = this.#query;
    const hasError = reply.extendedError !== EXTENDED_ERROR.none && fitsError(reply, octets);
    reply.openNamelessWriter();
    const { writer } = reply;
    writer.writeUint8(0);
    writer.writeUint16(TYPE.OPT);
    writer.writeUint16(MAX_UDP_ANSWER_OCTETS);
    // Upper bits of the response code, then our version, 0. Of the flags DO alone is copied (RFC 3225 §3).
    writer.writeUint16((reply.rcode >>> EXTENDED_RCODE_SHIFT) << 8);
    writer.writeUint16(query.dnssecOk ? DNSSEC_OK : 0);
    const lengthAt = writer.position;
    writer.writeUint16(0);
    if (!query.isPlain) this.#writeOptions(writer, transport, reply.place.scopeBits);
    if (hasError) writeError(writer, reply.extendedError);
    // Last, as it has to know how long the rest is.
    if (!query.isPlain && isPadded(query, transport)) writePadding(writer, reply.limit - reply.start);
    writer.setUint16(lengthAt, writer.position - lengthAt - 2);
    reply.closeWriter();
    return hasError;
  }

  #returnsCookie(): boolean {
    return this.#query.cookie.length > 0 && this.#cookies.enabled;
  }

  #writeOptions(writer: MessageWriter, transport: Transport, scopeBits: number): void {
    const query = this.#query;
    const { settings } = this;
    if (query.wantsNsid) {
      const octets = nsidOctets(settings);
      writeOptionHead(writer, EDNS_OPTION.NSID, octets);
      writer.writeOctets(settings.nsid, 0, octets);
    }
    if (this.#returnsCookie()) {
      writeOptionHead(writer, EDNS_OPTION.COOKIE, WHOLE_COOKIE_OCTETS);
      writer.writeOctets(this.#cookies.answer);
    }
    if (announcesKeepalive(query, transport)) {
      writeOptionHead(writer, EDNS_OPTION.KEEPALIVE, KEEPALIVE_OCTETS);
      writer.writeUint16(Math.min(0xffff, Math.floor(settings.keepaliveMs / KEEPALIVE_UNIT_MS)));
    }
    const { ecs } = query;
    if (!ecs.present) return;
    const addressOctets = ecsAddressOctets(ecs.sourceBits);
    writeOptionHead(writer, EDNS_OPTION.CLIENT_SUBNET, ECS_HEAD_OCTETS + addressOctets);
    writer.writeUint16(ecs.family);
    writer.writeUint8(ecs.sourceBits);
    writer.writeUint8(scopeBits);
    writer.writeOctets(ecs.octets, 0, addressOctets);
  }
}

function nsidOctets({ nsid }: AnswerSettings): number {
  return Math.min(nsid.length, MAX_NSID_OCTETS);
}

/** RFC 7828 §3.2.1: ignored over UDP; over HTTPS it is HTTP that keeps connections. */
function announcesKeepalive(query: Query, transport: Transport): boolean {
  return query.wantsKeepalive && (transport === TRANSPORT.tcp || transport === TRANSPORT.tls);
}

/** RFC 7830 §4: for those who pad as well, and where nobody else can read. */
function isPadded(query: Query, transport: Transport): boolean {
  return query.wantsPadding && (transport === TRANSPORT.tls || transport === TRANSPORT.https);
}

/** Without options it is four numbers, and no writer is needed: 20 to 60 ns. */
function appendBare(reply: Reply, dnssecOk: boolean): void {
  const { view, position, rcode } = reply;
  view.setUint8(position, 0);
  view.setUint32(position + 1, (TYPE.OPT << 16) | MAX_UDP_ANSWER_OCTETS);
  view.setUint32(position + 5, ((rcode >>> EXTENDED_RCODE_SHIFT) << 24) | (dnssecOk ? DNSSEC_OK : 0));
  view.setUint16(position + 9, 0);
  reply.position = position + OPT_OCTETS;
}

function fitsError({ position, limit, extendedError }: Reply, optLength: number): boolean {
  const text = EXTENDED_ERRORS[extendedError]?.text.length ?? 0;
  return position + optLength + OPTION_HEAD_OCTETS + ERROR_HEAD_OCTETS + text <= limit;
}

function writeError(writer: MessageWriter, extendedError: number): void {
  const error = EXTENDED_ERRORS[extendedError];
  if (error === undefined) return;
  writeOptionHead(writer, EDNS_OPTION.EXTENDED_ERROR, ERROR_HEAD_OCTETS + error.text.length);
  writer.writeUint16(error.code);
  writer.writeOctets(error.text);
}

/** To the next border, or as far as a message may go; none where not even an empty option fits. */
function writePadding(writer: MessageWriter, mostOctets: number): void {
  const least = writer.length + OPTION_HEAD_OCTETS;
  if (least > mostOctets) return;
  const padded = Math.ceil(least / PADDING_BLOCK_OCTETS) * PADDING_BLOCK_OCTETS;
  const octets = Math.min(padded, mostOctets) - least;
  writeOptionHead(writer, EDNS_OPTION.PADDING, octets);
  for (let count = 0; count < octets; count++) writer.writeUint8(0);
}

function writeOptionHead(writer: MessageWriter, code: number, length: number): void {
  writer.writeUint16(code);
  writer.writeUint16(length);
}
