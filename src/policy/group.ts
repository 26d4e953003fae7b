/**
 * Groups of endpoints, pools above all: the only place where health becomes «up».
 *
 * Whether an address counts as up, by rung of the ladder of last resorts:
 *
 * | forced state | observed state            | rung 1 | rung 2 | rung 3 | rung 4 |
 * | ------------ | ------------------------- | ------ | ------ | ------ | ------ |
 * | up           | any                       | yes    | yes    | yes    | yes    |
 * | down         | any                       | no     | no     | no     | no     |
 * | drain        | up, or passing            | no     | no     | yes    | no     |
 * | drain        | down or unknown           | no     | no     | no     | no     |
 * | none         | up                        | yes    | yes    | yes    | yes    |
 * | none         | down, passing (held)      | no     | yes    | yes    | yes    |
 * | none         | unknown                   | no     | yes    | yes    | yes    |
 * | none         | down, failing             | no     | no     | no     | yes    |
 *
 * An endpoint is up for a family while one of its addresses of that family is; one that is answered as CNAME while any of
 * them is (`policy/cname`). A pool is up while `min-up` of its endpoints are; from rung 2 on, while one is. A pool without any address of the family is judged by the other one and
 * answers NODATA where it is chosen. An endpoint that an expression names by itself is a pool of one.
 *
 * On rung 1 a pool with `grace` stays while enough of its endpoints are up or have been failing for less than that. Whether
 * a pool that has come up again is held back is another matter: `policy/failback` decides it, `policy/pool` heeds it.
 *
 * | endpoints up | up or in grace | rung 1                         |
 * | ------------ | -------------- | ------------------------------ |
 * | enough       | any            | up by those that are up        |
 * | some         | enough         | up by those that are up        |
 * | none         | enough         | up by those in grace           |
 * | any          | not enough     | down                           |
 */

import {
  type AddressHealth,
  type EndpointHealth,
  NOT_YET_PROBED,
  type Snapshot,
} from "../health/snapshot.ts";
import type { Forced, Observed } from "../health/verdict.ts";
import { cnameTargetOf, countsFor, hasFamily, placesOf } from "./cname.ts";
import type { Rung } from "./evaluation.ts";
import type { Standing } from "./failback.ts";
import type { Address, AddressFamily, Definitions, Endpoint, MinUp, Pool } from "./model.ts";
import { familiesOf } from "./reach.ts";

/** The table at the head of this file. */
export function isAddressUp(forced: Forced | undefined, health: AddressHealth, rung: Rung): boolean {
  if (forced === "up") return true;
  if (forced === "down") return false;
  const passes = health.observed === "up" || health.passing;
  if (forced === "drain") return rung === 3 && passes;
  if (rung === 1) return health.observed === "up";
  return rung === 4 || passes || health.observed === "unknown";
}

/** Whether probes have nothing pending that could soon change what an answer rests on. */
function isSteady(forced: Forced | undefined, health: AddressHealth): boolean {
  return forced !== undefined || (health.observed === "up" && health.passing);
}

/** Whether an address that has gone down is still given time: what operators force is immediate. */
export function isInGrace(
  forced: Forced | undefined,
  health: AddressHealth,
  { graceMs, atMs }: Pick<Moment, "graceMs" | "atMs">,
): boolean {
  const { observed, failingSinceMs } = health;
  if (forced !== undefined || observed !== "down" || failingSinceMs === undefined) return false;
  // By a clock that was set back it has been failing for less than no time.
  return graceMs > 0 && atMs - failingSinceMs < graceMs;
}

/** What a judgement is made at. */
interface Moment {
  readonly rung: Rung;
  readonly atMs: number;
  readonly graceMs: number;
}

interface JudgedAddress {
  /** `undefined` for the host name of an endpoint that is answered as CNAME, and was not resolved so far. */
  readonly address: Address | undefined;
  /** The address, or that name. */
  readonly text: string;
  readonly health: AddressHealth;
  readonly up: boolean;
  readonly inGrace: boolean;
}

