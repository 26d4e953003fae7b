/** The networks of the load balancers whose PROXY headers are believed. */

import type { ClientAddress } from "../answer/client-address.ts";
import type { ClientNetwork } from "../answer/settings.ts";

const OCTET_BITS = 8;

/** Whether any of them holds the address. */
export function isInAny(networks: readonly ClientNetwork[], client: ClientAddress): boolean {
  for (const network of networks) if (isIn(network, client)) return true;
  return false;
}

function isIn({ octets, prefixBits }: ClientNetwork, client: ClientAddress): boolean {
  if (octets.length !== client.length) return false;
  for (let index = 0, bits = prefixBits; bits > 0; index++, bits -= OCTET_BITS) {
    const mask = bits >= OCTET_BITS ? 0xff : (0xff << (OCTET_BITS - bits)) & 0xff;
    if ((((octets[index] ?? 0) ^ (client.octets[index] ?? 0)) & mask) !== 0) return false;
  }
  return true;
}
