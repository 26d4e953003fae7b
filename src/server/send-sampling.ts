/**
 * Which replies Node's sockets are asked to tell the fate of. A callback costs as much as a fifteenth of all that a query
 * costs, so one reply in so many has it, and every one for a while once one has failed: what keeps a reply from leaving
 * seldom keeps back only one. Failures that are counted have happened; while they are rare, not all of them are counted.
 */

export const HEARD_ONE_IN = 16;
export const HEARD_AFTER_FAILURE = 1_000;

export class SendSampling {
  #unheard = 0;
  #heard = 0;

  /** Asked once for each reply. */
  isHeard(): boolean {
    if (this.#heard > 0) {
      this.#heard--;
      return true;
    }
    if (this.#unheard > 0) {
      this.#unheard--;
      return false;
    }
    this.#unheard = HEARD_ONE_IN - 1;
    return true;
  }

  noteFailure(): void {
    this.#heard = HEARD_AFTER_FAILURE;
  }
}
