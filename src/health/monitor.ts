/**
 * Monitors: how endpoints are probed. A monitor is data; `probe/` holds one file a kind that carries it out, and
 * `health/hysteresis` turns the verdicts into a state.
 */

export const MONITOR_KINDS = ["http", "https", "tcp", "tls", "dns", "grpc", "exec"] as const;
export type MonitorKind = (typeof MONITOR_KINDS)[number];

/** When an up address goes down: after so many failures in a row, or so many among the last `window`. */
export type FallRule =
  | { readonly kind: "consecutive"; readonly failures: number }
  | { readonly kind: "ratio"; readonly percent: number; readonly window: number };

export interface Thresholds {
  readonly fall: FallRule;
  /** How many passes in a row bring a down address up. */
  readonly rise: number;
}

/** An inclusive range of HTTP status codes; for dns monitors, of response codes. */
export interface StatusRange {
  readonly first: number;
  readonly last: number;
}

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** A `$MONITOR`, validated, with every default filled in. Keys that its kind has no use for are absent. */
export interface Monitor {
  readonly name: string;
  readonly kind: MonitorKind;
  /** The target's where there is one; `undefined` for `exec` without a target only. */
  readonly port: number | undefined;
  readonly everyMs: number;
  readonly timeoutMs: number;
  readonly thresholds: Thresholds;
  /** http, https */
  readonly path: string;
  readonly method: string;
  /** http, https: the Host header. https, tls, grpc: the SNI, and the name that the certificate must be for. */
  readonly host: string | undefined;
  /** By name in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** Also dns, for response codes. */
  readonly expect: readonly StatusRange[];
  readonly body: string | undefined;
  readonly bodyRegex: string | undefined;
  /** https, tls, grpc: whether the certificate is checked. */
  readonly verify: boolean;
  readonly caFile: string | undefined;
  readonly certExpiryMs: number | undefined;
  /** tcp, tls; text of octets, one a character. `receive` also dns: the data of one record of the answer. */
  readonly send: string | undefined;
  readonly receive: string | undefined;
  /** dns: the name asked for; grpc: the service. */
  readonly query: string | undefined;
  readonly qtype: string | undefined;
  /** exec: the program and its arguments; no shell. */
  readonly command: readonly string[] | undefined;
  /** Probed once instead of each endpoint. */
  readonly target: HostPort | undefined;
}

/** How a pool or an endpoint is monitored: `none`, or so many of the named monitors must pass. */
export type MonitorUse =
  | { readonly kind: "none" }
  | { readonly kind: "at-least"; readonly count: number; readonly monitors: readonly string[] };
