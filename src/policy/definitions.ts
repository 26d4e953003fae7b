/** What names stand for. The checker has resolved them all, so one that is missing is a programmer's error and throws. */

import type { Expression } from "./expression.ts";
import type { Definitions, Endpoint, Pool } from "./model.ts";

export function policyNamed(name: string, definitions: Definitions): Expression {
  const expression = definitions.policies.get(name);
  if (expression === undefined) throw new Error(`no policy '${name}' is defined`);
  return expression;
}

export function poolNamed(name: string, definitions: Definitions): Pool {
  const pool = definitions.pools.get(name);
  if (pool === undefined) throw new Error(`no pool '${name}' is defined`);
  return pool;
}

export function endpointNamed(
  ref: { readonly pool: string; readonly endpoint: string },
  definitions: Definitions,
): Endpoint {
  const endpoint = poolNamed(ref.pool, definitions).endpoints.find(({ name }) => name === ref.endpoint);
  if (endpoint === undefined) throw new Error(`no endpoint '${ref.pool}/${ref.endpoint}' is defined`);
  return endpoint;
}
