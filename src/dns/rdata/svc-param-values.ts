/**
 * The values of SvcParams (RFC 9460 §7, §2.1 and Appendix A): for each key that has a text of its own, how it is read,
 * written and judged. Other keys are `keyNNN` with the value as a character-string.
 */

import { formatIp, parseIpv4, parseIpv6 } from "../address.ts";
import { decodeBase64, formatBase64 } from "../encodings.ts";
import { numberOctets } from "../fields/numbers.ts";
import { decodeEscapes, formatCharacterString, type OctetsParse } from "../text.ts";

export interface SvcParamKey {
  readonly code: number;
  readonly name: string;
  /** The value's text, quotes removed, `undefined` where there is no `=`. */
  readonly parse: (text: string | undefined) => OctetsParse;
  /** `=value`, or the empty text. */
  readonly format: (value: Uint8Array) => string;
  /** Whether octets from the wire are such a value. */
  readonly accepts: (value: Uint8Array) => boolean;
}

const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const MAX_KEY = 0xffff;

const mandatory: SvcParamKey = {
  code: 0,
  name: "mandatory",
  parse: parseMandatory,
  format: (value) => `=${keysOf(value).map(formatKey).join(",")}`,
  accepts: (value) => {
    const keys = keysOf(value);
    const ascends = keys.every((key, index) => key > (keys[index - 1] ?? 0));
    return value.length > 0 && value.length % 2 === 0 && ascends;
  },
};

const alpn: SvcParamKey = {
  code: 1,
  name: "alpn",
  parse: parseAlpn,
  format: formatAlpn,
  accepts: (value) => splitLengthPrefixed(value) !== undefined,
};

const noDefaultAlpn: SvcParamKey = {
  code: 2,
  name: "no-default-alpn",
  parse: (text) =>
    text === undefined || text === ""
      ? { ok: true, octets: new Uint8Array(0) }
      : failure("no-default-alpn takes no value"),
  format: () => "",
  accepts: (value) => value.length === 0,
};

const port: SvcParamKey = {
  code: 3,
  name: "port",
  parse: (text = "") =>
    /^[0-9]{1,5}$/.test(text) && Number(text) <= 0xffff
      ? { ok: true, octets: numberOctets(Number(text), 2) }
      : failure(`port '${text}' is not a number from 0 to 65535`),
  format: ([high = 0, low = 0]) => `=${high * 256 + low}`,
  accepts: (value) => value.length === 2,
};

const ech: SvcParamKey = {
  code: 5,
  name: "ech",
  parse: (text = "") => {
    const octets = decodeBase64(text);
    return octets === undefined || octets.length === 0
      ? failure(`ech '${text}' is not base 64`)
      : { ok: true, octets };
  },
  format: (value) => `=${formatBase64(value)}`,
  accepts: (value) => value.length > 0,
};

export const SVC_PARAM_KEYS: readonly SvcParamKey[] = [
  mandatory,
  alpn,
  noDefaultAlpn,
  port,
  hintKey(4, "ipv4hint", "IPv4", 4, parseIpv4),
  ech,
  hintKey(6, "ipv6hint", "IPv6", 16, parseIpv6),
];

const byCode = new Map(SVC_PARAM_KEYS.map((key) => [key.code, key]));
const byName = new Map(SVC_PARAM_KEYS.map((key) => [key.name, key]));

/** The key of a code; one without a text of its own takes and shows its value as a character-string. */
export function svcParamKey(code: number): SvcParamKey {
  return byCode.get(code) ?? opaqueKey(code);
}

/** The code that a key's text stands for, `keyNNN` being allowed for every code (RFC 9460 §2.1). */
export function parseSvcParamKey(text: string): number | undefined {
  const code = byName.get(text)?.code;
  if (code !== undefined || !/^key(?:0|[1-9][0-9]{0,4})$/.test(text)) return code;
  const number = Number(text.slice("key".length));
  return number <= MAX_KEY ? number : undefined;
}

/** A value written under `keyNNN` instead of the key's name: octets as a character-string, and yet such a value. */
export function parseOpaqueValue(code: number, text: string | undefined): OctetsParse {
  const decoded = decodeEscapes(text ?? "");
  if (!decoded.ok || svcParamKey(code).accepts(decoded.octets)) return decoded;
  return failure(`value of key${code} is not that of ${formatKey(code)}`);
}

