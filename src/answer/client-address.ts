/**
 * Where a query came from: an object that its server makes once and fills for each query, so that nothing is made on
 * the path. What it holds is good until the next query.
 */

import { parseIp, readIpv4 } from "../dns/address.ts";

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
  if (readIpv4(text, client.octets)) {
    client.length = 4;
    return true;
  }
  const zoneAt = text.indexOf("%");
  const octets = parseIp(zoneAt === -1 ? text : text.slice(0, zoneAt));
  if (octets === undefined) return false;
  setClientOctets(client, octets, 0, octets.length === 4 ? 4 : 16);
  return true;
}

/** Fills in the 4 or 16 octets of an address at `at`, likewise. */
export function setClientOctets(client: ClientAddress, octets: Uint8Array, at: number, length: 4 | 16): void {
  const mapped = length === 16 && isMappedIpv4(octets, at);
  client.length = mapped ? 4 : length;
  const from = mapped ? at + 12 : at;
  for (let index = 0; index < client.length; index++) client.octets[index] = octets[from + index] ?? 0;
}

function isMappedIpv4(octets: Uint8Array, at: number): boolean {
  for (let index = 0; index < 10; index++) if (octets[at + index] !== 0) return false;
  return octets[at + 10] === 0xff && octets[at + 11] === 0xff;
}
