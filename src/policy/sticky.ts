/**
 * `sticky ( a=1 b=1 c=0 )`: as `weighted`, but every draw below it, endpoints included, is by the client's network: it keeps its
 * place, and a change moves only the share it must.
 *
 * | a=1  | b=1  | c=0  | answer         |
 * | ---- | ---- | ---- | -------------- |
 * | up   | up   | any  | a 50 %, b 50 % |
 * | up   | down | any  | a              |
 * | down | up   | any  | b              |
 * | down | down | up   | c              |
 * | down | down | down | down           |
 *
 * The parts are of networks: in the second row those of b have moved, and those of a have not.
 *
 * The distribution over all clients is that of `weighted`, and so is all the rest; who draws is written on the draws
 * (`StickyWay`), for those who draw: at every step of the way a client takes the child that wins by rendezvous hashing
 * (Thaler and Ravishankar 1998), weighted by the logarithmic method (Schindelhauer and Schomaker 2005), so that a child
 * which goes gives its clients to the others and takes none from them.
 */

import type { WeightedChild } from "./expression.ts";
import type { Decide, NodeResult, Question } from "./node.ts";
import { decideByWeight } from "./weighted.ts";

export function decideSticky(
  children: readonly WeightedChild[],
  question: Question,
  decide: Decide,
): NodeResult {
  const sticky = question.sticky ?? { kind: "sticky" };
  return decideByWeight("sticky", children, { ...question, sticky }, decide);
}
