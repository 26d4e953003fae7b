/** Samples of what is: the state that is served, its endpoints, pools, policies and zones. */

import { LOAD_CHECKS } from "../load.ts";
import type { AdminSource, ServingState } from "../source.ts";
import type { DerivedState, EndpointState, PolicyState, PoolState } from "../status/derive.ts";
import type { Sample } from "./sample.ts";

const NO_LABELS = {};

function one(value: number): Sample[] {
  return [{ labels: NO_LABELS, value }];
}

/** Of the node itself. Before the first image, what it would say is left out. */
export function nodeSamples(source: AdminSource) {
  const ofState = (valueOf: (state: ServingState) => number): Sample[] => {
    const state = source.serving();
    return state === undefined ? [] : one(valueOf(state));
  };
  return {
    fairlead_build_info: (): Sample[] => [{ labels: { version: source.version }, value: 1 }],
    fairlead_zone_serial: (): Sample[] =>
      source.serving()?.zones.map(({ name, serial }) => ({ labels: { zone: name }, value: serial })) ?? [],
    fairlead_zone_load_success: (): Sample[] => one(Number(source.load().success)),
    fairlead_zone_load_despite: (): Sample[] => {
      const { despite } = source.load();
      return LOAD_CHECKS.map((check) => ({
        labels: { check },
        value: Number(despite?.checks.includes(check) === true),
      }));
    },
    fairlead_zone_load_timestamp_seconds: (): Sample[] => {
      const { loadedAtMs } = source.load();
      return loadedAtMs === undefined ? [] : one(loadedAtMs / 1000);
    },
    fairlead_geoip_build_timestamp_seconds: (): Sample[] => {
      const database = source.geoDatabase();
      return database === undefined ? [] : one(database.builtAtMs / 1000);
    },
    fairlead_geoip_load_success: (): Sample[] => {
      const database = source.geoDatabase();
      return database === undefined ? [] : one(Number(database.loadSuccess));
    },
    fairlead_dns_workers: (): Sample[] => {
      const answering = source.answering();
      if (answering === undefined) return [];
      return [{ labels: { transport: answering.transport }, value: answering.workers }];
    },
    fairlead_dns_worker_restarts_total: (): Sample[] => one(source.answering()?.restarts() ?? 0),
    fairlead_records_withheld: (): Sample[] =>
      source.serving()?.withheld.map(({ owner, type, records }) => ({
        labels: { owner, type },
        value: records,
      })) ?? [],
    fairlead_image_generation: (): Sample[] => ofState(({ generation }) => generation),
    fairlead_image_build_seconds: (): Sample[] => ofState(({ buildSeconds }) => buildSeconds),
  };
}

export function endpointSamples(derived: () => DerivedState | undefined) {
  const ofEach = (samplesOf: (state: EndpointState) => readonly Sample[]) =>
    function* (): Generator<Sample> {
      for (const { endpoints } of derived()?.pools ?? []) {
        for (const state of endpoints) yield* samplesOf(state);
      }
    };
  return {
    fairlead_endpoint_up: ofEach((state) => [{ labels: labelsOf(state), value: Number(state.up) }]),
    fairlead_endpoint_observed_up: ofEach((state) => [
      { labels: labelsOf(state), value: Number(state.observed === "up") },
    ]),
    fairlead_endpoint_forced: ofEach((state) =>
      state.forced === undefined ? [] : [{ labels: { ...labelsOf(state), state: state.forced }, value: 1 }],
    ),
    fairlead_address_up: ofEach((state) =>
      state.addresses.map(({ address, health }) => ({
        labels: { ...labelsOf(state), address: address.text },
        value: Number(health.observed === "up"),
      })),
    ),
  };
}

function labelsOf({ endpoint }: EndpointState) {
  return { pool: endpoint.pool, endpoint: endpoint.name };
}

export function poolSamples(derived: () => DerivedState | undefined) {
  return {
    fairlead_pool_up: (): Sample[] =>
      derived()?.pools.map(({ pool, up }) => ({ labels: { pool: pool.name }, value: Number(up) })) ?? [],
    fairlead_pool_observed_up: (): Sample[] =>
      derived()?.pools.flatMap(({ pool, observed }) =>
        observed === "unknown" ? [] : [{ labels: { pool: pool.name }, value: Number(observed === "up") }],
      ) ?? [],
    fairlead_pool_endpoints: (): Sample[] => derived()?.pools.flatMap(countEndpoints) ?? [],
  };
}

