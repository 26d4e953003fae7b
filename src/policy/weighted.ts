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
 * Of a demand each child gets its part. Who is up does not depend on it, so the children are asked a second time where one
 * is declared.
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
  const asked = decideEach(children, question, decide);
  const parts = partsByWeight(asked.filter(({ result }) => isUp(result)));
  const shared = parts.map((each) => shareDemand(each, question, decide));
  const taking = new Map(shared.map(({ item }) => [item.place, item.result]));
  const results = asked.map(({ place, result }) => taking.get(place) ?? result);
  const draws = drawsByPart(shared, question);
  const reason = `${results.filter(isUp).length} of ${asked.length} children are up, ${parts.length} take part`;
  const trace = traceOf(question, node, parts.length > 0 ? "up" : "down", reason, results);
  return { draws, ...restingOn(results), trace };
}

function shareDemand(
  { item, part }: { readonly item: WeightedResult; readonly part: number },
  question: Question,
  decide: Decide,
): { readonly item: WeightedResult; readonly part: number } {
  const { demand } = question;
  if (demand === undefined || part === 1) return { item, part };
  return { item: { ...item, result: decide(item.expression, { ...question, demand: demand * part }) }, part };
}
