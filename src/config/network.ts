/** Networks as the configuration writes them: `192.0.2.0/24`, `2001:db8::/32`, or an address alone. */

import { isIpAddress } from "./socket-address.ts";

export interface NetworkText {
  /** An IP address as text. */
  readonly address: string;
  /** How many of its bits count. */
  readonly prefixBits: number;
}

/** `undefined` where the text is no network. */
export function parseNetworkText(text: string): NetworkText | undefined {
  const [, address, prefix] = /^([0-9a-fA-F:.]+)(?:\/(0|[1-9][0-9]{0,2}))?$/.exec(text) ?? [];
  if (address === undefined || !isIpAddress(address)) return undefined;
  const allBits = address.includes(":") ? 128 : 32;
  const prefixBits = prefix === undefined ? allBits : Number(prefix);
  return prefixBits > allBits ? undefined : { address, prefixBits };
}
