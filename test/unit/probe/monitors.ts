/** Monitors and targets for the tests, made the way zone files make them. */

import type { Monitor, MonitorKind } from "../../../src/health/monitor.ts";
import { parseMonitor } from "../../../src/health/monitor-keys.ts";
import { type ProbeTarget, probeTargetKey } from "../../../src/probe/probe.ts";

export function monitorOf(kind: MonitorKind, keys: Readonly<Record<string, string>>, name = "m"): Monitor {
  const pairs = Object.entries(keys).map(([key, value]) => ({ key, value }));
  const result = parseMonitor(name, kind, pairs);
  if (!result.ok) {
    throw new Error(result.faults.map((fault) => fault.message).join("; "));
  }
  return result.monitor;
}

/** How long a probe has whose outcome does not depend on how busy the machine is, in milliseconds. */
export const PATIENCE_MS = 10_000;
const TIMEOUT_MS = 1_000;

/** Likewise for one that gives this reason in words, which may be that it timed out, «after 1 s». */
export function patienceFor(reason: unknown): number {
  return String(reason).includes("timed out") ? TIMEOUT_MS : PATIENCE_MS;
}

export function targetOf(monitor: Monitor, host = "127.0.0.1", port = 80): ProbeTarget {
  return { key: probeTargetKey(monitor.name, host, port), monitor, host, port };
}
