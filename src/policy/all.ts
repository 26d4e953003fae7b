/**
 * `all ( a b )`: every up endpoint of all of them, in one answer.
 *
 * | a    | b    | answer  |
 * | ---- | ---- | ------- |
 * | up   | up   | a and b |
 * | up   | down | a       |
 * | down | up   | b       |
 * | down | down | down    |
 *
 * What is answered of a child is all that it could answer: every endpoint to which a child gives a share: of `failover` the chosen child's, of `weighted`
 * those of every child that takes part. The order within the answer is drawn as `weighted` would draw it. A child that
 * has no address of the family adds nothing; where none has any, the answer is NODATA.
 */

import type { Candidate, Draw } from "./evaluation.ts";
import type { WeightedChild } from "./expression.ts";
import type { Address } from "./model.ts";
import {
  type Decide,
  decideEach,
  isUp,
  NODATA_DRAW,
  type NodeResult,
  partsByWeight,
  type Question,
  restingOn,
  stickyWay,
  traceOf,
} from "./node.ts";

export function decideAll(
  children: readonly WeightedChild[],
  question: Question,
  decide: Decide,
): NodeResult {
  const asked = decideEach(children, question, decide);
  const results = asked.map(({ result }) => result);
  const parts = partsByWeight(asked.filter(({ result }) => isUp(result)));
  const rests = restingOn(results);
  const reason = `${results.filter(isUp).length} of ${asked.length} children are up, all their endpoints answer`;
  const trace = traceOf(question, "all", parts.length > 0 ? "up" : "down", reason, results);
  if (parts.length === 0) return { draws: [], ...rests, trace };
  const draws = parts.flatMap(({ item, part }) =>
    item.result.draws.map((draw) => ({ ...draw, probability: draw.probability * part })),
  );
  const candidates = unite(draws);
  const draw = { probability: 1, answers: Number.POSITIVE_INFINITY, candidates };
  const united = candidates.length > 0 ? draw : NODATA_DRAW;
  return { draws: [{ ...united, ...stickyWay(question) }], ...rests, trace };
}

/** Every endpoint of the draws once, its weight the probability of being drawn first. */
function unite(draws: readonly Draw[]): Candidate[] {
  const united = new Map<string, { candidate: Candidate; weight: number; addresses: Set<Address> }>();
  for (const draw of draws) {
    const sum = draw.candidates.reduce((total, { weight }) => total + weight, 0);
    for (const candidate of draw.candidates) {
      const weight = (draw.probability * candidate.weight) / sum;
      const known = united.get(candidate.endpoint.id);
      if (known === undefined) {
        united.set(candidate.endpoint.id, { candidate, weight, addresses: new Set(candidate.addresses) });
        continue;
      }
      known.weight += weight;
      for (const address of candidate.addresses) known.addresses.add(address);
    }
  }
  return Array.from(united.values(), ({ candidate, weight, addresses }) => ({
    endpoint: candidate.endpoint,
    weight,
    addresses: [...addresses],
  }));
}
