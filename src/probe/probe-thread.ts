/**
 * What a thread that probes does: it turns a wheel of its own over the targets that the main thread gives it, and posts
 * the verdicts back. `probe-threads` is the other side; `probe-thread-entry` is the thread's program.
 *
 *   main → thread   targets, round, start, stop, stats
 *   thread → main   ready, then verdicts (gathered for `GATHER_MS`), round, stats
 */

import type { MessagePort } from "node:worker_threads";
import type { Verdict } from "../health/verdict.ts";
import type { Identity } from "./exec.ts";
import { createProbe } from "./kinds.ts";
import type { ProbeTarget } from "./probe.ts";
import { createProbeWheel, type ProbeWheel } from "./wheel.ts";
import type { WheelStats } from "./wheel-stats.ts";

/** A verdict may wait so long for others to go with it: a message for each would be a tenth of what a probe costs. */
const GATHER_MS = 10;

/** What bounds a wheel, on whichever thread it turns. */
export interface ProbeLimits {
  readonly concurrency: number;
  readonly commandConcurrency: number;
}

export interface ProbeThreadData extends ProbeLimits {
  /** Who commands run as, where it is not who this process is. */
  readonly runAs: Identity | undefined;
}

export type ProbeOrder =
  | { readonly kind: "targets"; readonly targets: readonly ProbeTarget[] }
  | { readonly kind: "round"; readonly number: number; readonly deadlineMs: number }
  | { readonly kind: "stats"; readonly number: number }
  | { readonly kind: "start" | "stop" };

export interface KeyedVerdict {
  /** The target's. */
  readonly key: string;
  readonly verdict: Verdict;
}

export type ProbeReport =
  | { readonly kind: "ready" }
  | { readonly kind: "verdicts"; readonly verdicts: readonly KeyedVerdict[] }
  | { readonly kind: "round"; readonly number: number }
  | { readonly kind: "stats"; readonly number: number; readonly stats: WheelStats };

/** Returns at once; the thread ends by itself when it has been told to stop. */
export function runProbeThread(port: MessagePort, data: ProbeThreadData): void {
  let gathered: KeyedVerdict[] = [];
  let posting: NodeJS.Timeout | undefined;
  const report = (message: ProbeReport): void => port.postMessage(message, []);
  const postVerdicts = (): void => {
    clearTimeout(posting);
    posting = undefined;
    if (gathered.length > 0) report({ kind: "verdicts", verdicts: gathered });
    gathered = [];
  };
  const wheel = createProbeWheel({
    probe: createProbe(data.runAs),
    concurrency: data.concurrency,
    commandConcurrency: data.commandConcurrency,
    now: () => performance.now(),
    random: Math.random,
    onVerdict(target, verdict) {
      gathered.push({ key: target.key, verdict });
      posting ??= setTimeout(postVerdicts, GATHER_MS);
    },
  });
  port.on("message", (order: ProbeOrder) => {
    void carryOut(order, wheel, postVerdicts, report, () => port.close());
  });
  report({ kind: "ready" });
}

async function carryOut(
  order: ProbeOrder,
  wheel: ProbeWheel,
  postVerdicts: () => void,
  report: (message: ProbeReport) => void,
  goHome: () => void,
): Promise<void> {
  switch (order.kind) {
    case "targets":
      wheel.setTargets(order.targets);
      return;
    case "start":
      wheel.start();
      return;
    case "round":
      await wheel.runRound(order.deadlineMs);
      // Its verdicts go ahead of the word that it is over.
      postVerdicts();
      report({ kind: "round", number: order.number });
      return;
    case "stats":
      report({ kind: "stats", number: order.number, stats: wheel.stats() });
      return;
    case "stop":
      await wheel.stop();
      postVerdicts();
      goHome();
  }
}
