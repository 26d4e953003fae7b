/**
 * How much work targets are, and which thread does it. A probe over TLS is ten times one over TCP, so threads are
 * counted by cost and not by targets: as many as keep each of them below `THREAD_LOAD`, so that one of them always has
 * the time to begin a probe when it is due.
 *
 * All probes of a host are one thread's, because only a wheel that knows of all of them can keep them out of step. Which
 * thread that is follows from the host alone, and with a thread more only the hosts move that become its own (highest
 * random weight, Thaler and Ravishankar 1998).
 */

import type { Monitor, MonitorKind } from "../health/monitor.ts";
import type { ProbeTarget } from "./probe.ts";

/** CPU time of one probe in milliseconds, as `npm run bench:probes` measured it; commands: of starting one. */
const COST_MS: Readonly<Record<MonitorKind, number>> = {
  tcp: 0.15,
  dns: 0.2,
  http: 0.35,
  tls: 1.2,
  https: 1.4,
  grpc: 2,
  exec: 3,
};
/** Of the time of a core. */
const THREAD_LOAD = 0.4;

/** From 1 to `threadsMax`. */
export function threadsFor(targets: readonly ProbeTarget[], threadsMax: number): number {
  const load = targets.reduce((sum, { monitor }) => sum + loadOf(monitor), 0);
  return Math.max(1, Math.min(threadsMax, Math.ceil(load / THREAD_LOAD)));
}

/** Of a core. */
function loadOf({ kind, everyMs }: Monitor): number {
  return COST_MS[kind] / everyMs;
}

/** The targets of each of so many threads. */
export function shareOut(targets: readonly ProbeTarget[], threads: number): ProbeTarget[][] {
  const shares = Array.from({ length: threads }, (): ProbeTarget[] => []);
  for (const target of targets) shares[threadOf(target.host, threads)]?.push(target);
  return shares;
}

export function threadOf(host: string, threads: number): number {
  let chosen = 0;
  let highest = -1;
  for (let thread = 0; thread < threads; thread++) {
    const weight = hash(`${thread} ${host}`);
    if (weight > highest) {
      highest = weight;
      chosen = thread;
    }
  }
  return chosen;
}

/** FNV-1a with the final mixing of MurmurHash3, without which hosts that differ in their last octet stay together. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  }
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