export interface JudgedEndpoint {
  readonly endpoint: Endpoint;
  /** The endpoint's own, for `partsByWeight`. */
  readonly weight: number;
  readonly forced: Forced | undefined;
  readonly addresses: readonly JudgedAddress[];
  readonly up: boolean;
  /** Not up, and still counted. */
  readonly inGrace: boolean;
}

function judgeEndpoint(
  endpoint: Endpoint,
  health: EndpointHealth | undefined,
  family: AddressFamily,
  moment: Moment,
): JudgedEndpoint {
  const forced = health?.forced;
  const target = cnameTargetOf(endpoint);
  const addresses: JudgedAddress[] = [];
  placesOf(endpoint).forEach((address, index) => {
    if (!countsFor(endpoint, address?.family, family)) return;
    const addressHealth = health?.addresses[index] ?? NOT_YET_PROBED;
    const up = isAddressUp(forced, addressHealth, moment.rung);
    const inGrace = moment.rung === 1 && isInGrace(forced, addressHealth, moment);
    const text = address?.text ?? target ?? "";
    addresses.push({ address, text, health: addressHealth, up, inGrace });
  });
  const up = addresses.some((address) => address.up);
  const inGrace = !up && addresses.some((address) => address.inGrace);
  return { endpoint, weight: endpoint.weight, forced, addresses, up, inGrace };
}

/** How many of `endpoints` must be up on rung 1: never more than there are of the family. */
function endpointsNeeded(minUp: MinUp, endpoints: number): number {
  const wanted = minUp.kind === "count" ? minUp.count : Math.ceil((minUp.percent / 100) * endpoints);
  return Math.max(1, Math.min(wanted, endpoints));
}

function otherFamily(family: AddressFamily): AddressFamily {
  return family === "ipv4" ? "ipv6" : "ipv4";
}

/** What decides about a group of endpoints, a pool or a single endpoint. */
export interface Group {
  readonly node: string;
  readonly endpoints: readonly Endpoint[];
  readonly minUp: MinUp;
  readonly answers: number;
  readonly graceMs: number;
}

const ONE: MinUp = { kind: "count", count: 1 };

export function groupOf(pool: Pool): Group {
  return { node: pool.name, ...pool };
}

export function groupOfOne(endpoint: Endpoint, { pools }: Pick<Definitions, "pools">): Group {
  const graceMs = pools.get(endpoint.pool)?.graceMs ?? 0;
  return { node: endpoint.id, endpoints: [endpoint], minUp: ONE, answers: 1, graceMs };
}

/** A group as it is on one rung. */
export interface JudgedGroup {
  readonly group: Group;
  /** The family that it is judged by; where that is not the asked one, it answers NODATA where it is chosen. */
  readonly family: AddressFamily;
  readonly endpoints: readonly JudgedEndpoint[];
  readonly up: readonly JudgedEndpoint[];
  readonly needed: number;
  /** Enough are up, those in grace included. */
  readonly isUp: boolean;
  /** Probes have nothing pending at any of them. */
  readonly steady: boolean;
}

/** What is asked of a group. */
export interface GroupQuestion {
  readonly snapshot: Snapshot;
  readonly family: AddressFamily;
  readonly rung: Rung;
}

/** The asked one where it has any of it. */
export function judgedFamily({ endpoints }: Group, asked: AddressFamily): AddressFamily {
  return endpoints.some((endpoint) => hasFamily(endpoint, asked)) ? asked : otherFamily(asked);
}

