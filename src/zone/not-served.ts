/**
 * Words of CONTRACT.md §2 that this version parses and checks but does not serve yet. Each is a diagnostic at the word
 * itself: `check` shows them, `serve` and `reload` refuse the set because of them, and nothing is silently ignored.
 * Whoever builds one of them takes it off this list.
 */

import type { DefinitionEntries } from "./definitions.ts";
import { type Diagnostic, type Report, warningAt } from "./diagnostic.ts";
import type { Position } from "./model.ts";
import type { EndpointEntry, PolicyRecordEntry, PoolEntry, ZoneFileEntries } from "./syntax.ts";

const POLICY_OPTIONS = ["dry-run"] as const;

export function findNotServed(files: readonly ZoneFileEntries[], entries: DefinitionEntries): Diagnostic[] {
  const found: Diagnostic[] = [];
  const report: Report = (diagnostic) => found.push(diagnostic);
  for (const entry of entries.pools.values()) inPool(entry, report);
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

function inPolicyRecord({ optionPositions }: PolicyRecordEntry, report: Report): void {
  for (const option of POLICY_OPTIONS) {
    const place = optionPositions.get(option);
    if (place !== undefined) report(notServed(place, option));
  }
}
