/**
 * What a client must be answered, worked out from what `evaluate` says and from nothing that was compiled of it: the
 * probability of each first address. Chance decides, but for two things that the client's position does: which slice of a
 * slow start it is in, and every choice below a `sticky`.
 */

import { arrivalOf, keyOf } from "../../src/image/rendezvous.ts";
import type { Candidate, Draw, Evaluation, StickyRoot } from "../../src/policy/evaluation.ts";

export const NODATA = "NODATA";
export const SERVFAIL = "SERVFAIL";
const POSITIONS = 2 ** 32;

export interface Prediction {
  /** By the first address of the answer, or NODATA, or SERVFAIL. They sum to 1. */
  readonly shares: ReadonlyMap<string, number>;
  /** By the identifier of the endpoint that is drawn first. */
  readonly endpoints: ReadonlyMap<string, number>;
  readonly ttlSeconds: number;
  /** Every draw that the client can get. */
  readonly draws: readonly Draw[];
}

/** What a client at a position, in 2³², is answered. */
export function predict(whole: Evaluation, position: number): Prediction {
  const slice = whole.slices?.find(({ upTo }) => position / POSITIONS < upTo);
  const { outcome, draws, ttlSeconds } = slice?.evaluation ?? whole;
  const shares = new Map<string, number>();
  const endpoints = new Map<string, number>();
  const add = (cells: Map<string, number>, cell: string, share: number): void => {
    cells.set(cell, (cells.get(cell) ?? 0) + share);
  };
  const addCandidate = (candidate: Candidate | undefined, share: number): void => {
    add(shares, candidate === undefined ? NODATA : firstOf(candidate), share);
    if (candidate !== undefined) add(endpoints, candidate.endpoint.id, share);
  };
  if (outcome === "servfail") add(shares, SERVFAIL, 1);
  for (const draw of draws.filter(({ sticky }) => sticky === undefined)) {
    if (draw.candidates.length === 0) addCandidate(undefined, draw.probability);
    const sum = draw.candidates.reduce((total, { weight }) => total + weight, 0);
    for (const candidate of draw.candidates) {
      addCandidate(candidate, (draw.probability * candidate.weight) / sum);
    }
  }
  for (const below of stickyGroups(draws)) {
    const probability = below.reduce((total, draw) => total + draw.probability, 0);
    const favourite = favouriteOf(below, 0, position);
    const candidate = earliest(favourite.candidates, ({ endpoint, weight }) =>
      arrivalOf(position, keyOf(endpoint.id), weight),
    );
    addCandidate(candidate, probability);
  }
  return { shares, endpoints, ttlSeconds, draws };
}

function stickyGroups(draws: readonly Draw[]): Draw[][] {
  const groups = new Map<StickyRoot, Draw[]>();
  for (const draw of draws) {
    if (draw.sticky === undefined) continue;
    const { root } = draw.sticky;
    groups.set(root, [...(groups.get(root) ?? []), draw]);
  }
  return [...groups.values()];
}

/** Step by step, the child that arrives first. */
function favouriteOf(draws: readonly Draw[], depth: number, position: number): Draw {
  const [first] = draws;
  if (first === undefined) throw new Error("there is no draw below a sticky");
  if (draws.length === 1) return first;
  const winner = earliest(draws, ({ sticky }) => {
    const step = sticky?.steps[depth];
    return step === undefined ? Number.POSITIVE_INFINITY : arrivalOf(position, keyOf(step.key), step.part);
  });
  const key = winner?.sticky?.steps[depth]?.key;
  if (key === undefined) throw new Error("several draws end their ways at one place");
  const below = draws.filter(({ sticky }) => sticky?.steps[depth]?.key === key);
  return favouriteOf(below, depth + 1, position);
}

function earliest<Item>(items: readonly Item[], arrival: (item: Item) => number): Item | undefined {
  let best: Item | undefined;
  let bestAt = Number.POSITIVE_INFINITY;
  for (const item of items) {
    const at = arrival(item);
    if (at < bestAt) [best, bestAt] = [item, at];
  }
  return best;
}

function firstOf({ addresses }: Candidate): string {
  const [first] = addresses;
  if (first === undefined) throw new Error("a candidate has no address");
  return first.text;
}
