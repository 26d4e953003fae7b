/** The OPT record of an answer (RFC 6891 §6.1.2): it comes last, and room is kept for it from the start. */

import { EDNS_OPTION } from "../dns/edns-option.ts";
import type { MessageWriter } from "../dns/message-writer.ts";
import { TYPE } from "../dns/types.ts";
import type { Query } from "./query.ts";
import { ECS_HEAD_OCTETS, ecsAddressOctets, OPTION_HEAD_OCTETS } from "./query-options.ts";
import type { Reply } from "./reply.ts";
import { type AnswerSettings, MAX_NSID_OCTETS } from "./settings.ts";
import { MAX_UDP_ANSWER_OCTETS, TRANSPORT, type Transport } from "./transport.ts";

/** Root owner, TYPE, CLASS, TTL and RDLENGTH. */
const OPT_OCTETS = 11;
const KEEPALIVE_OCTETS = 2;
/** RFC 7828 §3.1: the unit of TIMEOUT. */
const KEEPALIVE_UNIT_MS = 100;
const DNSSEC_OK = 0x8000;
const EXTENDED_RCODE_SHIFT = 4;

/** What its OPT takes, all options included; 0 where the query had none, since then the answer has none (RFC 6891 §7). */
export function optOctets(query: Query, transport: Transport, settings: AnswerSettings): number {
  return query.hasOpt ? OPT_OCTETS + optionsOctets(query, transport, settings) : 0;
}

function optionsOctets(query: Query, transport: Transport, settings: AnswerSettings): number {
  let octets = 0;
  if (query.wantsNsid) octets += OPTION_HEAD_OCTETS + nsidOctets(settings);
  if (announcesKeepalive(query, transport)) octets += OPTION_HEAD_OCTETS + KEEPALIVE_OCTETS;
  if (query.ecs.present) {
    octets += OPTION_HEAD_OCTETS + ECS_HEAD_OCTETS + ecsAddressOctets(query.ecs.sourceBits);
  }
  return octets;
}

function nsidOctets({ nsid }: AnswerSettings): number {
  return Math.min(nsid.length, MAX_NSID_OCTETS);
}

/** RFC 7828 §3.2.1: ignored over UDP. */
function announcesKeepalive(query: Query, transport: Transport): boolean {
  return query.wantsKeepalive && transport === TRANSPORT.tcp;
}

/** Writes what `optOctets` measured. `scopeBits` is how much of the client's prefix the answer rests on. */
function writeOpt(
  writer: MessageWriter,
  query: Query,
  transport: Transport,
  settings: AnswerSettings,
  rcode: number,
  scopeBits: number,
): void {
  writer.writeUint8(0);
  writer.writeUint16(TYPE.OPT);
  writer.writeUint16(MAX_UDP_ANSWER_OCTETS);
  // Upper bits of the response code, then our version, 0. Of the flags DO alone is copied (RFC 3225 §3).
  writer.writeUint16((rcode >>> EXTENDED_RCODE_SHIFT) << 8);
  writer.writeUint16(query.dnssecOk ? DNSSEC_OK : 0);
  writer.writeUint16(optionsOctets(query, transport, settings));
  if (query.wantsNsid) {
    const octets = nsidOctets(settings);
    writeOptionHead(writer, EDNS_OPTION.NSID, octets);
    writer.writeOctets(settings.nsid, 0, octets);
  }
  if (announcesKeepalive(query, transport)) {
    writeOptionHead(writer, EDNS_OPTION.KEEPALIVE, KEEPALIVE_OCTETS);
    writer.writeUint16(Math.min(0xffff, Math.floor(settings.keepaliveMs / KEEPALIVE_UNIT_MS)));
  }
  const { ecs } = query;
  if (ecs.present) {
    const addressOctets = ecsAddressOctets(ecs.sourceBits);
    writeOptionHead(writer, EDNS_OPTION.CLIENT_SUBNET, ECS_HEAD_OCTETS + addressOctets);
    writer.writeUint16(ecs.family);
    writer.writeUint8(ecs.sourceBits);
    writer.writeUint8(scopeBits);
    writer.writeOctets(ecs.octets, 0, addressOctets);
  }
}

/** Appends the OPT that `optOctets` measured to a reply that has been cut to leave it room. */
export function appendOpt(
  reply: Reply,
  query: Query,
  transport: Transport,
  settings: AnswerSettings,
  octets: number,
): void {
  reply.additionalCount++;
  if (octets > OPT_OCTETS) {
    reply.openWriter();
    writeOpt(reply.writer, query, transport, settings, reply.rcode, reply.place.scopeBits);
    reply.closeWriter();
    return;
  }
  // Without options it is four numbers, and no writer is needed: 20 to 60 ns.
  const { view, position, rcode } = reply;
  view.setUint8(position, 0);
  view.setUint32(position + 1, (TYPE.OPT << 16) | MAX_UDP_ANSWER_OCTETS);
  view.setUint32(position + 5, ((rcode >>> EXTENDED_RCODE_SHIFT) << 24) | (query.dnssecOk ? DNSSEC_OK : 0));
  view.setUint16(position + 9, 0);
  reply.position = position + OPT_OCTETS;
}

function writeOptionHead(writer: MessageWriter, code: number, length: number): void {
  writer.writeUint16(code);
  writer.writeUint16(length);
}
