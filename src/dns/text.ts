/**
 * What master-file text is made of (RFC 1035 §5.1): tokens as the lexer hands them on, and character-strings with their
 * escapes `\DDD` and `\X`. One character of text is one octet (latin1).
 */

export const MAX_CHARACTER_STRING_OCTETS = 255;

/** One token of a record's data. Quotes are gone, escapes still stand. */
export interface TextToken {
  readonly text: string;
  readonly quoted: boolean;
}

export type OctetsParse =
  | { readonly ok: true; readonly octets: Uint8Array }
  | { readonly ok: false; readonly message: string };

const BACKSLASH = 0x5c;
const QUOTE = 0x22;

/** The octets that the text stands for, escapes taken out; any number of them. */
export function decodeEscapes(text: string): OctetsParse {
  const octets: number[] = [];
  for (let at = 0; at < text.length; at++) {
    let octet = text.charCodeAt(at);
    if (octet === BACKSLASH) {
      const digits = /^[0-9]/.test(text.slice(at + 1, at + 2)) ? text.slice(at + 1, at + 4) : undefined;
      if (digits === undefined) {
        if (at + 1 === text.length) return { ok: false, message: "text ends in a lone backslash" };
        at += 1;
        octet = text.charCodeAt(at);
      } else {
        if (!/^[0-9]{3}$/.test(digits) || Number(digits) > 0xff) {
          return { ok: false, message: `'\\${digits}' is not an octet of three digits, 000 to 255` };
        }
        octet = Number(digits);
        at += digits.length;
      }
    }
    if (octet > 0xff) return { ok: false, message: "text holds a character that is not an octet" };
    octets.push(octet);
  }
  return { ok: true, octets: Uint8Array.from(octets) };
}

/** As `decodeEscapes`, and no longer than a character-string may be: 255 octets (RFC 1035 §3.3). */
export function decodeCharacterString(text: string): OctetsParse {
  const decoded = decodeEscapes(text);
  if (decoded.ok && decoded.octets.length > MAX_CHARACTER_STRING_OCTETS) {
    const message = `character-string of ${decoded.octets.length} octets exceeds ${MAX_CHARACTER_STRING_OCTETS}`;
    return { ok: false, message };
  }
  return decoded;
}

/** Octets in double quotes; `"` and `\` escaped, what is not printable ASCII as `\DDD`. */
export function formatCharacterString(octets: Uint8Array): string {
  let text = '"';
  for (const octet of octets) {
    if (octet < 0x20 || octet >= 0x7f) text += `\\${String(octet).padStart(3, "0")}`;
    else text += (octet === QUOTE || octet === BACKSLASH ? "\\" : "") + String.fromCharCode(octet);
  }
  return `${text}"`;
}
