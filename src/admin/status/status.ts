/** The status of a node as JSON, in the shape of CONTRACT.md §4, built from what `status/derive` found. Pure. */

import type { KnownAvailability } from "../../health/availability.ts";
import type { Hold } from "../../health/snapshot.ts";
import type { Forced, Observed } from "../../health/verdict.ts";
import { cnameTargetOf } from "../../policy/cname.ts";
import type { Evaluation, Share } from "../../policy/evaluation.ts";
import { formatExpression } from "../../policy/expression-text.ts";
import type { AddressFamily } from "../../policy/model.ts";
import type { ShareView } from "../explanation.ts";
import type { HostNameReading } from "../host-name-reading.ts";
import type { Consent, LoadCheck } from "../load.ts";
import type { AvailabilitySource, DiagnosticView, LoadOutcome, Readiness, ServingState } from "../source.ts";
import { statusOfAvailability } from "./availability.ts";
import type { DerivedState, EndpointState, PolicyState, PoolState, ZoneState } from "./derive.ts";
import type { DrillsStatus } from "./drills.ts";
import type { ForcingStatus } from "./forcing.ts";
import { formatTime } from "./time.ts";

export interface PolicyStatus {
  readonly owner: string;
  /** The metrics' label. */
  readonly name: string;
  readonly expression: string;
  /** Evaluated and never served: all that follows is what would be. */
  readonly dryRun: boolean;
  /** The address families in which it has endpoints; rung, failing open and TTL are the worst of them. */
  readonly families: readonly AddressFamily[];
  readonly outcome: Evaluation["outcome"];
  readonly rung: number;
  readonly failingOpen: boolean;
  /** Pools that get more of its demand than their capacity. */
  readonly overCapacity: readonly string[];
  readonly ttlSeconds: number;
  readonly availability: KnownAvailability;
  readonly shares: readonly ShareView[];
}

export interface ZoneStatus {
  readonly name: string;
  readonly serial: number;
  readonly policies: readonly PolicyStatus[];
}

/** The host name of an endpoint. */
export interface HostStatus {
  readonly name: string;
  /** When a resolver last said what it stands for; `null`: never. */
  readonly resolvedAt: string | null;
  readonly ttlSeconds: number;
  /** Why it cannot be resolved at present. */
  readonly failure: string | null;
}

export interface EndpointStatus {
  readonly name: string;
  readonly up: boolean;
  readonly observed: Observed;
  readonly forced: Forced | null;
  /** ISO 8601 UTC; `null` while it was never probed. */
  readonly since: string | null;
  readonly reason: string;
  /** `null` where it has addresses of its own. */
  readonly host: HostStatus | null;
  readonly addresses: readonly {
    readonly address: string;
    readonly observed: Observed;
    readonly reason: string;
  }[];
}

/** What keeps a pool that is up out of service, or in it in part, for one family. */
export type HoldStatus =
  /** By `failback`; until then, or until somebody forces it up where that is `null`. */
  | { readonly kind: "held"; readonly until: string | null }
  /** By `slow-start`: back for that part of the clients. */
  | { readonly kind: "ramping"; readonly part: number };

export interface PoolStatus {
  readonly name: string;
  readonly up: boolean;
  /** By probes alone: forced states, grace and holds left aside. */
  readonly observed: Observed;
  readonly availability: KnownAvailability;
  /** By family; empty where nothing holds it. */
  readonly holds: Readonly<Partial<Record<AddressFamily, HoldStatus>>>;
  readonly endpoints: readonly EndpointStatus[];
}

export interface Status extends ForcingStatus {
  readonly node: string;
  readonly version: string;
  readonly ready: boolean;
  readonly reasons: readonly string[];
  /** 0 until the first image is published. */
  readonly generation: number;
  /** When the health that is shown was taken; `null` until the first image. */
  readonly at: string | null;
  readonly load: {
    readonly success: boolean;
    readonly loadedAt: string | null;
    readonly diagnostics: readonly DiagnosticView[];
    /** Why the files as last read are not served; `null` where they are. */
    readonly refused: string | null;
    /** What a person overruled for the set that is served; `null`: nothing. */
    readonly despite: ConsentStatus | null;
  };
  readonly drills: DrillsStatus;
  readonly zones: readonly ZoneStatus[];
  readonly pools: readonly PoolStatus[];
}

/** So that nobody forgets. */
export interface ConsentStatus {
  readonly checks: readonly LoadCheck[];
  readonly reason: string;
  readonly owner: string;
  readonly at: string | null;
}

export interface StatusInput {
  readonly node: string;
  readonly version: string;
  readonly readiness: Readiness;
  readonly load: LoadOutcome;
  readonly forcing: ForcingStatus;
  readonly drills: DrillsStatus;
  readonly hosts: Iterable<HostNameReading>;
  readonly availability: AvailabilitySource;
  readonly serving: { readonly state: ServingState; readonly derived: DerivedState } | undefined;
}

export function buildStatus(input: StatusInput): Status {
  const { availability, serving } = input;
  const hosts = hostsByName(input);
  return {
    ...statusOfNode(input),
    zones: serving?.derived.zones.map((zone) => statusOfZone(zone, availability)) ?? [],
    pools: serving?.derived.pools.map((pool) => statusOfPool(pool, hosts, availability)) ?? [],
  };
}

