/**
 * The service parameters of SVCB and HTTPS records, `key[=value] …`, to the end of the rdata (RFC 9460 §2.1, §2.2): on the
 * wire each is a key, a length and a value, in ascending order of keys.
 */

import { append, type Field, type TokenSource } from "../fields/field.ts";
import { domainName } from "../fields/names.ts";
import { numberOctets, uint16 } from "../fields/numbers.ts";
import { readUncompressedName } from "../name.ts";
import {
  keysOf,
  parseOpaqueValue,
  parseSvcParamKey,
  SVC_PARAM_KEYS,
  svcParamKey,
} from "./svc-param-values.ts";

const MANDATORY = 0;
const ALPN = 1;
const NO_DEFAULT_ALPN = 2;

const svcParams: Field = {
  what: "parameters",
  isName: false,
  mayBeAbsent: true,
  parse: parseParams,
  read: (message, at, end, wire) => {
    if (splitParams(message.subarray(at, end)) === undefined) return undefined;
    append(wire, message.subarray(at, end));
    return end;
  },
  format: (octets) =>
    (splitParams(octets) ?? [])
      .map(({ code, value }) => svcParamKey(code).name + svcParamKey(code).format(value))
      .join(" "),
};

/** The fields of SVCB, and of the types in its form. The target is never compressed (RFC 9460 §2.2). */
export const SERVICE_BINDING_FIELDS: readonly Field[] = [uint16("priority"), domainName("target"), svcParams];

/** The rules between the fields: AliasMode (§2.4.2), `no-default-alpn` (§7.1.1) and `mandatory` (§8). */
export function checkServiceBinding(rdata: Uint8Array): string | undefined {
  const targetOctets = readUncompressedName(rdata, 2)?.length ?? 0;
  const params = splitParams(rdata.subarray(2 + targetOctets)) ?? [];
  const keys = params.map((param) => param.code);
  if (rdata[0] === 0 && rdata[1] === 0) {
    return keys.length === 0 ? undefined : "AliasMode (priority 0) takes no parameters";
  }
  if (keys.includes(NO_DEFAULT_ALPN) && !keys.includes(ALPN)) return "no-default-alpn needs alpn beside it";
  const demanded = params.find((param) => param.code === MANDATORY);
  const absent = demanded && keysOf(demanded.value).find((key) => !keys.includes(key));
  return absent === undefined ? undefined : `mandatory names ${svcParamKey(absent).name}, which is not there`;
}

function parseParams(source: TokenSource, wire: number[]): string | undefined {
  const params = new Map<number, Uint8Array>();
  for (; source.next < source.tokens.length; source.next++) {
    const text = source.tokens[source.next]?.text ?? "";
    const equals = text.indexOf("=");
    const keyText = equals < 0 ? text : text.slice(0, equals);
    const valueText = equals < 0 ? undefined : text.slice(equals + 1);
    const code = parseSvcParamKey(keyText);
    if (code === undefined) {
      const names = SVC_PARAM_KEYS.map((key) => key.name).join(", ");
      return `SvcParamKey '${keyText}' is not one of ${names} or keyNNN`;
    }
    if (params.has(code)) return `SvcParamKey '${keyText}' is there twice`;
    const key = svcParamKey(code);
    const parsed = keyText === key.name ? key.parse(valueText) : parseOpaqueValue(code, valueText);
    if (!parsed.ok) return parsed.message;
    params.set(code, parsed.octets);
  }
  for (const [code, value] of [...params].sort(([one], [other]) => one - other)) {
    append(wire, numberOctets(code, 2));
    append(wire, numberOctets(value.length, 2));
    append(wire, value);
  }
  return undefined;
}

/** `undefined` where the octets are not parameters in ascending order with values that their keys accept. */
export function splitParams(octets: Uint8Array): { code: number; value: Uint8Array }[] | undefined {
  const params: { code: number; value: Uint8Array }[] = [];
  let previous = -1;
  for (let at = 0; at < octets.length; ) {
    const [keyHigh = 0, keyLow = 0, lengthHigh = 0, lengthLow] = octets.subarray(at, at + 4);
    if (lengthLow === undefined) return undefined;
    const code = keyHigh * 256 + keyLow;
    const end = at + 4 + lengthHigh * 256 + lengthLow;
    const value = octets.subarray(at + 4, end);
    if (code <= previous || end > octets.length || !svcParamKey(code).accepts(value)) return undefined;
    params.push({ code, value });
    previous = code;
    at = end;
  }
  return params;
}
