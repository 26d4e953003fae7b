/**
 * IP networks (RFC 4632 §3.1, RFC 4291 §2.3): a family, the address octets with every bit past the prefix zero, and
 * the prefix length in bits.
 */

export interface Network {
  readonly family: "ipv4" | "ipv6";
  /** 4 or 16 octets; bits past the prefix are zero. */
  readonly octets: Uint8Array;
  readonly prefixBits: number;
}

/** The network of `prefixBits` that an address of 4 or 16 octets lies in; bits past the prefix are cleared. */
export function networkOf(address: Uint8Array, prefixBits: number): Network {
  const octets = Uint8Array.from(address, (octet, index) => octet & maskOctet(prefixBits, index));
  return { family: address.length === 4 ? "ipv4" : "ipv6", octets, prefixBits };
}

/** The mask of the octet at `index` for a prefix of so many bits. */
function maskOctet(prefixBits: number, index: number): number {
  const bits = Math.min(8, Math.max(0, prefixBits - index * 8));
  return (0xff << (8 - bits)) & 0xff;
}

/** Whether every address of `inner` lies in `outer`. */
export function contains(outer: Network, inner: Network): boolean {
  if (outer.family !== inner.family || inner.prefixBits < outer.prefixBits) return false;
  return outer.octets.every(
    (octet, index) => octet === ((inner.octets[index] ?? 0) & maskOctet(outer.prefixBits, index)),
  );
}
