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
 *
 * Of a demand each child gets its part. Who is up does not depend on it, so the children are asked without one first; those
 * that divide it among theirs are asked again, after what the others send to the pools is known.
 */

import type { WeightedChild } from "./expression.ts";
import {
  type Decide,
  decideEach,
  drawsByPart,
  isUp,
  type NodeResult,
  partsByWeight,
  type Question,
  restingOn,
  traceOf,
  type WeightedResult,
} from "./node.ts";
import { addParts } from "./pool-parts.ts";

export function decideWeighted(
  children: readonly WeightedChild[],
  question: Question,
  decide: Decide,
): NodeResult {
  return decideByWeight("weighted", children, question, decide);
}

/** Also what `sticky` does, but for who draws. */
export function decideByWeight(
  node: string,
  children: readonly WeightedChild[],
  question: Question,
  decide: Decide,
): NodeResult {
  const asked = decideEach(children, { ...question, demand: undefined }, decide);
  const parts = partsByWeight(asked.filter(({ result }) => isUp(result)));
  const shared = shareDemand(parts, question, decide);
  const taking = new Map(shared.map(({ item }) => [item.place, item.result]));
  const results = asked.map(({ place, result }) => taking.get(place) ?? result);
  const draws = drawsByPart(shared, question);
  const reason = `${results.filter(isUp).length} of ${asked.length} children are up, ${parts.length} take part`;
  const trace = traceOf(question, node, parts.length > 0 ? "up" : "down", reason, results);
  return { draws, ...restingOn(results), trace };
}

interface WeightedPart {
  readonly item: WeightedResult;
  readonly part: number;
}

/** First what has no choice, for the others to fill what room it leaves. */
function shareDemand(parts: readonly WeightedPart[], question: Question, decide: Decide): WeightedPart[] {
  const { demand } = question;
  if (demand === undefined || !parts.some(({ item }) => item.result.divides)) return [...parts];
  const given = new Map(demand.given);
  for (const { item, part } of parts) {
    if (!item.result.divides) addParts(given, item.result.draws, demand.amount * part);
  }
  return parts.map(({ item, part }) => {
    if (!item.result.divides) return { item, part };
    const amount = demand.amount * part;
    const result = decide(item.expression, { ...question, demand: { ...demand, amount, given } });
    addParts(given, result.draws, amount);
    return { item: { ...item, result }, part };
  });
}
