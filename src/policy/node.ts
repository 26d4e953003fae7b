/**
 * What every expression kind works with: the question it is asked, and the result it gives to its parent.
 *
 * A result without draws is down in its parent. `steady` speaks for everything that was looked at on the way, the
 * children that were passed over included, because the answer rests on their being down as well.
 */

import type { Client } from "../geo/client.ts";
import type { Snapshot } from "../health/snapshot.ts";
import type { Draw, Rung, StickyRoot, StickyStep, TraceNode } from "./evaluation.ts";
import type { Expression, WeightedChild } from "./expression.ts";
import { formatUnweighted } from "./expression-text.ts";
import type { Judgements } from "./judgements.ts";
import type { AddressFamily, Definitions } from "./model.ts";

/** One evaluation's question at one rung of the ladder. */
export interface Question {
  readonly definitions: Definitions;
  readonly snapshot: Snapshot;
  readonly client: Client;
  readonly family: AddressFamily;
  readonly rung: Rung;
  /**
   * Where the client stands among all, from 0 to below 1: a pool in its slow start is back for those that stand below its
   * part. A client keeps its place, so that it moves once.
   */
  readonly position: number;
  /** What of the policy's `demand` comes to the node that is asked; `undefined` where none is declared, or nothing comes to it. */
  readonly demand: Demand | undefined;
  /** The `sticky` that the node stands below, where it does: every choice from there on is by the client's network. */
  readonly sticky: StickyRoot | undefined;
  /** Whether results carry their trace; the logic is the same either way. */
  readonly traced: boolean;
  /** Where policies are evaluated one after the other: what was judged for the others. */
  readonly judgements?: Judgements | undefined;
}

/** Amounts are in the unit of capacities. */
export interface Demand {
  readonly amount: number;
  /** What other nodes have sent to pools already: so much less can they take from here. */
  readonly given: ReadonlyMap<string, number>;
  /**
   * Somebody only wants to know how much the node can take. It then makes no finer estimates of its own: each node below would
   * double the work of those below it.
   */
  readonly isEstimate: boolean;
}

export interface NodeResult {
  /** Probabilities sum to 1, or there is none and the node is down. Whether there is any does not depend on the demand. */
  readonly draws: readonly Draw[];
  /** Which draws there are depends on the demand: a `spill` stands here or below. */
  readonly divides: boolean;
  readonly steady: boolean;
  /** The result is the same for every position from the asked one to below this one. */
  readonly upTo: number;
  readonly trace: TraceNode | undefined;
}

export const EVERY_POSITION = 1;

/** What a node that looked at these rests on: on all of them. */
export function restingOn(results: readonly NodeResult[]): Pick<NodeResult, "divides" | "steady" | "upTo"> {
  return {
    divides: results.some(({ divides }) => divides),
    steady: results.every(({ steady }) => steady),
    upTo: results.reduce((least, { upTo }) => Math.min(least, upTo), EVERY_POSITION),
  };
}

/** `evaluate/decide`, handed to the kinds so that they can ask their children without importing one another. */
export type Decide = (expression: Expression, question: Question) => NodeResult;

/** What begins or ends with a draw itself: a way without steps where it stands below a `sticky`. */
export function stickyWay({ sticky }: Question): Pick<Draw, "sticky"> {
  return sticky === undefined ? {} : { sticky: { root: sticky, steps: [] } };
}

/** The answer that says that the name has no address of this family. */
export const NODATA_DRAW: Draw = { probability: 1, answers: 1, candidates: [] };

export function isUp(result: NodeResult): boolean {
  return result.draws.length > 0;
}

/** What a child says, and what it is. */
export interface ChildResult {
  /** By it a client finds the child again, whatever its weight and health; unique among its siblings. */
  readonly key: string;
  readonly result: NodeResult;
}

export interface WeightedResult extends ChildResult {
  /** Among its siblings, from 0. */
  readonly place: number;
  readonly weight: number;
  readonly expression: Expression;
}

/** Asks every child, and keeps their weights beside what they say. */
export function decideEach(
  children: readonly WeightedChild[],
  question: Question,
  decide: Decide,
): WeightedResult[] {
  const keys = question.sticky === undefined ? [] : keysOf(children.map(({ expression }) => expression));
  return children.map(({ weight, expression }, place) => ({
    place,
    weight,
    expression,
    key: keys[place] ?? "",
    result: decide(expression, question),
  }));
}

/** A child is what it is called, or what its names are without their weights; of two that are alike each is one. */
export function keysOf(expressions: readonly Expression[]): string[] {
  const seen = new Map<string, number>();
  return expressions.map((expression) => {
    const text = formatUnweighted(expression);
    const count = seen.get(text) ?? 0;
    seen.set(text, count + 1);
    return count === 0 ? text : `${text} ${count}`;
  });
}

/**
 * Of those that are up, the ones that take part and their part of the whole: by weight; where all that are up weigh 0,
 * alike. The parts sum to 1, or nothing is up and there are none.
 */
export function partsByWeight<T extends { readonly weight: number }>(
  up: readonly T[],
): { readonly item: T; readonly part: number }[] {
  const weighing = up.filter(({ weight }) => weight > 0);
  if (weighing.length === 0) return up.map((item) => ({ item, part: 1 / up.length }));
  const sum = weighing.reduce((total, { weight }) => total + weight, 0);
  return weighing.map((item) => ({ item, part: item.weight / sum }));
}

/** The draws of those that take part, each times the part of its child, which below a `sticky` is a step of its way. */
export function drawsByPart(
  parts: readonly { readonly item: ChildResult; readonly part: number }[],
  { sticky }: Question,
): Draw[] {
  return parts.flatMap(({ item, part }) =>
    item.result.draws.map((draw) => ({
      ...draw,
      probability: draw.probability * part,
      ...(sticky === undefined ? {} : stepsBefore(draw, sticky, { key: item.key, part })),
    })),
  );
}

function stepsBefore(draw: Draw, root: StickyRoot, step: StickyStep): Pick<Draw, "sticky"> {
  return { sticky: { root, steps: [step, ...(draw.sticky?.steps ?? [])] } };
}

/** The trace of a node with those of the children it asked, or nothing where nobody wants it. */
export function traceOf(
  question: Question,
  node: string,
  decision: string,
  reason: string,
  results: readonly NodeResult[],
): TraceNode | undefined {
  if (!question.traced) return undefined;
  const children = results.flatMap(({ trace }) => (trace === undefined ? [] : [trace]));
  return { node, decision, reason, children };
}

/** How an expression is called in traces and messages: a REF, or its kind. */
export function describe(expression: Expression): string {
  if (expression.kind === "pool") return expression.pool;
  if (expression.kind === "endpoint") return `${expression.pool}/${expression.endpoint}`;
  return expression.kind === "policy" ? expression.policy : expression.kind;
}
