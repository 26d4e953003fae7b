/**
 * From one health to the next: the pools that policies could decide otherwise by. What a policy answers rests on the pools
 * that it reaches (`policy/reach`), so those that reach none of these answer as before.
 *
 * | of a pool                                              | policies could decide otherwise |
 * | ------------------------------------------------------ | ------------------------------- |
 * | its definition is another, as host names were resolved | yes                             |
 * | what an endpoint of it is forced to is another         | yes                             |
 * | an address is observed or passes otherwise             | yes                             |
 * | grace for an address has begun or has ended            | yes                             |
 * | a hold has begun, has ended, or has another part       | yes                             |
 * | only words or times are others: `reason`, `sinceMs`    | no                              |
 */

import {
  type AddressHealth,
  type EndpointHealth,
  type Hold,
  type Holds,
  NOT_YET_PROBED,
  type Snapshot,
} from "../health/snapshot.ts";
import { placesOf } from "./cname.ts";
import { isInGrace } from "./group.ts";
import type { Definitions, Pool } from "./model.ts";

/** What policies are evaluated with, at one moment. */
export interface EvaluatedState {
  readonly definitions: Definitions;
  readonly snapshot: Snapshot;
}

/** By name; pools that are gone are left out, as nothing reaches them. */
export function changedPools(before: EvaluatedState, after: EvaluatedState): ReadonlySet<string> {
  const changed = new Set<string>();
  for (const [name, pool] of after.definitions.pools) {
    const isSame = pool === before.definitions.pools.get(name);
    if (!isSame || !isAlike(pool, before.snapshot, after.snapshot)) changed.add(name);
  }
  return changed;
}

function isAlike(pool: Pool, before: Snapshot, after: Snapshot): boolean {
  if (!areHoldsAlike(pool.name, before, after)) return false;
  return pool.endpoints.every((endpoint) => {
    const { id } = endpoint;
    if (!areHoldsAlike(id, before, after)) return false;
    const one = before.endpoints.get(id);
    const other = after.endpoints.get(id);
    // Health that is the same is mostly the same object; only grace ends by the passing of time alone.
    if (one === other && pool.graceMs === 0) return true;
    if (one?.forced !== other?.forced) return false;
    return placesOf(endpoint).every((_, index) => {
      const [was, is] = [healthAt(one, index), healthAt(other, index)];
      if (was.observed !== is.observed || was.passing !== is.passing) return false;
      const inGrace = (health: AddressHealth, { atMs }: Snapshot): boolean =>
        isInGrace(other?.forced, health, { graceMs: pool.graceMs, atMs });
      return inGrace(was, before) === inGrace(is, after);
    });
  });
}

function healthAt(health: EndpointHealth | undefined, index: number): AddressHealth {
  return health?.addresses[index] ?? NOT_YET_PROBED;
}

function areHoldsAlike(id: string, before: Snapshot, after: Snapshot): boolean {
  const one: Holds | undefined = before.holds?.get(id);
  const other: Holds | undefined = after.holds?.get(id);
  return one === other || (isHeldAlike(one?.ipv4, other?.ipv4) && isHeldAlike(one?.ipv6, other?.ipv6));
}

/** When a hold ends matters to nobody before it does. */
function isHeldAlike(one: Hold | undefined, other: Hold | undefined): boolean {
  if (one?.kind === "ramping" && other?.kind === "ramping") return one.part === other.part;
  return one?.kind === other?.kind;
}
