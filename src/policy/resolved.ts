/**
 * Host-name endpoints with the addresses that their names stand for. Zone files say the names, the daemon resolves them
 * (`daemon/host-names`), and from the two come the definitions that policies are evaluated with: `evaluate` sees addresses
 * alone, and need not know where they are from.
 *
 * | the name                   | the endpoint has      | so it is                                              |
 * | -------------------------- | --------------------- | ----------------------------------------------------- |
 * | was resolved               | the addresses it got  | judged and answered by these                          |
 * | was never resolved so far  | no address            | passed over in its pool; a pool of such alone is down |
 * | leads back to a POLICY     | what it had before    | the same, also where a CNAME would be answered        |
 *
 * An endpoint that is answered as CNAME can do without addresses (`policy/cname`), but not with a name that leads back: whoever
 * was sent there would turn in a circle.
 */

import type { Address, Definitions, Endpoint, Pool } from "./model.ts";

export interface ResolvedHost {
  readonly addresses: readonly Address[];
  /** How long they may be kept, as the resolver says. */
  readonly ttlSeconds: number;
  /** The name is an alias of one that a POLICY of the zones answers. */
  readonly leadsBack: boolean;
}

export function endpointsOf({ pools }: Pick<Definitions, "pools">): Endpoint[] {
  return Array.from(pools.values(), ({ endpoints }) => endpoints).flat();
}

/** The same definitions, the very object where no endpoint has a host name. */
export function withResolved(
  definitions: Definitions,
  resolvedTo: (hostName: string) => ResolvedHost | undefined,
): Definitions {
  const pools = new Map<string, Pool>();
  let isSame = true;
  for (const [name, pool] of definitions.pools) {
    if (pool.endpoints.every(({ hostName }) => hostName === undefined)) {
      pools.set(name, pool);
      continue;
    }
    isSame = false;
    pools.set(name, { ...pool, endpoints: pool.endpoints.map((one) => resolvedEndpoint(one, resolvedTo)) });
  }
  return isSame ? definitions : { ...definitions, pools };
}

function resolvedEndpoint(
  endpoint: Endpoint,
  resolvedTo: (hostName: string) => ResolvedHost | undefined,
): Endpoint {
  if (endpoint.hostName === undefined) return endpoint;
  const host = resolvedTo(endpoint.hostName);
  return host === undefined ? endpoint : { ...endpoint, ...host };
}

/**
 * For those who have files alone, and suppose: every name has an address of either family, which nobody knows and which
 * is written as the name.
 */
export function supposeResolved(definitions: Definitions): Definitions {
  return withResolved(definitions, (hostName) => ({
    ttlSeconds: Number.POSITIVE_INFINITY,
    leadsBack: false,
    addresses: [
      { family: "ipv4", octets: new Uint8Array(4), text: hostName },
      { family: "ipv6", octets: new Uint8Array(16), text: hostName },
    ],
  }));
}
