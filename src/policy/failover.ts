/**
 * `failover ( a b c )`: the first that is up.
 *
 * | a    | b    | c    | answer |
 * | ---- | ---- | ---- | ------ |
 * | up   | any  | any  | a      |
 * | down | up   | any  | b      |
 * | down | down | up   | c      |
 * | down | down | down | down   |
 *
 * Children behind the chosen one are not looked at: the answer does not rest on them.
 */

import type { Expression } from "./expression.ts";
import { type Decide, describe, isUp, type NodeResult, type Question, restingOn, traceOf } from "./node.ts";

export function decideFailover(
  children: readonly Expression[],
  question: Question,
  decide: Decide,
): NodeResult {
  const asked: NodeResult[] = [];
  for (const child of children) {
    const result = decide(child, question);
    asked.push(result);
    if (isUp(result)) {
      const reason = `${describe(child)} is the first that is up`;
      const trace = traceOf(question, "failover", "up", reason, asked);
      return { draws: result.draws, ...restingOn(asked), trace };
    }
  }
  const trace = traceOf(question, "failover", "down", "no child is up", asked);
  return { draws: [], ...restingOn(asked), trace };
}
