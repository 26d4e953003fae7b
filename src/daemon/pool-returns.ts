/**
 * How pools come back, kept: one `policy/failback` state for each pool with `failback` or `slow-start`, for each endpoint of
 * such a pool as an expression may name it by itself, and for each family. The health book steps them with every snapshot
 * that it takes, and the snapshot carries what they hold.
 */

import type { Hold, Holds, Snapshot } from "../health/snapshot.ts";
import {
  FRESH,
  holdOf,
  nextHoldMs,
  type ReturnState,
  type Standing,
  stepReturn,
} from "../policy/failback.ts";
import { graceEndMs, isInGrace, standingOfEndpoint, standingOfPool } from "../policy/group.ts";
import type { AddressFamily, Definitions, Endpoint, Pool } from "../policy/model.ts";

const FAMILIES: readonly AddressFamily[] = ["ipv4", "ipv6"];

/** By pool or endpoint identifier; a family that is fresh is left out. */
export type KeptReturns = ReadonlyMap<string, Readonly<Partial<Record<AddressFamily, ReturnState>>>>;

/** How long what left the zones is remembered, here and of health. */
export const GONE_KEPT_MS = 10 * 60 * 1000;

export interface PoolReturns {
  /**
   * Makes the pools of `definitions` those that are watched; the states of those that stay are kept. What left the zones is
   * remembered for a while: a set that drops a pool by mistake must not be what lets it come back.
   */
  use(definitions: Definitions, atMs: number): void;
  /** Steps every state to this snapshot, and says what they hold. */
  step(snapshot: Snapshot): ReadonlyMap<string, Holds>;
  /** When a snapshot with the same health would be judged differently, by the passing of time alone. */
  nextChangeMs(snapshot: Snapshot): number | undefined;
  /** For disk. */
  keep(): KeptReturns;
  /** What was kept; before the first `use`. */
  restore(kept: KeptReturns): void;
}

interface Watched {
  readonly pool: Pool;
  readonly endpoints: readonly Endpoint[];
  readonly standingIn: (snapshot: Snapshot, family: AddressFamily) => Standing;
  readonly states: Record<AddressFamily, ReturnState>;
}

export function createPoolReturns(): PoolReturns {
  let watched = new Map<string, Watched>();
  const gone = new Map<string, { readonly states: Watched["states"]; readonly sinceMs: number }>();
  let kept: KeptReturns = new Map();
  let pools: readonly Pool[] = [];
  let before: Snapshot | undefined;

  const watch = (
    id: string,
    pool: Pool,
    endpoints: readonly Endpoint[],
    standingIn: Watched["standingIn"],
  ): Watched => {
    const known = watched.get(id) ?? gone.get(id);
    const states = known?.states ?? { ipv4: FRESH, ipv6: FRESH, ...kept.get(id) };
    return { pool, endpoints, standingIn, states };
  };

  return {
    use(definitions, atMs) {
      for (const [id, { sinceMs }] of gone) if (atMs - sinceMs >= GONE_KEPT_MS) gone.delete(id);
      pools = [...definitions.pools.values()];
      const next = new Map<string, Watched>();
      for (const pool of pools.filter(hasRules)) {
        const standingIn: Watched["standingIn"] = (snapshot, family) =>
          standingOfPool(pool, snapshot, family);
        next.set(pool.name, watch(pool.name, pool, pool.endpoints, standingIn));
        for (const endpoint of pool.endpoints) {
          const standsAlone: Watched["standingIn"] = (snapshot, family) =>
            standingOfEndpoint(endpoint, definitions, snapshot, family);
          next.set(endpoint.id, watch(endpoint.id, pool, [endpoint], standsAlone));
        }
      }
      const present = new Set(
        pools.flatMap(({ name, endpoints }) => [name, ...endpoints.map(({ id }) => id)]),
      );
      for (const id of present) gone.delete(id);
      // A pool that is there without its rules was let go by whoever took them away.
      for (const [id, { states }] of watched) {
        if (!present.has(id)) gone.set(id, { states, sinceMs: atMs });
      }
      watched = next;
      kept = new Map();
      before = undefined;
    },
    step(snapshot) {
      const holds = new Map<string, Holds>();
      for (const [id, group] of watched) {
        if (couldDiffer(group, before, snapshot)) stepGroup(group, snapshot);
        const held = holdsOf(group, snapshot.atMs);
        if (held !== undefined) holds.set(id, held);
      }
      before = snapshot;
      return holds;
    },
    nextChangeMs(snapshot) {
      let next = Number.POSITIVE_INFINITY;
      for (const pool of pools) next = Math.min(next, graceEndMs(pool, snapshot) ?? next);
      for (const { pool, states } of watched.values()) {
        for (const family of FAMILIES) {
          next = Math.min(next, nextHoldMs(states[family], pool, snapshot.atMs) ?? next);
        }
      }
      return next === Number.POSITIVE_INFINITY ? undefined : next;
    },
    keep: () => new Map(Array.from(watched, ([id, { states }]) => [id, { ...states }])),
    restore(states) {
      kept = states;
    },
  };
}

function hasRules({ failback, slowStartMs }: Pool): boolean {
  return failback.kind !== "auto" || slowStartMs > 0;
}

/** Health that is the same is the same object (`health-book`); then grace alone can have ended, or a clock that was set back. */
function couldDiffer(
  { pool: { graceMs }, endpoints, states }: Watched,
  before: Snapshot | undefined,
  after: Snapshot,
): boolean {
  if (before === undefined || after.atMs < before.atMs) return true;
  if (FAMILIES.some((family) => isUnderWay(states[family]))) return true;
  return endpoints.some(({ id }) => {
    const health = before.endpoints.get(id);
    if (after.endpoints.get(id) !== health) return true;
    if (graceMs === 0 || health === undefined) return false;
    return health.addresses.some((address) =>
      isInGrace(health.forced, address, { graceMs, atMs: before.atMs }),
    );
  });
}

function isUnderWay(state: ReturnState): boolean {
  return state.kind === "held" || (state.kind === "serving" && state.rampFromMs !== undefined);
}

function stepGroup({ pool, standingIn, states }: Watched, snapshot: Snapshot): void {
  for (const family of FAMILIES) {
    states[family] = stepReturn(states[family], standingIn(snapshot, family), pool, snapshot.atMs);
  }
}

function holdsOf({ pool, states }: Watched, atMs: number): Holds | undefined {
  const holds: Partial<Record<AddressFamily, Hold>> = {};
  for (const family of FAMILIES) {
    const hold = holdOf(states[family], pool, atMs);
    if (hold !== undefined) holds[family] = hold;
  }
  return holds.ipv4 === undefined && holds.ipv6 === undefined ? undefined : holds;
}
