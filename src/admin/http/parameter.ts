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
