/** What probes: a wheel (`probe/wheel`), or wheels on threads of their own (`probe/probe-threads`); the daemon holds one. */

import type { ProbeTarget } from "./probe.ts";

export interface Prober {
  /** Targets with a key that was there keep their phase and their counts. */
  setTargets(targets: readonly ProbeTarget[]): void;
  /** Probes every target once, now; resolves when all verdicts are in, at the latest after `deadlineMs`. */
  runRound(deadlineMs: number): Promise<void>;
  start(): void;
  /** Stops every probe; resolves when none runs any more. It does not start again. */
  stop(): Promise<void>;
}
