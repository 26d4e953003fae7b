/**
 * Tables of which some policies decide otherwise than before: the tables of all others are copied, run by run, and behind
 * them come those that were made anew. Numbers in tables count from the beginning of all, so each run moves them by as much
 * as it has moved itself.
 *
 * ```
 * before   0 1 2 3 4 5 6 7 8     tables 2, 3 and 6 are of policies that decide otherwise
 * fresh    0 1
 * after    0 1 4 5 7 8 0'1'
 * ```
 *
 * A table made anew that equals a copied one is not shared with it, which costs nothing but its room; now and then
 * `image/decisions` makes all of them anew.
 */

import {
  createTables,
  type DecisionTables,
  NO_CANDIDATE,
  OUTCOME,
  openTables,
  type TableSizes,
} from "./tables.ts";

/** `replaced` are the numbers of the policies of `fresh`, in its order. */
export function exchangeTables(
  before: DecisionTables,
  fresh: DecisionTables,
  replaced: readonly number[],
): SharedArrayBuffer {
  const isReplaced = new Uint8Array(before.directoryBases.length);
  for (const policy of replaced) isReplaced[policy] = 1;
  const runs = runsOf(keptTables(before, isReplaced));
  const bytes = createTables(sizesOf(before, fresh, runs));
  const copier = new TableCopier(openTables(bytes));
  const numbers = copier.copy(before, runs);
  const freshNumbers = copier.copy(fresh, [{ first: 0, end: fresh.outcomes.length }]);
  const { directoryBases, directory, policyCnames } = copier.into;
  directoryBases.set(before.directoryBases);
  policyCnames.set(before.policyCnames);
  before.directory.forEach((table, entry) => {
    directory[entry] = numbers[table] ?? 0;
  });
  replaced.forEach((policy, index) => {
    const base = directoryBases[policy] ?? 0;
    const first = fresh.directoryBases[index] ?? 0;
    const end = fresh.directoryBases[index + 1] ?? fresh.directory.length;
    for (let entry = first; entry < end; entry++) {
      directory[base + entry - first] = freshNumbers[fresh.directory[entry] ?? 0] ?? 0;
    }
  });
  return bytes;
}

/** 1 for every table that a policy which is not replaced leads to. */
function keptTables(tables: DecisionTables, isReplaced: Uint8Array): Uint8Array {
  const { directoryBases, directory, outcomes, tableSlots, slotCandidates, slotAliases } = tables;
  const kept = new Uint8Array(outcomes.length);
  isReplaced.forEach((replaced, policy) => {
    if (replaced === 1) return;
    const end = directoryBases[policy + 1] ?? directory.length;
    for (let entry = directoryBases[policy] ?? 0; entry < end; entry++) kept[directory[entry] ?? 0] = 1;
  });
  // A choice stands behind all that it leads to.
  for (let table = outcomes.length - 1; table >= 0; table--) {
    const outcome = outcomes[table] ?? 0;
    if (kept[table] === 0 || outcome < OUTCOME.sliced) continue;
    for (let slot = tableSlots[table] ?? 0; slot < (tableSlots[table + 1] ?? 0); slot++) {
      kept[slotCandidates[slot] ?? 0] = 1;
      if (outcome === OUTCOME.mixed) kept[slotAliases[slot] ?? 0] = 1;
    }
  }
  return kept;
}

/** Tables side by side, from `first` to before `end`. */
interface Run {
  readonly first: number;
  readonly end: number;
}

function runsOf(kept: Uint8Array): Run[] {
  const runs: Run[] = [];
  for (let first = kept.indexOf(1); first !== -1; ) {
    const gap = kept.indexOf(0, first);
    const end = gap === -1 ? kept.length : gap;
    runs.push({ first, end });
    first = kept.indexOf(1, end);
  }
  return runs;
}

/** What a run takes in each of the arrays, from where to where. */
function spanOf(tables: DecisionTables, { first, end }: Run) {
  const at = (bounds: Uint32Array, one: number, other: number) =>
    ({ first: bounds[one] ?? 0, end: bounds[other] ?? 0 }) satisfies Run;
  const draws = at(tables.tableDraws, first, end);
  const candidates = at(tables.drawCandidates, draws.first, draws.end);
  const octets = at(tables.candidateOctets, candidates.first, candidates.end);
  const records = at(tables.candidateRecords, candidates.first, candidates.end);
  const slots = at(tables.tableSlots, first, end);
  return { draws, candidates, octets, records, slots };
}

function sizesOf(before: DecisionTables, fresh: DecisionTables, runs: readonly Run[]): TableSizes {
  let [tables, draws, candidates, octets, recordOctets, slots] = [0, 0, 0, 0, 0, 0];
  const add = (of: DecisionTables, run: Run): void => {
    const span = spanOf(of, run);
    tables += run.end - run.first;
    draws += span.draws.end - span.draws.first;
    candidates += span.candidates.end - span.candidates.first;
    octets += span.octets.end - span.octets.first;
    recordOctets += span.records.end - span.records.first;
    slots += span.slots.end - span.slots.first;
  };
  add(fresh, { first: 0, end: fresh.outcomes.length });
  let parts = fresh.slotParts.length;
  for (const run of runs) {
    add(before, run);
    for (let table = run.first; table < run.end; table++) {
      if (before.outcomes[table] !== OUTCOME.sticky) continue;
      parts += (before.tableSlots[table + 1] ?? 0) - (before.tableSlots[table] ?? 0);
    }
  }
  const mostCandidates = Math.max(before.mostCandidates, fresh.mostCandidates);
  const policies = before.directoryBases.length;
  const entries = before.directory.length;
  return { policies, entries, tables, draws, candidates, octets, recordOctets, slots, parts, mostCandidates };
}

