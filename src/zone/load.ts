/**
 * Loading: from the files of a folder to a `ZoneSet` that can be served, or to all that is wrong with it at once.
 *
 *     files → parser → definitions → resolve → drafts → checks → zones → $EXPECT → lints
 *
 * A later step leaves out what an earlier one has reported, so that one slip of the pen is one diagnostic; zones are
 * made, expected of and linted only where nothing is an error.
 */

import type { Policy } from "../policy/model.ts";
import { reachOf } from "../policy/reach.ts";
import { checkTargets } from "./check-delegations.ts";
import { type BoundPolicy, checkPolicyMeaning, checkPolicyPlace } from "./check-policies.ts";
import { checkRecords } from "./check-records.ts";
import { checkPools, checkZones } from "./check-set.ts";
import { collectDefinitions, type DefinitionEntries } from "./definitions.ts";
import { compareDiagnostics, type Diagnostic, errorAt, type Report, warningAt } from "./diagnostic.ts";
import { runExpectation, type TestedExpectation } from "./expect.ts";
import { lintDefinitions, lintPolicy } from "./lint.ts";
import { indexZones } from "./lookup.ts";
import type { Expectation, LoadResult, SourceFile, Zone, ZoneSet } from "./model.ts";
import { findNotServed } from "./not-served.ts";
import { parseZoneFile, type ReadFile } from "./parser.ts";
import { endpointIdsOf, resolveEndpointRef } from "./refs.ts";
import { policyOf, type Resolved, resolveDefinitions } from "./resolve.ts";
import type { ExpectationEntry, PolicyRecordEntry, ZoneFileSyntax } from "./syntax.ts";
import { draftZone, type ZoneDraft, zoneOf } from "./zone-draft.ts";

/** Parses and judges a whole set; `readFile` serves `$INCLUDE`. Diagnostics are sorted by file, line and column. */
export function loadZones(files: readonly SourceFile[], readFile: ReadFile): LoadResult {
  return loadSyntax(files.map(({ path, octets }) => parseZoneFile(path, octets, readFile)));
}

/** The same from what the parser has made of the files. */
export function loadSyntax(files: readonly ZoneFileSyntax[]): LoadResult {
  const diagnostics: Diagnostic[] = [];
  for (const file of files) for (const diagnostic of file.diagnostics) diagnostics.push(diagnostic);
  const report: Report = (diagnostic) => diagnostics.push(diagnostic);
  const entries = collectDefinitions(files, report);
  const resolved = resolveDefinitions(entries, report);
  checkPools(entries, report);
  const drafts = files.map((file) => draftZone(file, report));
  checkZones(drafts, report);
  const bound = drafts.flatMap((draft) => checkDraft(draft, resolved, report));
  const expectations = resolveExpectations(files, entries, report);
  for (const file of files) checkRefs(file, entries, report);
  const notServed = tidy(findNotServed(files, entries));
  if (diagnostics.some(({ severity }) => severity === "error")) {
    return { set: undefined, untried: undefined, diagnostics: tidy(diagnostics), notServed, tested: [] };
  }
  const set = makeSet(files, drafts, bound, resolved, expectations);
  const tested = runExpectations(set, report);
  const expected = new Set(tested.map(({ result }) => result.policy));
  lintDefinitions(entries, report);
  for (const policy of bound) {
    lintPolicy(policy, expected.has(policy.policy), set.definitions, set.monitors, report);
  }
  const failed = diagnostics.some(({ severity }) => severity === "error");
  return { set: failed ? undefined : set, untried: set, diagnostics: tidy(diagnostics), notServed, tested };
}

/** The policies of a zone that can be evaluated, after everything in it has been checked. */
function checkDraft(draft: ZoneDraft, resolved: Resolved, report: Report): BoundPolicy[] {
  checkRecords(draft, report);
  checkTargets(draft, report);
  const bound: BoundPolicy[] = [];
  for (const [ownerKey, node] of draft.nodes) {
    const entry = node.policy;
    if (entry === undefined) continue;
    checkPolicyPlace(draft, ownerKey, node, report);
    const expression = resolved.expressionOf(entry);
    if (expression === undefined) continue;
    const policy = policyOf(entry, expression);
    const reach = reachOf(expression, resolved.definitions);
    const one: BoundPolicy = { entry, policy, reach, ownerKey, draft, node };
    checkPolicyMeaning(one, resolved.definitions, resolved.monitors, report);
    bound.push(one);
  }
  return bound;
}

function resolveExpectations(
  files: readonly ZoneFileSyntax[],
  entries: DefinitionEntries,
  report: Report,
): Expectation[] {
  return files.flatMap(({ expectations }) =>
    expectations.flatMap((entry) => resolveExpectation(entry, entries, report) ?? []),
  );
}

function resolveExpectation(
  entry: ExpectationEntry,
  entries: DefinitionEntries,
  report: Report,
): Expectation | undefined {
  const { position, text, owner, family, client, outcome } = entry;
  const suppositions = entry.suppositions.flatMap(({ ref, state }) => {
    const endpointIds = endpointIdsOf(ref, entries, report);
    return endpointIds === undefined ? [] : [{ endpointIds, state }];
  });
  const named = entry.outcomeRefs.filter((ref) => resolveEndpointRef(ref, entries, report) !== undefined);
  const isWhole =
    suppositions.length === entry.suppositions.length && named.length === entry.outcomeRefs.length;
  if (!isWhole) return undefined;
  return { position, text, owner, family, client, suppositions, outcome };
}

function checkRefs(file: ZoneFileSyntax, entries: DefinitionEntries, report: Report): void {
  for (const { refs } of file.rules) for (const ref of refs) resolveEndpointRef(ref, entries, report);
  for (const { ref } of file.windows) resolveEndpointRef(ref, entries, report);
}

function makeSet(
  files: readonly ZoneFileSyntax[],
  drafts: readonly ZoneDraft[],
  bound: readonly BoundPolicy[],
  { monitors, definitions }: Resolved,
  expectations: readonly Expectation[],
): ZoneSet {
  const policies = new Map<PolicyRecordEntry, Policy>(bound.map(({ entry, policy }) => [entry, policy]));
  const zones = drafts.flatMap((draft): Zone[] => {
    const zone = zoneOf(draft, (entry) => policies.get(entry));
    return zone === undefined ? [] : [zone];
  });
  const sources = new Map<string, SourceFile>();
  for (const file of files) for (const source of file.sources) sources.set(source.path, source);
  const rules = files.flatMap((file) => file.rules.map(({ rule }) => rule));
  const windows = files.flatMap((file) => file.windows.map(({ window }) => window));
  return { zones, monitors, definitions, expectations, rules, windows, files: [...sources.values()] };
}

/** Every expectation with what came of it; the failed ones are reported. */
function runExpectations(set: ZoneSet, report: Report): TestedExpectation[] {
  const zones = indexZones(set.zones);
  return set.expectations.map((expectation) => {
    const result = runExpectation(expectation, zones, set.definitions);
    if (result.kind === "failed") {
      const diagnosticAt = result.byGeoDatabase ? warningAt : errorAt;
      report(diagnosticAt(expectation.position, "expectation-failed", result.message));
    }
    return { expectation, result };
  });
}

/** Sorted, and each once: a file that two zones include is parsed twice and says everything twice. */
function tidy(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const sorted = [...diagnostics].sort(compareDiagnostics);
  return sorted.filter((diagnostic, index) => {
    const before = sorted[index - 1];
    return (
      before === undefined ||
      compareDiagnostics(before, diagnostic) !== 0 ||
      before.message !== diagnostic.message
    );
  });
}
