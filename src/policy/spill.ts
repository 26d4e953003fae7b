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
 */

import type { Draw } from "./evaluation.ts";
import type { Expression } from "./expression.ts";
import {
  type ChildResult,
  type Decide,
  drawsByPart,
  isUp,
  keysOf,
  type NodeResult,
  type Question,
  restingOn,
  traceOf,
} from "./node.ts";
import { poolPartsOf } from "./pool-parts.ts";

/** Of a demand that was divided, what is less than this part of it is a remainder of arithmetic. */
const EPSILON = 1e-12;

export function decideSpill(children: readonly Expression[], question: Question, decide: Decide): NodeResult {
  const { demand } = question;
  if (demand === undefined)
    throw new Error("a 'spill' without a demand, and the checker lets no such policy pass");
  const left = new Map<string, number>();
  const keys = keysOf(children);
  const asked = children.map((child, place) => ({ key: keys[place] ?? "", result: decide(child, question) }));
  const up = asked.filter(({ result }) => isUp(result));
  const taken = fill(up, demand, left, question);
  const sum = taken.reduce((total, { takes }) => total + takes, 0);
  const parts = sum < demand * (1 - EPSILON) ? byCapacity(up, question) : taken;
  const whole = parts.reduce((total, { takes }) => total + takes, 0);
  const shared = parts
    .filter(({ takes }) => takes > 0)
    .map(({ child, takes }) => ({ item: child, part: takes / whole }));
  const reason = describe(up, taken, demand, sum);
  const results = asked.map(({ result }) => result);
  const trace = traceOf(question, "spill", shared.length > 0 ? "up" : "down", reason, results);
  return { draws: drawsByPart(shared, question), ...restingOn(results), trace };
}

interface Taken {
  readonly child: ChildResult;
  /** In the unit of capacities. */
  readonly takes: number;
}

/** One after the other, each as much as it can. `left` is what remains of the pools. */
function fill(
  up: readonly ChildResult[],
  demand: number,
  left: Map<string, number>,
  question: Question,
): Taken[] {
  let remaining = demand;
  return up.map((child) => {
    const takes = Math.min(remaining, roomOf(child.result.draws, left, question));
    for (const [pool, part] of poolPartsOf(child.result.draws)) {
      left.set(pool, (left.get(pool) ?? capacityOf(pool, question)) - takes * part);
    }
    remaining -= takes;
    return { child, takes };
  });
}

/** The most that every one of them could take by itself. */
function byCapacity(up: readonly ChildResult[], question: Question): Taken[] {
  const each = up.map((child) => ({ child, takes: roomOf(child.result.draws, new Map(), question) }));
  // Without any capacity at all nothing says how to spread.
  return each.some(({ takes }) => takes > 0) ? each : up.map((child) => ({ child, takes: 1 }));
}

/** The demand at which the first of the pools is full; a child that answers NODATA loads nobody. */
function roomOf(draws: readonly Draw[], left: ReadonlyMap<string, number>, question: Question): number {
  let room = Number.POSITIVE_INFINITY;
  for (const [pool, part] of poolPartsOf(draws)) {
    room = Math.min(room, Math.max(0, left.get(pool) ?? capacityOf(pool, question)) / part);
  }
  return room === Number.POSITIVE_INFINITY ? 0 : room;
}

function capacityOf(pool: string, { definitions }: Question): number {
  return definitions.pools.get(pool)?.capacity ?? 0;
}

function describe(up: readonly ChildResult[], taken: readonly Taken[], demand: number, sum: number): string {
  if (up.length === 0) return "no child is up";
  const takes = taken.map(({ child, takes: amount }) => `${child.key} ${round(amount)}`).join(", ");
  if (sum < demand * (1 - EPSILON)) {
    return `demand ${round(demand)} exceeds the ${round(sum)} that those that are up can take: spread by capacity`;
  }
  return `demand ${round(demand)}: ${takes}`;
}

function round(amount: number): number {
  return Number(amount.toFixed(2));
}
