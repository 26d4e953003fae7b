/** What the wheel sets its timers with, so that a test can move time by hand. */

/** Calls back once after the delay; the result cancels it. */
export type StartTimer = (callback: () => void, delayMs: number) => () => void;

export const startNodeTimer: StartTimer = (callback, delayMs) => {
  const timer = setTimeout(callback, delayMs);
  return () => clearTimeout(timer);
};
