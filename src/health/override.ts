/**
 * Forced state: what operators say of endpoints, kept apart from what probes say and laid over it. The daemon keeps the
 * overrides (`daemon/overrides`), this file says what follows from them at one moment.
 *
 * | what speaks of an endpoint                      | its forced state               |
 * | ----------------------------------------------- | ------------------------------ |
 * | nothing, or what has ended                      | none: its probes decide        |
 * | a window                                        | what the window says           |
 * | overrides, windows or not                       | what the override says that was set last |
 *
 * So an operator can work against a window, and another operator against him. An override is in force before `untilMs` and
 * from that very millisecond no more; when it was set does not matter, so a clock that is set back does not suspend it.
 */

import { refMatches } from "./ref.ts";
import type { EndpointHealth, Snapshot } from "./snapshot.ts";
import type { Forced } from "./verdict.ts";

export interface Override {
  /** Unique among those that are in force. */
  readonly id: string;
  /** A pool, `pool/endpoint`, or a glob; matched against the endpoints as they are, also when zones change. */
  readonly ref: string;
  readonly state: Forced;
  readonly reason: string;
  readonly owner: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** What operators force endpoints to, by endpoint identifier; one that is absent is left to its probes. */
export type ForcedStates = ReadonlyMap<string, Forced>;

/** An endpoint as REFs see it. */
export interface NamedEndpoint {
  /** `pool/endpoint` */
  readonly id: string;
  readonly pool: string;
  readonly name: string;
}

export function isInForce({ untilMs }: Pick<Override, "untilMs">, atMs: number): boolean {
  return atMs < untilMs;
}

/** `overrides` in the order in which they were set, behind the windows: a later one wins. */
export function forcedStatesAt(
  overrides: readonly Pick<Override, "ref" | "state" | "untilMs">[],
  endpoints: Iterable<NamedEndpoint>,
  atMs: number,
): ForcedStates {
  const inForce = overrides.filter((override) => isInForce(override, atMs)).reverse();
  const forced = new Map<string, Forced>();
  if (inForce.length === 0) return forced;
  for (const { id, pool, name } of endpoints) {
    const last = inForce.find(({ ref }) => refMatches(ref, pool, name));
    if (last !== undefined) forced.set(id, last.state);
  }
  return forced;
}

/** The same health under another forced state: what would be. What holds pools back stays as it is. */
export function withForcedStates(snapshot: Snapshot, forced: ForcedStates): Snapshot {
  const endpoints = new Map<string, EndpointHealth>();
  for (const [id, health] of snapshot.endpoints) {
    const state = forced.get(id);
    endpoints.set(id, health.forced === state ? health : { ...health, forced: state });
  }
  return { ...snapshot, endpoints };
}
