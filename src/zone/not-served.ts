/**
 * Words of CONTRACT.md §2 that this version parses and checks but does not serve yet. Each is a diagnostic at the word
 * itself: `check` shows them, `serve` and `reload` refuse the set because of them, and nothing is silently ignored.
 * Whoever builds one of them takes it off this list.
 */

import type { GeoMatch } from "../policy/expression.ts";
import type { DefinitionEntries } from "./definitions.ts";
import { type Diagnostic, type Report, warningAt } from "./diagnostic.ts";
import type { Position } from "./model.ts";
import type {
  EndpointEntry,
  ExpressionSyntax,
  PolicyRecordEntry,
  PoolEntry,
  ZoneFileEntries,
} from "./syntax.ts";

const EXPRESSIONS: ReadonlySet<ExpressionSyntax["kind"]> = new Set(["nearest"]);
const POLICY_OPTIONS = ["dry-run"] as const;

/** How the words read that a geo entry may begin with. */
const GEO_WORDS: { readonly [kind in GeoMatch["kind"]]: string | undefined } = {
  net: undefined,
  any: undefined,
  asn: "asn:",
  subdivision: "country:",
  country: "country:",
  continent: "continent:",
};

export function findNotServed(files: readonly ZoneFileEntries[], entries: DefinitionEntries): Diagnostic[] {
  const found: Diagnostic[] = [];
  const report: Report = (diagnostic) => found.push(diagnostic);
  for (const entry of entries.pools.values()) inPool(entry, report);
  for (const entry of entries.policies.values()) inExpression(entry.expression, report);
  for (const file of files) {
    for (const entry of file.policyRecords) inPolicyRecord(entry, report);
  }
  return found;
}

function notServed(position: Position, word: string): Diagnostic {
  return warningAt(position, "not-served", `'${word}' is understood but not served by this version`);
}

function inPool(pool: PoolEntry, report: Report): void {
  for (const endpoint of pool.endpoints) inEndpoint(endpoint, report);
}

function inEndpoint({ answerAs, position, keyPositions }: EndpointEntry, report: Report): void {
  if (answerAs === "cname") report(notServed(keyPositions.get("as") ?? position, "as=cname"));
}

function inPolicyRecord({ expression, optionPositions }: PolicyRecordEntry, report: Report): void {
  inExpression(expression, report);
  for (const option of POLICY_OPTIONS) {
    const place = optionPositions.get(option);
    if (place !== undefined) report(notServed(place, option));
  }
}

function inExpression(expression: ExpressionSyntax, report: Report): void {
  if (expression.kind === "ref") return;
  if (EXPRESSIONS.has(expression.kind)) report(notServed(expression.position, expression.kind));
  switch (expression.kind) {
    case "failover":
    case "nearest":
    case "spill":
      for (const child of expression.children) inExpression(child, report);
      return;
    case "weighted":
    case "sticky":
    case "all":
      for (const child of expression.children) inExpression(child.expression, report);
      return;
    case "geo":
      for (const { match, position, expression: child } of expression.entries) {
        const word = GEO_WORDS[match.kind];
        if (word !== undefined) report(notServed(position, word));
        if (child !== "nodata") inExpression(child, report);
      }
  }
}
