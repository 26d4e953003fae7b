/**
 * `weighted ( a=70 b=30 c=0 )`: by weight among those that are up; weight 0 only when no other is up, those then alike.
 *
 * | a=70 | b=30 | c=0  | answer        |
 * | ---- | ---- | ---- | ------------- |
 * | up   | up   | any  | a 70 %, b 30 % |
 * | up   | down | any  | a             |
 * | down | up   | any  | b             |
 * | down | down | up   | c             |
 * | down | down | down | down          |
 */

import type { WeightedChild } from "./expression.ts";
import {
  type Decide,
  decideEach,
  isUp,
  type NodeResult,
  partsByWeight,
  type Question,
  restingOn,
  traceOf,
} from "./node.ts";

export function decideWeighted(
  children: readonly WeightedChild[],
  question: Question,
  decide: Decide,
): NodeResult {
  const asked = decideEach(children, question, decide);
  const results = asked.map(({ result }) => result);
  const parts = partsByWeight(asked.filter(({ result }) => isUp(result)));
  const draws = parts.flatMap(({ item, part }) =>
    item.result.draws.map((draw) => ({ ...draw, probability: draw.probability * part })),
  );
  const reason = `${results.filter(isUp).length} of ${asked.length} children are up, ${parts.length} take part`;
  const trace = traceOf(question, "weighted", parts.length > 0 ? "up" : "down", reason, results);
  return { draws, ...restingOn(results), trace };
}
