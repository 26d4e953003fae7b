/**
 * Who may change state (CONTRACT.md §4). Decided on the header fields alone, before a body is read.
 *
 * A node without a token file trusts its own machine and nobody else. A browser runs on that machine too, and any page
 * that it shows can send requests: straight to 127.0.0.1 (its Origin gives it away), or by a name of its own that
 * resolves to 127.0.0.1 after the page has loaded («DNS rebinding»: its Host gives it away). A proxy on the machine makes
 * the whole world look local; what it usually adds gives it away.
 *
 * | token file | peer       | forwarded | Host            | Origin            | Authorization | outcome |
 * | ---------- | ---------- | --------- | --------------- | ----------------- | ------------- | ------- |
 * | any        | any        | any       | none, or twice  | any               | any           | 403     |
 * | any        | any        | any       | any             | another than Host | any           | 403     |
 * | none       | elsewhere  | any       | any             | none, or as Host  | any           | 403     |
 * | none       | loopback   | yes       | any             | none, or as Host  | any           | 403     |
 * | none       | loopback   | no        | not loopback's  | none, or as Host  | any           | 403     |
 * | none       | loopback   | no        | loopback's      | none, or as Host  | any           | allowed |
 * | present    | any        | any       | any             | none, or as Host  | wrong or none | 401     |
 * | present    | any        | any       | any             | none, or as Host  | the token     | allowed |
 *
 * With a token the Host is left alone: a page that was rebound has no token to send.
 */

import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

export interface WriteRequest {
  /** The peer of the connection, as text. */
  readonly peer: string;
  /** Every Host field of the request. */
  readonly hosts: readonly string[];
  readonly headers: IncomingHttpHeaders;
}

export type WriteJudgement =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly statusCode: 401 | 403; readonly message: string };

/** What proxies add to a request that they pass on. */
const FORWARDED_FIELDS = ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"] as const;
/** What browsers say of a request that one site's page sends to another (W3C Fetch Metadata). */
const OWN_FETCH_SITES: ReadonlySet<unknown> = new Set([undefined, "same-origin", "none"]);

/** The table at the head of this file. `token` is that of the token file. */
export function judgeWrite(request: WriteRequest, token: string | undefined): WriteJudgement {
  const [host] = request.hosts;
  if (host === undefined || request.hosts.length > 1) return refused("Host is missing or given twice");
  const { origin } = request.headers;
  if (origin !== undefined && !isOriginOf(origin, host)) return refused(`Origin is foreign to '${host}'`);
  if (!OWN_FETCH_SITES.has(request.headers["sec-fetch-site"])) return refused("request is from another site");
  return token === undefined ? judgeLocal(request, host) : judgeToken(request.headers.authorization, token);
}

function judgeLocal({ peer, headers }: WriteRequest, host: string): WriteJudgement {
  if (!isLoopbackAddress(peer)) return refused("without a token file only loopback may change state");
  const forwarded = FORWARDED_FIELDS.find((field) => headers[field] !== undefined);
  if (forwarded !== undefined) return refused(`request was forwarded ('${forwarded}'), and not made here`);
  if (!isLoopbackHost(host)) return refused(`Host '${host}' is not a loopback address or 'localhost'`);
  return { allowed: true };
}

function judgeToken(authorization: string | undefined, token: string): WriteJudgement {
  const given = /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
  if (given !== undefined && isSameSecret(given, token)) return { allowed: true };
  return {
    allowed: false,
    statusCode: 401,
    message: "Authorization is not 'Bearer' with the token of the token file",
  };
}

function refused(message: string): WriteJudgement {
  return { allowed: false, statusCode: 403, message };
}

/** Takes the same time wherever two secrets differ, and whatever their lengths. */
function isSameSecret(one: string, other: string): boolean {
  return timingSafeEqual(digest(one), digest(other));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** `::ffff:127.0.0.1` is how a socket of both families shows an IPv4 peer (RFC 4291 §2.5.5.2). */
function isLoopbackAddress(address: string): boolean {
  return /^(?:::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/i.test(address) || address === "::1";
}

function isLoopbackHost(host: string): boolean {
  const url = parseAuthority("http:", host);
  if (url === undefined) return false;
  return url.hostname === "localhost" || url.hostname === "[::1]" || isLoopbackAddress(url.hostname);
}

/** Whether `origin` (RFC 6454 §6.1) is the site that `host` names, over either scheme; `null` is nobody's. */
function isOriginOf(origin: string, host: string): boolean {
  const [, scheme = "", authority = ""] = /^(https?:)\/\/([^/?#@]+)$/i.exec(origin) ?? [];
  const from = parseAuthority(scheme, authority);
  const own = parseAuthority(scheme, host);
  return from !== undefined && own !== undefined && from.host === own.host;
}

/** A host and a port as the URL parser reads them, so that case, default ports and odd spellings of addresses fold. */
function parseAuthority(scheme: string, authority: string): URL | undefined {
  const text = `${scheme}//${authority}/`;
  if (!/^[^/?#@\\\s]+$/.test(authority) || !URL.canParse(text)) return undefined;
  return new URL(text);
}
