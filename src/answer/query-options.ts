/**
 * The EDNS options of a query, and what each must look like. An option that we do not know is passed over (RFC 6891
 * §6.1.2); one that we know and that is malformed makes the query malformed.
 */

import { EDNS_OPTION } from "../dns/edns-option.ts";
import { CLIENT_COOKIE_OCTETS } from "./cookies.ts";
import type { ClientSubnet, Query, QueryCookie } from "./query.ts";

/** OPTION-CODE and OPTION-LENGTH. */
export const OPTION_HEAD_OCTETS = 4;
/** RFC 7873 §4: the server's part has 8 to 32 octets. */
const MIN_WHOLE_COOKIE_OCTETS = 16;
export const MAX_COOKIE_OCTETS = 40;
/** FAMILY, SOURCE PREFIX-LENGTH and SCOPE PREFIX-LENGTH. */
export const ECS_HEAD_OCTETS = 4;
/** By ECS family; family 0 says nothing about an address, and has none. */
const ECS_FAMILY_BITS: readonly number[] = [0, 32, 128];

/** Reads octets[start, end) into the query; false where they are malformed. */
export function readOptions(query: Query, octets: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; ) {
    if (at + OPTION_HEAD_OCTETS > end) return false;
    const code = ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0);
    const length = ((octets[at + 2] ?? 0) << 8) | (octets[at + 3] ?? 0);
    const data = at + OPTION_HEAD_OCTETS;
    at = data + length;
    if (at > end || !readOption(query, code, octets, data, length)) return false;
  }
  return true;
}

function readOption(query: Query, code: number, octets: Uint8Array, data: number, length: number): boolean {
  switch (code) {
    case EDNS_OPTION.NSID:
      query.wantsNsid = true;
      return true;
    case EDNS_OPTION.KEEPALIVE:
      query.wantsKeepalive = true;
      return true;
    case EDNS_OPTION.COOKIE:
      return readCookie(query.cookie, octets, data, length);
    case EDNS_OPTION.PADDING:
      query.wantsPadding = true;
      return true;
    case EDNS_OPTION.CLIENT_SUBNET:
      return readClientSubnet(query.ecs, octets, data, length);
    default:
      return true;
  }
}

/** RFC 7873 §5.2.2: any other length is malformed; of several cookies the first one counts. */
function readCookie(cookie: QueryCookie, octets: Uint8Array, data: number, length: number): boolean {
  const isWhole = length >= MIN_WHOLE_COOKIE_OCTETS && length <= MAX_COOKIE_OCTETS;
  if (!isWhole && length !== CLIENT_COOKIE_OCTETS) return false;
  if (cookie.length > 0) return true;
  cookie.length = length;
  for (let index = 0; index < length; index++) cookie.octets[index] = octets[data + index] ?? 0;
  return true;
}

/**
 * RFC 7871 §6, §7.1.2: the scope is 0 in a query, the address has just the octets that the prefix needs, and the bits
 * past the prefix are zero.
 */
function readClientSubnet(ecs: ClientSubnet, octets: Uint8Array, data: number, length: number): boolean {
  if (length < ECS_HEAD_OCTETS) return false;
  const family = ((octets[data] ?? 0) << 8) | (octets[data + 1] ?? 0);
  const sourceBits = octets[data + 2] ?? 0;
  const mostBits = ECS_FAMILY_BITS[family];
  if (mostBits === undefined || sourceBits > mostBits || octets[data + 3] !== 0) return false;
  const addressOctets = ecsAddressOctets(sourceBits);
  if (length !== ECS_HEAD_OCTETS + addressOctets) return false;
  const last = octets[data + length - 1] ?? 0;
  const spareBits = addressOctets * 8 - sourceBits;
  if (spareBits > 0 && (last & ((1 << spareBits) - 1)) !== 0) return false;
  // The first one counts; another has been held to the same form.
  if (ecs.present) return true;
  ecs.present = true;
  ecs.family = family;
  ecs.sourceBits = sourceBits;
  ecs.octets.fill(0);
  for (let index = 0; index < addressOctets; index++) {
    ecs.octets[index] = octets[data + ECS_HEAD_OCTETS + index] ?? 0;
  }
  return true;
}

/** How many octets of address a prefix of so many bits has in the option. */
export function ecsAddressOctets(sourceBits: number): number {
  return (sourceBits + 7) >>> 3;
}
