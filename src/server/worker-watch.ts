/**
 * Tells a worker that hangs from one that has nothing to do, by the turns that it counts in shared memory: it takes one
 * for every batch, and one in `RECEIVE_TIMEOUT_MS` where nothing is asked.
 *
 * What is counted is looks, not time. A look that comes late is one look like any other, so after a stall of the main
 * thread, or of the whole machine, a worker is given as many further looks to move as always.
 *
 * | turns since the last look | looks without a turn so far | verdict |
 * | ------------------------- | --------------------------- | ------- |
 * | some                      | any                         | alive   |
 * | none                      | fewer than the limit        | alive   |
 * | none                      | the limit                   | hung    |
 */

export const LOOK_EVERY_MS = 500;
/** 5 s. A worker that is only kept waiting for its core, by whatever load, has had its turn by then. */
export const LOOKS_UNTIL_HUNG = 10;

interface Seen {
  readonly turns: number;
  /** Looks since then. */
  looks: number;
}

export class WorkerWatch {
  readonly #seen = new Map<number, Seen>();

  /** One look at what worker `index` has counted; whether it hangs. */
  look(index: number, turns: number): boolean {
    const seen = this.#seen.get(index);
    if (seen === undefined || seen.turns !== turns) {
      this.#seen.set(index, { turns, looks: 0 });
      return false;
    }
    seen.looks++;
    return seen.looks >= LOOKS_UNTIL_HUNG;
  }

  /** Its place is empty, or another's. */
  forget(index: number): void {
    this.#seen.delete(index);
  }
}
