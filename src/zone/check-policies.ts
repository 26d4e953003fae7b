/**
 * POLICY records in their zone, and what they promise (CONTRACT.md §2): alone with A and AAAA at their owner, above
 * every zone cut, with endpoints that can be answered there, capacities where they spill, and an `rto` that the
 * monitors can keep. One that says `dry-run` has to be fit to be served as well, in place of what answers at its owner.
 */

import { formatName } from "../dns/name.ts";
import { formatType, TYPE } from "../dns/types.ts";
import type { Monitor } from "../health/monitor.ts";
import { cnameTargetOf } from "../policy/cname.ts";
import { policyNamed } from "../policy/definitions.ts";
import { childrenOf, type Expression } from "../policy/expression.ts";
import type { Definitions, Policy } from "../policy/model.ts";
import { type Reach, reachOf } from "../policy/reach.ts";
import { occluderOf, typesOf } from "./check-records.ts";
import { slowestDetection, spellSeconds } from "./detection.ts";
import { type Diagnostic, errorAt, type Report } from "./diagnostic.ts";
import { REPLACED_TYPES } from "./promote-dry-runs.ts";
import { NONE } from "./record-table.ts";
import type { Resolved } from "./resolve.ts";
import type { PolicyRecordEntry } from "./syntax.ts";
import { ownerText, type ZoneDraft } from "./zone-draft.ts";

/** A POLICY record where it stands. */
export interface PlacedPolicy {
  readonly entry: PolicyRecordEntry;
  /** The key of the owner in its zone. */
  readonly ownerKey: string;
  readonly isAtApex: boolean;
  /** Types of the RRsets at its owner; for a dry run without those that it would take the place of. */
  readonly typesBeside: readonly number[];
  /** Of a dry run: nothing at its owner answers for A and AAAA. */
  readonly isIdle: boolean;
  /** What is wrong with the place. */
  readonly diagnostics: readonly Diagnostic[];
}

/** One whose every name has a meaning, with what it can reach. */
export interface BoundPolicy extends PlacedPolicy {
  readonly policy: Policy;
  readonly reach: Reach;
}

/** The policies of a zone, with what is wrong with where they stand; needs no meaning of their expressions. */
export function placePolicies(draft: ZoneDraft): PlacedPolicy[] {
  return [...draft.policies, ...draft.dryRuns].map(([node, entry]) => {
    const diagnostics: Diagnostic[] = [];
    checkPlace(draft, node, entry, (diagnostic) => diagnostics.push(diagnostic));
    const types = typesOf(draft, node);
    const kept = types.filter((type) => !REPLACED_TYPES.includes(type));
    const isIdle = entry.dryRun && !draft.policies.has(node) && kept.length === types.length;
    return {
      diagnostics,
      entry,
      ownerKey: draft.table.names.keyOf(node),
      isAtApex: node === draft.apexNode,
      typesBeside: entry.dryRun ? kept : types,
      isIdle,
    };
  });
}

function checkPlace(draft: ZoneDraft, node: number, entry: PolicyRecordEntry, report: Report): void {
  const { table } = draft;
  const name = ownerText(draft, node);
  // What would answer where the policy does, or leaves no room for anything.
  const never = entry.dryRun ? [TYPE.DNAME] : [...REPLACED_TYPES, TYPE.DNAME];
  const beside = never.filter((type) => table.rrsetOf(node, type) !== NONE).map(formatType);
  if (beside.length > 0) {
    const message = `POLICY at '${name}' stands beside ${beside.join(", ")}; it answers A and AAAA alone`;
    report(errorAt(entry.position, "policy-beside-data", message));
  }
  const above = occluderAtOrAbove(draft, node);
  if (above === NONE) return;
  if (table.rrsetOf(above, TYPE.DNAME) === NONE) {
    const cut = `the zone cut at '${ownerText(draft, above)}'`;
    const message = `POLICY at '${name}' is ${above === node ? "at" : "below"} ${cut} and would never be asked`;
    report(errorAt(entry.position, "policy-below-cut", message));
  } else if (!table.isNode(node)) {
    // Of a name that there is `check-records` says it.
    const message = `'${name}' is below the DNAME at '${ownerText(draft, above)}'; nothing may be`;
    report(errorAt(entry.position, "data-below-dname", message));
  }
}

