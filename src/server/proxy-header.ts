/**
 * The PROXY protocol, version 2: how a load balancer says whom it speaks for, in a header ahead of the first octet of a
 * connection, or of every datagram (haproxy.org, proxy-protocol.txt §2.2). Only load balancers that the operator
 * has named are believed.
 *
 * ```
 *  0   signature, 12 octets
 * 12   version 2 · command: LOCAL 0 (the balancer itself, as in its health checks), PROXY 1
 * 13   family: unspecified 0, IPv4 1, IPv6 2, UNIX 3 · transport: unspecified 0, stream 1, datagram 2
 * 14   octets that follow: source, destination, both ports, then anything
 * ```
 */

import { type ClientAddress, setClientOctets } from "../answer/client-address.ts";

/** What says how long a header is. */
export const PROXY_HEAD_OCTETS = 16;
/** Of a whole header, with whatever a balancer adds about itself (a certificate's name, an identifier). */
export const MAX_PROXY_HEADER_OCTETS = 2_048;

/** What `readProxyHeader` returns where there is no whole header. */
export const PROXY_INCOMPLETE = 0;
export const PROXY_FAULT = -1;

const SIGNATURE = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a);
const VERSION_2 = 0x20;
const COMMAND = { local: 0, proxy: 1 } as const;
const FAMILY = { unspecified: 0, ipv4: 1, ipv6: 2 } as const;
/** By the way that the header came. */
const TRANSPORT_NUMBER = { stream: 1, datagram: 2 } as const;

/**
 * Reads the header in `octets[offset, offset + length)`: how long it is, PROXY_INCOMPLETE where more octets could make one,
 * PROXY_FAULT where nothing can. `client` becomes the address that it speaks for, and stays as it is where it speaks for
 * nobody else.
 */
export function readProxyHeader(
  octets: Uint8Array,
  offset: number,
  length: number,
  way: keyof typeof TRANSPORT_NUMBER,
  client: ClientAddress,
): number {
  for (let index = 0; index < SIGNATURE.length && index < length; index++) {
    if (octets[offset + index] !== SIGNATURE[index]) return PROXY_FAULT;
  }
  if (length < PROXY_HEAD_OCTETS) return PROXY_INCOMPLETE;
  const versionAndCommand = octets[offset + 12] ?? 0;
  const whole = PROXY_HEAD_OCTETS + (((octets[offset + 14] ?? 0) << 8) | (octets[offset + 15] ?? 0));
  if ((versionAndCommand & 0xf0) !== VERSION_2 || whole > MAX_PROXY_HEADER_OCTETS) return PROXY_FAULT;
  if (length < whole) return PROXY_INCOMPLETE;
  const command = versionAndCommand & 0x0f;
  if (command === COMMAND.local) return whole;
  if (command !== COMMAND.proxy) return PROXY_FAULT;
  const family = (octets[offset + 13] ?? 0) >> 4;
  if (family === FAMILY.unspecified) return whole;
  if (((octets[offset + 13] ?? 0) & 0x0f) !== TRANSPORT_NUMBER[way]) return PROXY_FAULT;
  if (family !== FAMILY.ipv4 && family !== FAMILY.ipv6) return PROXY_FAULT;
  const addressOctets = family === FAMILY.ipv4 ? 4 : 16;
  if (whole < PROXY_HEAD_OCTETS + 2 * addressOctets + 4) return PROXY_FAULT;
  setClientOctets(client, octets, offset + PROXY_HEAD_OCTETS, addressOctets);
  return whole;
}
