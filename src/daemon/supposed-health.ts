/**
 * Health that somebody supposes: every endpoint up, for what works on files alone; or what a node has, with some of it
 * down. What is supposed is what probes would say: forced states stay, and nobody is given grace.
 */

import { refMatches } from "../health/ref.ts";
import { type AddressHealth, type EndpointHealth, type Snapshot, SUPPOSED_UP } from "../health/snapshot.ts";
import { placesOf } from "../policy/cname.ts";
import type { Definitions, Endpoint } from "../policy/model.ts";
import { didYouMean } from "../zone/suggest.ts";

export type Supposed =
  | { readonly ok: true; readonly snapshot: Snapshot }
  | { readonly ok: false; readonly message: string };

const SUPPOSED_DOWN: AddressHealth = {
  observed: "down",
  passing: false,
  reason: "supposed down",
  sinceMs: 0,
};

export function supposeAllUp({ pools }: Definitions): Snapshot {
  const healths = new Map<string, EndpointHealth>();
  for (const pool of pools.values()) {
    for (const endpoint of pool.endpoints) healths.set(endpoint.id, healthOf(endpoint, SUPPOSED_UP));
  }
  return { atMs: 0, endpoints: healths };
}

/** `refs` are pools, `pool/endpoint` or globs of them; everything else stays as it is in `snapshot`. */
export function supposeDown({ pools }: Definitions, refs: readonly string[], snapshot: Snapshot): Supposed {
  const endpoints = Array.from(pools.values(), (pool) => pool.endpoints).flat();
  const healths = new Map(snapshot.endpoints);
  for (const ref of refs) {
    const meant = endpoints.filter(({ pool, name }) => refMatches(ref, pool, name));
    if (meant.length === 0) {
      const hint = didYouMean(ref, [...pools.keys(), ...endpoints.map(({ id }) => id)]);
      return { ok: false, message: `Cannot suppose '${ref}' down: no such pool or endpoint${hint}` };
    }
    for (const endpoint of meant) {
      healths.set(endpoint.id, healthOf(endpoint, SUPPOSED_DOWN, healths.get(endpoint.id)));
    }
  }
  return { ok: true, snapshot: { ...snapshot, endpoints: healths } };
}

function healthOf(endpoint: Endpoint, health: AddressHealth, now?: EndpointHealth): EndpointHealth {
  return { forced: now?.forced, addresses: placesOf(endpoint).map(() => health) };
}
