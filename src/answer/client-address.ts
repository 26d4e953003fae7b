/**
 * Where a query came from: an object that its server makes once and fills for each query, so that nothing is made on
 * the path. What it holds is good until the next query.
 */

import { parseIp } from "../dns/address.ts";

export interface ClientAddress {
  /** 16 octets of room; the first `length` are the address, in network order. */
  readonly octets: Uint8Array;
  length: 4 | 16;
}

export function createClientAddress(): ClientAddress {
  return { octets: new Uint8Array(16), length: 4 };
}

/**
 * Fills in an address as the socket layer writes it, with or without a zone (`fe80::1%eth0`, RFC 4007 §11); an IPv4
 * address in IPv6 clothes (RFC 4291 §2.5.5.2) is taken for what it is. False where the text is no address.
 */
export function setClientAddress(client: ClientAddress, text: string): boolean {
  const zoneAt = text.indexOf("%");
  const octets = parseIp(zoneAt === -1 ? text : text.slice(0, zoneAt));
  if (octets === undefined) return false;
  const mapped = octets.length === 16 && isMappedIpv4(octets);
  client.octets.set(mapped ? octets.subarray(12) : octets);
  client.length = mapped || octets.length === 4 ? 4 : 16;
  return true;
}

function isMappedIpv4(octets: Uint8Array): boolean {
  for (let index = 0; index < 10; index++) if (octets[index] !== 0) return false;
  return octets[10] === 0xff && octets[11] === 0xff;
}
