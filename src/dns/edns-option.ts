/**
 * The options of EDNS as plain data, one kind for each that we know. Octets that break their option's rules are kept as
 * `malformed`, because what follows from that (FORMERR, or nothing) is for the reader to say.
 */

export const EDNS_OPTION = {
  NSID: 3,
  CLIENT_SUBNET: 8,
  COOKIE: 10,
  KEEPALIVE: 11,
  PADDING: 12,
  EXTENDED_ERROR: 15,
} as const;

export type EdnsOption =
  /** RFC 5001: empty when it asks, the server's name for itself when it answers. */
  | { readonly kind: "nsid"; readonly octets: Uint8Array }
  /** RFC 7871. `address` has 4 or 16 octets, zeros behind the prefix. */
  | {
      readonly kind: "client-subnet";
      readonly address: Uint8Array;
      readonly sourcePrefixBits: number;
      readonly scopePrefixBits: number;
    }
  /** RFC 7873: 8 octets of the client's; 8 to 32 of the server's, or none yet. */
  | { readonly kind: "cookie"; readonly client: Uint8Array; readonly server: Uint8Array | undefined }
  /** RFC 7828: how long an idle connection is kept, in steps of 100 ms; a client asks without a time. */
  | { readonly kind: "keepalive"; readonly timeoutMs: number | undefined }
  /** RFC 7830: octets that only make the message longer. */
  | { readonly kind: "padding"; readonly octetCount: number }
  /** RFC 8914: why, for the person who debugs. */
  | { readonly kind: "extended-error"; readonly infoCode: number; readonly text: string }
  | { readonly kind: "unknown"; readonly code: number; readonly octets: Uint8Array }
  | { readonly kind: "malformed"; readonly code: number; readonly octets: Uint8Array };

const CLIENT_COOKIE_OCTETS = 8;
const MIN_SERVER_COOKIE_OCTETS = 8;
const MAX_SERVER_COOKIE_OCTETS = 32;
const KEEPALIVE_UNIT_MS = 100;

/** RFC 7871 §6, by the address family numbers of IANA. */
const ADDRESS_OCTETS = new Map([
  [1, 4],
  [2, 16],
]);

export function decodeOption(code: number, octets: Uint8Array): EdnsOption {
  switch (code) {
    case EDNS_OPTION.NSID:
      return { kind: "nsid", octets };
    case EDNS_OPTION.CLIENT_SUBNET:
      return decodeClientSubnet(octets) ?? { kind: "malformed", code, octets };
    case EDNS_OPTION.COOKIE:
      return decodeCookie(octets) ?? { kind: "malformed", code, octets };
    case EDNS_OPTION.KEEPALIVE:
      if (octets.length === 0) return { kind: "keepalive", timeoutMs: undefined };
      if (octets.length !== 2) return { kind: "malformed", code, octets };
      return { kind: "keepalive", timeoutMs: uint16At(octets, 0) * KEEPALIVE_UNIT_MS };
    case EDNS_OPTION.PADDING:
      return { kind: "padding", octetCount: octets.length };
    case EDNS_OPTION.EXTENDED_ERROR:
      if (octets.length < 2) return { kind: "malformed", code, octets };
      return {
        kind: "extended-error",
        infoCode: uint16At(octets, 0),
        // A byte order mark is text like the rest: left out, it would be lost on the way on.
        text: new TextDecoder("utf-8", { ignoreBOM: true }).decode(octets.subarray(2)),
      };
    default:
      return { kind: "unknown", code, octets };
  }
}

export function encodeOption(option: EdnsOption): { code: number; octets: Uint8Array } {
  switch (option.kind) {
    case "nsid":
      return { code: EDNS_OPTION.NSID, octets: option.octets };
    case "client-subnet":
      return {
        code: EDNS_OPTION.CLIENT_SUBNET,
        octets: encodeClientSubnet(option.address, option.sourcePrefixBits, option.scopePrefixBits),
      };
    case "cookie":
      return {
        code: EDNS_OPTION.COOKIE,
        octets: Uint8Array.of(...option.client, ...(option.server ?? [])),
      };
    case "keepalive":
      return {
        code: EDNS_OPTION.KEEPALIVE,
        octets:
          option.timeoutMs === undefined
            ? new Uint8Array(0)
            : uint16Octets(Math.min(0xffff, Math.floor(option.timeoutMs / KEEPALIVE_UNIT_MS))),
      };
    case "padding":
      return { code: EDNS_OPTION.PADDING, octets: new Uint8Array(option.octetCount) };
    case "extended-error": {
      const text = new TextEncoder().encode(option.text);
      return {
        code: EDNS_OPTION.EXTENDED_ERROR,
        octets: Uint8Array.of(...uint16Octets(option.infoCode), ...text),
      };
    }
    case "unknown":
    case "malformed":
      return { code: option.code, octets: option.octets };
  }
}

/** FAMILY, SOURCE PREFIX-LENGTH, SCOPE PREFIX-LENGTH, and as many octets of ADDRESS as the source prefix needs. */
function decodeClientSubnet(octets: Uint8Array): EdnsOption | undefined {
  const [familyHigh = 0, familyLow = 0, sourcePrefixBits = 0, scopePrefixBits] = octets;
  const addressOctets = ADDRESS_OCTETS.get(familyHigh * 256 + familyLow);
  if (addressOctets === undefined || scopePrefixBits === undefined) return undefined;
  if (Math.max(sourcePrefixBits, scopePrefixBits) > addressOctets * 8) return undefined;
  const shown = octets.subarray(4);
  if (shown.length !== Math.ceil(sourcePrefixBits / 8)) return undefined;
  const address = new Uint8Array(addressOctets);
  address.set(shown);
  const masked = maskAddress(address, sourcePrefixBits);
  // Bits behind the prefix must be zero (RFC 7871 §6).
  if (masked.some((octet, index) => octet !== address[index])) return undefined;
  return { kind: "client-subnet", address, sourcePrefixBits, scopePrefixBits };
}

function encodeClientSubnet(
  address: Uint8Array,
  sourcePrefixBits: number,
  scopePrefixBits: number,
): Uint8Array {
  const shown = maskAddress(address, sourcePrefixBits).subarray(0, Math.ceil(sourcePrefixBits / 8));
  return Uint8Array.of(0, address.length === 4 ? 1 : 2, sourcePrefixBits, scopePrefixBits, ...shown);
}

function maskAddress(address: Uint8Array, prefixBits: number): Uint8Array {
  return address.map((octet, index) => {
    const bitsKept = Math.max(0, Math.min(8, prefixBits - index * 8));
    return octet & (0xff << (8 - bitsKept));
  });
}

function decodeCookie(octets: Uint8Array): EdnsOption | undefined {
  const server = octets.slice(CLIENT_COOKIE_OCTETS);
  const isWhole =
    octets.length === CLIENT_COOKIE_OCTETS ||
    (server.length >= MIN_SERVER_COOKIE_OCTETS && server.length <= MAX_SERVER_COOKIE_OCTETS);
  if (!isWhole) return undefined;
  return {
    kind: "cookie",
    client: octets.slice(0, CLIENT_COOKIE_OCTETS),
    server: server.length === 0 ? undefined : server,
  };
}

function uint16At(octets: Uint8Array, at: number): number {
  return (octets[at] ?? 0) * 256 + (octets[at + 1] ?? 0);
}

function uint16Octets(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff);
}
