/** A snapshot in which every endpoint is up save for those supposed down: for commands that work on files alone. */

import { type AddressHealth, type EndpointHealth, type Snapshot, SUPPOSED_UP } from "../health/snapshot.ts";
import type { Definitions, Endpoint } from "../policy/model.ts";
import { didYouMean } from "../zone/suggest.ts";

export type Supposed =
  | { readonly ok: true; readonly snapshot: Snapshot }
  | { readonly ok: false; readonly message: string };

/** `refs` are pools or `pool/endpoint`. */
export function supposeDown(definitions: Definitions, refs: readonly string[]): Supposed {
  const endpoints = Array.from(definitions.pools.values(), (pool) => pool.endpoints).flat();
  const down = new Set<Endpoint>();
  for (const ref of refs) {
    const meant = endpoints.filter(({ id, pool }) => ref === id || ref === pool);
    if (meant.length === 0) {
      const known = [...definitions.pools.keys(), ...endpoints.map(({ id }) => id)];
      return {
        ok: false,
        message: `Cannot suppose '${ref}' down: no such pool or endpoint${didYouMean(ref, known)}`,
      };
    }
    for (const endpoint of meant) down.add(endpoint);
  }
  const healths = endpoints.map((endpoint): [string, EndpointHealth] => {
    const health: AddressHealth = down.has(endpoint)
      ? { observed: "down", passing: false, reason: "supposed down", sinceMs: 0 }
      : SUPPOSED_UP;
    return [endpoint.id, { forced: undefined, addresses: endpoint.addresses.map(() => health) }];
  });
  return { ok: true, snapshot: { atMs: 0, endpoints: new Map(healths) } };
}
