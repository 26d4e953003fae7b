/**
 * How long it takes from a fault to the answer without the endpoint, as far as zone files say: `fall × every +
 * timeout`, or `grace + every + timeout` where a pool's grace is longer (CONTRACT.md §2). The `rto` check spells it
 * out, the lint about TTLs compares with it.
 */

import type { FallRule, Monitor, MonitorUse } from "../health/monitor.ts";
import type { Definitions } from "../policy/model.ts";
import type { Reach } from "../policy/reach.ts";

export interface Detection {
  readonly totalMs: number;
  /** The sum in words: «fall 3 × every 5 s + timeout 2 s». */
  readonly sum: string;
  readonly pool: string;
  readonly monitor: string;
}

/** Seconds as a plain number, so that the terms of a sum can be added at a glance: `0.5 s`, `128 s`. */
export function spellSeconds(ms: number): string {
  return `${ms / 1000} s`;
}

/**
 * The slowest detection among the endpoints that a policy can reach; `undefined` where none of them is monitored. Of
 * several monitors the slowest counts: the fault may be one that only it sees.
 */
export function slowestDetection(
  reach: Reach,
  definitions: Definitions,
  monitors: ReadonlyMap<string, Monitor>,
): Detection | undefined {
  let slowest: Detection | undefined;
  for (const { monitor: use, pool } of reach.endpoints) {
    const graceMs = definitions.pools.get(pool)?.graceMs ?? 0;
    for (const monitor of monitorsOf(use, monitors)) {
      const detection = detectionOf(monitor, pool, graceMs);
      if (slowest === undefined || detection.totalMs > slowest.totalMs) slowest = detection;
    }
  }
  return slowest;
}

function monitorsOf(use: MonitorUse, monitors: ReadonlyMap<string, Monitor>): Monitor[] {
  if (use.kind === "none") return [];
  return use.monitors.flatMap((name) => monitors.get(name) ?? []);
}

function detectionOf(monitor: Monitor, pool: string, graceMs: number): Detection {
  const { name, everyMs, timeoutMs, thresholds } = monitor;
  const failures = failuresNeeded(thresholds.fall);
  const probing = `every ${spellSeconds(everyMs)}`;
  const timeout = `timeout ${spellSeconds(timeoutMs)}`;
  const byFallMs = failures * everyMs + timeoutMs;
  const byGraceMs = graceMs === 0 ? 0 : graceMs + everyMs + timeoutMs;
  return byGraceMs > byFallMs
    ? {
        totalMs: byGraceMs,
        sum: `grace ${spellSeconds(graceMs)} + ${probing} + ${timeout}`,
        pool,
        monitor: name,
      }
    : { totalMs: byFallMs, sum: `fall ${failures} × ${probing} + ${timeout}`, pool, monitor: name };
}

/** How many probes in a row must fail before a steadily passing address is down. */
function failuresNeeded(fall: FallRule): number {
  return fall.kind === "consecutive"
    ? fall.failures
    : Math.max(1, Math.ceil((fall.percent / 100) * fall.window));
}
