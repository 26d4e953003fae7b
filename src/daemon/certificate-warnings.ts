/**
 * Certificates that are about to expire, by `cert-expiry` of their monitors, as events: once a day for each monitor and
 * date, however many endpoints show the same one. Metrics and status say it for each endpoint.
 */

import type { Verdict } from "../health/verdict.ts";
import type { ProbeTarget } from "../probe/probe.ts";
import type { Recorder } from "./events.ts";
import { createLogLimiter } from "./log.ts";

const DAY_MS = 86_400_000;

export type CertificateWarnings = (target: ProbeTarget, verdict: Verdict) => void;

/** `now` in milliseconds, never going backwards. */
export function createCertificateWarnings(record: Recorder, now: () => number): CertificateWarnings {
  const limiter = createLogLimiter(DAY_MS, now);
  return ({ monitor, host, port }, { certificate }) => {
    if (certificate === undefined || !certificate.expiresSoon) return;
    const expires = new Date(certificate.expiresAtMs).toISOString();
    if (limiter.admit(`${monitor.name} ${expires}`) === undefined) return;
    const ref = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
    const reason = `the certificate that monitor ${monitor.name} is shown expires ${expires}`;
    record({ kind: "certificate", ref, from: null, to: "expires soon", reason });
  };
}
