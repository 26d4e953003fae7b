/** A row of the table: one input, and what may come of it, in the notation of `behaviour/outcome`. */

import { join, opt, packet, query, question, u16 } from "../../support/packets.ts";
import type { Place } from "../asking.ts";
import type { Observation } from "../observation.ts";

export type Row = PacketRow | ExchangeRow;

interface RowWords {
  /** The document and section that the outcomes follow from. */
  readonly rfc: string;
  readonly input: string;
  /** The ideal one first. */
  readonly outcomes: string;
  /** Why ours is not the ideal one; there is none where it is. */
  readonly reason: string | undefined;
}

/** One packet: over UDP in a datagram, over TCP in a message. */
export interface PacketRow extends RowWords {
  readonly kind: "packet";
  readonly over: readonly ("udp" | "tcp")[];
  readonly octets: Uint8Array;
}

/** More than a packet: what a client does with connections. */
export interface ExchangeRow extends RowWords {
  readonly kind: "exchange";
  readonly exchange: (server: Place) => Promise<Observation>;
}

type MakeRow = (
  rfc: string,
  input: string,
  octets: Uint8Array,
  outcomes: string,
  reason?: string,
) => PacketRow;

const packetRow =
  (...over: readonly ("udp" | "tcp")[]): MakeRow =>
  (rfc, input, octets, outcomes, reason) => ({ kind: "packet", rfc, input, over, octets, outcomes, reason });

export const both = packetRow("udp", "tcp");
export const udp = packetRow("udp");
export const tcp = packetRow("tcp");

export function exchange(
  rfc: string,
  input: string,
  run: ExchangeRow["exchange"],
  outcomes: string,
  reason?: string,
): ExchangeRow {
  return { kind: "exchange", rfc, input, exchange: run, outcomes, reason };
}

/** `www.example. A`, the question of most rows: two addresses. */
export const WWW = question("www.example.", "A");

export function withOptions(...options: readonly Uint8Array[]): Uint8Array {
  return query("www.example.", "A", opt({ options }));
}

/** A question of class IN for `www.example.` behind a header with these flags. */
export function withFlags(flags: number, asked = WWW): Uint8Array {
  return packet({ flags, question: asked });
}

export function withOpcode(opcode: number, asked = WWW): Uint8Array {
  return withFlags(opcode << 11, asked);
}

/** Labels of `a` that make a name of so many octets, in front of `suffix` in wire form. */
export function longName(octets: number, suffix: Uint8Array = Uint8Array.of(0)): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let left = octets - suffix.length; left > 0; ) {
    // A label takes its length octet as well, and none may be left with that alone.
    const take = left > 64 ? (left === 65 ? 63 : 64) : left;
    parts.push(Uint8Array.of(take - 1), new Uint8Array(take - 1).fill(0x61));
    left -= take;
  }
  return join(...parts, suffix);
}

/** A question of type A and class IN, the name in wire form. */
export function questionOf(name: Uint8Array): Uint8Array {
  return join(name, u16(1), u16(1));
}
