/** Long work on the event loop, in slices: verdicts, requests and images have their turn between two of them. */

import { setImmediate } from "node:timers/promises";

/** So long at a time, and then as long again as what waits takes. */
export const SLICE_MS = 10;

/** Runs a generator to its end, and returns what it returns; whatever it yields says that it can wait. */
export async function inSlices<Result>(steps: Generator<unknown, Result>): Promise<Result> {
  for (;;) {
    const endsAtMs = performance.now() + SLICE_MS;
    do {
      const step = steps.next();
      if (step.done === true) return step.value;
    } while (performance.now() < endsAtMs);
    await setImmediate();
  }
}

/** As `inSlices`; `undefined` as soon as nobody wants the result any more. */
export function inSlicesWhile<Result>(
  isWanted: () => boolean,
  steps: Generator<unknown, Result>,
): Promise<Result | undefined> {
  return inSlices(stepsWhile(isWanted, steps));
}

function* stepsWhile<Result>(
  isWanted: () => boolean,
  steps: Generator<unknown, Result>,
): Generator<unknown, Result | undefined> {
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done === true) return step.value;
    if (!isWanted()) return undefined;
    yield;
  }
}
