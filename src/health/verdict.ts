/** What one probe found. `reason` is in words an operator reads: «status 503, expected 200–299». */
export interface Verdict {
  readonly ok: boolean;
  readonly reason: string;
  readonly elapsedMs: number;
  /** When the probe ended, in milliseconds since the epoch. */
  readonly atMs: number;
  /** Absent where the probe was shown no certificate. */
  readonly certificate?: CertificateSeen;
}

/** The certificate that a probe over TLS was shown, whatever it thought of it. */
export interface CertificateSeen {
  /** In milliseconds since the epoch. */
  readonly expiresAtMs: number;
  /** Less than the monitor's `cert-expiry` is left: a warning, and never a failure. */
  readonly expiresSoon: boolean;
}

/** What probes say of one address: `unknown` until the first verdict, and neither up nor down. */
export type Observed = "up" | "down" | "unknown";

/** What an operator said of an endpoint. `drain` takes it out of answers and is no failure. */
export type Forced = "up" | "down" | "drain";
