/** Packets made octet by octet, so that tests can break any rule, and what comes back as a value. */

import type { Message } from "../../src/dns/message.ts";
import { parseMessage } from "../../src/dns/message.ts";
import { foldOctet, formatName, nameOf } from "../../src/dns/name.ts";
import { formatRdata } from "../../src/dns/rdata.ts";
import { formatRcode, formatType, parseType } from "../../src/dns/types.ts";

export interface PacketParts {
  readonly id?: number;
  /** Octets 2 and 3 of the header. */
  readonly flags?: number;
  /** QDCOUNT, ANCOUNT, NSCOUNT, ARCOUNT; the first is 1 unless said otherwise, the last the number of `additional`. */
  readonly counts?: readonly [number, number, number, number];
  readonly question?: Uint8Array;
  /** Whole records behind the question. */
  readonly additional?: readonly Uint8Array[];
}

export function packet({
  id = 0x1234,
  flags = 0,
  counts,
  question,
  additional = [],
}: PacketParts): Uint8Array {
  const numbers = counts ?? [question === undefined ? 0 : 1, 0, 0, additional.length];
  return join(u16(id), u16(flags), ...numbers.map(u16), question ?? new Uint8Array(0), ...additional);
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

export function u16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff);
}

/** A question; the type as text, the class as a number. */
export function question(name: string, type: string | number, qclass = 1): Uint8Array {
  const code = typeof type === "number" ? type : (parseType(type) ?? 0);
  return join(nameOf(name), u16(code), u16(qclass));
}

export function query(name: string, type: string | number, ...additional: readonly Uint8Array[]): Uint8Array {
  return packet({ question: question(name, type), additional });
}

export interface OptParts {
  readonly owner?: Uint8Array;
  readonly size?: number;
  readonly version?: number;
  readonly flags?: number;
  readonly options?: readonly Uint8Array[];
}

export function opt({
  owner = Uint8Array.of(0),
  size = 1232,
  version = 0,
  flags = 0,
  options = [],
}: OptParts = {}): Uint8Array {
  const rdata = join(...options);
  return join(owner, u16(41), u16(size), Uint8Array.of(0, version), u16(flags), u16(rdata.length), rdata);
}

export function option(code: number, ...octets: readonly number[]): Uint8Array {
  return join(u16(code), u16(octets.length), Uint8Array.from(octets));
}

export function parsed(octets: Uint8Array): Message {
  const result = parseMessage(octets);
  if (!result.ok) throw new Error(`Cannot parse reply: ${JSON.stringify(result)}`);
  return result.message;
}

/** What a table of cases says of a reply: `NOERROR aa an=2 ns=0`, `tc`, `opt`, and so on. */
export function summary(octets: Uint8Array | undefined): string {
  if (octets === undefined) return "drop";
  const message = parsed(octets);
  const words = [formatRcode(message.rcode)];
  if (message.isAuthoritative) words.push("aa");
  if (message.isTruncated) words.push("tc");
  words.push(`qd=${message.questions.length}`, `an=${message.answers.length}`);
  if (message.authorities.length > 0) {
    words.push(`ns=${message.authorities.map(({ type }) => formatType(type)).join(",")}`);
  }
  if (message.additionals.length > 0) words.push(`ar=${message.additionals.length}`);
  if (message.edns !== undefined) words.push("opt");
  return words.join(" ");
}

/** The answer section as text, sorted by nothing: `www.example. 300 A 192.0.2.1`. */
export function answersOf(octets: Uint8Array): string[] {
  return parsed(octets).answers.map(
    ({ owner, ttlSeconds, type, rdata }) =>
      `${formatName(owner)} ${ttlSeconds} ${formatType(type)} ${formatRdata(type, rdata)}`,
  );
}

/** A value with the letters of all its octets in lower case, for comparing where case may change. */
export function caseFolded(value: unknown): unknown {
  if (value instanceof Uint8Array) return value.map(foldOctet);
  if (Array.isArray(value)) return value.map(caseFolded);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, caseFolded(each)]));
}
