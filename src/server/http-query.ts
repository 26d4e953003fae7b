/**
 * DNS over HTTPS as far as it is text and octets (RFC 8484): which request holds a query, what the others are refused
 * with, and for how long an answer may be kept. `https-connection` carries it, over HTTP/2 and HTTP/1.1 alike.
 *
 * | request | status |
 * | --- | --- |
 * | another path | 404 |
 * | a method other than GET and POST | 405 |
 * | POST of another content type | 415 |
 * | POST of more than a message holds | 413 |
 * | GET whose target is longer than a message's | 414 |
 * | GET without `dns`, or with what is not base64url; what deserves no answer over DNS | 400 |
 * | the rest, whatever its response code | 200 |
 */

import { MAX_TCP_ANSWER_OCTETS } from "../answer/transport.ts";
import type { HttpStatus } from "./stream-counts.ts";

export const DNS_MESSAGE = "application/dns-message";
export const DEFAULT_HTTPS_PATH = "/dns-query";
/** Of a request's target: a query of a thousand octets, and no honest one is longer. */
const MAX_TARGET_CHARACTERS = 2_048;

/** What the head of a request says, before anything of its body is read. */
export interface RequestHead {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly contentType: string | undefined;
  readonly contentLength: string | undefined;
}

export type HeadJudgement =
  | { readonly kind: "query"; readonly octets: Uint8Array }
  /** The query is the body. */
  | { readonly kind: "body" }
  | { readonly kind: "refused"; readonly status: Exclude<HttpStatus, 200> };

function refused(status: Exclude<HttpStatus, 200>): HeadJudgement {
  return { kind: "refused", status };
}

export function judgeHead(head: RequestHead, path: string): HeadJudgement {
  const { method, target } = head;
  if (target.length > MAX_TARGET_CHARACTERS) return refused(414);
  const [wherever, parameters] = splitOnce(target, "?");
  if (wherever !== path) return refused(404);
  if (method === "GET") return judgeParameters(parameters);
  if (method !== "POST") return refused(405);
  const [mediaType] = splitOnce(head.contentType ?? "", ";");
  if (mediaType.trim().toLowerCase() !== DNS_MESSAGE) return refused(415);
  if (Number(head.contentLength ?? 0) > MAX_TCP_ANSWER_OCTETS) return refused(413);
  return { kind: "body" };
}

function splitOnce(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

/** `dns` is the message in base64url without padding (RFC 8484 §6), so nothing in it needs to be escaped. */
function judgeParameters(parameters: string): HeadJudgement {
  const given = parameters
    .split("&")
    .find((each) => each.startsWith("dns="))
    ?.slice("dns=".length);
  if (given === undefined || !/^[A-Za-z0-9_-]+$/.test(given)) return refused(400);
  return { kind: "query", octets: Buffer.from(given, "base64url") };
}

const HEADER_OCTETS = 12;
const RECORD_HEAD_OCTETS = 10;
const QUESTION_TAIL_OCTETS = 4;
const POINTER_BITS = 0xc0;
const RCODE_BITS = 0x0f;
const RCODE_NOERROR = 0;
const RCODE_NXDOMAIN = 3;

/**
 * What a cache may do with an answer of ours (RFC 8484 §5.1): keep it for the least TTL of its answer section, or where
 * that is empty of its authority section, whose SOA has the negative TTL already. An error is not to be kept at all.
 */
export function cacheControl(message: Buffer): string {
  const rcode = (message[3] ?? 0) & RCODE_BITS;
  if (rcode !== RCODE_NOERROR && rcode !== RCODE_NXDOMAIN) return "no-store";
  const answers = message.readUInt16BE(6);
  const records = answers > 0 ? answers : message.readUInt16BE(8);
  let at = HEADER_OCTETS;
  for (let count = message.readUInt16BE(4); count > 0; count--)
    at = behindName(message, at) + QUESTION_TAIL_OCTETS;
  let least = Number.POSITIVE_INFINITY;
  for (let count = 0; count < records; count++) {
    const head = behindName(message, at);
    least = Math.min(least, message.readUInt32BE(head + 4));
    at = head + RECORD_HEAD_OCTETS + message.readUInt16BE(head + 8);
  }
  return Number.isFinite(least) ? `max-age=${least}` : "no-store";
}

function behindName(message: Uint8Array, start: number): number {
  for (let at = start; ; ) {
    const label = message[at] ?? 0;
    if (label === 0) return at + 1;
    if ((label & POINTER_BITS) === POINTER_BITS) return at + 2;
    at += 1 + label;
  }
}
