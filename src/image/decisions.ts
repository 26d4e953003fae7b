/**
 * The decisions part of an image: `policy/evaluate` tabulated for every policy, class of clients and address family.
 * Rebuilt alone whenever health changes, so it is kept quick: records that say the same share one evaluation, and
 * evaluations that come to the same share one table.
 *
 * The evaluations for a client of whom nothing is known are kept as they are: status and metrics show those.
 */

import { type Client, UNKNOWN_CLIENT } from "../geo/client.ts";
import { networkOfClass } from "../geo/client-classes.ts";
import type { Snapshot } from "../health/snapshot.ts";
import { evaluate } from "../policy/evaluate.ts";
import type { Draw, Evaluation } from "../policy/evaluation.ts";
import type { AddressFamily, Endpoint } from "../policy/model.ts";
import { classCount } from "./clients.ts";
import { ALL_ANSWERS, type DecisionTables, OUTCOME } from "./tables.ts";
import type { PolicyEntry, ZonePart } from "./zones.ts";

export interface Decisions {
  readonly snapshot: Snapshot;
  /** By policy number: what a client of whom nothing is known is answered. */
  readonly evaluations: readonly Readonly<Record<AddressFamily, Evaluation>>[];
  readonly tables: DecisionTables;
}

const FAMILIES: readonly AddressFamily[] = ["ipv4", "ipv6"];

export function compileDecisions(zones: ZonePart, snapshot: Snapshot): Decisions {
  const builder = new TablesBuilder();
  const memo: Memo = new Map();
  const evaluations = zones.policies.map((entry) => {
    const numbers = new Map(entry.endpoints.map((endpoint, number) => [endpoint, number]));
    builder.beginPolicy();
    const evaluationOf = (classNumber: number, family: AddressFamily): Evaluation => {
      const evaluation = evaluateOnce(zones, snapshot, entry, classNumber, family, memo);
      builder.addEntry(evaluation, numbers);
      return evaluation;
    };
    const unknown = { ipv4: evaluationOf(0, "ipv4"), ipv6: evaluationOf(0, "ipv6") };
    for (let classNumber = 1; classNumber < classCount(entry.clients); classNumber++) {
      for (const family of FAMILIES) evaluationOf(classNumber, family);
    }
    return unknown;
  });
  return { snapshot, evaluations, tables: builder.finish() };
}

/** Evaluations of policies that say the same, by their expression and then by the rest of the question. */
type Memo = Map<PolicyEntry["policy"]["expression"], Map<string, Evaluation>>;

function evaluateOnce(
  { set }: ZonePart,
  snapshot: Snapshot,
  { policy, clients }: PolicyEntry,
  classNumber: number,
  family: AddressFamily,
  memo: Memo,
): Evaluation {
  const { expression, ttl, whenDown } = policy;
  const key = `${family} ${classNumber} ${whenDown} ${ttl.maxSeconds} ${ttl.minSeconds}`;
  const ofExpression = memo.get(expression) ?? new Map<string, Evaluation>();
  memo.set(expression, ofExpression);
  const known = ofExpression.get(key);
  if (known !== undefined) return known;
  const network = networkOfClass(clients.classes, classNumber);
  const client: Client = network === undefined ? UNKNOWN_CLIENT : { network, place: undefined };
  const evaluation = evaluate(policy, set.definitions, snapshot, client, family);
  ofExpression.set(key, evaluation);
  return evaluation;
}

/** Collects tables in ordinary arrays, then copies them into typed ones. */
class TablesBuilder {
  readonly #directoryBases: number[] = [];
  readonly #directory: number[] = [];
  readonly #outcomes: number[] = [];
  readonly #ttlSeconds: number[] = [];
  readonly #tableDraws: number[] = [0];
  readonly #drawProbabilities: number[] = [];
  readonly #drawAnswers: number[] = [];
  readonly #drawRepeats: number[] = [];
  readonly #drawCandidates: number[] = [0];
  readonly #candidateWeights: number[] = [];
  readonly #candidateSums: number[] = [];
  readonly #candidateEndpoints: number[] = [];
  readonly #candidateOctets: number[] = [0];
  readonly #octets: number[] = [];
  readonly #tablesByContent = new Map<string, number>();
  #mostCandidates = 0;

