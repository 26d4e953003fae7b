/**
 * The one function that decides an answer: (policy, health snapshot, client, address family) → a probability
 * distribution over endpoints, a TTL and the rung it stands on.
 *
 * The compiler tabulates it, `explain` prints its trace, `$EXPECT` and `test` call it under a supposed health, metrics
 * and status publish what it returns. Nothing else decides.
 *
 * The ladder of last resorts: the same expression is decided again with a wider meaning of «up» (`policy/group` holds
 * the table), and the first rung that yields anything is used.
 *
 * | rung 1  | rung 2  | rung 3  | `when-down` | rung 4  | outcome                     |
 * | ------- | ------- | ------- | ----------- | ------- | --------------------------- |
 * | yields  | any     | any     | any         | any     | rung 1                      |
 * | nothing | yields  | any     | any         | any     | rung 2                      |
 * | nothing | nothing | yields  | any         | any     | rung 3                      |
 * | nothing | nothing | nothing | open        | yields  | rung 4, failing open        |
 * | nothing | nothing | nothing | open        | nothing | SERVFAIL: all is forced out |
 * | nothing | nothing | nothing | nodata      | –       | NODATA                      |
 * | nothing | nothing | nothing | servfail    | –       | SERVFAIL                    |
 *
 * The TTL is the policy's `max` on rung 1 while everything looked at is steady, and its `min` otherwise; never more than
 * what the resolver gave for a host name whose addresses the answer may hold. A CNAME to such a name has a TTL of its own.
 *
 * While a pool is in its slow start the answer depends on the client's position as well: the ladder is climbed once for each
 * range of positions that it treats alike.
 */

import type { Client } from "../geo/client.ts";
import type { Snapshot } from "../health/snapshot.ts";
import { cnameTargetOf } from "./cname.ts";
import { decide } from "./decide.ts";
import type { Draw, Evaluation, Rung, Share, Slice, TraceNode } from "./evaluation.ts";
import type { Judgements } from "./judgements.ts";
import type { Address, AddressFamily, Definitions, Endpoint, Policy } from "./model.ts";
import { type Demand, EVERY_POSITION, NODATA_DRAW, type NodeResult, type Question } from "./node.ts";
import { poolsOverCapacity } from "./pool-parts.ts";

const WHILE_SOMETHING_PASSES: readonly Rung[] = [1, 2, 3];

/**
 * What a client of this kind is answered. Shapes and units: `policy/evaluation`. `judgements` are those of other policies with
 * the same definitions and snapshot, and are added to.
 */
export function evaluate(
  policy: Policy,
  definitions: Definitions,
  snapshot: Snapshot,
  client: Client,
  family: AddressFamily,
  judgements?: Judgements,
): Evaluation {
  const question = { definitions, snapshot, client, family, traced: false, judgements };
  return decideAllPositions(policy, question).evaluation;
}

/** The same by the same logic, and how it came about: one trace node a rung that was tried. */
export function explain(
  policy: Policy,
  definitions: Definitions,
  snapshot: Snapshot,
  client: Client,
  family: AddressFamily,
): { readonly evaluation: Evaluation; readonly trace: readonly TraceNode[] } {
  return decideAllPositions(policy, { definitions, snapshot, client, family, traced: true });
}

/** What is asked of the policy as a whole; the rest of a question follows on the way. */
type PolicyQuestion = Pick<
  Question,
  "definitions" | "snapshot" | "client" | "family" | "traced" | "judgements"
>;

interface Decided {
  readonly evaluation: Evaluation;
  readonly trace: readonly TraceNode[];
}

function decideAllPositions(policy: Policy, question: PolicyQuestion): Decided {
  const demand: Demand | undefined =
    policy.demand === undefined ? undefined : { amount: policy.demand, given: new Map(), isEstimate: false };
  const climbAt = (position: number): Climbed =>
    climb(policy, { ...question, rung: 1, position, demand, sticky: undefined });
  const first = climbAt(0);
  if (first.upTo >= EVERY_POSITION) return first;
  const slices: Slice[] = [];
  const trace: TraceNode[] = [];
  let position = 0;
  for (let climbed = first; ; climbed = climbAt(position)) {
    const { upTo, evaluation } = climbed;
    slices.push({ upTo, evaluation });
    if (question.traced) trace.push(traceSlice(position, climbed));
    if (upTo >= EVERY_POSITION) break;
    position = upTo;
  }
  return { evaluation: mix(slices, policy, question.definitions), trace };
}

function traceSlice(from: number, { upTo, evaluation, trace }: Climbed): TraceNode {
  const percent = (position: number): string => `${(position * 100).toFixed(1)} %`;
  return {
    node: `clients ${percent(from)} to ${percent(upTo)}`,
    decision: evaluation.outcome,
    reason: "in a slow start clients move one after the other, by their network",
    children: trace,
  };
}

