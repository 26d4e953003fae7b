/**
 * Pools and endpoints: the leaves of every expression, and the only place where health becomes «up».
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
 * An endpoint is up for a family while one of its addresses of that family is. A pool is up while `min-up` of its
 * endpoints are; from rung 2 on, while one is. A pool without any address of the family is judged by the other one and
 * answers NODATA where it is chosen. An endpoint that an expression names by itself is a pool of one.
 */

import { type AddressHealth, type EndpointHealth, NOT_YET_PROBED } from "../health/snapshot.ts";
import type { Forced } from "../health/verdict.ts";
import type { Candidate, Rung, TraceNode } from "./evaluation.ts";
import type { Address, AddressFamily, Endpoint, MinUp, Pool } from "./model.ts";
import { NODATA_DRAW, type NodeResult, partsByWeight, type Question, traceOf } from "./node.ts";

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

interface JudgedAddress {
  readonly address: Address;
  readonly health: AddressHealth;
  readonly up: boolean;
}

interface JudgedEndpoint {
  readonly endpoint: Endpoint;
  /** The endpoint's own, for `partsByWeight`. */
  readonly weight: number;
  readonly forced: Forced | undefined;
  readonly addresses: readonly JudgedAddress[];
  readonly up: boolean;
}

function judgeEndpoint(
  endpoint: Endpoint,
  health: EndpointHealth | undefined,
  family: AddressFamily,
  rung: Rung,
): JudgedEndpoint {
  const forced = health?.forced;
  const addresses: JudgedAddress[] = [];
  endpoint.addresses.forEach((address, index) => {
    if (address.family !== family) return;
    const addressHealth = health?.addresses[index] ?? NOT_YET_PROBED;
    addresses.push({ address, health: addressHealth, up: isAddressUp(forced, addressHealth, rung) });
  });
  return {
    endpoint,
    weight: endpoint.weight,
    forced,
    addresses,
    up: addresses.some(({ up }) => up),
  };
}

/** How many of `endpoints` must be up on rung 1: never more than there are of the family. */
function endpointsNeeded(minUp: MinUp, endpoints: number): number {
  const wanted = minUp.kind === "count" ? minUp.count : Math.ceil((minUp.percent / 100) * endpoints);
  return Math.max(1, Math.min(wanted, endpoints));
}

export function otherFamily(family: AddressFamily): AddressFamily {
  return family === "ipv4" ? "ipv6" : "ipv4";
}

function has(endpoint: Endpoint, family: AddressFamily): boolean {
  return endpoint.addresses.some((address) => address.family === family);
}

/** What decides about a group of endpoints, a pool or a single endpoint. */
interface Group {
  readonly node: string;
  readonly endpoints: readonly Endpoint[];
  readonly minUp: MinUp;
  readonly answers: number;
}

export function decidePool(pool: Pool, question: Question): NodeResult {
  return decideGroup({ node: pool.name, ...pool }, question);
}

export function decideEndpoint(endpoint: Endpoint, question: Question): NodeResult {
  const minUp: MinUp = { kind: "count", count: 1 };
  return decideGroup({ node: endpoint.id, endpoints: [endpoint], minUp, answers: 1 }, question);
}

function decideGroup(group: Group, question: Question): NodeResult {
  const { snapshot, rung } = question;
  const answered = group.endpoints.some((endpoint) => has(endpoint, question.family));
  const family = answered ? question.family : otherFamily(question.family);
  const judged = group.endpoints
    .filter((endpoint) => has(endpoint, family))
    .map((endpoint) => judgeEndpoint(endpoint, snapshot.endpoints.get(endpoint.id), family, rung));
  const up = judged.filter((endpoint) => endpoint.up);
  const needed = rung === 1 ? endpointsNeeded(group.minUp, judged.length) : 1;
  const isGroupUp = up.length >= needed;
  const steady = judged.every(({ forced, addresses }) =>
    addresses.every(({ health }) => isSteady(forced, health)),
  );
  const trace = traceGroup(group, question, judged, { up: up.length, needed, answered });
  if (!isGroupUp) return { draws: [], steady, trace };
  if (!answered) return { draws: [NODATA_DRAW], steady, trace };
  return { draws: [{ probability: 1, answers: group.answers, candidates: candidatesOf(up) }], steady, trace };
}

function candidatesOf(up: readonly JudgedEndpoint[]): Candidate[] {
  return partsByWeight(up).map(({ item, part }) => ({
    endpoint: item.endpoint,
    weight: part,
    addresses: item.addresses.filter((address) => address.up).map(({ address }) => address),
  }));
}

function traceGroup(
  group: Group,
  question: Question,
  judged: readonly JudgedEndpoint[],
  count: { readonly up: number; readonly needed: number; readonly answered: boolean },
): TraceNode | undefined {
  if (!question.traced) return undefined;
  const isGroupUp = count.up >= count.needed;
  const family = count.answered
    ? ""
    : `; judged by ${otherFamily(question.family)}, has no ${question.family}`;
  const reason = `${count.up} of ${judged.length} endpoints up, ${count.needed} needed${family}`;
  const trace = traceOf(question, group.node, isGroupUp ? "up" : "down", reason, []);
  return trace && { ...trace, children: judged.map((endpoint) => traceEndpoint(endpoint, judged)) };
}

function traceEndpoint(judged: JudgedEndpoint, all: readonly JudgedEndpoint[]): TraceNode {
  const standsBack = judged.up && judged.weight === 0 && all.some(({ up, weight }) => up && weight > 0);
  const forced = judged.forced === undefined ? "" : `forced ${judged.forced}; `;
  const observed = judged.addresses.map(
    ({ address, health }) =>
      `${address.text} ${health.observed}${describePassing(health)} (${health.reason})`,
  );
  return {
    node: judged.endpoint.id,
    decision: judged.up && !standsBack ? "kept" : "dropped",
    reason: forced + (standsBack ? "weight 0 while others are up; " : "") + observed.join(", "),
  };
}

function describePassing(health: AddressHealth): string {
  if (health.observed === "up" && !health.passing) return ", failing";
  return health.observed !== "up" && health.passing ? ", passing" : "";
}
