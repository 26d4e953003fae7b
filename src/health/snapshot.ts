/**
 * The snapshot: the immutable health of every endpoint at one moment.
 *
 * The daemon builds one whenever a probe or an operator changes something; `policy/evaluate`, the compiler,
 * `explain` and the status page all read the same one. Observed and forced state stand side by side in it and are
 * never merged: what follows from the two is decided in `policy/group`.
 */

import type { Forced, Observed } from "./verdict.ts";

/** The health of one address of an endpoint, as its monitors see it. */
export interface AddressHealth {
  readonly observed: Observed;
  /**
   * Whether its latest probes pass, whatever `observed` says. A `down` address that passes is on its way back and
   * held by `rise`; an `up` address that does not pass is failing and not yet withdrawn.
   */
  readonly passing: boolean;
  /** In words, why it is what it is: «status 503, expected 200–299», «not yet probed». */
  readonly reason: string;
  /** Since when `observed` is what it is, in milliseconds since the epoch. */
  readonly sinceMs: number;
  /** The first failed probe since it was last up and passing; absent where there is none, or it has not been up. */
  readonly failingSinceMs?: number;
}

export interface EndpointHealth {
  readonly forced: Forced | undefined;
  /** In the order of the endpoint's addresses. */
  readonly addresses: readonly AddressHealth[];
}

/** A pool that is up again and not yet back in service, for one family. */
export type Hold =
  /** By `failback`: out until then, or until somebody says so where there is no end. */
  | { readonly kind: "held"; readonly untilMs: number | undefined }
  /** By `slow-start`: back for that part of the clients, above 0 and below 1, until it is back for all. */
  | { readonly kind: "ramping"; readonly part: number; readonly untilMs?: number };

export type Holds = Readonly<Partial<Record<"ipv4" | "ipv6", Hold>>>;

export interface Snapshot {
  readonly atMs: number;
  /** By endpoint identifier, `pool/endpoint`. An endpoint that is missing has never been probed. */
  readonly endpoints: ReadonlyMap<string, EndpointHealth>;
  /** By pool, and by endpoint identifier for endpoints as expressions name them by themselves. */
  readonly holds?: ReadonlyMap<string, Holds>;
}

/** The health of an address that the snapshot does not hold. */
export const NOT_YET_PROBED: AddressHealth = {
  observed: "unknown",
  passing: false,
  reason: "not yet probed",
  sinceMs: 0,
};

/** That of an address that someone supposes up. */
export const SUPPOSED_UP: AddressHealth = {
  observed: "up",
  passing: true,
  reason: "supposed up",
  sinceMs: 0,
};

/** What its addresses say of an endpoint: up while one is; else unknown while one is, or there is none; else down. */
export function observedOf(addresses: readonly AddressHealth[]): Observed {
  if (addresses.some(({ observed }) => observed === "up")) return "up";
  return addresses.length > 0 && addresses.every(({ observed }) => observed === "down") ? "down" : "unknown";
}