export function judgeGroup(group: Group, question: GroupQuestion): JudgedGroup {
  const { snapshot, rung } = question;
  const family = judgedFamily(group, question.family);
  const moment: Moment = { rung, atMs: snapshot.atMs, graceMs: group.graceMs };
  const endpoints = group.endpoints
    .filter((endpoint) => hasFamily(endpoint, family))
    .map((endpoint) => judgeEndpoint(endpoint, snapshot.endpoints.get(endpoint.id), family, moment));
  const up = endpoints.filter((endpoint) => endpoint.up);
  const needed = rung === 1 ? endpointsNeeded(group.minUp, endpoints.length) : 1;
  const counted = endpoints.filter((endpoint) => endpoint.up || endpoint.inGrace);
  const steady = endpoints.every(({ forced, addresses }) =>
    addresses.every(({ health }) => isSteady(forced, health)),
  );
  return { group, family, endpoints, up, needed, isUp: counted.length >= needed, steady };
}

/** How a pool stands for one family, holds left aside: what `policy/failback` steps on. */
export function standingOfPool(pool: Pool, snapshot: Snapshot, family: AddressFamily): Standing {
  return standingOf(groupOf(pool), snapshot, family);
}

/** The same of an endpoint as an expression names it by itself. */
export function standingOfEndpoint(
  endpoint: Endpoint,
  definitions: Definitions,
  snapshot: Snapshot,
  family: AddressFamily,
): Standing {
  return standingOf(groupOfOne(endpoint, definitions), snapshot, family);
}

function standingOf(group: Group, snapshot: Snapshot, family: AddressFamily): Standing {
  const judged = judgeGroup(group, { snapshot, family, rung: 1 });
  const forcedUp = judged.endpoints.filter(({ forced }) => forced === "up").length >= judged.needed;
  if (judged.isUp) return { stands: "up", forcedUp };
  const possible = judged.endpoints.filter(
    ({ up, inGrace, forced, addresses }) =>
      up ||
      inGrace ||
      (forced === undefined && addresses.some(({ health }) => health.observed === "unknown")),
  );
  return { stands: possible.length >= judged.needed ? "unknown" : "down", forcedUp };
}

/**
 * What probes alone say of a pool, in the best of the families that it has: forced states, grace and holds left aside. Unknown
 * as well where nobody probes it.
 */
export function observedOfPool(pool: Pool, { atMs, endpoints }: Snapshot): Observed {
  if (pool.endpoints.every(({ monitor }) => monitor.kind === "none")) return "unknown";
  const unforced = { atMs, endpoints: withoutForced(pool, endpoints) };
  const standings = familiesOf(pool.endpoints).map(
    (family) => standingOfPool({ ...pool, graceMs: 0 }, unforced, family).stands,
  );
  if (standings.includes("up")) return "up";
  return standings.length === 0 || standings.includes("unknown") ? "unknown" : "down";
}

/** Of the pool's endpoints; mostly none is forced. */
function withoutForced(pool: Pool, healths: Snapshot["endpoints"]): Snapshot["endpoints"] {
  if (pool.endpoints.every(({ id }) => healths.get(id)?.forced === undefined)) return healths;
  const unforced = new Map<string, EndpointHealth>();
  for (const { id } of pool.endpoints) {
    const health = healths.get(id);
    if (health !== undefined) unforced.set(id, { ...health, forced: undefined });
  }
  return unforced;
}

/** When grace runs out for an address of the pool, or of one family of it, by the passing of time alone; `undefined`: for none. */
export function graceEndMs(
  { endpoints, graceMs }: Pool,
  { endpoints: healths, atMs }: Snapshot,
  family?: AddressFamily,
): number | undefined {
  if (graceMs === 0) return undefined;
  const ends = endpoints.flatMap((endpoint) => {
    const health = healths.get(endpoint.id);
    return (health?.addresses ?? [])
      .filter(
        (_, index) => family === undefined || countsFor(endpoint, endpoint.addresses[index]?.family, family),
      )
      .filter((address) => isInGrace(health?.forced, address, { atMs, graceMs }))
      .map(({ failingSinceMs }) => (failingSinceMs ?? atMs) + graceMs);
  });
  return ends.length === 0 ? undefined : Math.min(...ends);
}
