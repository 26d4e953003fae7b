/**
 * Explains an answer: the lookup that is served, then the trace of the `evaluate` that is served. The admin plane shows
 * it of the running node, the command line of files alone as well.
 */

import type {
  ExplainOutcome,
  ExplainQuery,
  ExplainRefusal,
  Explanation,
  WhatIfOutcome,
} from "../admin/explanation.ts";
import { formatName, parseName, ROOT } from "../dns/name.ts";
import { formatRdata } from "../dns/rdata.ts";
import type { RRset } from "../dns/rrset.ts";
import { formatType, parseType } from "../dns/types.ts";
import { type Client, formatPlace, NOWHERE, type PlaceOf, UNKNOWN_CLIENT } from "../geo/client.ts";
import { continentOf } from "../geo/country.ts";
import type { Snapshot } from "../health/snapshot.ts";
import { askedPlacesOf } from "../policy/asked-places.ts";
import { cnameTargetOf } from "../policy/cname.ts";
import { explain } from "../policy/evaluate.ts";
import type { TraceNode } from "../policy/evaluation.ts";
import type { AddressFamily, Definitions, Policy } from "../policy/model.ts";
import { reachOf } from "../policy/reach.ts";
import { type LookupEnd, lookup, type ZonesByApexKey } from "../zone/lookup.ts";
import type { Zone } from "../zone/model.ts";
import { parseGeoMatch, parseNetwork } from "../zone/places.ts";
import { promoteDryRuns } from "../zone/promote-dry-runs.ts";
import { isServiceBinding, policiesOfRecords } from "../zone/record-policies.ts";
import { type ExplainedPending, explainReach, FAMILIES } from "./explain-reach.ts";
import {
  type Decided,
  explainHints,
  explainWithheld,
  OF_ZONE_FILE,
  type RecordPolicies,
  sharesIn,
} from "./explain-records.ts";
import { supposeDown } from "./supposed-health.ts";

/** What an explanation is about. */
export interface ExplainedState {
  readonly zones: ZonesByApexKey;
  readonly definitions: Definitions;
  readonly snapshot: Snapshot;
  /** Where a network lies; asked only where the policy asks for a place. */
  readonly placeOf: PlaceOf;
  /** What is under way; `undefined` of a health that is supposed. */
  readonly pending?: ExplainedPending | undefined;
}

export function explainName(served: ExplainedState, query: ExplainQuery): ExplainOutcome {
  const state = query.dryRun ? { ...served, zones: promoteDryRuns(served.zones) } : served;
  const name = parseName(query.name, ROOT);
  if (!name.ok) return refuse("name", `Cannot explain '${query.name}': ${name.message}`);
  const type = parseType(query.type);
  if (type === undefined) return refuse("type", `Cannot explain: '${query.type}' is not a record type`);
  const given = query.client === undefined ? UNKNOWN_CLIENT : parseClient(query.client);
  if (given === undefined) {
    const expected = "an address, a network without bits behind its prefix, country:XX or continent:XX";
    return refuse("client", `Cannot explain: client '${query.client}' is not ${expected}`);
  }
  const { zone, chain, end } = lookup(state.zones, name.name, type);
  if (zone === undefined && chain.length === 0) {
    return refuse(undefined, `Cannot explain '${formatName(name.name)}': it lies in no zone that is served`);
  }
  if (query.dryRun && !(end.kind === "policy" && end.policy.dryRun)) {
    const message = `Cannot explain the dry run of '${formatName(name.name)}': no dry-run POLICY answers it`;
    return refuse(undefined, message);
  }
  const policies = policiesBehind(end, state, type);
  const asked = policyOf(end, state) ?? (isServiceBinding(type) ? policies.find(Boolean) : undefined);
  const client = asked === undefined ? given : placed(given, asked, state);
  const decided = decide(end, state, client, type, policies);
  return {
    ok: true,
    explanation: {
      name: formatName(name.name),
      type: formatType(type),
      client: query.client ?? null,
      location: formatPlace(client.place) ?? null,
      ...decided,
      trace: [...chain.map(traceLink), ...decided.trace],
      ...(query.dryRun ? { dryRun: true } : {}),
    },
  };
}

/** The policy that answers: A and AAAA for itself, and every other type of its owner where it can draw a CNAME. */
function policyOf(end: LookupEnd, { definitions }: ExplainedState): Policy | undefined {
  if (end.kind === "policy") return end.policy;
  if (end.kind !== "nodata" || end.policy === undefined) return undefined;
  const { endpoints } = reachOf(end.policy.expression, definitions);
  return endpoints.some((endpoint) => cnameTargetOf(endpoint) !== undefined) ? end.policy : undefined;
}

/** By record: the policies that decide what becomes of records that no policy answers. */
function policiesBehind(end: LookupEnd, { zones }: ExplainedState, type: number): RecordPolicies {
  if (end.kind !== "answer" || end.node === undefined) return [];
  return policiesOfRecords(zones, end.zone, end.node, type);
}

/** The client where the geo database puts it, if the policy asks for that. */
function placed(client: Client, { expression }: Policy, { definitions, placeOf }: ExplainedState): Client {
  const { network, place } = client;
  if (network === undefined || place !== undefined) return client;
  return askedPlacesOf(expression, definitions) === undefined ? client : { network, place: placeOf(network) };
}

