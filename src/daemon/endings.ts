/** How the parts of a node end: each within what is left of the time, the latest first. */

import { setTimeout } from "node:timers/promises";
import type { Recorder } from "./events.ts";
import type { Log } from "./log.ts";
import type { Status } from "./readiness.ts";
import type { ServiceManager } from "./service-manager.ts";

/** How long a stop may take in all. */
export const STOP_MS = 5000;

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

export interface StopParts {
  readonly node: string;
  readonly status: Status;
  readonly endings: readonly Ending[];
  readonly record: Recorder;
  readonly serviceManager: ServiceManager;
  readonly log: Log;
}

/** Not ready from the first call on; a further one waits for the same end. */
export function createStop({ node, status, endings, record, serviceManager, log }: StopParts) {
  let stopped: Promise<void> | undefined;
  return (): Promise<void> => {
    stopped ??= (async () => {
      status.stopping();
      log.info({ event: "stopping" }, "stopping");
      record({ kind: "node", ref: node, from: "serving", to: "stopping", reason: "asked to stop" });
      void serviceManager.tell("STOPPING=1", "stopping");
      await endAll(endings, STOP_MS, { log });
      log.info({ event: "stopped" }, "stopped");
    })();
    return stopped;
  };
}
