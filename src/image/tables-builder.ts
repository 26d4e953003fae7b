/** Evaluations into tables: collected in ordinary arrays, then copied into typed ones. */

import { CLASS, TYPE } from "../dns/types.ts";
import type { Draw, Evaluation } from "../policy/evaluation.ts";
import type { Address, Endpoint } from "../policy/model.ts";
import { aliasSlots, type WeightedCandidate } from "./alias.ts";
import { QUESTION_POINTER } from "./layout.ts";
import { ALL_ANSWERS, type DecisionTables, NO_CANDIDATE, OUTCOME } from "./tables.ts";

export class TablesBuilder {
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
  readonly #tableSlots: number[] = [0];
  readonly #slotThresholds: number[] = [];
  readonly #slotCandidates: number[] = [];
  readonly #slotAliases: number[] = [];
  readonly #candidateRecords: number[] = [0];
  readonly #records: number[] = [];
  readonly #tablesByContent = new Map<string, number>();
  #mostCandidates = 0;

  beginPolicy(): void {
    this.#directoryBases.push(this.#directory.length);
  }

  /** The policy's next entry, class by class and A before AAAA. */
  addEntry(evaluation: Evaluation, numbers: Numbers): void {
    const content = contentOf(evaluation, numbers);
    let table = this.#tablesByContent.get(content);
    if (table === undefined) {
      table = this.#addTable(evaluation, numbers);
      this.#tablesByContent.set(content, table);
    }
    this.#directory.push(table);
  }

  #addTable({ outcome, ttlSeconds, draws }: Evaluation, numbers: Numbers): number {
    const table = this.#outcomes.length;
    this.#outcomes.push(OUTCOME[outcome]);
    this.#ttlSeconds.push(ttlSeconds);
    let probability = 0;
    const weighted: WeightedCandidate[] = [];
    for (const draw of draws) {
      probability += draw.probability;
      this.#drawProbabilities.push(probability);
      const first = this.#candidateWeights.length;
      this.#addDraw(draw, numbers, ttlSeconds);
      const sum = draw.candidates.reduce((total, { weight }) => total + weight, 0);
      draw.candidates.forEach(({ weight }, index) => {
        weighted.push({ candidate: first + index, weight: (draw.probability * weight) / sum });
      });
      if (sum === 0) weighted.push({ candidate: NO_CANDIDATE, weight: draw.probability });
    }
    this.#tableDraws.push(this.#drawAnswers.length);
    const isSingle = draws.every(({ answers, candidates }) => Math.min(answers, candidates.length) <= 1);
    if (outcome === "answer" && isSingle) this.#addSlots(weighted);
    this.#tableSlots.push(this.#slotThresholds.length);
    return table;
  }

  #addSlots(weighted: readonly WeightedCandidate[]): void {
    for (const { threshold, candidate, alias } of aliasSlots(weighted)) {
      this.#slotThresholds.push(threshold);
      this.#slotCandidates.push(candidate);
      this.#slotAliases.push(alias);
    }
  }

  #addDraw({ answers, candidates }: Draw, numbers: Numbers, ttlSeconds: number): void {
    let sum = 0;
    const seen = new Set<string>();
    let repeats = 0;
    for (const { endpoint, weight, addresses } of candidates) {
      sum += weight;
      this.#candidateWeights.push(weight);
      this.#candidateSums.push(sum);
      this.#candidateEndpoints.push(numbers.get(endpoint) ?? 0);
      for (const address of addresses) {
        this.#octets.push(...address.octets);
        if (seen.has(address.text)) repeats = 1;
        seen.add(address.text);
        this.#addRecord(address, ttlSeconds);
      }
      this.#candidateOctets.push(this.#octets.length);
      this.#candidateRecords.push(this.#records.length);
    }
    this.#drawAnswers.push(Math.min(answers, ALL_ANSWERS));
    this.#drawRepeats.push(repeats);
    this.#drawCandidates.push(this.#candidateWeights.length);
    this.#mostCandidates = Math.max(this.#mostCandidates, candidates.length);
  }

  #addRecord({ family, octets }: Address, ttlSeconds: number): void {
    const records = this.#records;
    const type = family === "ipv4" ? TYPE.A : TYPE.AAAA;
    for (const field of [QUESTION_POINTER, type, CLASS.IN, ttlSeconds >>> 16, ttlSeconds, octets.length]) {
      records.push((field >>> 8) & 0xff, field & 0xff);
    }
    for (const octet of octets) records.push(octet);
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
      tableSlots: Uint32Array.from(this.#tableSlots),
      slotThresholds: Uint32Array.from(this.#slotThresholds),
      slotCandidates: Int32Array.from(this.#slotCandidates),
      slotAliases: Int32Array.from(this.#slotAliases),
      candidateRecords: Uint32Array.from(this.#candidateRecords),
      records: Uint8Array.from(this.#records),
      mostCandidates: this.#mostCandidates,
    };
  }
}

type Numbers = ReadonlyMap<Endpoint, number>;

/** Equal for two evaluations exactly where their tables would be. */
function contentOf({ outcome, ttlSeconds, draws }: Evaluation, numbers: Numbers): string {
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
