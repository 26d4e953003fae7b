/**
 * One probe under its deadline. At the deadline the signal is aborted and the probe has a moment to say in its own
 * words what it was waiting for; one that does not gets the verdict «timed out» and no more attention. A probe that
 * throws has a bug, which costs its target a verdict and not the process its life.
 *
 * Where the thread stood still for a moment (a long one is the wheel's affair), timers go off before what has arrived is
 * read: so the sockets have a turn between the deadline and its consequence.
 */

import { spellDuration } from "../health/duration.ts";
import type { Verdict } from "../health/verdict.ts";
import { fails, type Probe, type ProbeTarget, verdictOf } from "./probe.ts";

/** How long after the deadline a probe may take to put its failure into words. */
const LAST_WORDS_MS = 50;

export interface RunningProbe {
  /** Settles soon after `stop`, then with `undefined`: what was stopped is no verdict on the target. */
  readonly verdict: Promise<Verdict | undefined>;
  stop(): void;
}

export function runProbe(probe: Probe, target: ProbeTarget): RunningProbe {
  const { timeoutMs } = target.monitor;
  const startedMs = performance.now();
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let overdue: NodeJS.Immediate | undefined;
  let stopped = false;
  let settle: (verdict: Verdict) => void = () => undefined;
  const end = (cause: DOMException): void => {
    clearImmediate(overdue);
    clearTimeout(timer);
    timer = setTimeout(() => {
      settle(verdictOf(fails(`timed out after ${spellDuration(timeoutMs)}`), startedMs));
    }, LAST_WORDS_MS);
    controller.abort(cause);
  };
  const verdict = new Promise<Verdict | undefined>((resolve) => {
    settle = (result) => {
      clearImmediate(overdue);
      clearTimeout(timer);
      resolve(stopped ? undefined : result);
    };
    timer = setTimeout(() => {
      overdue = setImmediate(() => end(new DOMException("the deadline has passed", "TimeoutError")));
    }, timeoutMs);
    void guarded(probe, target, controller.signal, startedMs).then(settle);
  });
  return {
    verdict,
    stop() {
      stopped = true;
      end(new DOMException("the probe was stopped", "AbortError"));
    },
  };
}

async function guarded(
  probe: Probe,
  target: ProbeTarget,
  signal: AbortSignal,
  startedMs: number,
): Promise<Verdict> {
  try {
    return await probe(target, signal);
  } catch (error) {
    const words = error instanceof Error ? error.message : "unknown error";
    return verdictOf(fails(`the ${target.monitor.kind} probe itself failed: ${words}`), startedMs);
  }
}
