/**
 * Explains records that no policy answers and that follow health all the same: which of them are left out, and which hints
 * the others are given (`zone/record-policies`). By the functions that the image is compiled by.
 */

import type { Explanation, ShareView } from "../admin/explanation.ts";
import { viewShares } from "../admin/status/status.ts";
import { formatName, type Name } from "../dns/name.ts";
import { formatRdata } from "../dns/rdata.ts";
import type { RRset } from "../dns/rrset.ts";
import { formatType } from "../dns/types.ts";
import type { Client } from "../geo/client.ts";
import type { Snapshot } from "../health/snapshot.ts";
import { joinFamilies } from "../policy/both-families.ts";
import { explain, sharesOf } from "../policy/evaluate.ts";
import type { Evaluation, TraceNode } from "../policy/evaluation.ts";
import { decideRecords, type OverallState, overallState } from "../policy/health-aware.ts";
import type { Definitions, Policy } from "../policy/model.ts";
import { targetOf } from "../zone/record-policies.ts";

/** What an explanation says beside its question. */
export type Decided = Omit<Explanation, "name" | "type" | "client" | "location" | "dryRun">;

/** By record of an RRset. */
export type RecordPolicies = readonly (Policy | undefined)[];

interface Health {
  readonly definitions: Definitions;
  readonly snapshot: Snapshot;
}

export function sharesIn(evaluation: Evaluation): ShareView[] {
  return viewShares(sharesOf(evaluation));
}

/** SRV and MX: every record with why it is there or not. */
export function explainWithheld(
  rrset: RRset,
  policies: RecordPolicies,
  { definitions, snapshot }: Health,
): Decided {
  const states = policies.map((policy) => policy && overallState(policy, definitions, snapshot));
  const { withheld, ttlSeconds } = decideRecords(states, rrset.ttlSeconds);
  const children = rrset.rdatas.map(
    (rdata, record): TraceNode => ({
      node: formatRdata(rrset.type, rdata),
      decision: withheld[record] === true ? "left out" : "kept",
      reason: whyWithheld(targetOf(rrset.type, rdata), states[record], withheld[record] === true),
    }),
  );
  const left = withheld.filter((is) => !is).length;
  const reason = `${left} of ${rrset.rdatas.length} in the zone file`;
  const trace = [{ node: nodeOf(rrset), decision: "answer", reason, children }];
  return { ...OF_ZONE_FILE, ttlSeconds, trace };
}

function whyWithheld(target: Name | undefined, state: OverallState | undefined, isWithheld: boolean): string {
  if (state === undefined) return "health does not touch it";
  const name = target === undefined ? "" : ` of ${formatName(target)}`;
  if (state.isUp) return `health-aware, and the policy${name} has something up`;
  const rest = isWithheld ? "" : ", as with every other record: all of them stay";
  return `health-aware, and the policy${name} has nothing up${rest}`;
}

/** SVCB and HTTPS: every record with the policy that gives it hints, and how that comes to them. */
export function explainHints(
  rrset: RRset,
  policies: RecordPolicies,
  { definitions, snapshot }: Health,
  client: Client,
): Decided {
  const asked = new Map<Policy, Hinted>();
  for (const policy of policies) {
    if (policy === undefined || asked.has(policy)) continue;
    const ipv4 = explain(policy, definitions, snapshot, client, "ipv4");
    const ipv6 = explain(policy, definitions, snapshot, client, "ipv6");
    const evaluation = joinFamilies(ipv4.evaluation, ipv6.evaluation);
    const trace = [traceFamily("A", ipv4), traceFamily("AAAA", ipv6)];
    asked.set(policy, { evaluation, trace });
  }
  const children = rrset.rdatas.map((rdata, record): TraceNode => {
    const policy = policies[record];
    const hinted = policy && asked.get(policy);
    const node = formatRdata(rrset.type, rdata);
    if (policy === undefined || hinted === undefined) {
      return { node, decision: "kept", reason: "as written: no policy gives it hints" };
    }
    const reason = `drawn once for both families from the policy ${policy.name}`;
    return { node, decision: "hints", reason, children: hinted.trace };
  });
  const evaluations = Array.from(asked.values(), ({ evaluation }) => evaluation);
  const [first] = evaluations;
  const reason = `${rrset.rdatas.length} in the zone file`;
  return {
    ...OF_ZONE_FILE,
    ttlSeconds: evaluations.reduce((least, each) => Math.min(least, each.ttlSeconds), rrset.ttlSeconds),
    rung: first?.rung ?? null,
    failingOpen: first?.failingOpen ?? false,
    shares: first === undefined ? [] : sharesIn(first),
    trace: [{ node: nodeOf(rrset), decision: "answer", reason, children }],
  };
}

interface Hinted {
  readonly evaluation: Evaluation;
  readonly trace: readonly TraceNode[];
}

function traceFamily(
  node: string,
  { evaluation, trace }: { readonly evaluation: Evaluation; readonly trace: readonly TraceNode[] },
): TraceNode {
  const { outcome, rung } = evaluation;
  return { node, decision: outcome, reason: `rung ${rung}`, children: trace };
}

/** What rests on zone files alone: no rung, no shares, and nothing that could change. */
export const OF_ZONE_FILE = {
  outcome: "answer",
  rung: null,
  failingOpen: false,
  shares: [],
  overCapacity: [],
  endpoints: [],
  next: [],
} as const;

function nodeOf({ owner, type }: RRset): string {
  return `${formatName(owner)} ${formatType(type)}`;
}
