/**
 * Counts what one thread answers, in a block of its own (`answer/counter-layout`). A thread without zones yet counts
 * drops only; from the first image on it counts in the block that comes with each image.
 */

import type { OpenImage } from "../image/open-image.ts";
import {
  answersAt,
  createCounterBlock,
  DROP_REASONS,
  type DropReason,
  ERRORS_AT,
  LIMIT_ACTIONS,
  LIMITS_AT,
  type LimitAction,
  QUERIES_AT,
  RCODE_SLOTS,
  RESPONSE_BOUNDS_SECONDS,
  RESPONSE_COUNTS_AT,
  RESPONSE_SUM_AT,
  responsesAt,
  slotOfType,
  TYPE_SLOTS,
} from "./counter-layout.ts";
import { TRANSPORT_NAMES, type Transport } from "./transport.ts";

export class CounterWriter {
  #counts: Float64Array;
  #responsesAt: number;
  #answersAt: number;
  /** The endpoints of the answer under way, where it may yet be held back. */
  #undecided: number[] | undefined;

  /** `block` must have been made for `zoneCount` zones. */
  constructor(block = createCounterBlock({ zoneCount: 0, answerCount: 0 }), zoneCount = 0) {
    this.#counts = new Float64Array(block);
    this.#responsesAt = responsesAt(zoneCount);
    this.#answersAt = answersAt(zoneCount);
  }

  /** Counts in the block of this image from now on; called by the answer path when it meets another image. */
  meet({ counterBlock, zoneCount }: OpenImage): void {
    if (counterBlock !== undefined) this.use(counterBlock, zoneCount);
  }

  protected use(block: SharedArrayBuffer, zoneCount: number): void {
    this.#counts = new Float64Array(block);
    this.#responsesAt = responsesAt(zoneCount);
    this.#answersAt = answersAt(zoneCount);
  }

  /** A query and its response; `zoneNumber` is −1 for a name that is not ours. */
  countResponse(zoneNumber: number, qtype: number, transport: Transport, rcode: number): void {
    this.countQuery(zoneNumber, qtype, transport);
    this.#add(this.#responsesAt + (zoneNumber + 1) * RCODE_SLOTS + rcode);
  }

  /** A query whose response is not sent. */
  countQuery(zoneNumber: number, qtype: number, transport: Transport): void {
    const row = (zoneNumber + 1) * TRANSPORT_NAMES.length + transport;
    this.#add(QUERIES_AT + row * TYPE_SLOTS + slotOfType(qtype));
  }

  /** One endpoint in one answer, by the number of its counter in the image. */
  countAnswer(answerCounter: number): void {
    if (this.#undecided === undefined) this.#add(this.#answersAt + answerCounter);
    else this.#undecided.push(answerCounter);
  }

  /** Whether answers that are counted may yet be held back: then each is counted by `settleAnswers` only. */
  deferAnswers(defers: boolean): void {
    this.#undecided = defers ? [] : undefined;
  }

  /** What became of the answer under way: it is sent with the endpoints that were counted, or nobody gets them. */
  settleAnswers(areSent: boolean): void {
    const undecided = this.#undecided;
    if (undecided === undefined) return;
    // Never up and down again: a counter that sinks looks like one that began anew.
    if (areSent) for (const answerCounter of undecided) this.#add(this.#answersAt + answerCounter);
    undecided.length = 0;
  }

  countDrop(reason: DropReason): void {
    this.#add(DROP_REASONS.indexOf(reason));
  }

  countLimit(action: LimitAction): void {
    this.#add(LIMITS_AT + LIMIT_ACTIONS.indexOf(action));
  }

  /** An extended error that was told, by its number. */
  countExtendedError(number: number): void {
    this.#add(ERRORS_AT + number);
  }

  observeResponse(seconds: number): void {
    let bucket = 0;
    while (seconds > (RESPONSE_BOUNDS_SECONDS[bucket] ?? Infinity)) bucket++;
    this.#add(RESPONSE_COUNTS_AT + bucket);
    this.#counts[RESPONSE_SUM_AT] = (this.#counts[RESPONSE_SUM_AT] ?? 0) + seconds;
  }

  #add(index: number): void {
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
  }
}
