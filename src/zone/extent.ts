/**
 * How large a policy is with all the policies that it names put in their places. It is written in a few lines even where it
 * is enormous: each of thirty policies that names the one before it twice doubles it. `evaluate` looks at every leaf, on
 * every build of an image, so what nobody can mean is refused at load.
 */

import { childrenOf, type Expression } from "../policy/expression.ts";

export interface Extent {
  /** How many names and parentheses stand around the innermost leaf. */
  readonly depth: number;
  /** How many REFs there are at the end of all ways through it. */
  readonly leaves: number;
}

/** Twice as deep as one expression may be: far beyond what a person can keep in his head. */
const MAX_DEPTH = 64;
/** A `geo` of all the networks that somebody lists has as many. */
const MAX_LEAVES = 100_000;

/** `named` knows the policies that the expression names. */
export function extentOf(expression: Expression, named: ReadonlyMap<string, Extent>): Extent {
  const inner =
    expression.kind === "policy"
      ? [named.get(expression.policy) ?? { depth: 0, leaves: 1 }]
      : childrenOf(expression).map((child) => extentOf(child, named));
  if (inner.length === 0) return { depth: 0, leaves: 1 };
  let depth = 0;
  let leaves = 0;
  for (const child of inner) {
    depth = Math.max(depth, child.depth + 1);
    leaves += child.leaves;
  }
  return { depth, leaves };
}

/** What is too much of it, for a sentence; `undefined` where nothing is. */
export function problemOfExtent({ depth, leaves }: Extent): string | undefined {
  if (depth > MAX_DEPTH) return `is nested deeper than ${MAX_DEPTH}`;
  return leaves > MAX_LEAVES ? `comes to more than ${MAX_LEAVES} REFs` : undefined;
}