/** A dry run need not stand at a name that there is: what is above the nearest one is above it. */
function occluderAtOrAbove(draft: ZoneDraft, name: number): number {
  const { table, apexNode } = draft;
  const node = nearestNode(draft, name);
  const isCut = node !== apexNode && table.rrsetOf(node, TYPE.NS) !== NONE;
  const isAlias = node !== name && table.rrsetOf(node, TYPE.DNAME) !== NONE;
  const above = occluderOf(draft, node);
  if (node === name) return isCut ? node : above;
  return above === NONE && (isCut || isAlias) ? node : above;
}

/** The node of a name, or the nearest one above it. */
function nearestNode({ table }: ZoneDraft, name: number): number {
  const { names } = table;
  let node = name;
  let at = names.startOf(name);
  const end = at + names.lengthOf(name);
  while (node === NONE || !table.isNode(node)) {
    at += (names.octets[at] ?? 0) + 1;
    node = names.find(names.octets, at, end - at);
  }
  return node;
}

/** What the policy needs of the definitions. */
export function checkPolicyMeaning(
  bound: BoundPolicy,
  { definitions, damaged, monitors }: Resolved,
  report: Report,
): void {
  checkCnameEndpoints(bound, report);
  checkSpill(bound, definitions, damaged, report);
  checkRto(bound, definitions, monitors, report);
}

function checkCnameEndpoints(bound: BoundPolicy, report: Report): void {
  const { entry, reach, isAtApex, typesBeside } = bound;
  const endpoint = reach.endpoints.find((each) => cnameTargetOf(each) !== undefined);
  if (endpoint === undefined) return;
  const name = formatName(entry.owner);
  const why = isAtApex
    ? "the apex has other records"
    : typesBeside.length > 0
      ? `'${name}' has other records (${typesBeside.map(formatType).join(", ")})`
      : undefined;
  if (why === undefined) return;
  const message = `POLICY at '${name}' can answer '${endpoint.id}' as CNAME, but ${why}; a CNAME stands alone`;
  report(errorAt(entry.position, "cname-endpoint-beside-data", message));
}

function checkSpill(
  bound: BoundPolicy,
  definitions: Definitions,
  damaged: ReadonlySet<string>,
  report: Report,
): void {
  const { entry, reach } = bound;
  if (!reach.kinds.has("spill")) return;
  const name = formatName(entry.owner);
  if (entry.demand === undefined) {
    const message = `POLICY at '${name}' spills and has no demand=N to divide`;
    report(errorAt(entry.position, "spill-without-demand", message));
  }
  const lacking = [...spillPools(bound.policy.expression, definitions)].filter(
    (pool) => definitions.pools.get(pool)?.capacity === undefined && !damaged.has(pool),
  );
  for (const pool of lacking) {
    const message = `POLICY at '${name}' spills over pool '${pool}', which has no capacity=N`;
    report(errorAt(entry.position, "spill-without-capacity", message));
  }
}

/** The pools below the `spill`s of an expression; capacities elsewhere do not matter. */
function spillPools(expression: Expression, definitions: Definitions): ReadonlySet<string> {
  const pools = new Set<string>();
  const walk = (next: Expression): void => {
    if (next.kind === "spill") for (const pool of reachOf(next, definitions).pools) pools.add(pool);
    else if (next.kind === "policy") walk(policyNamed(next.policy, definitions));
    else childrenOf(next).forEach(walk);
  };
  walk(expression);
  return pools;
}

/** Clients may hold the longer TTL from just before the first failed probe, so that one counts. */
function checkRto(
  { entry, policy, reach }: BoundPolicy,
  definitions: Definitions,
  monitors: ReadonlyMap<string, Monitor>,
  report: Report,
): void {
  const { rtoMs } = policy;
  const slowest = slowestDetection(reach, definitions, monitors);
  if (rtoMs === undefined || slowest === undefined) return;
  const ttlMs = policy.ttl.maxSeconds * 1000;
  const totalMs = slowest.totalMs + ttlMs;
  if (totalMs <= rtoMs) return;
  const sum = `${slowest.sum} + TTL ${spellSeconds(ttlMs)} = ${spellSeconds(totalMs)}`;
  const where = `pool '${slowest.pool}' under monitor '${slowest.monitor}'`;
  const message = `Cannot keep rto: ${sum} > rto ${spellSeconds(rtoMs)} (${where})`;
  report(errorAt(entry.optionPositions.get("rto") ?? entry.position, "rto-exceeded", message));
}
