/** What falls to each pool of some draws, and which pools get more than they can take. */

import type { Draw } from "./evaluation.ts";
import type { Definitions, Policy } from "./model.ts";

/** Rounding may not make a pool that is exactly full look overfull. */
const EPSILON = 1e-9;

/** By pool: its part of the draws, the probability that one of its endpoints is drawn first. NODATA falls to none. */
export function poolPartsOf(draws: readonly Draw[]): Map<string, number> {
  const parts = new Map<string, number>();
  for (const { probability, candidates } of draws) {
    const sum = candidates.reduce((total, { weight }) => total + weight, 0);
    for (const { endpoint, weight } of candidates) {
      parts.set(endpoint.pool, (parts.get(endpoint.pool) ?? 0) + (probability * weight) / sum);
    }
  }
  return parts;
}

/** Adds to what pools are given that a demand of this amount is drawn so. */
export function addParts(given: Map<string, number>, draws: readonly Draw[], amount: number): void {
  for (const [pool, part] of poolPartsOf(draws)) given.set(pool, (given.get(pool) ?? 0) + amount * part);
}

/** The pools whose part of the policy's demand is above their capacity; none where either is not declared. */
export function poolsOverCapacity(
  draws: readonly Draw[],
  { demand }: Policy,
  { pools }: Definitions,
): readonly string[] {
  if (demand === undefined) return [];
  return [...poolPartsOf(draws)].flatMap(([pool, part]) => {
    const capacity = pools.get(pool)?.capacity;
    return capacity !== undefined && isAbove(part * demand, capacity) ? [pool] : [];
  });
}

export function isAbove(load: number, capacity: number): boolean {
  return load > capacity * (1 + EPSILON);
}
