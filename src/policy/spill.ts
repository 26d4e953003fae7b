/**
 * `spill ( a b c )`: in order, each up to its pool's `capacity`, the overflow to the next.
 *
 * With capacities of 100, 50 and 50:
 *
 * | a    | b    | c    | demand | a            | b            | c            |
 * | ---- | ---- | ---- | ------ | ------------ | ------------ | ------------ |
 * | up   | up   | up   | 80     | 80           | –            | –            |
 * | up   | up   | up   | 120    | 100          | 20           | –            |
 * | up   | down | up   | 120    | 100          | –            | 20           |
 * | down | up   | up   | 80     | –            | 50           | 30           |
 * | down | up   | up   | 120    | –            | 60, over     | 60, over     |
 * | up   | up   | up   | 400    | 200, over    | 100, over    | 100, over    |
 *
 * Where all together have too little, the demand is spread by capacity, so that all are over it alike.
 *
 * What a child can take is the demand at which the first of its pools is full: the capacity that is left of the pool,
 * divided by the pool's part of the child. So children may be expressions, and a pool that stands in two of them is filled
 * once.
 *
 * A child that spills itself divides whatever comes to it. It is asked first how it would divide all that remains, to find
 * out how much of that it can take, and then to divide that much.
 */

import type { Draw } from "./evaluation.ts";
import type { Expression } from "./expression.ts";
import {
  type ChildResult,
  type Decide,
  type Demand,
  drawsByPart,
  isUp,
  keysOf,
  type NodeResult,
  type Question,
  restingOn,
  traceOf,
} from "./node.ts";
import { addParts, poolPartsOf } from "./pool-parts.ts";

/** Of a demand that was divided, what is less than this part of it is a remainder of arithmetic. */
const EPSILON = 1e-12;

export function decideSpill(children: readonly Expression[], question: Question, decide: Decide): NodeResult {
  const { demand } = question;
  const keys = keysOf(children);
  const asked = children.map((expression, place): SpillChild => {
    const result = decide(expression, { ...question, demand: undefined });
    return { place, key: keys[place] ?? "", expression, result };
  });
  const up = asked.filter(({ result }) => isUp(result));
  const divided = demand === undefined ? withoutDemand(up) : divide(up, { demand, question, decide });
  const whole = divided.parts.reduce((total, { takes }) => total + takes, 0);
  const shared = divided.parts
    .filter(({ takes }) => takes > whole * EPSILON)
    .map(({ child, takes }) => ({ item: child, part: takes / whole }));
  const taking = new Map(divided.parts.map(({ child }) => [child.place, child.result]));
  const results = asked.map(({ place, result }) => taking.get(place) ?? result);
  const reason = up.length === 0 ? "no child is up" : divided.reason;
  const trace = traceOf(question, "spill", shared.length > 0 ? "up" : "down", reason, results);
  return { draws: drawsByPart(shared, question), ...restingOn(results), divides: true, trace };
}

interface SpillChild extends ChildResult {
  /** Among its siblings, from 0. */
  readonly place: number;
  readonly expression: Expression;
}

interface Taken {
  readonly child: SpillChild;
  /** In the unit of capacities. */
  readonly takes: number;
}

interface Divided {
  readonly parts: readonly Taken[];
  readonly reason: string;
}

/** What is asked of it, to be asked of its children. */
interface Dividing {
  readonly demand: Demand;
  readonly question: Question;
  readonly decide: Decide;
}

/** The first drop would go to the first. */
function withoutDemand(up: readonly SpillChild[]): Divided {
  return { parts: up.slice(0, 1).map((child) => ({ child, takes: 1 })), reason: "no demand comes to it" };
}

function divide(up: readonly SpillChild[], dividing: Dividing): Divided {
  const { demand } = dividing;
  const estimated = fill(up, dividing);
  const sum = estimated.reduce((total, { takes }) => total + takes, 0);
  if (sum < demand.amount * (1 - EPSILON)) {
    const reason = `demand ${round(demand.amount)} exceeds the ${round(sum)} that those that are up can take: spread by capacity`;
    const isEnough = demand.isEstimate && sum > 0;
    return { parts: isEnough ? estimated : byCapacity(estimated, dividing), reason };
  }
  const takes = estimated.map(({ child, takes: amount }) => `${child.key} ${round(amount)}`).join(", ");
  const reason = `demand ${round(demand.amount)}: ${takes}`;
  return { parts: demand.isEstimate ? estimated : settle(estimated, dividing), reason };
}

/** One after the other, each as much as it can of what remains; what spills itself as it divides all of that. */
function fill(up: readonly SpillChild[], dividing: Dividing): Taken[] {
  const { demand, question } = dividing;
  const given = new Map(demand.given);
  let remaining = demand.amount;
  return up.map((each) => {
    const child = asking(each, { amount: remaining, given, isEstimate: true }, dividing);
    const takes = Math.min(remaining, roomOf(child.result.draws, given, question));
    addParts(given, child.result.draws, takes);
    remaining -= takes;
    return { child, takes };
  });
}

/** Each divides what it was found to take. */
function settle(estimated: readonly Taken[], dividing: Dividing): Taken[] {
  const given = new Map(dividing.demand.given);
  return estimated.map(({ child: each, takes }) => {
    const child = asking(each, { amount: takes, given, isEstimate: false }, dividing);
    addParts(given, child.result.draws, takes);
    return { child, takes };
  });
}

/** The most that every one of them could take by itself; by all of its capacity, where nothing is left of any. */
function byCapacity(estimated: readonly Taken[], dividing: Dividing): Taken[] {
  const { demand, question } = dividing;
  const children = estimated.map(({ child }) =>
    demand.isEstimate ? child : asking(child, demand, dividing),
  );
  for (const given of [demand.given, new Map<string, number>()]) {
    const each = children.map((child) => ({ child, takes: roomOf(child.result.draws, given, question) }));
    if (each.some(({ takes }) => takes > 0)) return each;
  }
  // Without any capacity at all nothing says how to spread.
  return children.map((child) => ({ child, takes: 1 }));
}

/** The child as it answers when this much comes to it. */
function asking(child: SpillChild, demand: Demand, { question, decide }: Dividing): SpillChild {
  if (!child.result.divides) return child;
  return {
    ...child,
    result: decide(child.expression, { ...question, demand: demand.amount > 0 ? demand : undefined }),
  };
}

/** The demand at which the first of the pools is full; a child that answers NODATA loads nobody. */
function roomOf(draws: readonly Draw[], given: ReadonlyMap<string, number>, question: Question): number {
  let room = Number.POSITIVE_INFINITY;
  for (const [pool, part] of poolPartsOf(draws)) {
    const left = capacityOf(pool, question) - (given.get(pool) ?? 0);
    room = Math.min(room, Math.max(0, left) / part);
  }
  return room === Number.POSITIVE_INFINITY ? 0 : room;
}

function capacityOf(pool: string, { definitions }: Question): number {
  return definitions.pools.get(pool)?.capacity ?? 0;
}

function round(amount: number): number {
  return Number(amount.toFixed(2));
}
