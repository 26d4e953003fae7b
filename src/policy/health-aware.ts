/**
 * What becomes of records that are no answers of a policy's and yet lead to one: those of SRV and MX RRsets that the zone
 * file marks `health-aware=on`. A sender that is given all of them would try a dead place before the one that lives.
 *
 * | marked | what its target is              | another record of the set stays | the record        |
 * | ------ | ------------------------------- | ------------------------------- | ----------------- |
 * | no     | any                             | any                             | stays             |
 * | yes    | answered by no policy           | any                             | stays             |
 * | yes    | a policy with something up      | any                             | stays             |
 * | yes    | a policy with nothing up        | yes                             | is left out       |
 * | yes    | a policy with nothing up        | no                              | stays: all of them |
 *
 * Something is up where the policy answers some client from rung 1, in either address family. It is the same for all
 * clients, so the answer is, too.
 */

import type { Snapshot } from "../health/snapshot.ts";
import { distinctClients } from "./distinct-clients.ts";
import { evaluate } from "./evaluate.ts";
import type { Evaluation } from "./evaluation.ts";
import type { AddressFamily, Definitions, Policy } from "./model.ts";

const FAMILIES: readonly AddressFamily[] = ["ipv4", "ipv6"];

/** A policy, whoever asks. */
export interface OverallState {
  readonly isUp: boolean;
  /** The shortest that it gives anybody: its `min` while anything that an answer rests on is failing. */
  readonly ttlSeconds: number;
}

export function overallState(policy: Policy, definitions: Definitions, snapshot: Snapshot): OverallState {
  let isUp = false;
  let ttlSeconds = policy.ttl.maxSeconds;
  for (const client of distinctClients(policy.expression, definitions)) {
    for (const family of FAMILIES) {
      const evaluation = evaluate(policy, definitions, snapshot, client, family);
      isUp ||= hasAnyUp(evaluation);
      ttlSeconds = Math.min(ttlSeconds, evaluation.ttlSeconds);
    }
  }
  return { isUp, ttlSeconds };
}

/** While a pool is in its slow start, some clients may be answered from it and others from a last resort. */
function hasAnyUp({ rung, outcome, slices }: Evaluation): boolean {
  if (slices !== undefined) return slices.some(({ evaluation }) => hasAnyUp(evaluation));
  return rung === 1 && outcome === "answer";
}

/** What becomes of an RRset. */
export interface RecordsDecision {
  /** By record: whether it is left out. */
  readonly withheld: readonly boolean[];
  /** No longer than any of the policies would have its own answers kept. */
  readonly ttlSeconds: number;
}

/** By the state of the policy behind each record, where it is marked and has one; `ttlSeconds` is the RRset's own. */
export function decideRecords(
  states: readonly (OverallState | undefined)[],
  ttlSeconds: number,
): RecordsDecision {
  const isDown = states.map((state) => state !== undefined && !state.isUp);
  return {
    withheld: isDown.includes(false) ? isDown : isDown.map(() => false),
    ttlSeconds: states.reduce((least, state) => Math.min(least, state?.ttlSeconds ?? least), ttlSeconds),
  };
}
