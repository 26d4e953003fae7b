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

export function targetOf(monitor: Monitor, host = "127.0.0.1", port = 80): ProbeTarget {
  return { key: probeTargetKey(monitor.name, host, port), monitor, host, port };
}
