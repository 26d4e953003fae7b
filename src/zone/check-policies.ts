/**
 * POLICY records in their zone, and what they promise (CONTRACT.md §2): alone with A and AAAA at their owner, above
 * every zone cut, with endpoints that can be answered there, capacities where they spill, and an `rto` that the
 * monitors can keep.
 */

import { formatName } from "../dns/name.ts";
import { formatType, TYPE } from "../dns/types.ts";
import type { Monitor } from "../health/monitor.ts";
import { cnameTargetOf } from "../policy/cname.ts";
import { childrenOf, type Expression } from "../policy/expression.ts";
import type { Definitions, Policy } from "../policy/model.ts";
import { type Reach, reachOf } from "../policy/reach.ts";
import { occluderOf, typesOf } from "./check-records.ts";
import { slowestDetection, spellSeconds } from "./detection.ts";
import { type Diagnostic, errorAt, type Report } from "./diagnostic.ts";
import { NONE } from "./record-table.ts";
import type { PolicyRecordEntry } from "./syntax.ts";
import { ownerText, type ZoneDraft } from "./zone-draft.ts";

/** A POLICY record where it stands. */
export interface PlacedPolicy {
  readonly entry: PolicyRecordEntry;
  /** The key of the owner in its zone. */
  readonly ownerKey: string;
  readonly isAtApex: boolean;
  /** Types of the RRsets at its owner. */
  readonly typesBeside: readonly number[];
  /** What is wrong with the place. */
  readonly diagnostics: readonly Diagnostic[];
}

/** One whose every name has a meaning, with what it can reach. */
export interface BoundPolicy extends PlacedPolicy {
  readonly policy: Policy;
  readonly reach: Reach;
}

/** Types that would answer where the policy does, or that leave no room for anything. */
const NEVER_BESIDE = [TYPE.A, TYPE.AAAA, TYPE.CNAME, TYPE.DNAME] as const;

/** The policies of a zone, with what is wrong with where they stand; needs no meaning of their expressions. */
export function placePolicies(draft: ZoneDraft): PlacedPolicy[] {
  return Array.from(draft.policies, ([node, entry]) => {
    const diagnostics: Diagnostic[] = [];
    checkPlace(draft, node, entry, (diagnostic) => diagnostics.push(diagnostic));
    return {
      diagnostics,
      entry,
      ownerKey: draft.table.names.keyOf(node),
      isAtApex: node === draft.apexNode,
      typesBeside: typesOf(draft, node),
    };
  });
}

function checkPlace(draft: ZoneDraft, node: number, entry: PolicyRecordEntry, report: Report): void {
  const { table, apexNode } = draft;
  const name = ownerText(draft, node);
  const beside = NEVER_BESIDE.filter((type) => table.rrsetOf(node, type) !== NONE).map(formatType);
  if (beside.length > 0) {
    const message = `POLICY at '${name}' stands beside ${beside.join(", ")}; it answers A and AAAA alone`;
    report(errorAt(entry.position, "policy-beside-data", message));
  }
  const isCut = node !== apexNode && table.rrsetOf(node, TYPE.NS) !== NONE;
  const above = isCut ? node : occluderOf(draft, node);
  if (above !== NONE && table.rrsetOf(above, TYPE.DNAME) === NONE) {
    const cut = `the zone cut at '${ownerText(draft, above)}'`;
    const message = `POLICY at '${name}' is ${isCut ? "at" : "below"} ${cut} and would never be asked`;
    report(errorAt(entry.position, "policy-below-cut", message));
  }
}

/** What the policy needs of the definitions. */
export function checkPolicyMeaning(
  bound: BoundPolicy,
  definitions: Definitions,
  monitors: ReadonlyMap<string, Monitor>,
  report: Report,
): void {
  checkCnameEndpoints(bound, report);
  checkSpill(bound, definitions, report);
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

function checkSpill(bound: BoundPolicy, definitions: Definitions, report: Report): void {
  const { entry, reach } = bound;
  if (!reach.kinds.has("spill")) return;
  const name = formatName(entry.owner);
  if (entry.demand === undefined) {
    const message = `POLICY at '${name}' spills and has no demand=N to divide`;
    report(errorAt(entry.position, "spill-without-demand", message));
  }
  const lacking = spillPools(bound.policy.expression, definitions).filter(
    (pool) => definitions.pools.get(pool)?.capacity === undefined,
  );
  for (const pool of lacking) {
    const message = `POLICY at '${name}' spills over pool '${pool}', which has no capacity=N`;
    report(errorAt(entry.position, "spill-without-capacity", message));
  }
}

/** The pools below the `spill`s of an expression; capacities elsewhere do not matter. */
function spillPools(expression: Expression, definitions: Definitions): string[] {
  if (expression.kind === "spill") return [...reachOf(expression, definitions).pools];
  const named = expression.kind === "policy" ? definitions.policies.get(expression.policy) : undefined;
  const below = named === undefined ? childrenOf(expression) : [named];
  return below.flatMap((child) => spillPools(child, definitions));
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
