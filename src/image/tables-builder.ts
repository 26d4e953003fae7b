/**
 * Evaluations into tables. Those that come to the same share one, so they are collected first; then the arrays are made
 * in the sizes that this takes, and filled. Ordinary arrays that grow gave the collector most of a build's time to do.
 */

import { type Name, nameOf } from "../dns/name.ts";
import { CLASS, TYPE } from "../dns/types.ts";
import { cnameTargetOf } from "../policy/cname.ts";
import type { Candidate, Draw, Evaluation } from "../policy/evaluation.ts";
import type { Endpoint } from "../policy/model.ts";
import { type AliasSlots, fillAliasSlots } from "./alias.ts";
import { QUESTION_POINTER, RECORD_HEAD_OCTETS } from "./layout.ts";
import { keyOf } from "./rendezvous.ts";
import {
  type ChoiceKind,
  type ChoiceTable,
  type DrawnTable,
  hashOf,
  isSame,
  type Numbers,
  type Table,
} from "./table-identity.ts";
import { addTables } from "./table-tree.ts";
import {
  ALL_ANSWERS,
  createTables,
  type DecisionTables,
  NO_CANDIDATE,
  OUTCOME,
  openTables,
  type TableSizes,
} from "./tables.ts";

export class TablesBuilder {
  readonly #directoryBases: number[] = [];
  readonly #directory: number[] = [];
  readonly #cnames: number[] = [];
  readonly #tables: Table[] = [];
  /** Numbers of tables by `hashOf`. */
  readonly #tablesByHash = new Map<number, number[]>();

  /** `canBeCname`: some endpoint that it can answer is answered as CNAME. */
  beginPolicy(canBeCname: boolean): void {
    this.#directoryBases.push(this.#directory.length);
    this.#cnames.push(canBeCname ? 1 : 0);
  }

  /** The policy's next entry, class by class and A before AAAA. */
  addEntry(evaluation: Evaluation, numbers: Numbers): void {
    this.#directory.push(addTables(evaluation, numbers, (table) => this.#shared(table)));
  }

