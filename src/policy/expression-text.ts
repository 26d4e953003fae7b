/** Policy expressions as an operator writes them in a zone file, on one line. */

import type { Expression, GeoMatch, WeightedChild } from "./expression.ts";

export function formatExpression(expression: Expression): string {
  switch (expression.kind) {
    case "pool":
      return expression.pool;
    case "endpoint":
      return `${expression.pool}/${expression.endpoint}`;
    case "policy":
      return expression.policy;
    case "failover":
    case "nearest":
    case "spill":
      return group(expression.kind, expression.children.map(formatExpression));
    case "weighted":
    case "sticky":
    case "all":
      return group(expression.kind, expression.children.map(formatWeighted));
    case "geo":
      return group(
        "geo",
        expression.entries.map(
          ({ match, expression: child }) =>
            `${formatMatch(match)}=${child === "nodata" ? child : formatExpression(child)}`,
        ),
      );
  }
}

function group(kind: string, children: readonly string[]): string {
  return `${kind} ( ${children.join(" ")} )`;
}

/** A weight of 1 is what a child without one weighs. */
function formatWeighted({ weight, expression }: WeightedChild): string {
  const text = formatExpression(expression);
  return weight === 1 ? text : `${text}=${weight}`;
}

export function formatMatch(match: GeoMatch): string {
  switch (match.kind) {
    case "net":
      return `net:${match.text}`;
    case "asn":
      return `asn:${match.asn}`;
    case "subdivision":
      return `country:${match.country}-${match.subdivision}`;
    case "country":
      return `country:${match.country}`;
    case "continent":
      return `continent:${match.continent}`;
    case "any":
      return "*";
  }
}
