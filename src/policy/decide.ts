/** From an expression to the file that decides its kind. */

import { decideAll } from "./all.ts";
import { endpointNamed, policyNamed, poolNamed } from "./definitions.ts";
import type { Expression } from "./expression.ts";
import { decideFailover } from "./failover.ts";
import { decideGeo } from "./geo.ts";
import { decideNearest } from "./nearest.ts";
import { describe, type NodeResult, type Question, traceOf } from "./node.ts";
import { decideEndpoint, decidePool } from "./pool.ts";
import { decideSpill } from "./spill.ts";
import { decideSticky } from "./sticky.ts";
import { decideWeighted } from "./weighted.ts";

/**
 * Decides one expression at one rung. The checker has resolved every name and refused every cycle before; a name that
 * is missing here is a programmer's error and throws.
 */
export function decide(expression: Expression, question: Question): NodeResult {
  switch (expression.kind) {
    case "pool":
      return decidePool(poolNamed(expression.pool, question.definitions), question);
    case "endpoint":
      return decideEndpoint(endpointNamed(expression, question.definitions), question);
    case "policy":
      return decideNamedPolicy(expression.policy, question);
    case "failover":
      return decideFailover(expression.children, question, decide);
    case "weighted":
      return decideWeighted(expression.children, question, decide);
    case "all":
      return decideAll(expression.children, question, decide);
    case "geo":
      return decideGeo(expression.entries, question, decide);
    case "sticky":
      return decideSticky(expression.children, question, decide);
    case "spill":
      return decideSpill(expression.children, question, decide);
    case "nearest":
      return decideNearest(expression.children, question, decide);
  }
}

function decideNamedPolicy(name: string, question: Question): NodeResult {
  const expression = policyNamed(name, question.definitions);
  const result = decide(expression, question);
  const reason = `stands for ${describe(expression)}`;
  const trace = traceOf(question, name, result.draws.length > 0 ? "up" : "down", reason, [result]);
  return { ...result, trace };
}
