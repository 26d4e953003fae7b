/**
 * One draw for both address families, for an answer that holds addresses of both (`ipv4hint` and `ipv6hint`): whoever takes
 * one of each must not be sent to two places. So an endpoint is drawn as for A, and its IPv6 addresses go along:
 *
 * | A draws           | AAAA could draw that endpoint | drawn together                                          |
 * | ----------------- | ----------------------------- | ------------------------------------------------------- |
 * | an endpoint       | yes                           | its addresses of both families                          |
 * | an endpoint       | no                            | its IPv4 addresses                                      |
 * | nothing: NODATA   | –                             | what AAAA draws on the same way, of endpoints that A never draws |
 *
 * Where both families have the same endpoints up, IPv4 comes with the shares of A and IPv6 with those of AAAA; a family
 * whose path to an endpoint is down is left out there. A family that is down to a worse rung than the other is left out
 * altogether: there is a better place to go. Below a `sticky` IPv6 goes along only while AAAA has no more to choose
 * among than A: then whoever A sends to an endpoint is sent there by AAAA as well, or else that endpoint's IPv6 is down.
 */

import type { Candidate, Draw, Evaluation, Slice } from "./evaluation.ts";
import { NODATA_DRAW } from "./node.ts";

/** `ipv4` and `ipv6` are evaluations of one policy for one client under one health. */
export function joinFamilies(ipv4: Evaluation, ipv6: Evaluation): Evaluation {
  const whole = joinDraws(ipv4, ipv6);
  if (ipv4.slices === undefined && ipv6.slices === undefined) return whole;
  const ends = new Set([...endsOf(ipv4), ...endsOf(ipv6)]);
  const slices = [...ends]
    .sort((one, other) => one - other)
    .map((upTo): Slice => ({ upTo, evaluation: joinDraws(sliceUpTo(ipv4, upTo), sliceUpTo(ipv6, upTo)) }));
  return { ...whole, slices };
}

function endsOf({ slices }: Evaluation): number[] {
  return slices?.map(({ upTo }) => upTo) ?? [];
}

/** What the clients are answered whose positions end there. */
function sliceUpTo(evaluation: Evaluation, upTo: number): Evaluation {
  return evaluation.slices?.find((slice) => slice.upTo >= upTo)?.evaluation ?? evaluation;
}

function joinDraws(ipv4: Evaluation, ipv6: Evaluation): Evaluation {
  const draws = drawsTogether(ipv4, ipv6);
  const answers = draws.some(({ candidates }) => candidates.length > 0);
  return {
    outcome: answers ? "answer" : "nodata",
    draws: draws.length > 0 ? draws : [NODATA_DRAW],
    ttlSeconds: Math.min(ipv4.ttlSeconds, ipv6.ttlSeconds),
    rung: ipv4.rung < ipv6.rung ? ipv4.rung : ipv6.rung,
    failingOpen: ipv4.failingOpen && ipv6.failingOpen,
    overCapacity: [],
  };
}

function drawsTogether(ipv4: Evaluation, ipv6: Evaluation): readonly Draw[] {
  const ours = addressesByEndpoint(ipv4);
  if (ipv4.rung > ipv6.rung || ours.size === 0) return ipv6.draws;
  if (ipv4.rung < ipv6.rung) return ipv4.draws;
  const alone: AddressesByEndpoint = new Map();
  const theirs = addressesByEndpoint(ipv6);
  const ofSticky = offersMore(ipv6, ipv4) ? alone : theirs;
  return ipv4.draws.flatMap((draw) => {
    if (draw.candidates.length === 0) return drawsInstead(draw, ipv6, ours);
    return joinDraw(draw, draw.sticky === undefined ? theirs : ofSticky);
  });
}

type AddressesByEndpoint = ReadonlyMap<string, Candidate["addresses"]>;

function addressesByEndpoint({ draws }: Evaluation): AddressesByEndpoint {
  return new Map(
    draws.flatMap(({ candidates }) => candidates.map(({ endpoint, addresses }) => [endpoint.id, addresses])),
  );
}

function joinDraw(draw: Draw, theirs: AddressesByEndpoint): Draw {
  const candidates = draw.candidates.map((candidate) => ({
    ...candidate,
    addresses: [...candidate.addresses, ...(theirs.get(candidate.endpoint.id) ?? [])],
  }));
  return { ...draw, candidates };
}

/** Whether one offers the clients of a `sticky` what the other does not: then they may choose apart. */
function offersMore({ draws }: Evaluation, than: Evaluation): boolean {
  const known = new Map<string, Set<string>>();
  for (const draw of than.draws) {
    const way = wayOf(draw);
    if (way === undefined) continue;
    const endpoints = known.get(way) ?? new Set();
    known.set(way, endpoints);
    for (const { endpoint } of draw.candidates) endpoints.add(endpoint.id);
  }
  return draws.some((draw) => {
    const way = wayOf(draw);
    if (way === undefined) return false;
    const endpoints = known.get(way);
    if (endpoints === undefined) return true;
    return endpoints.size > 0 && draw.candidates.some(({ endpoint }) => !endpoints.has(endpoint.id));
  });
}

/** What AAAA draws where A draws nothing: those of the same way where that is a `sticky`'s, for it is the client's. */
function drawsInstead(nothing: Draw, { draws }: Evaluation, ours: AddressesByEndpoint): Draw[] {
  const way = wayOf(nothing);
  const others = draws.flatMap((draw): Draw[] => {
    const { probability, answers } = draw;
    const candidates = draw.candidates.filter(({ endpoint }) => !ours.has(endpoint.id));
    return candidates.length > 0 && wayOf(draw) === way ? [{ probability, answers, candidates }] : [];
  });
  const whole = others.reduce((sum, { probability }) => sum + probability, 0);
  if (whole === 0) return [nothing];
  return others.map((draw) => inPlaceOf(nothing, draw, draw.probability / whole));
}

/** The part of `nothing` that draws from there instead, on the way that led to nothing. */
function inPlaceOf(nothing: Draw, { answers, candidates }: Draw, part: number): Draw {
  return { ...nothing, probability: nothing.probability * part, answers, candidates };
}

function wayOf({ sticky }: Draw): string | undefined {
  return sticky && JSON.stringify(sticky.steps.map(({ key }) => key));
}
