/**
 * How long the thread that probes has stood still: stopped with its machine, kept from its core, or held up by other work.
 * Nothing is read meanwhile, and when it goes on the deadlines have passed before what has arrived is looked at; so what a
 * probe failed with by then tells of this node and not of its target.
 *
 * While it is asked to, it has a timer go off every `BEAT_MS`; what goes off late by more than that is time that was lost.
 * The wheel holds each probe's loss against its timeout.
 */

import type { StartTimer } from "./timer.ts";

const BEAT_MS = 50;
/** A probe that lost less of its timeout than this would have ended no otherwise. */
const LOST_SHARE = 0.25;
/** Of a long timeout this is much: servers have deadlines too, and close on who keeps them waiting. */
const LOST_MAX_MS = 1_000;

export class StandstillWatch {
  readonly #now: () => number;
  readonly #startTimer: StartTimer;
  #lostMs = 0;
  #lookedMs = 0;
  #cancel: (() => void) | undefined;

  /** `now` in milliseconds; a clock that goes back loses nothing. */
  constructor(now: () => number, startTimer: StartTimer) {
    this.#now = now;
    this.#startTimer = startTimer;
  }

  begin(): void {
    if (this.#cancel !== undefined) return;
    this.#lookedMs = this.#now();
    this.#beat();
  }

  end(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** In all, as long as it watched; what one probe lost is the difference of two. */
  lostMs(): number {
    const nowMs = this.#now();
    const apartMs = nowMs - this.#lookedMs;
    if (apartMs > 2 * BEAT_MS) this.#lostMs += apartMs - BEAT_MS;
    this.#lookedMs = nowMs;
    return this.#lostMs;
  }

  #beat(): void {
    this.#cancel = this.#startTimer(() => {
      this.lostMs();
      this.#beat();
    }, BEAT_MS);
  }
}

/** Whether a probe that lost so much of its time may have failed by that. */
export function isMuch(lostMs: number, timeoutMs: number): boolean {
  return lostMs >= Math.min(timeoutMs * LOST_SHARE, LOST_MAX_MS);
}
