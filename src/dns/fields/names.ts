/** Fields that are domain names (RFC 1035 §3.3 `<domain-name>`): relative ones are completed with the origin. */

import { formatName, parseName, ROOT, readUncompressedName } from "../name.ts";
import { readName } from "../wire-name.ts";
import { append, type Field, parseBareToken } from "./field.ts";

/**
 * A name. Read with pointers followed whatever the type: RFC 3597 §4 asks receivers to for RFC 1035's types and some
 * later ones, and a pointer has no other meaning in the rest.
 */
export function domainName(what: string): Field {
  return {
    what,
    isName: true,
    mayBeAbsent: false,
    parse: parseBareToken(what, (text, origin) => {
      const parsed = parseName(text, origin);
      return parsed.ok
        ? { ok: true, octets: parsed.name }
        : { ok: false, message: `Cannot parse ${what}: ${parsed.message}` };
    }),
    read: (message, at, end, wire) => {
      const read = readName(message, at, end);
      if (read === undefined) return undefined;
      append(wire, read.name);
      return read.next;
    },
    format: (octets) => formatName(readUncompressedName(octets, 0) ?? ROOT),
  };
}
