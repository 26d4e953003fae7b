/** How the parts of a node end: each within what is left of the time, the latest first. */

import { setTimeout } from "node:timers/promises";
import type { Log } from "./log.ts";

/** What ends a part of the node, within so many milliseconds. */
export type Ending = (deadlineMs: number) => Promise<void> | void;

/** The latest first, each with what is left of the time; one that overruns it is left behind. */
export async function endAll(
  endings: readonly Ending[],
  deadlineMs: number,
  { log }: { readonly log: Log },
): Promise<void> {
  const endsAt = performance.now() + deadlineMs;
  for (const ending of [...endings].reverse()) {
    const leftMs = Math.max(0, endsAt - performance.now());
    try {
      await withinDeadline(ending(leftMs), leftMs);
    } catch (error) {
      log.warn(
        { error: error instanceof Error ? error.message : String(error) },
        "a part did not end in time",
      );
    }
  }
}

/** What a part is given on top of its own deadline, so that one which keeps it is not called late. */
const LENIENCY_MS = 50;

async function withinDeadline(ending: Promise<void> | void, deadlineMs: number): Promise<void> {
  const cancel = new AbortController();
  const overrun = async (): Promise<never> => {
    await setTimeout(deadlineMs + LENIENCY_MS, undefined, { signal: cancel.signal });
    throw new Error(`it took more than ${Math.round(deadlineMs)} ms`);
  };
  try {
    await Promise.race([ending, overrun()]);
  } finally {
    cancel.abort();
  }
}