/** What somebody is answered of whom no position is known. Whatever differs by position is no steady answer. */
function mix(slices: readonly Slice[], policy: Policy, definitions: Definitions): Evaluation {
  const evaluations = slices.map(({ evaluation }) => evaluation);
  const draws = slices.flatMap(({ upTo, evaluation }, index) => {
    const width = upTo - (slices[index - 1]?.upTo ?? 0);
    return evaluation.draws.map((draw) => ({ ...draw, probability: draw.probability * width }));
  });
  return {
    outcome: evaluations.some(({ outcome }) => outcome === "answer") ? "answer" : "nodata",
    draws,
    ttlSeconds: Math.min(...evaluations.map(({ ttlSeconds }) => ttlSeconds)),
    rung: evaluations.reduce<Rung>((worst, { rung }) => (rung > worst ? rung : worst), 1),
    failingOpen: evaluations.some(({ failingOpen }) => failingOpen),
    overCapacity: poolsOverCapacity(draws, policy, definitions),
    slices,
  };
}

interface Climbed extends Decided {
  /** It is the same for every position from the asked one to below this one. */
  readonly upTo: number;
}

function climb(policy: Policy, question: Question): Climbed {
  const rungs: readonly Rung[] =
    policy.whenDown === "open" ? [...WHILE_SOMETHING_PASSES, 4] : WHILE_SOMETHING_PASSES;
  const trace: TraceNode[] = [];
  let upTo = EVERY_POSITION;
  for (const rung of rungs) {
    const result = decide(policy.expression, { ...question, rung });
    const yields = result.draws.length > 0;
    upTo = Math.min(upTo, result.upTo);
    if (result.trace !== undefined) {
      trace.push({
        node: `rung ${rung}`,
        decision: yields ? "chosen" : "nothing",
        reason: RUNG_MEANING[rung],
        children: [result.trace],
      });
    }
    if (yields) return { evaluation: evaluationOn(rung, result, policy, question.definitions), trace, upTo };
  }
  const outcome = policy.whenDown === "nodata" ? "nodata" : "servfail";
  const draws = outcome === "nodata" ? [NODATA_DRAW] : [];
  const ttlSeconds = policy.ttl.minSeconds;
  if (question.traced) {
    trace.push({ node: "when-down", decision: outcome, reason: describeNothing(policy) });
  }
  const evaluation: Evaluation = {
    outcome,
    draws,
    ttlSeconds,
    rung: 4,
    failingOpen: false,
    overCapacity: [],
  };
  return { evaluation, trace, upTo };
}

const RUNG_MEANING: { readonly [rung in Rung]: string } = {
  1: "what is up",
  2: "also what passes its probes or is not yet probed, but is held back",
  3: "also what is drained and passes its probes",
  4: "everything that is neither forced down nor drained: failing open",
};

function describeNothing(policy: Policy): string {
  return policy.whenDown === "open"
    ? "everything is forced down or drained"
    : `nothing is up, and when-down=${policy.whenDown}`;
}

function evaluationOn(rung: Rung, result: NodeResult, policy: Policy, definitions: Definitions): Evaluation {
  const answers = result.draws.some(({ candidates }) => candidates.length > 0);
  const steady = rung === 1 && result.steady;
  return {
    outcome: answers ? "answer" : "nodata",
    draws: result.draws,
    ttlSeconds: lowered(steady ? policy.ttl.maxSeconds : policy.ttl.minSeconds, result.draws),
    rung,
    failingOpen: rung === 4,
    overCapacity: poolsOverCapacity(result.draws, policy, definitions),
  };
}

/** All records of an answer have one TTL (RFC 2181 §5.2), so the shortest of what may stand in it counts. */
function lowered(ttlSeconds: number, draws: readonly Draw[]): number {
  let lowest = ttlSeconds;
  for (const { candidates } of draws) {
    for (const { endpoint } of candidates) {
      if (cnameTargetOf(endpoint) === undefined) lowest = Math.min(lowest, endpoint.ttlSeconds ?? lowest);
    }
  }
  return lowest;
}

/**
 * Every endpoint's probability of being drawn first, in the order of the draws; zeros are left out. They sum to 1 less
 * the probability of NODATA.
 */
export function sharesOf(evaluation: Evaluation): Share[] {
  const shares = new Map<Endpoint, { share: number; addresses: Set<Address> }>();
  for (const { probability, candidates } of evaluation.draws) {
    const sum = candidates.reduce((total, { weight }) => total + weight, 0);
    for (const { endpoint, weight, addresses } of candidates) {
      const known = shares.get(endpoint) ?? { share: 0, addresses: new Set() };
      known.share += (probability * weight) / sum;
      for (const address of addresses) known.addresses.add(address);
      shares.set(endpoint, known);
    }
  }
  return Array.from(shares, ([endpoint, { share, addresses }]) => ({
    endpoint,
    addresses: [...addresses],
    share,
  }));
}
