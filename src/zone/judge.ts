/**
 * What one zone file says by itself: it is parsed, drafted and checked without regard to any other. A judgement is good
 * for as long as the octets of the file and of what it includes are the same, so a reload takes it over together with its
 * `Zone`; only what crosses files is judged again, by `zone/load`.
 */

import type { Name } from "../dns/name.ts";
import type { Policy } from "../policy/model.ts";
import { checkTargets } from "./check-delegations.ts";
import { type PlacedPolicy, placePolicies } from "./check-policies.ts";
import { checkRecords } from "./check-records.ts";
import type { Diagnostic, Report } from "./diagnostic.ts";
import { markedRRsets } from "./health-aware.ts";
import type { DryRun, Position, SourceDigest, Zone } from "./model.ts";
import { NONE } from "./record-table.ts";
import type { ZoneFileEntries, ZoneFileSyntax } from "./syntax.ts";
import { draftZone, serialOf, soaOf, type ZoneDraft } from "./zone-draft.ts";
import { TableNodes, ZoneNodes } from "./zone-nodes.ts";

export interface JudgedFile {
  readonly entries: ZoneFileEntries;
  /** The file itself first, then what it includes. */
  readonly sources: readonly SourceDigest[];
  readonly apex: Name;
  readonly apexKey: string;
  /** `undefined` where there is none, and so no zone. */
  readonly soaPosition: Position | undefined;
  readonly policies: readonly PlacedPolicy[];
  /** The policies of `zone` by `nameKey` of the owner: `zone/load` puts them in, once it knows what they mean. */
  readonly meanings: Map<string, Policy>;
  /** Likewise its dry runs. */
  readonly dryRuns: Map<string, DryRun>;
  readonly zone: Zone | undefined;
  /** Found by drafting, and by the checks of the draft. */
  readonly draftDiagnostics: readonly Diagnostic[];
  readonly checkDiagnostics: readonly Diagnostic[];
}

export function judgeFile(syntax: ZoneFileSyntax, sources: readonly SourceDigest[]): JudgedFile {
  const draftDiagnostics: Diagnostic[] = [];
  const draft = draftZone(syntax, (diagnostic) => draftDiagnostics.push(diagnostic));
  const checkDiagnostics: Diagnostic[] = [];
  const report: Report = (diagnostic) => checkDiagnostics.push(diagnostic);
  checkRecords(draft, report);
  checkTargets(draft, report);
  const policies = placePolicies(draft);
  const { records: table, sources: _sources, ...entries } = syntax;
  const { apex, apexKey, soa } = draft;
  const soaPosition = soa === NONE ? undefined : table.positionOf(soa);
  const meanings = new Map<string, Policy>();
  const dryRuns = new Map<string, DryRun>();
  const zone = zoneOf(draft, meanings, dryRuns);
  return {
    entries,
    sources,
    apex,
    apexKey,
    soaPosition,
    policies,
    meanings,
    dryRuns,
    zone,
    draftDiagnostics,
    checkDiagnostics,
  };
}

function zoneOf(
  draft: ZoneDraft,
  meanings: ReadonlyMap<string, Policy>,
  dryRuns: ReadonlyMap<string, DryRun>,
): Zone | undefined {
  const soa = soaOf(draft);
  if (soa === undefined) return undefined;
  const { apex, file, table } = draft;
  const nodes = new ZoneNodes(new TableNodes(table), meanings, markedRRsets(table));
  return { apex, file, serial: serialOf(soa), soa, nodes, dryRuns };
}
