/**
 * Words of CONTRACT.md §2 that this version parses and checks but does not serve yet. Each is a diagnostic at the word
 * itself: `check` shows them, `serve` and `reload` refuse the set because of them, and nothing is silently ignored.
 * Whoever builds one of them takes it off this list.
 */

import { type Diagnostic, type Report, warningAt } from "./diagnostic.ts";
import type { Position } from "./model.ts";
import type { PolicyRecordEntry, ZoneFileEntries } from "./syntax.ts";

const POLICY_OPTIONS = ["dry-run"] as const;

export function findNotServed(files: readonly ZoneFileEntries[]): Diagnostic[] {
  const found: Diagnostic[] = [];
  const report: Report = (diagnostic) => found.push(diagnostic);
  for (const file of files) {
    for (const entry of file.policyRecords) inPolicyRecord(entry, report);
  }
  return found;
}

function notServed(position: Position, word: string): Diagnostic {
  return warningAt(position, "not-served", `'${word}' is understood but not served by this version`);
}

function inPolicyRecord({ optionPositions }: PolicyRecordEntry, report: Report): void {
  for (const option of POLICY_OPTIONS) {
    const place = optionPositions.get(option);
    if (place !== undefined) report(notServed(place, option));
  }
}
