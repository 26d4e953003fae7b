/**
 * Writes what a policy answers: takes candidates from the image's tables and copies the records that stand ready for
 * them. All the logic is in `policy/evaluate`, long before.
 *
 * | the table                              | how it is drawn from                                    |
 * | -------------------------------------- | ------------------------------------------------------- |
 * | has slots: one endpoint an answer      | one random number, one copy                             |
 * | has none: some draw answers several    | draw by probability, candidates by order of arrival     |
 * | is sticky                              | candidates by the client's favourites                   |
 * | is sliced, sticky or mixed with tables | the client's position, its favourite, chance: a table   |
 *
 * Where a candidate is answered as CNAME, what is drawn first decides for all types (RFC 1034 §3.6.2):
 *
 * | drawn first | A, AAAA                                     | every other type |
 * | ----------- | ------------------------------------------- | ---------------- |
 * | a CNAME     | that alone                                  | that alone       |
 * | addresses   | those, and of the others drawn theirs alike | NODATA           |
 */

import { CLASS, TYPE } from "../dns/types.ts";
import {
  candidateCount,
  candidateOf,
  createDrawRoom,
  drawCandidatesInOrder,
  drawOf,
  favouriteCandidateOf,
  favouriteOf,
  favouritesInOrder,
  type Random,
  sliceOf,
} from "../image/draws.ts";
import { RECORD_HEAD_OCTETS } from "../image/layout.ts";
import { answerCounterOf, type OpenImage } from "../image/open-image.ts";
import { type DecisionTables, hintTableOf, NO_CANDIDATE, OUTCOME, tableOf } from "../image/tables.ts";
import {
  addAddresses,
  isCname,
  type RecordOwner,
  recordOctets,
  sameOctets,
  writeRecords,
} from "./candidate-records.ts";
import type { ClientAddress } from "./client-address.ts";
import type { CounterWriter } from "./counter-writer.ts";
import { ERROR_OF_RUNG, EXTENDED_ERROR } from "./extended-errors.ts";
import { Generator } from "./generator.ts";
import type { Hints } from "./hints.ts";
import { placeClient, positionClient } from "./place-client.ts";
import type { Query } from "./query.ts";
import type { Reply } from "./reply.ts";

/** What became of it: so many records were written, or one of these. */
export const POLICY_RESULT = {
  nodata: 0,
  servfail: -1,
  truncated: -2,
  /** Of `write`: a CNAME may be drawn, which is for `writeAny`. Of `writeAny`: one was, and `cnameTarget` leads on. */
  cname: -3,
} as const;

const RANDOM_STEPS = 2 ** 32;
/** Made once for each answer path. */
export class PolicyRecords {
  readonly #counters: CounterWriter;
  readonly #generator: Generator;
  readonly #random: Random;
  readonly #room = createDrawRoom();
  /** Of `#drawAnswer`: what was drawn from. */
  #draw = 0;
  /** After `writeAny` has written a CNAME: where in `tables.records` the name stands that it leads to. */
  cnameTarget = 0;

  constructor(random: Random, counters: CounterWriter) {
    this.#counters = counters;
    const generator = new Generator(random);
    this.#generator = generator;
    this.#random = () => (generator.next() >>> 0) / RANDOM_STEPS;
  }

  /** The table that answers this client; `family` is 0 for A, 1 for AAAA. Fills in how wide the answer will be valid. */
  tableFor(
    reply: Reply,
    query: Query,
    client: ClientAddress,
    image: OpenImage,
    policyNumber: number,
    family: 0 | 1,
  ): number {
    const { tables } = image;
    placeClient(reply, query, client, image, policyNumber);
    const table = tableOf(tables, policyNumber, reply.place.classNumber, family);
    if ((tables.outcomes[table] ?? 0) < OUTCOME.sliced) return table;
    positionClient(reply, query, client);
    return this.#chooseFrom(tables, table, reply.place.position);
  }

