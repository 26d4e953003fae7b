/**
 * Loading: from the files of a folder to a `ZoneSet` that can be served, or to all that is wrong with it at once.
 *
 *     files → parser → draft → checks ─────────────────────────→ zones → $EXPECT → lints
 *                    └→ definitions → resolve → checks of the set ┘
 *
 * The upper row is a file's own (`zone/judge`), and is taken over from an earlier load where the file has not changed;
 * the lower one is gone through at every load.
 *
 * A later step leaves out what an earlier one has reported, so that one slip of the pen is one diagnostic; zones are
 * made, expected of and linted only where nothing is an error.
 */

import { PLACE_UNKNOWN, type PlaceOf } from "../geo/client.ts";
import { reachOf } from "../policy/reach.ts";
import { checkHealthAware } from "./check-health-aware.ts";
import { checkHostNames } from "./check-host-names.ts";
import { type BoundPolicy, checkPolicyMeaning } from "./check-policies.ts";
import { checkPools, checkZones } from "./check-set.ts";
import { collectDefinitions, contentOf, type DefinitionEntries } from "./definitions.ts";
import {
  compareDiagnostics,
  type Diagnostic,
  EXPECTATION_FAILED,
  errorAt,
  type Report,
  warningAt,
} from "./diagnostic.ts";
import { type TestedExpectation, testExpectations } from "./expect.ts";
import { type JudgedFile, judgeFile } from "./judge.ts";
import { lintDefinitions, lintPolicy } from "./lint.ts";
import { indexZones } from "./lookup.ts";
import type { Expectation, LoadResult, SourceDigest, SourceFile, ZoneSet } from "./model.ts";
import { parseZoneFile, type ReadFile } from "./parser.ts";
import { endpointIdsOf, resolveEndpointRef } from "./refs.ts";
import { policyOf, type Resolved, resolveDefinitions } from "./resolve.ts";
import { type DigestOf, Sources } from "./sources.ts";
import type { ExpectationEntry, RefSyntax, ZoneFileEntries } from "./syntax.ts";

/** How a load can spare itself files that it need not read again. */
export interface Incremental {
  readonly digestOf: DigestOf;
  /** `judged` of an earlier result that was given the same digests. */
  readonly earlier: readonly JudgedFile[];
}

/**
 * Parses and judges a whole set; `readFile` serves `$INCLUDE`. Diagnostics are sorted by file, line and column. A file
 * that is unchanged since `earlier` has the same `Zone` in both sets. `placeOf` says where the clients of expectations are.
 */
export function loadZones(
  files: readonly SourceFile[],
  readFile: ReadFile,
  incremental?: Incremental,
  placeOf: PlaceOf = PLACE_UNKNOWN,
): LoadResult {
  const sources = new Sources(readFile, incremental?.digestOf);
  const earlier = new Map(incremental?.earlier.map((file) => [file.entries.file, file]));
  const judged = files.map((file) => {
    const before = earlier.get(file.path);
    return before !== undefined && sources.isUnchanged(file, before.sources) ? before : judge(file, sources);
  });
  return new SetJudgement(files, judged, sources).result(placeOf);
}

function judge(file: SourceFile, sources: Sources): JudgedFile {
  const syntax = parseZoneFile(file.path, file.octets, sources.read, sources);
  return judgeFile(
    syntax,
    syntax.sources.map((source) => sources.digestOf(source)),
  );
}

/** What only the set as a whole can tell. */
class SetJudgement {
  readonly #files: readonly SourceFile[];
  readonly #judged: JudgedFile[];
  readonly #sources: Sources;
  /** In the order in which diagnostics of one place are given: file by file, then of the set. */
  readonly #diagnostics: Diagnostic[] = [];
  readonly #report: Report = (diagnostic) => this.#diagnostics.push(diagnostic);

  constructor(files: readonly SourceFile[], judged: JudgedFile[], sources: Sources) {
    this.#files = files;
    this.#judged = judged;
    this.#sources = sources;
  }

