/**
 * What follows from the state that is served, once an image: what is up, and what each policy comes to. The status
 * JSON, the page and the metrics are three ways of writing it down.
 *
 * An endpoint's observed state, from those of its addresses:
 *
 * | one is up | one is unknown | observed |
 * | --------- | -------------- | -------- |
 * | yes       | any            | up       |
 * | no        | yes            | unknown  |
 * | no        | no             | down     |
 */

import { setImmediate as nextTurn } from "node:timers/promises";
import {
  type AddressHealth,
  type EndpointHealth,
  type Holds,
  NOT_YET_PROBED,
  observedOf,
  type Snapshot,
} from "../../health/snapshot.ts";
import type { Forced, Observed } from "../../health/verdict.ts";
import { sharesOf } from "../../policy/evaluate.ts";
import type { Evaluation, Rung, Share } from "../../policy/evaluation.ts";
import { isAddressUp, observedOfPool } from "../../policy/group.ts";
import type { Address, AddressFamily, Definitions, Endpoint, Pool } from "../../policy/model.ts";
import { isPoolUp } from "../../policy/pool.ts";
import { familiesOrBoth, reachOf } from "../../policy/reach.ts";
import type { PolicyView, ServingState, ZoneView } from "../source.ts";

export interface AddressState {
  readonly address: Address;
  readonly health: AddressHealth;
}

export interface EndpointState {
  readonly endpoint: Endpoint;
  /** As policies see it on rung 1, in any family. */
  readonly up: boolean;
  readonly observed: Observed;
  readonly forced: Forced | undefined;
  /** `undefined` while it was never probed. */
  readonly sinceMs: number | undefined;
  readonly reason: string;
  readonly addresses: readonly AddressState[];
}

export interface PoolState {
  readonly pool: Pool;
  /** As policies see it on rung 1, in any family that it has. */
  readonly up: boolean;
  /** What probes alone say of it. */
  readonly observed: Observed;
  /** What keeps it out of service, or in it in part, while it is up. */
  readonly holds: Holds;
  readonly endpoints: readonly EndpointState[];
}

export interface PolicyState {
  readonly view: PolicyView;
  /** Those in which it has endpoints; both where it has none at all. */
  readonly families: readonly AddressFamily[];
  /** The worst of `families`. */
  readonly rung: Rung;
  readonly failingOpen: boolean;
  /** Pools that get more of its demand than their capacity, in any of `families`. */
  readonly overCapacity: readonly string[];
  /** The shortest of `families`. */
  readonly ttlSeconds: number;
  /** Of the first of `families`, IPv4 before IPv6; `outcome` and `shares` are. */
  readonly outcome: Evaluation["outcome"];
  readonly shares: readonly Share[];
  /** Every pool it can ever answer from. */
  readonly pools: ReadonlySet<string>;
}

export interface ZoneState {
  readonly zone: ZoneView;
  readonly policies: readonly PolicyState[];
}

export interface DerivedState {
  readonly zones: readonly ZoneState[];
  readonly pools: readonly PoolState[];
}

/** Endpoints looked at in one turn of the event loop: some milliseconds. */
const ENDPOINTS_PER_TURN = 1_000;

