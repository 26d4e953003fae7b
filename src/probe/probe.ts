/**
 * What a probe is: one attempt against one target, and its verdict. Each kind has its file and this one signature. A
 * probe never throws and never retries; whoever calls it holds the deadline and aborts the signal when it has passed
 * (with a reason named `TimeoutError`). What a run of verdicts means is decided in `health/hysteresis`.
 */

import type { Monitor } from "../health/monitor.ts";
import type { CertificateSeen, Verdict } from "../health/verdict.ts";

export interface ProbeTarget {
  /** Unique among the targets of a wheel; see `probeTargetKey`. */
  readonly key: string;
  readonly monitor: Monitor;
  /** An IPv4 or IPv6 address without brackets, or (for `target=` and `probe=`) a host name. */
  readonly host: string;
  /** 0 for kinds without a port. */
  readonly port: number;
}

export type Probe = (target: ProbeTarget, signal: AbortSignal) => Promise<Verdict>;

/** What a probe found, before it is dated. */
export interface Outcome {
  readonly ok: boolean;
  readonly reason: string;
  readonly certificate?: CertificateSeen | undefined;
}

/** A probe reads no more than this of anything. */
export const READ_MAX_OCTETS = 65_536;

/** The same for all who ask the same of one address and port, so that it is asked once. */
export function probeTargetKey(monitorName: string, host: string, port: number): string {
  return `${monitorName} ${bracketed(host)}:${port}`;
}

/** An IPv6 address in brackets, as it stands before a port; any other host as it is. */
function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/** What a request over HTTP is for where the monitor has no `host`: without the port that its scheme means anyway. */
export function authorityOf({ host, port }: ProbeTarget, usualPort: number): string {
  return port === usualPort ? bracketed(host) : `${bracketed(host)}:${port}`;
}

/** `startedMs` is of `performance.now()`. */
export function verdictOf({ ok, reason, certificate }: Outcome, startedMs: number): Verdict {
  const verdict = { ok, reason, elapsedMs: performance.now() - startedMs, atMs: Date.now() };
  return certificate === undefined ? verdict : { ...verdict, certificate };
}

export function fails(reason: string): { readonly ok: false; readonly reason: string } {
  return { ok: false, reason };
}
