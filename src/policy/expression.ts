/**
 * Policy expressions as a closed tree (CONTRACT.md, «Expressions»). The parser (`zone/expression`) builds it with every
 * name resolved to what it is; each kind is decided in a file of its own beside this one.
 */

import type { Network } from "../geo/network.ts";

/** A child and its weight; one without `=w` weighs 1. */
export interface WeightedChild {
  readonly weight: number;
  readonly expression: Expression;
}

/** What an entry of `geo` matches, in the order in which kinds are tried. */
export type GeoMatch =
  /** `text` is the network as written, for traces. */
  | { readonly kind: "net"; readonly network: Network; readonly text: string }
  | { readonly kind: "asn"; readonly asn: number }
  | { readonly kind: "subdivision"; readonly country: string; readonly subdivision: string }
  | { readonly kind: "country"; readonly country: string }
  | { readonly kind: "continent"; readonly continent: string }
  | { readonly kind: "any" };

export interface GeoEntry {
  readonly match: GeoMatch;
  /** `nodata` only for `*`. */
  readonly expression: Expression | "nodata";
}

export type Expression =
  | { readonly kind: "pool"; readonly pool: string }
  | { readonly kind: "endpoint"; readonly pool: string; readonly endpoint: string }
  | { readonly kind: "policy"; readonly policy: string }
  | { readonly kind: "failover"; readonly children: readonly Expression[] }
  | { readonly kind: "weighted"; readonly children: readonly WeightedChild[] }
  | { readonly kind: "sticky"; readonly children: readonly WeightedChild[] }
  | { readonly kind: "all"; readonly children: readonly WeightedChild[] }
  | { readonly kind: "nearest"; readonly children: readonly Expression[] }
  | { readonly kind: "spill"; readonly children: readonly Expression[] }
  | { readonly kind: "geo"; readonly entries: readonly GeoEntry[] };

export type ExpressionKind = Expression["kind"];

/** What stands directly below an expression; nothing below a name, which stands for itself. */
export function childrenOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case "pool":
    case "endpoint":
    case "policy":
      return [];
    case "geo":
      return expression.entries.flatMap(({ expression: child }) => (child === "nodata" ? [] : child));
    case "weighted":
    case "sticky":
    case "all":
      return expression.children.map(({ expression: child }) => child);
    case "failover":
    case "nearest":
    case "spill":
      return expression.children;
  }
}
