/**
 * Whether two evaluations come to the same table. A hash of numbers finds those that may; then they are compared, and
 * no text has to be made of every weight.
 */

import { cnameTargetOf } from "../policy/cname.ts";
import type { Candidate, Draw, Evaluation, Rung } from "../policy/evaluation.ts";

/** An endpoint's number within its policy, by its identifier. */
export type Numbers = ReadonlyMap<string, number>;

/** What is drawn from. */
export interface DrawnTable {
  readonly kind: "drawn";
  /** Whether the client's network takes the place of chance among its candidates. */
  readonly sticky: boolean;
  readonly evaluation: Evaluation;
  readonly numbers: Numbers;
}

/** Who chooses among tables: the client's position, its favourite by rendezvous, or chance. */
export type ChoiceKind = "position" | "rendezvous" | "chance";

/** What leads to one of several tables. */
export interface ChoiceTable {
  readonly kind: "choice";
  readonly choose: ChoiceKind;
  readonly rung: Rung;
  readonly ttlSeconds: number;
  readonly children: readonly {
    /** Where the slice ends, for a choice by position; the key, for one by rendezvous. */
    readonly value: number;
    /** For choices by rendezvous and by chance. */
    readonly part: number;
    readonly table: number;
  }[];
}

export type Table = DrawnTable | ChoiceTable;

const MULTIPLIER = 0x9e37_79b1;
const float = new Float64Array(1);
const floatWords = new Int32Array(float.buffer);

function mix(hash: number, word: number): number {
  return Math.imul(((hash << 13) | (hash >>> 19)) ^ word, MULTIPLIER);
}

function mixFloat(hash: number, value: number): number {
  float[0] = value;
  return mix(mix(hash, floatWords[0] ?? 0), floatWords[1] ?? 0);
}

/** Equal for tables that are the same. */
export function hashOf(table: Table): number {
  if (table.kind === "drawn") return hashOfDrawn(table);
  let hash = mix(mix(table.choose.length, table.rung), table.ttlSeconds);
  for (const child of table.children) {
    hash = mixFloat(mixFloat(mix(hash, child.table), child.value), child.part);
  }
  return hash;
}

function hashOfDrawn({ evaluation, numbers }: DrawnTable): number {
  let hash = mix(mix(evaluation.outcome.length, evaluation.rung), evaluation.ttlSeconds);
  for (const { probability, candidates } of evaluation.draws) {
    hash = mixFloat(hash, probability);
    for (const { endpoint, weight, addresses } of candidates) {
      hash = mixFloat(mix(hash, numbers.get(endpoint.id) ?? 0), weight);
      for (const { octets } of addresses) hash = mix(hash, octets[octets.length - 1] ?? 0);
    }
  }
  return hash;
}

export function isSame(one: Table | undefined, other: Table): boolean {
  if (one?.kind === "drawn" && other.kind === "drawn") return isSameDrawn(one, other);
  return one?.kind === "choice" && other.kind === "choice" && isSameChoice(one, other);
}

function isSameChoice(one: ChoiceTable, other: ChoiceTable): boolean {
  return (
    one.choose === other.choose &&
    one.rung === other.rung &&
    one.ttlSeconds === other.ttlSeconds &&
    one.children.length === other.children.length &&
    one.children.every(({ value, part, table }, index) => {
      const child = other.children[index];
      return value === child?.value && part === child.part && table === child.table;
    })
  );
}

function isSameDrawn(one: DrawnTable, other: DrawnTable): boolean {
  const { outcome, rung, ttlSeconds, draws } = one.evaluation;
  const { evaluation } = other;
  if (one.sticky !== other.sticky) return false;
  if (outcome !== evaluation.outcome || rung !== evaluation.rung || ttlSeconds !== evaluation.ttlSeconds)
    return false;
  const areSame = (mine: Candidate, theirs: Candidate | undefined): boolean =>
    theirs !== undefined &&
    one.numbers.get(mine.endpoint.id) === other.numbers.get(theirs.endpoint.id) &&
    isSameCandidate(mine, theirs);
  return (
    draws.length === evaluation.draws.length &&
    draws.every((draw, index) => isSameDraw(draw, evaluation.draws[index], areSame))
  );
}

function isSameDraw(
  one: Draw,
  other: Draw | undefined,
  areSame: (mine: Candidate, theirs: Candidate | undefined) => boolean,
): boolean {
  return (
    one.probability === other?.probability &&
    one.answers === other.answers &&
    one.candidates.length === other.candidates.length &&
    one.candidates.every((candidate, index) => areSame(candidate, other.candidates[index]))
  );
}

function isSameCandidate(one: Candidate, other: Candidate): boolean {
  return (
    one.weight === other.weight &&
    cnameTargetOf(one.endpoint) === cnameTargetOf(other.endpoint) &&
    one.addresses.length === other.addresses.length &&
    one.addresses.every(({ text }, index) => text === other.addresses[index]?.text)
  );
}
