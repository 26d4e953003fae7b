/**
 * The few numbers that the main thread and its workers share. Each worker writes to a cache line of its own, so that one
 * which counts its turns does not take from the others what they read with every batch.
 *
 * ```
 *  line 0          generation | stopping                       written by the main thread
 *  line 1 + index  generation that it holds | its turns        written by the worker
 * ```
 */

const LINE_WORDS = 16;

/** Of images published. */
export const GENERATION_AT = 0;
/** Not 0: workers are to end. */
export const STOPPING_AT = 1;

/** The generation that worker `index` answers from. */
export function heldAt(index: number): number {
  return (1 + index) * LINE_WORDS;
}

/** How often worker `index` has looked for queries; wraps around. */
export function turnsAt(index: number): number {
  return heldAt(index) + 1;
}

export function createShared(workers: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer((1 + workers) * LINE_WORDS * Int32Array.BYTES_PER_ELEMENT));
}
