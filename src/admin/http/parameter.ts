/** Parameters of a query, each judged for its form. */

import { PARAMETER_LIMIT_CHARACTERS } from "./limits.ts";

export interface Parameter {
  readonly key: string;
  readonly value?: string;
  readonly fault?: string;
}

/** Neither value nor fault: it is not given. */
export function readParameter(query: unknown, key: string): Parameter {
  const value: unknown = typeof query === "object" && query !== null ? Reflect.get(query, key) : undefined;
  if (value === undefined) return { key };
  if (typeof value !== "string") return { key, fault: `Cannot read '${key}': it is given more than once` };
  if (value === "") return { key, fault: `Cannot read '${key}': value is empty` };
  return value.length > PARAMETER_LIMIT_CHARACTERS
    ? { key, fault: `Cannot read '${key}': value exceeds ${PARAMETER_LIMIT_CHARACTERS} characters` }
    : { key, value };
}