  /** The number of the table, of one that is the same where there is one. */
  #shared(table: Table): number {
    const hash = hashOf(table);
    const alike = this.#tablesByHash.get(hash) ?? [];
    let number = alike.find((each) => isSame(this.#tables[each], table));
    if (number === undefined) {
      number = this.#tables.length;
      this.#tables.push(table);
      this.#tablesByHash.set(hash, [...alike, number]);
    }
    return number;
  }

  /** In steps: nothing is added between them. */
  *finish(): Generator<void, SharedArrayBuffer> {
    const targets = new Targets();
    const sizes = measure(this.#tables, this.#directoryBases.length, this.#directory.length, targets);
    const bytes = createTables(sizes);
    const tables = openTables(bytes);
    tables.directoryBases.set(this.#directoryBases);
    tables.directory.set(this.#directory);
    tables.policyCnames.set(this.#cnames);
    yield;
    const filler = new TablesFiller(tables, targets);
    for (const [number, table] of this.#tables.entries()) {
      filler.fill(table, number);
      yield;
    }
    return bytes;
  }
}

/** Whether chance alone draws, and never more than one endpoint, so that slots can stand for the draws. */
function isSingle({ sticky, evaluation: { outcome, draws } }: DrawnTable): boolean {
  return (
    !sticky &&
    outcome === "answer" &&
    draws.every(({ answers, candidates }) => answers === 1 || candidates.length <= 1)
  );
}

const OUTCOME_OF_CHOICE: Readonly<Record<ChoiceKind, number>> = {
  position: OUTCOME.sliced,
  rendezvous: OUTCOME.sticky,
  chance: OUTCOME.mixed,
};

/** How many positions clients are told apart by. */
const POSITIONS = 2 ** 32;

function measure(tables: readonly Table[], policies: number, entries: number, targets: Targets): TableSizes {
  let [draws, candidates, records, octets, slots, parts, mostCandidates] = [0, 0, 0, 0, 0, 0, 0];
  for (const table of tables) {
    if (table.kind === "choice") {
      slots += table.children.length;
      if (table.choose === "rendezvous") parts += table.children.length;
      continue;
    }
    const single = isSingle(table);
    draws += table.evaluation.draws.length;
    for (const draw of table.evaluation.draws) {
      const count = draw.candidates.length;
      candidates += count;
      // A draw without candidates is a slot as well: NODATA.
      if (single) slots += Math.max(1, count);
      mostCandidates = Math.max(mostCandidates, count);
      for (const candidate of draw.candidates) {
        const target = targets.of(candidate.endpoint);
        records += target === undefined ? candidate.addresses.length : 1;
        octets += target?.length ?? 0;
        for (const address of candidate.addresses) octets += address.octets.length;
      }
    }
  }
  const recordOctets = records * RECORD_HEAD_OCTETS + octets;
  const sizes = { draws, candidates, octets, recordOctets, slots, parts, mostCandidates };
  return { policies, entries, tables: tables.length, ...sizes };
}

/** The names that CNAMEs lead to, as rdata; each is made once. */
class Targets {
  readonly #names = new Map<string, Name>();

  /** `undefined` where the endpoint is answered with its addresses. */
  of(endpoint: Endpoint): Name | undefined {
    const text = cnameTargetOf(endpoint);
    if (text === undefined) return undefined;
    const name = this.#names.get(text) ?? nameOf(text);
    this.#names.set(text, name);
    return name;
  }
}

/** Fills the arrays, from the first table to the last. */
class TablesFiller {
  readonly tables: DecisionTables;
  readonly #targets: Targets;
  readonly #slots: AliasSlots;
  #draw = 0;
  #candidate = 0;
  #octet = 0;
  #record = 0;
  #slot = 0;
  #part = 0;

  constructor(tables: DecisionTables, targets: Targets) {
    this.tables = tables;
    this.#targets = targets;
    const { slotThresholds: thresholds, slotCandidates: candidates, slotAliases: aliases } = tables;
    this.#slots = { thresholds, candidates, aliases };
  }

  fill(table: Table, number: number): void {
    if (table.kind === "choice") this.#fillChoice(table, number);
    else this.#fillDrawn(table, number);
  }

  #fillChoice({ choose, children, rung, ttlSeconds }: ChoiceTable, number: number): void {
    const { tables } = this;
    tables.outcomes[number] = OUTCOME_OF_CHOICE[choose];
    tables.rungs[number] = rung;
    tables.ttlSeconds[number] = ttlSeconds;
    if (choose === "chance") {
      const numbers = children.map(({ table }) => table);
      fillAliasSlots(
        this.#slots,
        this.#slot,
        numbers,
        children.map(({ part }) => part),
      );
    } else {
      children.forEach((child, index) => this.#fillChild(choose, child, this.#slot + index));
    }
    this.#slot += children.length;
    tables.tableSlots[number + 1] = this.#slot;
    tables.tableDraws[number + 1] = this.#draw;
  }

  #fillChild(
    choose: ChoiceKind,
    { value, part, table }: ChoiceTable["children"][number],
    slot: number,
  ): void {
    const { tables } = this;
    tables.slotCandidates[slot] = table;
    if (choose === "position") {
      // The last one reaches to the end, which is one more than a slot can say; nobody looks at it.
      tables.slotThresholds[slot] = Math.min(Math.round(value * POSITIONS), POSITIONS - 1);
      return;
    }
    tables.slotThresholds[slot] = value;
    tables.slotAliases[slot] = this.#part;
    tables.slotParts[this.#part] = part;
    this.#part++;
  }

  #fillDrawn(table: DrawnTable, number: number): void {
    const { sticky, evaluation } = table;
    const { outcomes, rungs, ttlSeconds, drawProbabilities, tableDraws, tableSlots } = this.tables;
    outcomes[number] = hasCname(evaluation) ? OUTCOME.cname : OUTCOME[evaluation.outcome];
    rungs[number] = evaluation.rung;
    ttlSeconds[number] = evaluation.ttlSeconds;
    this.tables.tableSticky[number] = sticky ? 1 : 0;
    const single = isSingle(table);
    const slotCandidates: number[] = [];
    const slotWeights: number[] = [];
    let probability = 0;
    for (const draw of evaluation.draws) {
      probability += draw.probability;
      drawProbabilities[this.#draw] = probability;
      const first = this.#candidate;
      const sum = this.#fillDraw(draw, table);
      if (!single) continue;
      draw.candidates.forEach(({ weight }, index) => {
        slotCandidates.push(first + index);
        slotWeights.push((draw.probability * weight) / sum);
      });
      if (draw.candidates.length > 0) continue;
      slotCandidates.push(NO_CANDIDATE);
      slotWeights.push(draw.probability);
    }
    fillAliasSlots(this.#slots, this.#slot, slotCandidates, slotWeights);
    this.#slot += slotCandidates.length;
    tableSlots[number + 1] = this.#slot;
    tableDraws[number + 1] = this.#draw;
  }

  /** Says what the weights sum to. */
  #fillDraw({ answers, candidates }: Draw, { sticky, numbers, evaluation }: DrawnTable): number {
    const { tables } = this;
    const { ttlSeconds } = evaluation;
    let sum = 0;
    for (const { endpoint, weight, addresses } of candidates) {
      sum += weight;
      tables.candidateWeights[this.#candidate] = weight;
      tables.candidateSums[this.#candidate] = sum;
      tables.candidateEndpoints[this.#candidate] = numbers.get(endpoint.id) ?? 0;
      if (sticky) tables.candidateKeys[this.#candidate] = keyOf(endpoint.id);
      const target = this.#targets.of(endpoint);
      if (target !== undefined) this.#fillRecord(TYPE.CNAME, target, ttlSeconds);
      for (const { family, octets } of addresses) {
        this.#fillRecord(family === "ipv4" ? TYPE.A : TYPE.AAAA, octets, ttlSeconds);
      }
      this.#candidate++;
      tables.candidateOctets[this.#candidate] = this.#octet;
      tables.candidateRecords[this.#candidate] = this.#record;
    }
    tables.drawAnswers[this.#draw] = Math.min(answers, ALL_ANSWERS);
    tables.drawRepeats[this.#draw] = answers > 1 && hasRepeats(candidates) ? 1 : 0;
    this.#draw++;
    tables.drawCandidates[this.#draw] = this.#candidate;
    return sum;
  }

  #fillRecord(type: number, octets: Uint8Array, ttlSeconds: number): void {
    const { records, octets: rdata } = this.tables;
    const at = this.#record;
    records[at] = QUESTION_POINTER >>> 8;
    records[at + 1] = QUESTION_POINTER & 0xff;
    records[at + 3] = type;
    records[at + 5] = CLASS.IN;
    records[at + 6] = ttlSeconds >>> 24;
    records[at + 7] = ttlSeconds >>> 16;
    records[at + 8] = ttlSeconds >>> 8;
    records[at + 9] = ttlSeconds;
    records[at + 11] = octets.length;
    for (let index = 0; index < octets.length; index++) {
      const octet = octets[index] ?? 0;
      records[at + RECORD_HEAD_OCTETS + index] = octet;
      rdata[this.#octet + index] = octet;
    }
    this.#octet += octets.length;
    this.#record += RECORD_HEAD_OCTETS + octets.length;
  }
}

function hasCname({ draws }: Evaluation): boolean {
  return draws.some(({ candidates }) =>
    candidates.some(({ endpoint }) => cnameTargetOf(endpoint) !== undefined),
  );
}

/** Whether an address stands at two candidates, and an answer that holds both would hold it twice. */
function hasRepeats(candidates: readonly Candidate[]): boolean {
  const seen = new Set<string>();
  let addresses = 0;
  for (const candidate of candidates) {
    for (const { text } of candidate.addresses) seen.add(text);
    addresses += candidate.addresses.length;
  }
  return seen.size < addresses;
}
