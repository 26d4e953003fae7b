/**
 * Certificates that are about to expire, by `cert-expiry` of their monitors, in the log: once a day for each monitor and
 * date, however many endpoints show the same one. Metrics and status say it for each endpoint.
 */

import type { Verdict } from "../health/verdict.ts";
import type { ProbeTarget } from "../probe/probe.ts";
import { createLogLimiter, type Log } from "./log.ts";

const DAY_MS = 86_400_000;

export type CertificateWarnings = (target: ProbeTarget, verdict: Verdict) => void;

/** `now` in milliseconds, never going backwards. */
export function createCertificateWarnings(log: Log, now: () => number): CertificateWarnings {
  const limiter = createLogLimiter(DAY_MS, now);
  return ({ monitor, host, port }, { certificate }) => {
    if (certificate === undefined || !certificate.expiresSoon) return;
    const expires = new Date(certificate.expiresAtMs).toISOString();
    if (limiter.admit(`${monitor.name} ${expires}`) === undefined) return;
    const line = { event: "certificate-expiry", monitor: monitor.name, host, port, expires };
    log.warn(line, "a TLS certificate is about to expire");
  };
}