  /** Goes from choice to choice down to a table to draw from. */
  #chooseFrom(tables: DecisionTables, choice: number, position: number): number {
    let table = choice;
    for (;;) {
      const outcome = tables.outcomes[table];
      if (outcome === OUTCOME.sliced) table = sliceOf(tables, table, position);
      else if (outcome === OUTCOME.sticky) table = favouriteOf(tables, table, position);
      else if (outcome === OUTCOME.mixed) {
        const first = tables.tableSlots[table] ?? 0;
        table = this.#drawSlot(tables, first, (tables.tableSlots[table + 1] ?? 0) - first);
      } else return table;
    }
  }

  /**
   * Writes the records of a draw from `table`, all or none: the number of them, or a POLICY_RESULT. Without an owner they
   * are copied as they are, owned by the question's name; with one they go through the reply's open writer.
   */
  write(
    reply: Reply,
    { tables, recordView }: OpenImage,
    table: number,
    answerCounter: number,
    type: number,
    owner: RecordOwner | undefined,
  ): number {
    const outcome = tables.outcomes[table];
    if (tables.rungs[table] !== 1) reply.extendedError = errorOf(tables, table);
    if (outcome !== OUTCOME.answer) return resultOf(outcome);
    const first = tables.tableSlots[table] ?? 0;
    const slots = (tables.tableSlots[table + 1] ?? 0) - first;
    if (slots === 0 && !isOneFavourite(tables, table)) {
      return this.#writeSeveral(reply, tables, recordView, table, answerCounter, type, owner);
    }
    const candidate = this.#drawOne(tables, table, first, slots, reply.place.position);
    if (candidate === NO_CANDIDATE) return POLICY_RESULT.nodata;
    const from = tables.candidateRecords[candidate] ?? 0;
    const octets = (tables.candidateRecords[candidate + 1] ?? 0) - from;
    if (!writeRecords(reply, tables, recordView, from, octets, type, owner)) return POLICY_RESULT.truncated;
    this.#counters.countAnswer(answerCounter + (tables.candidateEndpoints[candidate] ?? 0));
    return octets / recordOctets(type);
  }

  /**
   * Counts what a dry run would have answered this client, drawn like an answer. The answer under way is left as it is, and
   * holds for no fewer clients than without.
   */
  countDryRun(
    reply: Reply,
    query: Query,
    client: ClientAddress,
    image: OpenImage,
    policyNumber: number,
    family: 0 | 1,
  ): void {
    const { tables, recordView } = image;
    const { place } = reply;
    const { classNumber, scopeBits, position } = place;
    const table = this.tableFor(reply, query, client, image, policyNumber, family);
    const counter = answerCounterOf(image, policyNumber);
    if (isAnswer(tables.outcomes[table])) {
      this.#countDrawn(tables, this.#drawAnswer(tables, recordView, table, place.position), counter);
    }
    place.classNumber = classNumber;
    place.scopeBits = scopeBits;
    place.position = position;
  }

  /**
   * Writes what a query of any type is answered from a table of a policy that can answer CNAMEs, through the reply's open
   * writer: the number of address records, or a POLICY_RESULT.
   */
  writeAny(
    reply: Reply,
    image: OpenImage,
    table: number,
    answerCounter: number,
    type: number,
    owner: RecordOwner,
  ): number {
    const { tables, recordView } = image;
    const isAddress = type === TYPE.A || type === TYPE.AAAA;
    const outcome = tables.outcomes[table];
    if (outcome !== OUTCOME.cname && (isAddress || outcome !== OUTCOME.answer)) {
      return this.write(reply, image, table, answerCounter, type, owner);
    }
    if (tables.rungs[table] !== 1) reply.extendedError = errorOf(tables, table);
    if (outcome === OUTCOME.answer) return POLICY_RESULT.nodata;
    const drawn = this.#drawAnswer(tables, recordView, table, reply.place.position);
    if (drawn === 0) return POLICY_RESULT.nodata;
    const first = this.#room.order[0] ?? 0;
    if (isCname(tables, recordView, first)) {
      return this.#writeCname(reply, tables, recordView, first, answerCounter, owner);
    }
    if (!isAddress) return POLICY_RESULT.nodata;
    return this.#writeDrawn(reply, tables, recordView, this.#draw, drawn, answerCounter, type, owner);
  }

  #writeCname(
    reply: Reply,
    { records, candidateRecords, candidateEndpoints }: DecisionTables,
    recordView: DataView,
    candidate: number,
    answerCounter: number,
    { octets, at }: RecordOwner,
  ): number {
    const from = candidateRecords[candidate] ?? 0;
    const end = candidateRecords[candidate + 1] ?? 0;
    const rdata = from + RECORD_HEAD_OCTETS;
    const ttlSeconds = recordView.getUint32(from + 6);
    if (!reply.writer.writeRecord(octets, at, TYPE.CNAME, CLASS.IN, ttlSeconds, records, rdata, end)) {
      return POLICY_RESULT.truncated;
    }
    this.#counters.countAnswer(answerCounter + (candidateEndpoints[candidate] ?? 0));
    this.cnameTarget = rdata;
    return POLICY_RESULT.cname;
  }

  /** Draws what one answer from any table holds into the room; of every table by its draws, which slots are but a quicker way to. */
  #drawAnswer(tables: DecisionTables, recordView: DataView, table: number, position: number): number {
    this.#draw = drawOf(tables, table, this.#random);
    if (candidateCount(tables, this.#draw) === 0) return 0;
    const drawn = this.#drawSeveral(tables, table, this.#draw, position);
    const { order } = this.#room;
    if (tables.outcomes[table] !== OUTCOME.cname) return drawn;
    if (isCname(tables, recordView, order[0] ?? 0)) return 1;
    let kept = 0;
    for (let index = 0; index < drawn; index++) {
      const candidate = order[index] ?? 0;
      if (!isCname(tables, recordView, candidate)) order[kept++] = candidate;
    }
    return kept;
  }

  /** The table for hints as it is before anybody chooses. The scope grows: an answer may have hints of several policies. */
  hintTableFor(
    reply: Reply,
    query: Query,
    client: ClientAddress,
    image: OpenImage,
    policyNumber: number,
  ): number {
    const { place } = reply;
    const { scopeBits } = place;
    placeClient(reply, query, client, image, policyNumber);
    place.scopeBits = Math.max(place.scopeBits, scopeBits);
    return hintTableOf(image.tables, policyNumber, place.classNumber);
  }

  /** Draws endpoints as for A and AAAA together, and adds their addresses; of a draw that is NODATA, or can be a CNAME, none. */
  drawHints(
    reply: Reply,
    query: Query,
    client: ClientAddress,
    image: OpenImage,
    policyNumber: number,
    hints: Hints,
  ): void {
    const { tables, recordView } = image;
    const choice = this.hintTableFor(reply, query, client, image, policyNumber);
    if ((tables.outcomes[choice] ?? 0) >= OUTCOME.sliced) positionClient(reply, query, client);
    const { position } = reply.place;
    const table = this.#chooseFrom(tables, choice, position);
    if (tables.rungs[table] !== 1) reply.extendedError = errorOf(tables, table);
    if (tables.outcomes[table] !== OUTCOME.answer) return;
    const first = tables.tableSlots[table] ?? 0;
    const slots = (tables.tableSlots[table + 1] ?? 0) - first;
    if (slots > 0) {
      // By a slot, as A is drawn: without a number that is an object to the runtime.
      const candidate = this.#drawSlot(tables, first, slots);
      if (candidate !== NO_CANDIDATE) addAddresses(tables, candidate, hints);
      return;
    }
    const drawn = this.#drawAnswer(tables, recordView, table, position);
    for (let index = 0; index < drawn; index++) {
      addAddresses(tables, this.#room.order[index] ?? 0, hints);
    }
  }

  /** From a table whose answers are one endpoint each. */
  #drawOne(tables: DecisionTables, table: number, first: number, slots: number, position: number): number {
    if (slots > 0) return this.#drawSlot(tables, first, slots);
    return favouriteCandidateOf(tables, tables.tableDraws[table] ?? 0, position);
  }

  #drawSlot(tables: DecisionTables, first: number, slots: number): number {
    if (slots === 1) return tables.slotCandidates[first] ?? NO_CANDIDATE;
    const drawn = (this.#generator.next() >>> 0) * slots;
    const slot = Math.floor(drawn / RANDOM_STEPS);
    const fraction = drawn - slot * RANDOM_STEPS;
    const isOwn = fraction < (tables.slotThresholds[first + slot] ?? 0);
    return (isOwn ? tables.slotCandidates[first + slot] : tables.slotAliases[first + slot]) ?? NO_CANDIDATE;
  }

  #writeSeveral(
    reply: Reply,
    tables: DecisionTables,
    recordView: DataView,
    table: number,
    answerCounter: number,
    type: number,
    owner: RecordOwner | undefined,
  ): number {
    const draw = drawOf(tables, table, this.#random);
    if (candidateCount(tables, draw) === 0) return POLICY_RESULT.nodata;
    const drawn = this.#drawSeveral(tables, table, draw, reply.place.position);
    return this.#writeDrawn(reply, tables, recordView, draw, drawn, answerCounter, type, owner);
  }

  /** Writes the addresses of the candidates that stand in the room. */
  #writeDrawn(
    reply: Reply,
    tables: DecisionTables,
    recordView: DataView,
    draw: number,
    drawn: number,
    answerCounter: number,
    type: number,
    owner: RecordOwner | undefined,
  ): number {
    const { position } = reply;
    const mark = reply.writer.mark();
    const step = recordOctets(type);
    const repeats = tables.drawRepeats[draw] === 1;
    let records = 0;
    for (let index = 0; index < drawn; index++) {
      const candidate = this.#room.order[index] ?? 0;
      const end = tables.candidateRecords[candidate + 1] ?? 0;
      for (let at = tables.candidateRecords[candidate] ?? 0; at < end; at += step) {
        if (repeats && this.#isRepeat(tables, index, at, step)) continue;
        if (!writeRecords(reply, tables, recordView, at, step, type, owner)) {
          reply.position = position;
          if (owner !== undefined) reply.writer.rollback(mark);
          return POLICY_RESULT.truncated;
        }
        records++;
      }
    }
    this.#countDrawn(tables, drawn, answerCounter);
    return records;
  }

  #countDrawn(tables: DecisionTables, drawn: number, answerCounter: number): void {
    for (let index = 0; index < drawn; index++) {
      const endpoint = tables.candidateEndpoints[this.#room.order[index] ?? 0] ?? 0;
      this.#counters.countAnswer(answerCounter + endpoint);
    }
  }

  /** Draws candidates into the room, in the order of the answer, and says how many. */
  #drawSeveral(tables: DecisionTables, table: number, draw: number, position: number): number {
    if (tables.tableSticky[table] === 1) return favouritesInOrder(tables, draw, position, this.#room);
    if (tables.drawAnswers[draw] !== 1) {
      return drawCandidatesInOrder(tables, draw, this.#random, this.#room);
    }
    this.#room.order[0] = candidateOf(tables, draw, this.#random);
    return 1;
  }

  /** Whether the record at `at` stands among those of the candidates drawn before. */
  #isRepeat(tables: DecisionTables, drawnBefore: number, at: number, step: number): boolean {
    for (let index = 0; index < drawnBefore; index++) {
      const candidate = this.#room.order[index] ?? 0;
      const end = tables.candidateRecords[candidate + 1] ?? 0;
      for (let other = tables.candidateRecords[candidate] ?? 0; other < end; other += step) {
        if (sameOctets(tables.records, at, other, step)) return true;
      }
    }
    return false;
  }
}

/** What becomes of a table that has no addresses, or not these alone. */
function resultOf(outcome: number | undefined): number {
  if (outcome === OUTCOME.cname) return POLICY_RESULT.cname;
  return outcome === OUTCOME.servfail ? POLICY_RESULT.servfail : POLICY_RESULT.nodata;
}

function isAnswer(outcome: number | undefined): boolean {
  return outcome === OUTCOME.answer || outcome === OUTCOME.cname;
}

/** Why a table that is not from the first rung answers as it does. */
function errorOf({ outcomes, rungs }: DecisionTables, table: number): number {
  const error = ERROR_OF_RUNG[rungs[table] ?? 0] ?? EXTENDED_ERROR.none;
  const isDown = error === EXTENDED_ERROR.failingOpen && !isAnswer(outcomes[table]);
  return isDown ? EXTENDED_ERROR.allDown : error;
}

/** Whether an answer from the table is one endpoint, the client's favourite. */
function isOneFavourite(tables: DecisionTables, table: number): boolean {
  return tables.tableSticky[table] === 1 && tables.drawAnswers[tables.tableDraws[table] ?? 0] === 1;
}
