/** Whether a client is in one of some networks, as `answer/settings` lists them: few, so one after the other. */

import type { ClientAddress } from "./client-address.ts";
import type { ClientNetwork } from "./settings.ts";

export function isInNetworks(networks: readonly ClientNetwork[], client: ClientAddress): boolean {
  for (const network of networks) if (isIn(network, client)) return true;
  return false;
}

function isIn({ octets, prefixBits }: ClientNetwork, client: ClientAddress): boolean {
  if (octets.length !== client.length) return false;
  const whole = prefixBits >>> 3;
  for (let at = 0; at < whole; at++) if (octets[at] !== client.octets[at]) return false;
  const rest = prefixBits & 7;
  return rest === 0 || (((octets[whole] ?? 0) ^ (client.octets[whole] ?? 0)) & (0xff << (8 - rest))) === 0;
}
