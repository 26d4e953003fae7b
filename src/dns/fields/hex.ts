/** Fields that are hexadecimal text to the end of the rdata: digests, fingerprints, certificate data. */

import { decodeHex, formatHex } from "../encodings.ts";
import { append, type Field, readRest } from "./field.ts";

/** One octet or more; blanks may stand anywhere between the digits (RFC 4034 §5.3). */
export function restOfHex(what: string): Field {
  return {
    what,
    isName: false,
    mayBeAbsent: false,
    parse: (source, wire) => {
      const rest = source.tokens.slice(source.next);
      const strange = rest.findIndex((token) => token.quoted || !/^[0-9a-f]*$/i.test(token.text));
      if (strange >= 0) {
        source.next += strange;
        return `${what} '${rest[strange]?.text ?? ""}' is not hexadecimal`;
      }
      const octets = decodeHex(rest.map((token) => token.text).join(""));
      if (octets === undefined) return `${what} has an odd number of hexadecimal digits`;
      append(wire, octets);
      source.next = source.tokens.length;
      return undefined;
    },
    read: readRest(1),
    format: formatHex,
  };
}
