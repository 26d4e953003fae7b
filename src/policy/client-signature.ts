/**
 * What an expression makes of a client's network, as text: two networks of one signature are answered alike, whatever the
 * health. So the compiler knows how far around a client an answer is valid (RFC 7871), which is further than the network
 * that the client is in where others are listed with it: in `geo ( net:10.0.0.0/16=a net:10.1.0.0/16=a *=b )` nothing tells
 * the two apart.
 */

import { contains, type Network } from "../geo/network.ts";
import { policyNamed } from "./decide.ts";
import { childrenOf, type Expression, type GeoEntry } from "./expression.ts";
import { formatExpression } from "./expression-text.ts";
import { entriesInOrder } from "./geo.ts";
import type { Definitions } from "./model.ts";

/** `undefined`: a client in no network that is listed. Names must be resolved. */
export function clientSignature(
  expression: Expression,
  definitions: Definitions,
  network: Network | undefined,
): string {
  const parts: string[] = [];
  const policies = new Set<string>();
  const walk = (next: Expression): void => {
    if (next.kind === "policy") {
      if (policies.has(next.policy)) return;
      policies.add(next.policy);
      walk(policyNamed(next.policy, definitions));
    } else if (next.kind === "geo") parts.push(triedBy(next.entries, network));
    for (const child of childrenOf(next)) walk(child);
  };
  walk(expression);
  return parts.join(" | ");
}

/**
 * What a `geo` tries for a network, in order. What is tried twice was down the first time, and nothing is tried behind
 * `nodata`. Entries that ask for the place are one word between: they are the same for every network.
 */
function triedBy(entries: readonly GeoEntry[], network: Network | undefined): string {
  const tried = new Set<string>();
  for (const { match, expression } of entriesInOrder(entries)) {
    if (match.kind === "net" && (network === undefined || !contains(match.network, network))) continue;
    const asksForPlace = match.kind !== "net" && match.kind !== "any";
    tried.add(asksForPlace ? "by place" : expression === "nodata" ? "nodata" : formatExpression(expression));
    if (expression === "nodata" && !asksForPlace) break;
  }
  return [...tried].join(", ");
}
