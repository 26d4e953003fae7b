/** Policy expressions as an operator writes them in a zone file, on one line. */

import type { Expression, GeoMatch, WeightedChild } from "./expression.ts";

export function formatExpression(expression: Expression): string {
  return format(expression, formatWeighted);
}

/** The same without weights: what stays the same when an operator only changes those. */
export function formatUnweighted(expression: Expression): string {
  return format(expression, ({ expression: child }) => formatUnweighted(child));
}

function format(expression: Expression, formatChild: (child: WeightedChild) => string): string {
  const formatPlain = (child: Expression): string => formatChild({ weight: 1, expression: child });
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
      return group(expression.kind, expression.children.map(formatPlain));
    case "weighted":
    case "sticky":
    case "all":
      return group(expression.kind, expression.children.map(formatChild));
    case "geo":
      return group(
        "geo",
        expression.entries.map(
          ({ match, expression: child }) =>
            `${formatMatch(match)}=${child === "nodata" ? child : formatPlain(child)}`,
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