/** Fills tables from the first to the last. */
class TableCopier {
  readonly into: DecisionTables;
  #table = 0;
  #draw = 0;
  #candidate = 0;
  #octet = 0;
  #record = 0;
  #slot = 0;
  #part = 0;

  constructor(into: DecisionTables) {
    this.into = into;
  }

  /** Says the new number of each table; what is in no run has none. */
  copy(from: DecisionTables, runs: readonly Run[]): Uint32Array {
    const numbers = new Uint32Array(from.outcomes.length);
    for (const run of runs) {
      const { draws, candidates, octets, records, slots } = spanOf(from, run);
      for (let table = run.first; table < run.end; table++) numbers[table] = this.#table + table - run.first;
      this.#copySlots(from, run, numbers, this.#candidate - candidates.first);
      this.#copyTables(from, run, this.#draw - draws.first, this.#slot - slots.first);
      this.#copyDraws(from, draws, this.#candidate - candidates.first);
      this.#copyCandidates(from, candidates, this.#octet - octets.first, this.#record - records.first);
      this.into.octets.set(from.octets.subarray(octets.first, octets.end), this.#octet);
      this.into.records.set(from.records.subarray(records.first, records.end), this.#record);
      this.#table += run.end - run.first;
      this.#draw += draws.end - draws.first;
      this.#candidate += candidates.end - candidates.first;
      this.#octet += octets.end - octets.first;
      this.#record += records.end - records.first;
      this.#slot += slots.end - slots.first;
    }
    return numbers;
  }

  #copyTables(from: DecisionTables, { first, end }: Run, byDraws: number, bySlots: number): void {
    const { into } = this;
    const to = this.#table;
    into.outcomes.set(from.outcomes.subarray(first, end), to);
    into.rungs.set(from.rungs.subarray(first, end), to);
    into.ttlSeconds.set(from.ttlSeconds.subarray(first, end), to);
    into.tableSticky.set(from.tableSticky.subarray(first, end), to);
    copyMoved(from.tableDraws, { first: first + 1, end: end + 1 }, into.tableDraws, to + 1, byDraws);
    copyMoved(from.tableSlots, { first: first + 1, end: end + 1 }, into.tableSlots, to + 1, bySlots);
  }

  #copyDraws(from: DecisionTables, { first, end }: Run, byCandidates: number): void {
    const { into } = this;
    const to = this.#draw;
    into.drawProbabilities.set(from.drawProbabilities.subarray(first, end), to);
    into.drawAnswers.set(from.drawAnswers.subarray(first, end), to);
    into.drawRepeats.set(from.drawRepeats.subarray(first, end), to);
    const bounds = { first: first + 1, end: end + 1 };
    copyMoved(from.drawCandidates, bounds, into.drawCandidates, to + 1, byCandidates);
  }

  #copyCandidates(from: DecisionTables, { first, end }: Run, byOctets: number, byRecords: number): void {
    const { into } = this;
    const to = this.#candidate;
    into.candidateWeights.set(from.candidateWeights.subarray(first, end), to);
    into.candidateSums.set(from.candidateSums.subarray(first, end), to);
    into.candidateEndpoints.set(from.candidateEndpoints.subarray(first, end), to);
    into.candidateKeys.set(from.candidateKeys.subarray(first, end), to);
    const bounds = { first: first + 1, end: end + 1 };
    copyMoved(from.candidateOctets, bounds, into.candidateOctets, to + 1, byOctets);
    copyMoved(from.candidateRecords, bounds, into.candidateRecords, to + 1, byRecords);
  }

  /** Slots lead to candidates, to tables, or to a table and a part: each kind moves in its own way. */
  #copySlots(from: DecisionTables, { first, end }: Run, numbers: Uint32Array, byCandidates: number): void {
    const { into } = this;
    const { outcomes, tableSlots, slotThresholds, slotCandidates, slotAliases, slotParts } = from;
    let to = this.#slot;
    for (let table = first; table < end; table++) {
      const outcome = outcomes[table] ?? 0;
      for (let slot = tableSlots[table] ?? 0; slot < (tableSlots[table + 1] ?? 0); slot++) {
        const candidate = slotCandidates[slot] ?? 0;
        const alias = slotAliases[slot] ?? 0;
        into.slotThresholds[to] = slotThresholds[slot] ?? 0;
        if (outcome < OUTCOME.sliced) {
          into.slotCandidates[to] = candidate === NO_CANDIDATE ? candidate : candidate + byCandidates;
          into.slotAliases[to] = alias === NO_CANDIDATE ? alias : alias + byCandidates;
        } else {
          into.slotCandidates[to] = numbers[candidate] ?? 0;
          if (outcome === OUTCOME.mixed) into.slotAliases[to] = numbers[alias] ?? 0;
          if (outcome === OUTCOME.sticky) {
            into.slotAliases[to] = this.#part;
            into.slotParts[this.#part++] = slotParts[alias] ?? 0;
          }
        }
        to++;
      }
    }
  }
}

function copyMoved(from: Uint32Array, { first, end }: Run, into: Uint32Array, to: number, by: number): void {
  for (let index = first; index < end; index++) into[to + index - first] = (from[index] ?? 0) + by;
}
