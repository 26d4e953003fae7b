/**
 * Words of CONTRACT.md §2 that this version parses and checks but does not serve yet. Each is a diagnostic at the word
 * itself: `check` shows them, `serve` and `reload` refuse the set because of them, and nothing is silently ignored.
 * Whoever builds one of them takes it off this list.
 */

import type { DefinitionEntries } from "./definitions.ts";
import { type Diagnostic, type Report, warningAt } from "./diagnostic.ts";
import type { Position } from "./model.ts";
import type { EndpointEntry, PoolEntry } from "./syntax.ts";

export function findNotServed(entries: DefinitionEntries): Diagnostic[] {
  const found: Diagnostic[] = [];
  const report: Report = (diagnostic) => found.push(diagnostic);
  for (const entry of entries.pools.values()) inPool(entry, report);
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