/** The same under the health that the state has, and with `down` failing its probes as well. */
export function whatIf(state: ExplainedState, query: ExplainQuery, down: readonly string[]): WhatIfOutcome {
  const supposed = supposeDown(state.definitions, down, state.snapshot);
  if (!supposed.ok) return refuse("down", supposed.message);
  const before = explainName(state, query);
  if (!before.ok) return before;
  const after = explainName({ ...state, snapshot: supposed.snapshot, pending: undefined }, query);
  if (!after.ok) return after;
  return { ok: true, whatIf: { ...after.explanation, before: before.explanation } };
}

function refuse(parameter: ExplainRefusal["parameter"], message: string): ExplainRefusal {
  return { ok: false, parameter, message };
}

/** `192.0.2.1`, `192.0.2.0/24`, `country:DE`, `country:US-VA` or `continent:EU`; `undefined` for anything else. */
export function parseClient(text: string): Client | undefined {
  if (!/^(?:country|continent):/.test(text)) {
    const network = parseNetwork(text);
    return network.ok ? { network: network.value, place: undefined } : undefined;
  }
  const match = parseGeoMatch(text);
  if (!match.ok) return undefined;
  const { kind: _kind, ...place } = match.value;
  const continent = "country" in place ? { continent: continentOf(place.country) } : {};
  return { network: undefined, place: { ...NOWHERE, ...continent, ...place } };
}

function traceLink({ owner, type, rdatas }: RRset): TraceNode {
  const target = rdatas.map((rdata) => formatRdata(type, rdata)).join(" ");
  return {
    node: `${formatName(owner)} ${formatType(type)}`,
    decision: "followed",
    reason: `leads to ${target}`,
  };
}

function decide(
  end: LookupEnd,
  state: ExplainedState,
  client: Client,
  type: number,
  policies: RecordPolicies,
): Decided {
  if (end.kind === "policy") return decideByPolicy(end.policy, end.family, state, client);
  const policy = policyOf(end, state);
  if (policy !== undefined) return decideByCname(policy, state, client);
  if (end.kind !== "answer" || policies.every((policy) => policy === undefined))
    return decideByZone(end, type);
  const decided = isServiceBinding(type)
    ? explainHints(end.rrset, policies, state, client)
    : explainWithheld(end.rrset, policies, state);
  return { ...decided, ...explainReach(policies, FAMILIES, state) };
}

/** As A, save that whoever is drawn with addresses has nothing of the type that is asked for. */
function decideByCname(policy: Policy, state: ExplainedState, client: Client): Decided {
  const decided = decideByPolicy(policy, "ipv4", state, client);
  const shares = decided.shares.filter(({ cname }) => cname !== undefined);
  const outcome = decided.outcome === "answer" && shares.length === 0 ? "nodata" : decided.outcome;
  return { ...decided, shares, outcome };
}

function decideByPolicy(
  policy: Policy,
  family: AddressFamily,
  state: ExplainedState,
  client: Client,
): Decided {
  const { definitions, snapshot } = state;
  const { evaluation, trace } = explain(policy, definitions, snapshot, client, family);
  const { outcome, ttlSeconds, rung, failingOpen, overCapacity } = evaluation;
  const reached = explainReach([policy], [family], state);
  const shares = sharesIn(evaluation);
  return { outcome, ttlSeconds, rung, failingOpen, shares, overCapacity, trace, ...reached };
}

/** What rests on zone files alone: no rung, no shares. */
function decideByZone(end: Exclude<LookupEnd, { kind: "policy" }>, type: number): Decided {
  const say = (
    outcome: Explanation["outcome"],
    ttlSeconds: number | null,
    node: string,
    decision: string,
    reason: string,
  ): Decided => {
    return { ...OF_ZONE_FILE, outcome, ttlSeconds, trace: [{ node, decision, reason }] };
  };
  const list = ({ type: own, rdatas }: RRset): string =>
    rdatas.map((rdata) => formatRdata(own, rdata)).join(", ");
  switch (end.kind) {
    case "answer": {
      const { owner, ttlSeconds, rdatas } = end.rrset;
      const reason = `${rdatas.length} in the zone file: ${list(end.rrset)}`;
      return say("answer", ttlSeconds, `${formatName(owner)} ${formatType(type)}`, "answer", reason);
    }
    case "any":
      return say("answer", null, formatName(end.owner), "answer", "ANY gets one of the name's sets");
    case "nodata":
      return say("nodata", end.soa.ttlSeconds, zoneNode(end), "nodata", "the name has no such type");
    case "nxdomain":
      return say("nxdomain", end.soa.ttlSeconds, zoneNode(end), "nxdomain", "there is no such name");
    case "referral": {
      const { ns, cut } = end;
      return say("referral", ns.ttlSeconds, formatName(cut.owner), "referral", `delegated to ${list(ns)}`);
    }
    case "yxdomain":
      return say("servfail", null, zoneNode(end), "yxdomain", "the DNAME makes the name too long");
    case "outside":
      return say("answer", null, "chain", "ends", "the target lies in no zone that is served");
    case "chain-cut":
      return say("answer", null, "chain", "ends", "the chain turns in a circle or is too long");
  }
}

function zoneNode({ zone }: { readonly zone: Zone }): string {
  return `zone ${formatName(zone.apex)}`;
}