/** The list of keys that a `mandatory` value names. */
export function keysOf(value: Uint8Array): number[] {
  return Array.from(
    { length: Math.floor(value.length / 2) },
    (_, index) => (value[index * 2] ?? 0) * 256 + (value[index * 2 + 1] ?? 0),
  );
}

function formatKey(code: number): string {
  return svcParamKey(code).name;
}

function opaqueKey(code: number): SvcParamKey {
  return {
    code,
    name: `key${code}`,
    parse: (text) => decodeEscapes(text ?? ""),
    format: (value) => (value.length === 0 ? "" : `=${formatCharacterString(value)}`),
    accepts: () => true,
  };
}

/** Addresses, one or more. */
function hintKey(
  code: number,
  name: string,
  family: string,
  size: number,
  parseAddress: (text: string) => Uint8Array | undefined,
): SvcParamKey {
  return {
    code,
    name,
    parse: (text = "") => {
      const octets: number[] = [];
      for (const item of text.split(",")) {
        const address = parseAddress(item);
        if (address === undefined) return failure(`${name} '${item}' is not an ${family} address`);
        octets.push(...address);
      }
      return { ok: true, octets: Uint8Array.from(octets) };
    },
    format: (value) => {
      const addresses = Array.from({ length: value.length / size }, (_, index) =>
        formatIp(value.subarray(index * size, (index + 1) * size)),
      );
      return `=${addresses.join(",")}`;
    },
    accepts: (value) => value.length > 0 && value.length % size === 0,
  };
}

/** Keys in any order in text, ascending and each once on the wire, `mandatory` itself not among them (RFC 9460 §8). */
function parseMandatory(text = ""): OctetsParse {
  const codes: number[] = [];
  for (const item of text.split(",")) {
    const code = parseSvcParamKey(item);
    if (code === undefined) return failure(`mandatory key '${item}' is not a SvcParamKey`);
    if (code === mandatory.code) return failure("mandatory may not name itself");
    if (codes.includes(code)) return failure(`mandatory names '${item}' twice`);
    codes.push(code);
  }
  codes.sort((one, other) => one - other);
  return { ok: true, octets: Uint8Array.from(codes.flatMap((code) => [code >> 8, code & 0xff])) };
}

/**
 * A comma-separated list within a character-string (RFC 9460 Appendix A.1): after the string's own escapes are taken out, a
 * backslash makes a comma or a backslash part of the item.
 */
function parseAlpn(text = ""): OctetsParse {
  const decoded = decodeEscapes(text);
  if (!decoded.ok) return decoded;
  const items: number[][] = [[]];
  for (let at = 0; at < decoded.octets.length; at++) {
    let octet = decoded.octets[at] ?? 0;
    if (octet === COMMA) {
      items.push([]);
      continue;
    }
    if (octet === BACKSLASH) {
      at += 1;
      octet = decoded.octets[at] ?? 0;
      if (octet !== COMMA && octet !== BACKSLASH) {
        return failure("alpn has a backslash before neither a comma nor a backslash");
      }
    }
    items.at(-1)?.push(octet);
  }
  if (items.some((item) => item.length === 0)) return failure("alpn has an empty protocol identifier");
  const long = items.find((item) => item.length > 0xff);
  if (long !== undefined) return failure(`alpn protocol identifier of ${long.length} octets exceeds 255`);
  const wire: number[] = [];
  for (const item of items) wire.push(item.length, ...item);
  return { ok: true, octets: Uint8Array.from(wire) };
}

function formatAlpn(value: Uint8Array): string {
  const list: number[] = [];
  for (const [index, item] of (splitLengthPrefixed(value) ?? []).entries()) {
    if (index > 0) list.push(COMMA);
    for (const octet of item) {
      if (octet === COMMA || octet === BACKSLASH) list.push(BACKSLASH);
      list.push(octet);
    }
  }
  return `=${formatCharacterString(Uint8Array.from(list))}`;
}

/** One item or more, none of them empty; `undefined` where the octets are not that. */
function splitLengthPrefixed(value: Uint8Array): Uint8Array[] | undefined {
  const items: Uint8Array[] = [];
  for (let at = 0; at < value.length; ) {
    const length = value[at] ?? 0;
    if (length === 0 || at + 1 + length > value.length) return undefined;
    items.push(value.subarray(at + 1, at + 1 + length));
    at += 1 + length;
  }
  return items.length > 0 ? items : undefined;
}

function failure(message: string): OctetsParse {
  return { ok: false, message };
}
