/**
 * What all threads count, on the side that reads it: a block for each of them, summed by label whenever the metrics ask.
 *
 * A block is laid out for the zones of one image. When the zones change, each thread gets a new block with its first
 * image of them; the old one is still summed until it is released, and then folded into totals by label. So no value
 * ever goes down, nothing that is counted meanwhile is lost, and a zone that comes back goes on from where it was.
 *
 * It is a writer as well, for the thread that it is on.
 */

import { formatRcode, formatType } from "../dns/types.ts";
import { Image } from "../image/image.ts";
import type { OpenImage } from "../image/open-image.ts";
import type { ZoneLabels, ZonePart } from "../image/zones.ts";
import {
  answersAt,
  createCounterBlock,
  DROP_REASONS,
  type DropReason,
  ERRORS_AT,
  LABELLED_TYPES,
  LIMIT_ACTIONS,
  LIMITS_AT,
  type LimitAction,
  QUERIES_AT,
  RCODE_SLOTS,
  RESPONSE_BOUNDS_SECONDS,
  RESPONSE_COUNTS_AT,
  RESPONSE_SUM_AT,
  responsesAt,
  TYPE_SLOTS,
} from "./counter-layout.ts";
import { CounterWriter } from "./counter-writer.ts";
import { EXTENDED_ERROR, EXTENDED_ERRORS } from "./extended-errors.ts";
import { LabelledTotals } from "./labelled-totals.ts";
import { TRANSPORT_NAMES } from "./transport.ts";

export type { DropReason } from "./counter-layout.ts";

/** The zone label of queries for names that are not ours. */
const NO_ZONE = "none";

/** A block and what its counts are called by; `undefined`: there are no zones yet. */
interface Block {
  readonly labels: ZoneLabels | undefined;
  readonly counts: Float64Array;
}

/** What is summed over blocks; drops and times have no zones and stand in plain arrays. */
interface Totals {
  readonly queries: LabelledTotals<"zone" | "qtype" | "transport">;
  readonly responses: LabelledTotals<"zone" | "rcode">;
  readonly answers: EndpointTotals;
  readonly dryRunAnswers: EndpointTotals;
}

type EndpointTotals = LabelledTotals<"policy" | "pool" | "endpoint">;