  result(placeOf: PlaceOf): LoadResult {
    const report = this.#report;
    const files = this.#judged.map(({ entries }) => entries);
    for (const { diagnostics } of files) diagnostics.forEach(report);
    const entries = collectDefinitions(files, report);
    const resolved = resolveDefinitions(entries, report);
    checkPools(entries, report);
    for (const { draftDiagnostics } of this.#judged) draftDiagnostics.forEach(report);
    checkZones(this.#judged, report);
    const bound = this.#judged.flatMap((file, index) => this.#bindPolicies(file, index, resolved));
    const expectations = resolveExpectations(files, entries, report);
    for (const file of files) checkRefs(file, entries, report);
    if (this.#hasErrors()) return { ...NOTHING, diagnostics: tidy(this.#diagnostics) };
    const set = this.#makeSet(files, resolved, expectations);
    checkHostNames(entries, set.zones, report);
    checkHealthAware(set.zones, report);
    const tested = runExpectations(set, placeOf, report);
    this.#lint(entries, bound, set, tested);
    return {
      set: this.#hasErrors() ? undefined : set,
      untried: set,
      diagnostics: tidy(this.#diagnostics),
      tested,
      judged: this.#judged,
      sources: this.#allSources(),
    };
  }

  #hasErrors(): boolean {
    return this.#diagnostics.some(({ severity }) => severity === "error");
  }

  /** The policies of a file that can be evaluated. Where they mean something else than before, its zone is another. */
  #bindPolicies(file: JudgedFile, index: number, resolved: Resolved): BoundPolicy[] {
    const bound: BoundPolicy[] = [];
    file.checkDiagnostics.forEach(this.#report);
    for (const placed of file.policies) {
      placed.diagnostics.forEach(this.#report);
      const expression = resolved.expressionOf(placed.entry);
      if (expression === undefined) continue;
      const policy = policyOf(placed.entry, expression);
      const before = policy.dryRun
        ? file.dryRuns.get(placed.ownerKey)?.policy
        : file.meanings.get(placed.ownerKey);
      if (before !== undefined && contentOf(before) !== contentOf(policy)) {
        return this.#bindPolicies(this.#judgeAgain(index, file), index, resolved);
      }
      const reach = reachOf(expression, resolved.definitions);
      const one: BoundPolicy = { ...placed, policy: before ?? policy, reach };
      checkPolicyMeaning(one, resolved, this.#report);
      bound.push(one);
    }
    for (const { ownerKey, policy, entry } of bound) {
      if (policy.dryRun) file.dryRuns.set(ownerKey, { owner: entry.owner, policy });
      else file.meanings.set(ownerKey, policy);
    }
    return bound;
  }

  #judgeAgain(index: number, before: JudgedFile): JudgedFile {
    const file = this.#files[index];
    const again = file === undefined ? before : judge(file, this.#sources);
    this.#judged[index] = again;
    return again;
  }

  #makeSet(
    files: readonly ZoneFileEntries[],
    { monitors, definitions }: Resolved,
    expectations: readonly Expectation[],
  ): ZoneSet {
    const zones = this.#judged.flatMap(({ zone }) => zone ?? []);
    const sources = new Map<string, SourceDigest>();
    for (const file of this.#judged) for (const source of file.sources) sources.set(source.path, source);
    const rules = files.flatMap((file) => file.rules.map(({ rule }) => rule));
    const windows = files.flatMap((file) => file.windows.map(({ window }) => window));
    return { zones, monitors, definitions, expectations, rules, windows, files: [...sources.values()] };
  }

  #lint(
    entries: DefinitionEntries,
    bound: readonly BoundPolicy[],
    { definitions, monitors }: ZoneSet,
    tested: readonly TestedExpectation[],
  ): void {
    const expected = new Set(tested.map(({ result }) => result.policy));
    lintDefinitions(entries, this.#report);
    for (const policy of bound) {
      lintPolicy(policy, expected.has(policy.policy), definitions, monitors, this.#report);
    }
  }

  #allSources(): SourceFile[] {
    const all = new Map<string, SourceFile>();
    this.#files.forEach((file, index) => {
      const digests = this.#judged[index]?.sources ?? [];
      for (const source of this.#sources.filesOf(file, digests)) all.set(source.path, source);
    });
    return [...all.values()];
  }
}

const NOTHING = { set: undefined, untried: undefined, tested: [], judged: [], sources: [] } as const;

function resolveExpectations(
  files: readonly ZoneFileEntries[],
  entries: DefinitionEntries,
  report: Report,
): Expectation[] {
  /** Many expectations suppose the same, and one list of thousands of endpoints does for all of them. */
  const known = new Map<string, readonly string[]>();
  const endpointIdsFor = (ref: RefSyntax): readonly string[] | undefined => {
    const ids = known.get(ref.text) ?? endpointIdsOf(ref, entries, report);
    if (ids !== undefined) known.set(ref.text, ids);
    return ids;
  };
  return files.flatMap(({ expectations }) =>
    expectations.flatMap((entry) => resolveExpectation(entry, entries, endpointIdsFor, report) ?? []),
  );
}

function resolveExpectation(
  entry: ExpectationEntry,
  entries: DefinitionEntries,
  endpointIdsFor: (ref: RefSyntax) => readonly string[] | undefined,
  report: Report,
): Expectation | undefined {
  const { position, text, owner, family, client, outcome } = entry;
  const suppositions = entry.suppositions.flatMap(({ ref, state }) => {
    const endpointIds = endpointIdsFor(ref);
    return endpointIds === undefined ? [] : [{ endpointIds, state }];
  });
  const named = entry.outcomeRefs.filter((ref) => resolveEndpointRef(ref, entries, report) !== undefined);
  const isWhole =
    suppositions.length === entry.suppositions.length && named.length === entry.outcomeRefs.length;
  if (!isWhole) return undefined;
  return { position, text, owner, family, client, suppositions, outcome };
}

function checkRefs(file: ZoneFileEntries, entries: DefinitionEntries, report: Report): void {
  for (const { refs } of file.rules) for (const ref of refs) resolveEndpointRef(ref, entries, report);
  for (const { ref } of file.windows) resolveEndpointRef(ref, entries, report);
}

/** Every expectation with what came of it; the failed ones are reported. */
function runExpectations(set: ZoneSet, placeOf: PlaceOf, report: Report): TestedExpectation[] {
  const tested = testExpectations(set, indexZones(set.zones), placeOf);
  for (const { expectation, result } of tested) {
    if (result.kind !== "failed") continue;
    const diagnosticAt = result.byGeoDatabase ? warningAt : errorAt;
    report(diagnosticAt(expectation.position, EXPECTATION_FAILED, result.message));
  }
  return tested;
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
