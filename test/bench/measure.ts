/** What a process and its children have used, as Linux tells it in /proc. */

import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

export interface CpuTime {
  /** Time on a core, the kernel's work for the process included. */
  readonly runNs: number;
  /** Time ready to run, while somebody else had the core. */
  readonly waitNs: number;
}

/** Summed over all threads of all those processes; a thread that has ended is forgotten. */
export function cpuTimeOf(pids: readonly number[]): CpuTime {
  let runNs = 0;
  let waitNs = 0;
  for (const pid of pids) {
    for (const thread of entries(`/proc/${pid}/task`)) {
      const [run = "0", wait = "0"] = read(`/proc/${pid}/task/${thread}/schedstat`).split(" ");
      runNs += Number(run);
      waitNs += Number(wait);
    }
  }
  return { runNs, waitNs };
}

/** The process and all that it started, and so on. */
export function processTree(pid: number): number[] {
  const children = entries(`/proc/${pid}/task`).flatMap((thread) =>
    read(`/proc/${pid}/task/${thread}/children`).split(" ").filter(Boolean).map(Number),
  );
  return [pid, ...children.flatMap(processTree)];
}

/**
 * Resident memory: what each process has for itself, its part of what they share, and the mapped files of the largest,
 * for the children of a fork map the same.
 */
export function residentKib(pids: readonly number[]): number {
  const parts = pids.map((pid) => {
    const rollup = read(`/proc/${pid}/smaps_rollup`);
    const own = kib(rollup, "Pss_Anon") + kib(rollup, "Pss_Shmem");
    return { own, files: kib(read(`/proc/${pid}/status`), "RssFile") };
  });
  return parts.reduce((sum, { own }) => sum + own, 0) + Math.max(0, ...parts.map(({ files }) => files));
}

function kib(text: string, key: string): number {
  return Number(new RegExp(`^${key}:\\s*(\\d+) kB`, "m").exec(text)?.[1] ?? 0);
}

/** The kernel counts in hundredths of a second, so this is the shortest look that says something. */
const CALM_LOOK_MS = 200;
const CALM_IDLE_SHARE = 0.95;

/** Waits until those cores have had next to nothing to do for a moment, and `limitMs` at most. */
export async function untilIdle(cores: readonly number[], limitMs: number): Promise<void> {
  const endsAtMs = performance.now() + limitMs;
  while (performance.now() < endsAtMs) {
    const before = cores.map(ticksOf);
    await delay(CALM_LOOK_MS);
    const isIdle = cores.every((core, at) => {
      const [now, then] = [ticksOf(core), before[at] ?? { idle: 0, all: 0 }];
      return now.idle - then.idle >= CALM_IDLE_SHARE * (now.all - then.all);
    });
    if (isIdle) return;
  }
}

/** What /proc/stat says of a core: user, nice, system, idle, waiting for a disk, and so on. */
function ticksOf(core: number): { readonly idle: number; readonly all: number } {
  const [, words = ""] = new RegExp(`^cpu${core} (.*)$`, "m").exec(read("/proc/stat")) ?? [];
  const ticks = words.split(" ").map(Number);
  return { idle: (ticks[3] ?? 0) + (ticks[4] ?? 0), all: ticks.reduce((sum, each) => sum + each, 0) };
}

/** Threads and processes end while they are looked at. */
function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function entries(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
