/** How long the place of a thread that has died stays empty: one that lived for less than a while is not replaced at once. */

const SHORT_LIFE_MS = 2_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;

/** The pause after a life of `livedMs`, where the one before it was `lastPauseMs`; doubles up to the longest. */
export function restartPauseMs(livedMs: number, lastPauseMs: number): number {
  if (livedMs > SHORT_LIFE_MS) return 0;
  return Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, lastPauseMs * 2));
}