function countEndpoints({ pool, endpoints }: PoolState): Sample[] {
  const counts = { up: 0, down: 0, unknown: 0, drain: 0 };
  for (const endpoint of endpoints) counts[stateOf(endpoint)] += 1;
  return Object.entries(counts).map(([state, value]) => ({ labels: { pool: pool.name, state }, value }));
}

/**
 * The one state in which an endpoint is counted:
 *
 * | forced drain | up on rung 1 | observed unknown | state   |
 * | ------------ | ------------ | ---------------- | ------- |
 * | yes          | –            | any              | drain   |
 * | no           | yes          | any              | up      |
 * | no           | no           | yes, unforced    | unknown |
 * | no           | no           | no, or forced    | down    |
 */
function stateOf({ forced, up, observed }: EndpointState): "up" | "down" | "unknown" | "drain" {
  if (forced === "drain") return "drain";
  if (up) return "up";
  return observed === "unknown" && forced === undefined ? "unknown" : "down";
}

export function policySamples(derived: () => DerivedState | undefined) {
  const ofEach = (samplesOf: (state: NamedPolicyState) => readonly Sample[]) => (): Sample[] =>
    namedPolicies(derived(), "serving").flatMap(samplesOf);
  return {
    fairlead_policy_failing_open: ofEach(({ name, failingOpen }) => [
      { labels: { policy: name }, value: Number(failingOpen) },
    ]),
    fairlead_policy_over_capacity: ofEach(({ name, first, isOverCapacity }) =>
      first.view.policy.demand === undefined
        ? []
        : [{ labels: { policy: name }, value: Number(isOverCapacity) }],
    ),
    fairlead_policy_rung: ofEach(({ name, rung }) => [{ labels: { policy: name }, value: rung }]),
    fairlead_policy_share: (): Sample[] =>
      MODES.flatMap((mode) =>
        namedPolicies(derived(), mode).flatMap(({ name, first }) => shareSamples(name, first, mode)),
      ),
    fairlead_policy_rto_seconds: ofEach(({ name, recoverySeconds }) =>
      recoverySeconds === undefined ? [] : [{ labels: { policy: name }, value: recoverySeconds }],
    ),
  };
}

/** Of a dry run the shares alone are told: nobody is to be woken for what is not served. */
const MODES = ["serving", "dry-run"] as const;
type Mode = (typeof MODES)[number];

/** The POLICY records that share a name, and so a label, taken together: the worst of them, the shares of the first. */
interface NamedPolicyState {
  readonly name: string;
  readonly first: PolicyState;
  rung: number;
  failingOpen: boolean;
  isOverCapacity: boolean;
  recoverySeconds: number | undefined;
}

function namedPolicies(derived: DerivedState | undefined, mode: Mode): NamedPolicyState[] {
  const byName = new Map<string, NamedPolicyState>();
  for (const { policies } of derived?.zones ?? []) {
    for (const state of policies) {
      const { name, dryRun } = state.view.policy;
      if (dryRun !== (mode === "dry-run")) continue;
      const { rung, failingOpen } = state;
      const isOverCapacity = state.overCapacity.length > 0;
      const recoverySeconds = state.view.worstRecoverySeconds;
      const known = byName.get(name);
      if (known === undefined) {
        byName.set(name, { name, first: state, rung, failingOpen, isOverCapacity, recoverySeconds });
        continue;
      }
      known.rung = Math.max(known.rung, rung);
      known.failingOpen ||= failingOpen;
      known.isOverCapacity ||= isOverCapacity;
      known.recoverySeconds = Math.max(known.recoverySeconds ?? 0, recoverySeconds ?? 0) || undefined;
    }
  }
  return [...byName.values()];
}

/** Every pool that the policy reaches has its line, so that a share that fell to nothing reads 0. */
function shareSamples(policy: string, { pools, shares }: PolicyState, mode: Mode): Sample[] {
  const byPool = new Map(Array.from(pools, (pool) => [pool, 0]));
  for (const { endpoint, share } of shares)
    byPool.set(endpoint.pool, (byPool.get(endpoint.pool) ?? 0) + share);
  return Array.from(byPool, ([pool, value]) => ({ labels: { policy, pool, mode }, value }));
}
