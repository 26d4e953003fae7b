/**
 * Domain names as octets (RFC 1035 §3.1): labels, each behind its length, ended by the root's empty label. Never a
 * dotted string: a label may hold any octet, a dot too. Names are compared without regard to ASCII case (RFC 4343) and
 * kept byte for byte.
 */

declare const wireForm: unique symbol;

/** An absolute name in uncompressed wire form, 1 to 255 octets. Make one with the functions of this file only. */
export type Name = Uint8Array & { readonly [wireForm]: true };

export const MAX_NAME_OCTETS = 255;
export const MAX_LABEL_OCTETS = 63;

export const ROOT: Name = asName(Uint8Array.of(0));

/** The one place where octets are declared a name; whoever calls it has made sure that they are one. */
function asName(octets: Uint8Array): Name {
  // oxlint-disable-next-line no-unsafe-type-assertion -- a brand has no other way in
  return octets as Name;
}

const DOT = 0x2e;
const BACKSLASH = 0x5c;

export type NameParse =
  | { readonly ok: true; readonly name: Name }
  | { readonly ok: false; readonly message: string };

function failure(message: string): NameParse {
  return { ok: false, message };
}

/** ASCII lower case of one octet; label lengths (below 64) are left alone, so it may run over wire form. */
export function foldOctet(octet: number): number {
  return octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/**
 * Reads a name from master-file text (RFC 1035 §5.1): `@`, relative and absolute names, `\DDD` and `\X`.
 *
 * `text` holds one octet a character (latin1). A relative name is completed with `origin`; without one it is an error.
 */
export function parseName(text: string, origin?: Name): NameParse {
  if (text === "") return failure("name is empty");
  if (text === ".") return { ok: true, name: ROOT };
  if (text === "@") {
    return origin === undefined ? failure("'@' has no origin to stand for") : { ok: true, name: origin };
  }
  // A length octet before each label; a label in progress starts at `labelStart`.
  const wire: number[] = [0];
  let labelStart = 0;
  let absolute = false;
  for (let at = 0; at < text.length; at++) {
    let octet = text.charCodeAt(at);
    if (octet === DOT) {
      const length = wire.length - labelStart - 1;
      if (length === 0) return failure(`name '${text}' has an empty label`);
      if (length > MAX_LABEL_OCTETS) return failure(`label of ${length} octets exceeds ${MAX_LABEL_OCTETS}`);
      wire[labelStart] = length;
      labelStart = wire.length;
      wire.push(0);
      absolute = at === text.length - 1;
      continue;
    }
    if (octet === BACKSLASH) {
      const next = text.charCodeAt(at + 1);
      if (isDigit(next)) {
        const digits = text.slice(at + 1, at + 4);
        if (!/^[0-9]{3}$/.test(digits) || Number(digits) > 0xff) {
          return failure(`'\\${digits}' is not an octet of three digits, 000 to 255`);
        }
        octet = Number(digits);
        at += 3;
      } else if (Number.isNaN(next)) {
        return failure("name ends in a lone backslash");
      } else {
        octet = next;
        at += 1;
      }
    }
    if (octet > 0xff) return failure("name holds a character that is not an octet");
    wire.push(octet);
  }
  if (!absolute) {
    const length = wire.length - labelStart - 1;
    if (length > MAX_LABEL_OCTETS) return failure(`label of ${length} octets exceeds ${MAX_LABEL_OCTETS}`);
    wire[labelStart] = length;
    if (origin === undefined) return failure(`name '${text}' is relative and there is no origin`);
    for (const octet of origin) wire.push(octet);
  }
  if (wire.length > MAX_NAME_OCTETS)
    return failure(`name of ${wire.length} octets exceeds ${MAX_NAME_OCTETS}`);
  return { ok: true, name: asName(Uint8Array.from(wire)) };
}

/** The text of a name that the code itself writes down. A name that cannot be parsed is a programmer's error. */
export function nameOf(text: string, origin: Name = ROOT): Name {
  const parsed = parseName(text, origin);
  if (!parsed.ok) throw new Error(`Cannot parse name: ${parsed.message}`);
  return parsed.name;
}

/** Takes a name out of a buffer that holds it uncompressed at `offset`; `undefined` where it does not. */
export function readUncompressedName(octets: Uint8Array, offset: number): Name | undefined {
  let at = offset;
  for (;;) {
    const length = octets[at];
    if (length === undefined || length > MAX_LABEL_OCTETS) return undefined;
    at += 1 + length;
    if (at - offset > MAX_NAME_OCTETS) return undefined;
    if (length === 0) return at > octets.length ? undefined : asName(octets.slice(offset, at));
  }
}

/**
 * What stands bare in a name's text and what has a backslash before it; the rest goes by `\DDD`. Knot takes no other
 * punctuation bare, and BIND takes `\[` for the start of a bit-string label.
 */
const BARE = octetsOf("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_*/");
const ESCAPED = octetsOf('"().;@$\\');

function octetsOf(characters: string): ReadonlySet<number> {
  return new Set(Array.from(characters, (character) => character.charCodeAt(0)));
}

/** Absolute master-file text, with the final dot; other octets than common ones as `\DDD` (RFC 1035 §5.1). */
export function formatName(name: Name): string {
  if (name.length === 1) return ".";
  let text = "";
  for (let at = 0; ; ) {
    const length = name[at] ?? 0;
    if (length === 0) return text;
    for (let index = at + 1; index <= at + length; index++) {
      const octet = name[index] ?? 0;
      if (BARE.has(octet)) text += String.fromCharCode(octet);
      else if (ESCAPED.has(octet)) text += `\\${String.fromCharCode(octet)}`;
      else text += `\\${String(octet).padStart(3, "0")}`;
    }
    text += ".";
    at += length + 1;
  }
}

/** The key under which equal names meet in a Map: the case-folded wire form, one character an octet. */
export function nameKey(name: Uint8Array): string {
  let key = "";
  for (const octet of name) key += String.fromCharCode(foldOctet(octet));
  return key;
}

export function namesEqual(one: Name, other: Name): boolean {
  if (one.length !== other.length) return false;
  return one.every((octet, index) => foldOctet(octet) === foldOctet(other[index] ?? 0));
}

/** The labels from the leftmost on, the root's empty one left out. */
export function labelsOf(name: Name): Uint8Array[] {
  const labels: Uint8Array[] = [];
  for (let at = 0; ; ) {
    const length = name[at] ?? 0;
    if (length === 0) return labels;
    labels.push(name.subarray(at + 1, at + 1 + length));
    at += length + 1;
  }
}

export function labelCount(name: Name): number {
  let count = 0;
  for (let at = 0; (name[at] ?? 0) !== 0; at += (name[at] ?? 0) + 1) count++;
  return count;
}

/** The name without its leftmost label; the root has no parent. */
export function parentOf(name: Name): Name | undefined {
  const length = name[0] ?? 0;
  return length === 0 ? undefined : asName(name.subarray(length + 1));
}

/** Whether `name` is `ancestor` or lies below it. */
export function isAtOrBelow(name: Name, ancestor: Name): boolean {
  let at = 0;
  while (name.length - at > ancestor.length) at += (name[at] ?? 0) + 1;
  return namesEqual(asName(name.subarray(at)), ancestor);
}

/** Puts labels in front of a name; `undefined` where the result exceeds 255 octets. */
export function joinLabels(labels: readonly Uint8Array[], suffix: Name): Name | undefined {
  const length = labels.reduce((sum, label) => sum + 1 + label.length, suffix.length);
  if (length > MAX_NAME_OCTETS) return undefined;
  const wire = new Uint8Array(length);
  let at = 0;
  for (const label of labels) {
    wire[at] = label.length;
    wire.set(label, at + 1);
    at += 1 + label.length;
  }
  wire.set(suffix, at);
  return asName(wire);
}
