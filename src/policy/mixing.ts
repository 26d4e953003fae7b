/**
 * Whether a policy mixes answers that resolvers cannot keep apart: a CNAME holds for every type (`policy/cname`), so a resolver
 * that has one in its cache asks for no address of that name, and one that has an address may meet a CNAME for the next type.
 *
 * | expression                         | mixes by chance                                          |
 * | ---------------------------------- | -------------------------------------------------------- |
 * | a pool, `weighted`, `all`, `spill` | where both kinds of endpoints are below it               |
 * | `failover`, `geo`, `nearest`       | where a child does: the same client meets the same child |
 * | `sticky`, an endpoint              | never: a client keeps to one                             |
 */

import { policyNamed } from "./definitions.ts";
import { childrenOf, type Expression } from "./expression.ts";
import type { Definitions } from "./model.ts";
import { reachOf } from "./reach.ts";

/** Whether chance can draw a CNAME for one query of a client and addresses for the next, while nothing changes. */
export function mixesByChance(expression: Expression, definitions: Definitions): boolean {
  switch (expression.kind) {
    case "endpoint":
    case "sticky":
      return false;
    case "policy":
      return mixesByChance(policyNamed(expression.policy, definitions), definitions);
    case "pool":
    case "weighted":
    case "all":
    case "spill":
      return isMixed(expression, definitions);
    case "failover":
    case "geo":
    case "nearest":
      return childrenOf(expression).some((child) => mixesByChance(child, definitions));
  }
}

function isMixed(expression: Expression, definitions: Definitions): boolean {
  const kinds = new Set(reachOf(expression, definitions).endpoints.map(({ answerAs }) => answerAs));
  return kinds.size > 1;
}
