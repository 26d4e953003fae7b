/** Fields that are IP addresses: 4 or 16 octets. */

import { formatIp, parseIpv4, parseIpv6 } from "../address.ts";
import { type Field, parseBareToken, readFixed } from "./field.ts";

export function ipv4Address(): Field {
  return addressField("IPv4 address", 4, parseIpv4, "four numbers from 0 to 255");
}

export function ipv6Address(): Field {
  return addressField("IPv6 address", 16, parseIpv6, "up to eight groups of hexadecimal digits");
}

function addressField(
  what: string,
  size: number,
  decode: (text: string) => Uint8Array | undefined,
  expected: string,
): Field {
  return {
    what,
    isName: false,
    mayBeAbsent: false,
    parse: parseBareToken(what, (text) => {
      const octets = decode(text);
      return octets === undefined
        ? { ok: false, message: `${what} '${text}' is not ${expected}` }
        : { ok: true, octets };
    }),
    read: readFixed(size),
    format: formatIp,
  };
}