export class Counters extends CounterWriter {
  readonly #blocks = new Map<SharedArrayBuffer, Block>();
  readonly #past: Totals = {
    queries: new LabelledTotals(["zone", "qtype", "transport"]),
    responses: new LabelledTotals(["zone", "rcode"]),
    answers: new LabelledTotals(["policy", "pool", "endpoint"]),
    dryRunAnswers: new LabelledTotals(["policy", "pool", "endpoint"]),
  };
  /** Everything before the queries, of blocks that were released. */
  readonly #pastTimes = new Float64Array(QUERIES_AT);
  #own: SharedArrayBuffer;
  #ownLabels: ZoneLabels | undefined;

  constructor() {
    const own = createCounterBlock({ zoneCount: 0, answerCount: 0 });
    super(own);
    this.#own = own;
    this.#blocks.set(own, { labels: undefined, counts: new Float64Array(own) });
  }

  /** Counts for other zones from now on, on this thread; nothing to do where they are the same. */
  adopt(zones: ZonePart): void {
    if (this.#ownLabels === zones.labels) return;
    const before = this.#own;
    this.#own = this.createBlock(zones);
    this.#ownLabels = zones.labels;
    this.use(this.#own, zones.zones.length);
    this.release(before);
  }

  override meet(image: OpenImage): void {
    if (image instanceof Image) this.adopt(image.zones);
  }

  /** A block for another thread to count in while it serves images of these zones; summed from now on. */
  createBlock({ labels }: ZonePart): SharedArrayBuffer {
    const answerCount = labels.policies.reduce((sum, { endpoints }) => sum + endpoints.length, 0);
    const block = createCounterBlock({ zoneCount: labels.zones.length, answerCount });
    this.#blocks.set(block, { labels, counts: new Float64Array(block) });
    return block;
  }

  /** Folds a block that its thread has left for another, or has died with. */
  release(block: SharedArrayBuffer): void {
    const known = this.#blocks.get(block);
    if (known === undefined) return;
    this.#blocks.delete(block);
    addQueries(this.#past.queries, known);
    addResponses(this.#past.responses, known);
    addAnswers(this.#past, known);
    addTimes(this.#pastTimes, known);
  }

  queries(): { zone: string; qtype: string; transport: string; value: number }[] {
    const totals = this.#past.queries.copy();
    for (const block of this.#blocks.values()) addQueries(totals, block);
    return totals.entries();
  }

  responses(): { zone: string; rcode: string; value: number }[] {
    const totals = this.#past.responses.copy();
    for (const block of this.#blocks.values()) addResponses(totals, block);
    return totals.entries();
  }

  answers(): { policy: string; pool: string; endpoint: string; value: number }[] {
    return this.#endpointTotals().answers.entries();
  }

  /** Of the endpoints that are meant, by pool, without dry runs: what is read every second costs no labels. */
  answersByPool(isMeant: (pool: string, endpoint: string) => boolean): Map<string, number> {
    const sums = new Map<string, number>();
    const add = (pool: string, endpoint: string, value: number): void => {
      if (value > 0 && isMeant(pool, endpoint)) sums.set(pool, (sums.get(pool) ?? 0) + value);
    };
    for (const { labels, value } of this.#past.answers.values()) add(labels.pool, labels.endpoint, value);
    for (const block of this.#blocks.values()) {
      let index = answersAt(zoneCountOf(block));
      for (const { endpoints, dryRun } of block.labels?.policies ?? []) {
        for (const { pool, name } of endpoints) {
          const value = block.counts[index++] ?? 0;
          if (!dryRun) add(pool, name, value);
        }
      }
    }
    return sums;
  }

  /** What dry runs would have answered. */
  dryRunAnswers(): { policy: string; pool: string; endpoint: string; value: number }[] {
    return this.#endpointTotals().dryRunAnswers.entries();
  }

  #endpointTotals(): Pick<Totals, "answers" | "dryRunAnswers"> {
    const { answers, dryRunAnswers } = this.#past;
    const totals = { answers: answers.copy(), dryRunAnswers: dryRunAnswers.copy() };
    for (const block of this.#blocks.values()) addAnswers(totals, block);
    return totals;
  }

  /** Every reason, those that never occurred as well. */
  dropped(): { reason: DropReason; value: number }[] {
    const times = this.#times();
    return DROP_REASONS.map((reason, index) => ({ reason, value: times[index] ?? 0 }));
  }

  /** Responses that were held back, by what became of them; every action. */
  rateLimited(): { action: LimitAction; value: number }[] {
    const times = this.#times();
    return LIMIT_ACTIONS.map((action, index) => ({ action, value: times[LIMITS_AT + index] ?? 0 }));
  }

  /** Extended errors that were told, by what they say; every one. */
  extendedErrors(): { error: string; value: number }[] {
    const times = this.#times();
    return EXTENDED_ERRORS.map(({ label }, index) => ({
      error: label,
      value: times[ERRORS_AT + index] ?? 0,
    })).slice(EXTENDED_ERROR.none + 1);
  }

  /** One count for each bound and a last one for what lies above, not summed up. */
  responseSeconds(): { boundsSeconds: readonly number[]; counts: ArrayLike<number>; sumSeconds: number } {
    const times = this.#times();
    return {
      boundsSeconds: RESPONSE_BOUNDS_SECONDS,
      counts: times.subarray(RESPONSE_COUNTS_AT, RESPONSE_SUM_AT),
      sumSeconds: times[RESPONSE_SUM_AT] ?? 0,
    };
  }

  #times(): Float64Array {
    const times = this.#pastTimes.slice();
    for (const block of this.#blocks.values()) addTimes(times, block);
    return times;
  }
}

function addTimes(times: Float64Array, { counts }: Block): void {
  for (let index = 0; index < QUERIES_AT; index++) {
    times[index] = (times[index] ?? 0) + (counts[index] ?? 0);
  }
}

function zoneLabel({ labels }: Block, zoneSlot: number): string {
  return labels?.zones[zoneSlot - 1] ?? NO_ZONE;
}

function zoneCountOf({ labels }: Block): number {
  return labels?.zones.length ?? 0;
}

function addQueries(totals: Totals["queries"], block: Block): void {
  block.counts.subarray(QUERIES_AT, responsesAt(zoneCountOf(block))).forEach((value, index) => {
    if (value === 0) return;
    const type = LABELLED_TYPES[index % TYPE_SLOTS];
    const row = Math.floor(index / TYPE_SLOTS);
    totals.add(value, {
      zone: zoneLabel(block, Math.floor(row / TRANSPORT_NAMES.length)),
      qtype: type === undefined ? "other" : formatType(type),
      transport: TRANSPORT_NAMES[row % TRANSPORT_NAMES.length] ?? "",
    });
  });
}

function addResponses(totals: Totals["responses"], block: Block): void {
  const zoneCount = zoneCountOf(block);
  block.counts.subarray(responsesAt(zoneCount), answersAt(zoneCount)).forEach((value, index) => {
    if (value === 0) return;
    totals.add(value, {
      zone: zoneLabel(block, Math.floor(index / RCODE_SLOTS)),
      rcode: formatRcode(index % RCODE_SLOTS),
    });
  });
}

/** The counters of endpoints stand in the order in which the image numbers them (`POLICY.answerCounter`). */
function addAnswers(totals: Pick<Totals, "answers" | "dryRunAnswers">, block: Block): void {
  let index = answersAt(zoneCountOf(block));
  for (const { name: policy, endpoints, dryRun } of block.labels?.policies ?? []) {
    const counted = dryRun ? totals.dryRunAnswers : totals.answers;
    for (const { pool, name } of endpoints) {
      const value = block.counts[index++] ?? 0;
      if (value > 0) counted.add(value, { policy, pool, endpoint: name });
    }
  }
}
