/**
 * Writes what a policy answers: draws from the image's tables and copies the addresses drawn. All the logic is in
 * `policy/evaluate`, long before.
 */

import type { MessageWriter } from "../dns/message-writer.ts";
import type { Name } from "../dns/name.ts";
import { CLASS } from "../dns/types.ts";
import {
  candidateCount,
  candidateOf,
  createDrawRoom,
  type DecisionTables,
  drawCandidatesInOrder,
  drawOf,
  OUTCOME,
  type Random,
} from "../image/tables.ts";
import type { Counters } from "./counters.ts";

/** What became of it: so many records were written, or one of these. */
export const POLICY_RESULT = { nodata: 0, servfail: -1, truncated: -2 } as const;

/** The address's octets, by family number. */
const ADDRESS_OCTETS = [4, 16] as const;

/** Made once for each answer path. */
export class PolicyRecords {
  readonly #random: Random;
  readonly #counters: Counters;
  readonly #room = createDrawRoom();

  constructor(random: Random, counters: Counters) {
    this.#random = random;
    this.#counters = counters;
  }

  /** Writes the records of a draw from `table`, all or none: the number of them, or a POLICY_RESULT. */
  write(
    writer: MessageWriter,
    tables: DecisionTables,
    table: number,
    policyNumber: number,
    owner: Name,
    type: number,
    family: 0 | 1,
  ): number {
    const outcome = tables.outcomes[table];
    if (outcome === OUTCOME.servfail) return POLICY_RESULT.servfail;
    if (outcome === OUTCOME.nodata) return POLICY_RESULT.nodata;
    const draw = drawOf(tables, table, this.#random);
    if (candidateCount(tables, draw) === 0) return POLICY_RESULT.nodata;
    const drawn = this.#drawInto(tables, draw);
    const mark = writer.mark();
    const ttlSeconds = tables.ttlSeconds[table] ?? 0;
    const step = ADDRESS_OCTETS[family];
    let records = 0;
    for (let index = 0; index < drawn; index++) {
      const candidate = this.#room.order[index] ?? 0;
      const end = tables.candidateOctets[candidate + 1] ?? 0;
      for (let at = tables.candidateOctets[candidate] ?? 0; at < end; at += step) {
        if (tables.drawRepeats[draw] === 1 && this.#isRepeat(tables, index, at, step)) continue;
        if (!writer.writeRecord(owner, 0, type, CLASS.IN, ttlSeconds, tables.octets, at, at + step)) {
          writer.rollback(mark);
          return POLICY_RESULT.truncated;
        }
        records++;
      }
    }
    for (let index = 0; index < drawn; index++) {
      this.#counters.countAnswer(policyNumber, tables.candidateEndpoints[this.#room.order[index] ?? 0] ?? 0);
    }
    return records;
  }

  /** Draws candidates into the room, in the order of the answer, and says how many. */
  #drawInto(tables: DecisionTables, draw: number): number {
    const single = tables.drawAnswers[draw] === 1;
    if (!single || this.#room.order.length === 0) {
      return drawCandidatesInOrder(tables, draw, this.#random, this.#room);
    }
    this.#room.order[0] = candidateOf(tables, draw, this.#random);
    return 1;
  }

  /** Whether the address at `at` stands among those of the candidates drawn before, or before it in its own. */
  #isRepeat(tables: DecisionTables, drawnBefore: number, at: number, step: number): boolean {
    for (let index = 0; index <= drawnBefore; index++) {
      const candidate = this.#room.order[index] ?? 0;
      const end = index === drawnBefore ? at : (tables.candidateOctets[candidate + 1] ?? 0);
      for (let other = tables.candidateOctets[candidate] ?? 0; other < end; other += step) {
        if (sameOctets(tables.octets, at, other, step)) return true;
      }
    }
    return false;
  }
}

function sameOctets(octets: Uint8Array, one: number, other: number, count: number): boolean {
  for (let index = 0; index < count; index++) {
    if (octets[one + index] !== octets[other + index]) return false;
  }
  return true;
}
