/** Looking for work before sleeping, for those who would rather spend a core than the time it takes to wake up. */

const US_PER_MS = 1_000;

/** Looks at least once, until there is something other than 0 or the time is over; what it found last. */
export function busyPoll(look: () => number, forUs: number): number {
  const untilMs = performance.now() + forUs / US_PER_MS;
  for (;;) {
    const found = look();
    if (found !== 0 || performance.now() >= untilMs) return found;
  }
}