/** All but what grows with the zones. */
export function statusOfNode({
  node,
  version,
  readiness,
  load,
  forcing,
  drills,
  serving,
}: StatusInput): Omit<Status, "zones" | "pools"> {
  return {
    node,
    version,
    ready: readiness.ready,
    reasons: readiness.reasons,
    generation: serving?.state.generation ?? 0,
    at: formatTime(serving?.state.snapshot.atMs),
    load: {
      success: load.success,
      loadedAt: formatTime(load.loadedAtMs),
      diagnostics: load.diagnostics,
      refused: load.refusal?.message ?? null,
      despite: statusOfConsent(load.despite),
    },
    ...forcing,
    drills,
  };
}

export function statusOfConsent(consent: Consent | undefined): ConsentStatus | null {
  if (consent === undefined) return null;
  const { checks, reason, owner, atMs } = consent;
  return { checks, reason, owner, at: formatTime(atMs) };
}

/** One zone of `/api/v1/zones`. */
export interface ZoneDetail extends ZoneStatus {
  readonly file: string;
  readonly rrsets: number;
}

export function buildZones(
  derived: DerivedState | undefined,
  availability: AvailabilitySource,
): ZoneDetail[] {
  return derived?.zones.map((zone) => detailOfZone(zone, availability)) ?? [];
}

/** Shares as the API and the command line write them; `explain` has the same shape. */
export function viewShares(shares: readonly Share[]): ShareView[] {
  return shares.map(({ endpoint, addresses, share }) => {
    const cname = cnameTargetOf(endpoint);
    return {
      pool: endpoint.pool,
      endpoint: endpoint.name,
      addresses: addresses.map(({ text }) => text),
      ...(cname === undefined ? {} : { cname }),
      share,
    };
  });
}

function statusOfZone({ zone, policies }: ZoneState, availability: AvailabilitySource): ZoneStatus {
  const { name, serial } = zone;
  return { name, serial, policies: policies.map((state) => statusOfPolicy(state, availability)) };
}

function detailOfZone(state: ZoneState, availability: AvailabilitySource): ZoneDetail {
  const { file, rrsetCount } = state.zone;
  return { ...statusOfZone(state, availability), file, rrsets: rrsetCount };
}

export function statusOfPolicy(state: PolicyState, availability: AvailabilitySource): PolicyStatus {
  const { owner, policy } = state.view;
  return {
    owner,
    name: policy.name,
    expression: formatExpression(policy.expression),
    dryRun: policy.dryRun,
    families: state.families,
    outcome: state.outcome,
    rung: state.rung,
    failingOpen: state.failingOpen,
    overCapacity: state.overCapacity,
    ttlSeconds: state.ttlSeconds,
    availability: statusOfAvailability(policy.dryRun ? [] : availability.ofPolicy(policy.name)),
    shares: viewShares(state.shares),
  };
}

type Hosts = ReadonlyMap<string, HostNameReading>;

export function hostsByName({ hosts }: Pick<StatusInput, "hosts">): Hosts {
  return new Map(Array.from(hosts, (host) => [host.hostName, host]));
}

function statusOfPool(state: PoolState, hosts: Hosts, availability: AvailabilitySource): PoolStatus {
  const endpoints = state.endpoints.map((endpoint) => statusOfEndpoint(endpoint, hosts));
  return { ...statusOfPoolAlone(state, availability), endpoints };
}

/** Without its endpoints. */
export function statusOfPoolAlone(
  { pool, up, observed, holds }: PoolState,
  availability: AvailabilitySource,
): Omit<PoolStatus, "endpoints"> {
  const views: Partial<Record<AddressFamily, HoldStatus>> = {};
  if (holds.ipv4 !== undefined) views.ipv4 = statusOfHold(holds.ipv4);
  if (holds.ipv6 !== undefined) views.ipv6 = statusOfHold(holds.ipv6);
  return {
    name: pool.name,
    up,
    observed,
    availability: statusOfAvailability(availability.ofPool(pool.name)),
    holds: views,
  };
}

function statusOfHold(hold: Hold): HoldStatus {
  if (hold.kind === "held") return { kind: "held", until: formatTime(hold.untilMs) };
  return { kind: "ramping", part: hold.part };
}

export function statusOfEndpoint(state: EndpointState, hosts: Hosts): EndpointStatus {
  return {
    name: state.endpoint.name,
    up: state.up,
    observed: state.observed,
    forced: state.forced ?? null,
    since: formatTime(state.sinceMs),
    reason: state.reason,
    host: statusOfHost(hosts.get(state.endpoint.hostName ?? "")),
    addresses: state.addresses.map(({ address, health }) => ({
      address: address.text,
      observed: health.observed,
      reason: health.reason,
    })),
  };
}

function statusOfHost(host: HostNameReading | undefined): HostStatus | null {
  if (host === undefined) return null;
  const { hostName, resolvedAtMs, ttlSeconds, failure = null } = host;
  return { name: hostName, resolvedAt: formatTime(resolvedAtMs), ttlSeconds, failure };
}
