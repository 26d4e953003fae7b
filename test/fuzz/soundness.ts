/** What every packet is owed, whatever is in it, and what every reply owes whoever reads it. */

import { decode } from "dns-packet";
import { TRANSPORT, type Transport } from "../../src/answer/answer.ts";
import { MAX_UDP_ANSWER_OCTETS } from "../../src/answer/transport.ts";
import { HEADER_OCTETS } from "../../src/dns/header.ts";
import { parseMessage } from "../../src/dns/message.ts";

const FLAG_QR = 0x80;
const OPCODE_BITS = 0x78;
const DSO_BITS = 6 << 3;
/** RA and Z: recursion is not to be had here, and the reserved bit is not ours. AD and CD: nothing is validated. */
const NEVER_SET = 0xf0;

/** Shorter than a header, or a response, or DSO over UDP. */
export function mustBeDropped(packet: Uint8Array, transport: Transport): boolean {
  const flags = packet[2] ?? 0;
  const isDso = (flags & OPCODE_BITS) === DSO_BITS;
  return packet.length < HEADER_OCTETS || (flags & FLAG_QR) !== 0 || (isDso && transport === TRANSPORT.udp);
}

export interface ReplyFaults {
  /** It cannot be read, by us or by dns-packet. */
  readonly unreadable?: string;
  /** It can, and is no reply to the packet. */
  readonly wrong?: string;
}

/** What is wrong with a reply to a packet that is owed one. */
export function faultsOf(packet: Uint8Array, reply: Uint8Array, transport: Transport): ReplyFaults {
  const unreadable = unreadableBy(reply);
  if (unreadable !== undefined) return { unreadable };
  const flags = reply[2] ?? 0;
  if ((flags & FLAG_QR) === 0) return { wrong: "it is no response" };
  if (((flags ^ (packet[2] ?? 0)) & OPCODE_BITS) !== 0) return { wrong: "it has another opcode" };
  if (reply[0] !== packet[0] || reply[1] !== packet[1]) return { wrong: "it has another identifier" };
  if (((reply[3] ?? 0) & NEVER_SET) !== 0) return { wrong: "it sets RA, Z, AD or CD" };
  if (transport === TRANSPORT.udp && reply.length > MAX_UDP_ANSWER_OCTETS) {
    return { wrong: `it has ${reply.length} octets` };
  }
  return {};
}

/** Why a reply cannot be read, by us or by dns-packet. */
export function unreadableBy(reply: Uint8Array): string | undefined {
  const own = parseMessage(reply);
  if (!own.ok) return `Fairlead: ${own.message}`;
  try {
    decode(Buffer.from(reply));
  } catch (error) {
    return `dns-packet: ${String(error)}`;
  }
  return undefined;
}
