/**
 * What an expression comes to for a client, as text: two clients of one signature are answered alike, whatever the health.
 * So the compiler knows how far around a client an answer is valid (RFC 7871), which is further than the network or the
 * country that the client is in where others are listed with it: in `geo ( country:DE=a country:FR=a *=b )` nothing tells
 * the two apart.
 *
 * A `geo` comes to what it tries for the client, in order, and a `nearest` to its children by their distance. What is tried
 * twice was down the first time; nothing is tried behind `nodata`.
 */

import type { Client } from "../geo/client.ts";
import { policyNamed } from "./definitions.ts";
import type { Expression } from "./expression.ts";
import { formatExpression } from "./expression-text.ts";
import { matchingEntries } from "./geo.ts";
import type { Definitions } from "./model.ts";
import { byDistance } from "./nearest.ts";

/** Names must be resolved. */
export function clientSignature(expression: Expression, definitions: Definitions, client: Client): string {
  const of = (child: Expression): string => clientSignature(child, definitions, client);
  /** Below a `sticky` a client finds its place by what a child is called. */
  const called = (child: Expression): string => {
    const text = formatExpression(child);
    const meant = of(child);
    return text === meant ? text : `${text} as ${meant}`;
  };
  switch (expression.kind) {
    case "pool":
    case "endpoint":
      return formatExpression(expression);
    case "policy":
      return of(policyNamed(expression.policy, definitions));
    case "geo": {
      const tried = new Set<string>();
      for (const { expression: child } of matchingEntries(expression.entries, client)) {
        tried.add(child === "nodata" ? child : of(child));
        if (child === "nodata") break;
      }
      return inOrder(tried);
    }
    case "nearest":
      return inOrder(
        new Set(byDistance(expression.children, definitions, client.place).map(({ child }) => of(child))),
      );
    case "failover":
      return inOrder(new Set(expression.children.map(of)));
    case "spill":
      return `spill ( ${expression.children.map(called).join(" ")} )`;
    case "weighted":
    case "sticky":
    case "all": {
      const children = expression.children.map((child) => `${called(child.expression)}=${child.weight}`);
      return `${expression.kind} ( ${children.join(" ")} )`;
    }
  }
}

/** The first that is up: `failover`, `geo` and `nearest` come to the same. */
function inOrder(tried: ReadonlySet<string>): string {
  const [only = "", ...others] = tried;
  return others.length === 0 ? only : `first ( ${[only, ...others].join(" ")} )`;
}
