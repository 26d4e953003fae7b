/** What probes, made for this node: threads of their own, as many as the targets are work for. */

import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import type { Verdict } from "../health/verdict.ts";
import type { ProbeTarget } from "../probe/probe.ts";
import { createProbeThreads } from "../probe/probe-threads.ts";
import type { Prober } from "../probe/prober.ts";
import { createCertificateWarnings } from "./certificate-warnings.ts";
import type { Recorder } from "./events.ts";
import type { Log } from "./log.ts";
import type { User } from "./privileges.ts";

/** The program of a thread. */
const THREAD_ENTRY = new URL("../probe/probe-thread-entry.js", import.meta.url);
/**
 * Probes in flight at one time on one thread. A thousand a second that all hang for two seconds are two thousand, and
 * then nobody else's should have to wait; an idle connection is some 10 KB.
 */
const CONCURRENCY_MAX = 2_048;
const CONCURRENCY_MIN = 64;
/** What is not known, as on systems without `/proc`. */
const OPEN_FILES_USUAL = 1_024;
/** Commands at one time on one thread. */
const COMMANDS_AT_ONCE = 8;

export interface ProbingParts {
  readonly log: Log;
  readonly record: Recorder;
  /** Milliseconds, never going backwards. */
  readonly monotonic: () => number;
  readonly runAs: User | undefined;
  readonly onVerdict: (target: ProbeTarget, verdict: Verdict) => void;
}

export function createProbing({ log, record, monotonic, runAs, onVerdict }: ProbingParts): Prober {
  const warnOfCertificate = createCertificateWarnings(record, monotonic);
  const threadsMax = availableParallelism();
  return createProbeThreads({
    entry: THREAD_ENTRY,
    threadsMax,
    runAs,
    concurrency: concurrencyFor(openFilesLimit(), threadsMax),
    commandConcurrency: COMMANDS_AT_ONCE,
    onVerdict(target, verdict) {
      onVerdict(target, verdict);
      warnOfCertificate(target, verdict);
    },
    onDeath(error, replaced) {
      const line = { event: "fault", kind: "probe-thread", err: error };
      const to = replaced ? "replaced" : "given up";
      record({ kind: "worker", ref: "probe-thread", from: "died", to, reason: error.message });
      if (replaced) log.error(line, "a thread that probes died and is replaced");
      else log.warn(line, "no thread can be had to probe: the main thread does");
    },
  });
}

/** Half of the files that may be open, shared by the threads: a probe that finds none left would fail for our sake. */
export function concurrencyFor(openFiles: number, threads: number): number {
  const share = Math.floor(openFiles / 2 / threads);
  return Math.max(CONCURRENCY_MIN, Math.min(CONCURRENCY_MAX, share));
}

/** Node raises its own limit to the highest allowed when it starts. */
function openFilesLimit(): number {
  try {
    const limits = readFileSync("/proc/self/limits", "latin1");
    const soft = /^Max open files\s+([0-9]+|unlimited)/m.exec(limits)?.[1];
    return soft === "unlimited" ? Infinity : Number(soft ?? OPEN_FILES_USUAL);
  } catch {
    return OPEN_FILES_USUAL;
  }
}
