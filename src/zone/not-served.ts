/**
 * Words of CONTRACT.md §2 that this version parses and checks but does not serve yet. Each is a diagnostic at the word
 * itself: `check` shows them, `serve` and `reload` refuse the set because of them, and nothing is silently ignored.
 * Whoever builds one of them takes it off this list.
 */

import type { MonitorKind } from "../health/monitor.ts";
import type { GeoMatch } from "../policy/expression.ts";
import type { DefinitionEntries } from "./definitions.ts";
import { type Diagnostic, type Report, warningAt } from "./diagnostic.ts";
import type { Position } from "./model.ts";
import type {
  EndpointEntry,
  ExpressionSyntax,
  MonitorEntry,
  PolicyRecordEntry,
  PoolEntry,
  ZoneFileEntries,
} from "./syntax.ts";

const MONITOR_KINDS: ReadonlySet<MonitorKind> = new Set(["tls", "dns", "grpc", "exec"]);
const MONITOR_KEYS = ["target", "cert-expiry"] as const;
const EXPRESSIONS: ReadonlySet<ExpressionSyntax["kind"]> = new Set(["sticky", "nearest", "spill"]);
const POLICY_OPTIONS = ["demand", "dry-run"] as const;

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
  for (const entry of entries.monitors.values()) inMonitor(entry, report);
  for (const entry of entries.pools.values()) inPool(entry, report);
  for (const entry of entries.policies.values()) inExpression(entry.expression, report);
  for (const file of files) {
    for (const entry of file.policyRecords) inPolicyRecord(entry, report);
    for (const { rule } of file.rules) report(notServed(rule.position, "$RULE"));
    for (const { window } of file.windows) report(notServed(window.position, "$WINDOW"));
  }
  return found;
}

function notServed(position: Position, word: string): Diagnostic {
  return warningAt(position, "not-served", `'${word}' is understood but not served by this version`);
}

function inMonitor({ monitor, position, keyPositions }: MonitorEntry, report: Report): void {
  if (MONITOR_KINDS.has(monitor.kind)) {
    report(notServed(keyPositions.get("kind") ?? position, monitor.kind));
  }
  for (const key of MONITOR_KEYS) {
    const place = keyPositions.get(key);
    if (place !== undefined) report(notServed(place, key));
  }
}

function inPool(pool: PoolEntry, report: Report): void {
  const at = (key: string): Position => pool.keyPositions.get(key) ?? pool.position;
  if (pool.failback.kind !== "auto") {
    report(notServed(at("failback"), `failback=${pool.failback.kind}`));
  }
  if (pool.slowStartMs > 0) report(notServed(at("slow-start"), "slow-start"));
  if (pool.graceMs > 0) report(notServed(at("grace"), "grace"));
  for (const endpoint of pool.endpoints) inEndpoint(endpoint, report);
}

function inEndpoint({ hostName, answerAs, position, keyPositions }: EndpointEntry, report: Report): void {
  if (answerAs === "cname") {
    report(notServed(keyPositions.get("as") ?? position, "as=cname"));
  } else if (hostName !== undefined) {
    report(notServed(keyPositions.get("host-name") ?? position, hostName));
  }
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
