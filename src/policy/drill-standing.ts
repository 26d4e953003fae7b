/**
 * How policies stand while a drill looks at them: the rung they answer from, whom they send where, and what that makes of
 * each pool. All of it follows from the evaluations that are served, save for policies by place: of those the image has the
 * client of whom nothing is known alone, and every other one that they tell apart is asked for here.
 *
 * A pool's load is what all policies together send there, each by its `demand`, in the worse of the families: a pool is full
 * whichever policy fills it. A policy without a demand counts for nothing.
 */

import { UNKNOWN_CLIENT } from "../geo/client.ts";
import type { Snapshot } from "../health/snapshot.ts";
import { describeClient, distinctClients } from "./distinct-clients.ts";
import type { PoolShares } from "./drill.ts";
import { evaluate } from "./evaluate.ts";
import type { Evaluation, Rung } from "./evaluation.ts";
import type { OwnedPolicy } from "./forcing.ts";
import type { AddressFamily, Definitions } from "./model.ts";
import { isAbove, poolPartsOf } from "./pool-parts.ts";
import { FAMILIES, familiesOrBoth, reachOf } from "./reach.ts";

export interface EvaluatedPolicy extends OwnedPolicy {
  /** For a client of whom nothing is known. */
  readonly evaluations: Readonly<Record<AddressFamily, Evaluation>>;
}

export function evaluated(
  policy: OwnedPolicy,
  definitions: Definitions,
  snapshot: Snapshot,
): EvaluatedPolicy {
  const { owner, policy: record } = policy;
  const of = (family: AddressFamily): Evaluation =>
    evaluate(record, definitions, snapshot, UNKNOWN_CLIENT, family);
  return { owner, policy: record, evaluations: { ipv4: of("ipv4"), ipv6: of("ipv6") } };
}

/** Those that can answer one of these endpoints. */
export function touchedBy<P extends OwnedPolicy>(
  endpoints: ReadonlySet<string>,
  policies: readonly P[],
  definitions: Definitions,
): P[] {
  return policies.filter(({ policy }) =>
    reachOf(policy.expression, definitions).endpoints.some(({ id }) => endpoints.has(id)),
  );
}

export interface Standing {
  readonly rung: Rung;
  /** Whose it is, in words; empty for clients of whom nothing is known. */
  readonly client: string;
}

/** The worst of its families and of the clients that it tells apart. */
export function standingOf(one: EvaluatedPolicy, definitions: Definitions, snapshot: Snapshot): Standing {
  const { policy } = one;
  let worst = standingAsServed(one);
  for (const client of distinctClients(policy.expression, definitions)) {
    if (client === UNKNOWN_CLIENT) continue;
    for (const family of FAMILIES) {
      const { rung } = evaluate(policy, definitions, snapshot, client, family);
      if (rung > worst.rung) worst = { rung, client: describeClient(client) };
    }
  }
  return worst;
}

/**
 * Of clients of whom nothing is known alone: what costs next to nothing. A family of which it has no address is judged by
 * the other one, so it is never the worse.
 */
export function standingAsServed({ evaluations: { ipv4, ipv6 } }: EvaluatedPolicy): Standing {
  return { rung: ipv4.rung > ipv6.rung ? ipv4.rung : ipv6.rung, client: "" };
}

/** Whom it sends where, by client; of the first of its families, IPv4 before IPv6. */
export function sharesOfPolicy(
  { owner, policy, evaluations }: EvaluatedPolicy,
  definitions: Definitions,
  snapshot: Snapshot,
): PoolShares[] {
  const [family = "ipv4"] = familiesOrBoth(reachOf(policy.expression, definitions).endpoints);
  return distinctClients(policy.expression, definitions).map((client) => {
    const { draws } =
      client === UNKNOWN_CLIENT
        ? evaluations[family]
        : evaluate(policy, definitions, snapshot, client, family);
    return { owner, client: describeClient(client), shares: Object.fromEntries(poolPartsOf(draws)) };
  });
}

/** By pool, in the unit of demands and capacities. */
export function loadsOf(policies: readonly EvaluatedPolicy[]): ReadonlyMap<string, number> {
  const loads = new Map<string, number>();
  for (const { policy, evaluations } of policies) {
    const { demand } = policy;
    if (demand === undefined) continue;
    const parts = new Map<string, number>();
    for (const family of FAMILIES) {
      for (const [pool, part] of poolPartsOf(evaluations[family].draws)) {
        parts.set(pool, Math.max(parts.get(pool) ?? 0, part));
      }
    }
    for (const [pool, part] of parts) loads.set(pool, (loads.get(pool) ?? 0) + part * demand);
  }
  return loads;
}

export interface OverfullPool {
  readonly pool: string;
  readonly load: number;
  readonly capacity: number;
}

export function overfullPools(
  loads: ReadonlyMap<string, number>,
  { pools }: Definitions,
): readonly OverfullPool[] {
  return [...loads].flatMap(([pool, load]) => {
    const capacity = pools.get(pool)?.capacity;
    return capacity !== undefined && isAbove(load, capacity) ? [{ pool, load, capacity }] : [];
  });
}