export function derive(state: ServingState): DerivedState {
  const steps = deriving(state);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Step by step; each yields about how many endpoints it looked at. */
function* deriving({ zones, definitions, snapshot }: ServingState): Generator<number, DerivedState, void> {
  const zoneStates: ZoneState[] = [];
  for (const zone of zones) {
    const policies: PolicyState[] = [];
    for (const view of zone.policies) {
      const policy = derivePolicy(view, definitions);
      policies.push(policy);
      yield 1 + policy.shares.length;
    }
    zoneStates.push({ zone, policies });
  }
  const pools: PoolState[] = [];
  for (const pool of definitions.pools.values()) {
    pools.push(derivePool(pool, snapshot));
    yield 1 + pool.endpoints.length;
  }
  return { zones: zoneStates, pools };
}

/** `derive`, made once for each state: requests between two images share the result. */
export interface Derive {
  now(state: ServingState): DerivedState;
  /** The same a piece a turn of the event loop, so that ten thousand endpoints hold nobody up. */
  inTurns(state: ServingState): Promise<DerivedState>;
}

export function createDerive(): Derive {
  const known = new WeakMap<ServingState, DerivedState>();
  return {
    now(state) {
      const derived = known.get(state) ?? derive(state);
      known.set(state, derived);
      return derived;
    },
    async inTurns(state) {
      const steps = deriving(state);
      let looked = 0;
      for (let derived = known.get(state); ; derived = known.get(state)) {
        if (derived !== undefined) return derived;
        const step = steps.next();
        if (step.done === true) {
          known.set(state, step.value);
          return step.value;
        }
        looked += step.value;
        if (looked < ENDPOINTS_PER_TURN) continue;
        looked = 0;
        await nextTurn();
      }
    },
  };
}

function derivePolicy(view: PolicyView, definitions: Definitions): PolicyState {
  const reach = reachOf(view.policy.expression, definitions);
  const families = familiesOrBoth(reach.endpoints);
  const evaluations = families.map((family) => view.evaluations[family]);
  const first = view.evaluations[families[0] ?? "ipv4"];
  return {
    view,
    families,
    rung: evaluations.reduce<Rung>((worst, { rung }) => (rung > worst ? rung : worst), 1),
    failingOpen: evaluations.some(({ failingOpen }) => failingOpen),
    overCapacity: [...new Set(evaluations.flatMap(({ overCapacity }) => overCapacity))],
    ttlSeconds: Math.min(...evaluations.map(({ ttlSeconds }) => ttlSeconds)),
    outcome: first.outcome,
    shares: sharesOf(first),
    pools: reach.pools,
  };
}

function derivePool(pool: Pool, snapshot: Snapshot): PoolState {
  const up = familiesOrBoth(pool.endpoints).some((family) => isPoolUp(pool, snapshot, family));
  const endpoints = pool.endpoints.map((endpoint) =>
    deriveEndpoint(endpoint, snapshot.endpoints.get(endpoint.id)),
  );
  const observed = observedOfPool(pool, snapshot);
  return { pool, up, observed, holds: snapshot.holds?.get(pool.name) ?? {}, endpoints };
}

export function deriveEndpoint(endpoint: Endpoint, health: EndpointHealth | undefined): EndpointState {
  const forced = health?.forced;
  const addresses = endpoint.addresses.map((address, index) => ({
    address,
    health: health?.addresses[index] ?? NOT_YET_PROBED,
  }));
  // One that is answered as CNAME has a health before its name was resolved.
  const healths = addresses.length > 0 ? addresses.map(({ health }) => health) : (health?.addresses ?? []);
  const observed = observedOf(healths);
  return {
    endpoint,
    up: healths.some((each) => isAddressUp(forced, each, 1)),
    observed,
    forced,
    sinceMs: sinceOf(observed, addresses),
    reason: reasonOf(addresses),
    addresses,
  };
}

/** Up since its first address is; down since its last one is. */
function sinceOf(observed: Observed, addresses: readonly AddressState[]): number | undefined {
  const times = addresses
    .filter(({ health }) => health.observed === observed)
    .map(({ health }) => health.sinceMs)
    .filter((sinceMs) => sinceMs > 0);
  if (times.length === 0) return undefined;
  return observed === "down" ? Math.max(...times) : Math.min(...times);
}

/** One reason where all addresses share it, else one for each. */
function reasonOf(addresses: readonly AddressState[]): string {
  const [first] = addresses;
  if (first === undefined) return "no addresses";
  if (addresses.every(({ health }) => health.reason === first.health.reason)) return first.health.reason;
  return addresses.map(({ address, health }) => `${address.text}: ${health.reason}`).join("; ");
}