  beginPolicy(): void {
    this.#directoryBases.push(this.#directory.length);
  }

  /** The policy's next entry, class by class and A before AAAA. */
  addEntry(evaluation: Evaluation, numbers: ReadonlyMap<Endpoint, number>): void {
    const content = contentOf(evaluation, numbers);
    let table = this.#tablesByContent.get(content);
    if (table === undefined) {
      table = this.#addTable(evaluation, numbers);
      this.#tablesByContent.set(content, table);
    }
    this.#directory.push(table);
  }

  #addTable({ outcome, ttlSeconds, draws }: Evaluation, numbers: ReadonlyMap<Endpoint, number>): number {
    const table = this.#outcomes.length;
    this.#outcomes.push(OUTCOME[outcome]);
    this.#ttlSeconds.push(ttlSeconds);
    let probability = 0;
    for (const draw of draws) {
      probability += draw.probability;
      this.#drawProbabilities.push(probability);
      this.#addDraw(draw, numbers);
    }
    this.#tableDraws.push(this.#drawAnswers.length);
    return table;
  }

  #addDraw({ answers, candidates }: Draw, numbers: ReadonlyMap<Endpoint, number>): void {
    let sum = 0;
    const seen = new Set<string>();
    let repeats = 0;
    for (const { endpoint, weight, addresses } of candidates) {
      sum += weight;
      this.#candidateWeights.push(weight);
      this.#candidateSums.push(sum);
      this.#candidateEndpoints.push(numbers.get(endpoint) ?? 0);
      for (const { octets, text } of addresses) {
        this.#octets.push(...octets);
        if (seen.has(text)) repeats = 1;
        seen.add(text);
      }
      this.#candidateOctets.push(this.#octets.length);
    }
    this.#drawAnswers.push(Math.min(answers, ALL_ANSWERS));
    this.#drawRepeats.push(repeats);
    this.#drawCandidates.push(this.#candidateWeights.length);
    this.#mostCandidates = Math.max(this.#mostCandidates, candidates.length);
  }

  finish(): DecisionTables {
    return {
      directoryBases: Uint32Array.from(this.#directoryBases),
      directory: Uint32Array.from(this.#directory),
      outcomes: Uint8Array.from(this.#outcomes),
      ttlSeconds: Uint32Array.from(this.#ttlSeconds),
      tableDraws: Uint32Array.from(this.#tableDraws),
      drawProbabilities: Float64Array.from(this.#drawProbabilities),
      drawAnswers: Uint16Array.from(this.#drawAnswers),
      drawRepeats: Uint8Array.from(this.#drawRepeats),
      drawCandidates: Uint32Array.from(this.#drawCandidates),
      candidateWeights: Float64Array.from(this.#candidateWeights),
      candidateSums: Float64Array.from(this.#candidateSums),
      candidateEndpoints: Uint32Array.from(this.#candidateEndpoints),
      candidateOctets: Uint32Array.from(this.#candidateOctets),
      octets: Uint8Array.from(this.#octets),
      mostCandidates: this.#mostCandidates,
    };
  }
}

/** Equal for two evaluations exactly where their tables would be. */
function contentOf(
  { outcome, ttlSeconds, draws }: Evaluation,
  numbers: ReadonlyMap<Endpoint, number>,
): string {
  let content = `${outcome} ${ttlSeconds}`;
  for (const { probability, answers, candidates } of draws) {
    content += `;${probability} ${answers}`;
    for (const { endpoint, weight, addresses } of candidates) {
      content += `,${numbers.get(endpoint)} ${weight}`;
      for (const { text } of addresses) content += ` ${text}`;
    }
  }
  return content;
}
