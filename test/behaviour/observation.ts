/**
 * What came of a packet, in words that a table can name: the response code, or `drop`, or `closed`, and beside it every
 * property of the reply that some row asks about. Peers are looked at too, so a reply that cannot be read is an
 * observation as well.
 */

import type { Edns } from "../../src/dns/edns.ts";
import { type Message, parseMessage, type ResourceRecord } from "../../src/dns/message.ts";
import { formatName } from "../../src/dns/name.ts";
import { formatRdata } from "../../src/dns/rdata.ts";
import { formatRcode, formatType, TYPE } from "../../src/dns/types.ts";

/** `result` is the response code or what came instead; flags are 0 or 1, counts and sizes decimal. */
export type Observation = ReadonlyMap<string, string>;

const HEADER_OCTETS = 12;
const QUESTION_TAIL_OCTETS = 4;
const NSID = 3;
const COOKIE = 10;
const KEEPALIVE = 11;
const PADDING = 12;

/** What came instead of a reply: `drop`, `closed`, … */
export function without(result: string): Observation {
  return new Map([["result", result]]);
}

export function observationOf(values: Readonly<Record<string, string | number | boolean>>): Observation {
  return new Map(Object.entries(values).map(([key, value]) => [key, wordOf(value)]));
}

/** What a reply says; the query is needed for what has to be the same in both. */
export function observe(query: Uint8Array, reply: Uint8Array | undefined): Observation {
  if (reply === undefined) return without("drop");
  const parse = parseMessage(reply);
  if (!parse.ok) {
    const rcode = formatRcode((reply[3] ?? 0) & 0x0f);
    return observationOf({ result: rcode, readable: false, octets: reply.length, qd: (reply[5] ?? 0) > 0 });
  }
  const { message } = parse;
  return observationOf({
    result: formatRcode(message.rcode),
    readable: true,
    octets: reply.length,
    id: (reply[0] ?? 0) === (query[0] ?? 0) && (reply[1] ?? 0) === (query[1] ?? 0) ? "same" : "other",
    question: message.questions.length === 1 && hasSameQuestion(query, reply) ? "same" : "other",
    ...flagsOf(message, reply),
    ...sectionsOf(message),
    ...optOf(message.edns),
  });
}

function wordOf(value: string | number | boolean): string {
  return typeof value === "boolean" ? (value ? "1" : "0") : String(value);
}

/** Octet by octet, so that the letters' case counts. */
function hasSameQuestion(query: Uint8Array, reply: Uint8Array): boolean {
  let at = HEADER_OCTETS;
  while (at < reply.length && (reply[at] ?? 0) !== 0) at += (reply[at] ?? 0) + 1;
  const end = at + 1 + QUESTION_TAIL_OCTETS;
  for (let index = HEADER_OCTETS; index < end; index++) if (query[index] !== reply[index]) return false;
  return true;
}

function flagsOf(message: Message, reply: Uint8Array): Record<string, string | number | boolean> {
  return {
    qr: message.isResponse,
    op: message.opcode,
    aa: message.isAuthoritative,
    tc: message.isTruncated,
    rd: message.recursionDesired,
    ra: message.recursionAvailable,
    z: ((reply[3] ?? 0) & 0x40) !== 0,
    ad: message.authenticData,
    cd: message.checkingDisabled,
  };
}

function sectionsOf(message: Message): Record<string, string | number> {
  const { questions, answers, authorities, additionals } = message;
  const [question] = questions;
  const [first] = answers;
  const owners = new Set(answers.map(({ owner }) => formatName(owner).toLowerCase()));
  const asked = question === undefined ? "" : formatName(question.name).toLowerCase();
  const soa = authorities.find(({ type }) => type === TYPE.SOA);
  return {
    qd: questions.length,
    an: answers.length,
    ns: authorities.length,
    ar: additionals.length,
    answer: typesOf(answers),
    authority: typesOf(authorities),
    additional: typesOf(additionals),
    owner: owners.size === 1 && owners.has(asked) ? "asked" : [...owners].join("+"),
    rdata: first === undefined ? "none" : formatRdata(first.type, first.rdata).replaceAll(" ", "_"),
    soattl: soa === undefined ? "none" : soa.ttlSeconds,
  };
}

/** `A+AAAA`, each type once, in the order of the message; `none`. */
function typesOf(records: readonly ResourceRecord[]): string {
  return [...new Set(records.map(({ type }) => formatType(type)))].join("+") || "none";
}

function optOf(edns: Edns | undefined): Record<string, string | number | boolean> {
  if (edns === undefined) return { opt: false };
  const codes: string[] = [];
  const found: Record<string, string | number | boolean> = {
    opt: true,
    nsid: "none",
    cookie: "none",
    keepalive: "none",
    padding: "none",
    scope: "none",
    unknown: 0,
    size: edns.udpSize,
    version: edns.version,
    do: edns.dnssecOk,
    ez: edns.reservedFlags,
  };
  for (const option of edns.options) {
    switch (option.kind) {
      case "nsid":
        codes.push(String(NSID));
        found["nsid"] = Buffer.from(option.octets).toString("latin1");
        break;
      case "cookie":
        codes.push(String(COOKIE));
        found["cookie"] = option.client.length + (option.server?.length ?? 0);
        break;
      case "keepalive":
        codes.push(String(KEEPALIVE));
        found["keepalive"] = option.timeoutMs ?? "none";
        break;
      case "padding":
        codes.push(String(PADDING));
        found["padding"] = option.octetCount;
        break;
      case "client-subnet":
        codes.push("8");
        found["source"] = option.sourcePrefixBits;
        found["scope"] = option.scopePrefixBits;
        break;
      case "extended-error":
        // It may stand in any reply (RFC 8914 §2), so it is no fault where a row names the options.
        found["ede"] = option.infoCode;
        break;
      case "unknown":
      case "malformed":
        codes.push(String(option.code));
        found["unknown"] = Number(found["unknown"]) + 1;
    }
  }
  return { ...found, options: codes.join("+") || "none" };
}
