/** What an expression can ever answer with, or ask about a client, whatever the health: for checks and the compiler. */

import type { Network } from "../geo/network.ts";
import { hasFamily } from "./cname.ts";
import { endpointNamed, policyNamed, poolNamed } from "./definitions.ts";
import { childrenOf, type Expression, type ExpressionKind } from "./expression.ts";
import type { AddressFamily, Definitions, Endpoint } from "./model.ts";

export const FAMILIES: readonly AddressFamily[] = ["ipv4", "ipv6"];

export interface Reach {
  /** The pools it names, also by an endpoint of theirs. */
  readonly pools: ReadonlySet<string>;
  /** In the order in which they are reached, each once. */
  readonly endpoints: readonly Endpoint[];
  readonly kinds: ReadonlySet<ExpressionKind>;
  /** The networks of every `net:`: together they are all that the expression can tell apart by address. */
  readonly networks: readonly Network[];
}

/** Walks an expression and the policies that it names, each once; unresolved names are a programmer's error. */
export function reachOf(expression: Expression, definitions: Definitions): Reach {
  const pools = new Set<string>();
  const endpoints = new Set<Endpoint>();
  const kinds = new Set<ExpressionKind>();
  const networks: Network[] = [];
  const policies = new Set<string>();
  const walk = (next: Expression): void => {
    kinds.add(next.kind);
    if (next.kind === "pool") {
      pools.add(next.pool);
      for (const endpoint of poolNamed(next.pool, definitions).endpoints) endpoints.add(endpoint);
    } else if (next.kind === "endpoint") {
      pools.add(next.pool);
      endpoints.add(endpointNamed(next, definitions));
    } else if (next.kind === "policy") {
      if (policies.has(next.policy)) return;
      policies.add(next.policy);
      walk(policyNamed(next.policy, definitions));
    } else if (next.kind === "geo") {
      for (const { match } of next.entries) if (match.kind === "net") networks.push(match.network);
    }
    for (const child of childrenOf(next)) walk(child);
  };
  walk(expression);
  return { pools, endpoints: [...endpoints], kinds, networks };
}

/** Those in which some of the endpoints can be answered; none where there is no address at all. */
export function familiesOf(endpoints: readonly Endpoint[]): readonly AddressFamily[] {
  return FAMILIES.filter((family) => endpoints.some((endpoint) => hasFamily(endpoint, family)));
}

/** The same, and both where there is no address at all. */
export function familiesOrBoth(endpoints: readonly Endpoint[]): readonly AddressFamily[] {
  const families = familiesOf(endpoints);
  return families.length === 0 ? FAMILIES : families;
}
