/** Parameters of a query, each judged for its form. */

import { PARAMETER_LIMIT_CHARACTERS } from "./limits.ts";

export interface Parameter {
  readonly key: string;
  readonly value?: string;
  readonly fault?: string;
}

/** Neither value nor fault: it is not given. */
export function readParameter(query: unknown, key: string): Parameter {
  const [first, ...more] = readParameters(query, key);
  if (first === undefined) return { key };
  return more.length === 0 ? first : { key, fault: `Cannot read '${key}': it is given more than once` };
}

/** One that may be given several times; none where it is not given. */
export function readParameters(query: unknown, key: string): Parameter[] {
  const given: unknown = typeof query === "object" && query !== null ? Reflect.get(query, key) : undefined;
  const values: unknown[] = given === undefined ? [] : Array.isArray(given) ? given : [given];
  return values.map((value) => judgeValue(key, String(value)));
}

function judgeValue(key: string, value: string): Parameter {
  if (value === "") return { key, fault: `Cannot read '${key}': value is empty` };
  return value.length > PARAMETER_LIMIT_CHARACTERS
    ? { key, fault: `Cannot read '${key}': value exceeds ${PARAMETER_LIMIT_CHARACTERS} characters` }
    : { key, value };
}

/** A misspelt parameter would leave out what it says, and the answer would be that to another question. */
export function findUnknown(query: unknown, known: readonly string[]): Parameter | undefined {
  const keys = typeof query === "object" && query !== null ? Object.keys(query) : [];
  const unknown = keys.find((key) => !known.includes(key));
  if (unknown === undefined) return undefined;
  return { key: unknown, fault: `Parameter '${unknown}' is none of ${known.join(", ")}` };
}

/** Whether each octet behind a `%` is two digits, and all of them UTF-8 (RFC 3986 §2.5). */
export function isReadableQuery(url: string): boolean {
  const start = url.indexOf("?");
  try {
    if (start !== -1) decodeURIComponent(url.slice(start));
    return true;
  } catch {
    return false;
  }
}
