/**
 * What a pool, or an endpoint named by itself, answers: the leaves of every expression. `policy/group` judges who is up;
 * here a pool that is up and held back is taken out, and the candidates are drawn up.
 *
 * | judged | held back                | asked family | result                               |
 * | ------ | ------------------------ | ------------ | ------------------------------------ |
 * | down   | any                      | any          | down                                 |
 * | up     | by `failback`            | any          | down                                 |
 * | up     | slow start, client after | any          | down                                 |
 * | up     | slow start, client within | has none    | NODATA                               |
 * | up     | no                       | has none     | NODATA                               |
 * | up     | no, or within            | has some     | those up; where none is, those in grace |
 */

import { formatDuration } from "../health/duration.ts";
import type { AddressHealth, Hold, Snapshot } from "../health/snapshot.ts";
import { cnameTargetOf } from "./cname.ts";
import type { Candidate, Rung, TraceNode } from "./evaluation.ts";
import {
  type Group,
  groupOf,
  groupOfOne,
  type JudgedEndpoint,
  type JudgedGroup,
  judgeGroup,
} from "./group.ts";
import type { Address, AddressFamily, Endpoint, Pool } from "./model.ts";
import {
  EVERY_POSITION,
  NODATA_DRAW,
  type NodeResult,
  partsByWeight,
  type Question,
  stickyWay,
  traceOf,
} from "./node.ts";

export function decidePool(pool: Pool, question: Question): NodeResult {
  return decideGroup(groupOf(pool), question);
}

/** Whether policies find the pool up on rung 1, for some clients at least. */
export function isPoolUp(pool: Pool, snapshot: Snapshot, family: AddressFamily): boolean {
  const judged = judgeGroup(groupOf(pool), { snapshot, family, rung: 1 });
  return judged.isUp && isAdmitted(holdOn(judged, 1, snapshot), 0);
}

export function decideEndpoint(endpoint: Endpoint, question: Question): NodeResult {
  return decideGroup(groupOfOne(endpoint, question.definitions), question);
}

function decideGroup(group: Group, question: Question): NodeResult {
  const { judgements } = question;
  const judged = judgements === undefined ? judgeGroup(group, question) : judgements.of(group, question);
  const hold = holdOn(judged, question.rung, question.snapshot);
  const steady = hold === undefined && judged.steady;
  const admitted = isAdmitted(hold, question.position);
  const trace = traceGroup(judged, hold, admitted, question);
  const rests = { divides: false, steady, upTo: endOfPart(hold, question.position), trace };
  if (!judged.isUp || !admitted) return { draws: [], ...rests };
  const way = stickyWay(question);
  if (judged.family !== question.family) return { draws: [{ ...NODATA_DRAW, ...way }], ...rests };
  const candidates = judgements?.candidatesOf(judged, candidatesOf) ?? candidatesOf(judged);
  const draw = { probability: 1, answers: group.answers, candidates, ...way };
  return { draws: [draw], ...rests };
}

/** A group is held back on rung 1 alone. */
function holdOn({ group, family }: JudgedGroup, rung: Rung, { holds }: Snapshot): Hold | undefined {
  return rung === 1 ? holds?.get(group.node)?.[family] : undefined;
}

/** Clients stand in a row from 0 to 1; a pool in its slow start is back for those at its beginning. */
function isAdmitted(hold: Hold | undefined, position: number): boolean {
  return hold === undefined || (hold.kind === "ramping" && position < hold.part);
}

function endOfPart(hold: Hold | undefined, position: number): number {
  return hold?.kind === "ramping" && position < hold.part ? hold.part : EVERY_POSITION;
}

function candidatesOf({ up, endpoints }: JudgedGroup): Candidate[] {
  const answering = up.length > 0 ? up : endpoints.filter(({ inGrace }) => inGrace);
  return partsByWeight(answering).map(({ item, part }) => ({
    endpoint: item.endpoint,
    weight: part,
    addresses: cnameTargetOf(item.endpoint) === undefined ? answeredOf(item) : [],
  }));
}

function answeredOf({ addresses, up: isUp }: JudgedEndpoint): Address[] {
  return addresses.flatMap(({ address, up, inGrace }) =>
    address !== undefined && (isUp ? up : inGrace) ? address : [],
  );
}

function traceGroup(
  judged: JudgedGroup,
  hold: Hold | undefined,
  admitted: boolean,
  question: Question,
): TraceNode | undefined {
  if (!question.traced) return undefined;
  const { group, endpoints, up, needed, isUp } = judged;
  const family =
    judged.family === question.family ? "" : `; judged by ${judged.family}, has no ${question.family}`;
  const grace = isUp && up.length < needed ? `; kept by grace=${formatDuration(group.graceMs)}` : "";
  const held = hold === undefined ? "" : `; ${describeHold(hold, question.snapshot.atMs)}`;
  const mixed = group.answers > 1 && isMixed(up) ? "; a CNAME stands alone where it is drawn first" : "";
  const reason = `${up.length} of ${endpoints.length} endpoints up, ${needed} needed${family}${grace}${held}${mixed}`;
  const trace = traceOf(question, group.node, isUp && admitted ? "up" : "down", reason, []);
  return trace && { ...trace, children: endpoints.map((endpoint) => traceEndpoint(endpoint, judged)) };
}

function isMixed(up: readonly JudgedEndpoint[]): boolean {
  return new Set(up.map(({ endpoint }) => cnameTargetOf(endpoint) === undefined)).size > 1;
}

function describeHold(hold: Hold, atMs: number): string {
  if (hold.kind === "ramping")
    return `in its slow start, back for ${(hold.part * 100).toFixed(1)} % of the clients`;
  if (hold.untilMs === undefined) return "held back by failback=manual";
  return `held back by failback for another ${formatDuration(Math.max(0, hold.untilMs - atMs))}`;
}

function traceEndpoint(judged: JudgedEndpoint, { up, endpoints }: JudgedGroup): TraceNode {
  const standsBack = judged.up && judged.weight === 0 && up.some(({ weight }) => weight > 0);
  const answersInGrace = judged.inGrace && up.length === 0;
  const weighs = judged.weight > 0 || endpoints.every(({ inGrace, weight }) => !inGrace || weight === 0);
  const forced = judged.forced === undefined ? "" : `forced ${judged.forced}; `;
  const target = cnameTargetOf(judged.endpoint);
  const cname = target === undefined ? "" : `answered as CNAME ${target}; `;
  const observed = judged.addresses.map(
    ({ text, health }) => `${text} ${health.observed}${describePassing(health)} (${health.reason})`,
  );
  return {
    node: judged.endpoint.id,
    decision: (judged.up && !standsBack) || (answersInGrace && weighs) ? "kept" : "dropped",
    reason: forced + cname + (standsBack ? "weight 0 while others are up; " : "") + observed.join(", "),
  };
}

function describePassing(health: AddressHealth): string {
  if (health.observed === "up" && !health.passing) return ", failing";
  return health.observed !== "up" && health.passing ? ", passing" : "";
}
