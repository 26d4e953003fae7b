/**
 * What policies are about: pools of endpoints, named policies, and the POLICY records that put them to use. Zone files
 * define them (`zone/directives`), `evaluate` reads them; all are immutable once a set of zones is accepted.
 */

import type { HostPort, MonitorUse } from "../health/monitor.ts";
import type { Expression } from "./expression.ts";

/** A records are answered from the `ipv4` addresses, AAAA records from the `ipv6` ones. */
export type AddressFamily = "ipv4" | "ipv6";

export interface Address {
  readonly family: AddressFamily;
  /** 4 or 16 octets, network order: the rdata of the A or AAAA record. */
  readonly octets: Uint8Array;
  /** Canonical text (RFC 5952 for IPv6). */
  readonly text: string;
}

export interface Endpoint {
  /** `pool/endpoint`: unique in a set of zones, and the key of the snapshot. */
  readonly id: string;
  readonly pool: string;
  readonly name: string;
  readonly addresses: readonly Address[];
  /** The host name of a host-name endpoint, absolute, as text; its addresses are those that it was resolved to last. */
  readonly hostName: string | undefined;
  /** Of a host name that was resolved: no answer with its addresses may be kept for longer. */
  readonly ttlSeconds?: number;
  readonly answerAs: "addresses" | "cname";
  /** Of a host name that was resolved: it is an alias of a name that a POLICY of the zones answers. */
  readonly leadsBack?: boolean;
  readonly weight: number;
  /** Its own `monitor=`, or its pool's. */
  readonly monitor: MonitorUse;
  /** Probed instead of the addresses; the one result stands for all of them. */
  readonly probe: HostPort | undefined;
}

export type MinUp =
  | { readonly kind: "count"; readonly count: number }
  | { readonly kind: "percent"; readonly percent: number };

export type Location =
  | { readonly kind: "region"; readonly country: string; readonly subdivision: string | undefined }
  | { readonly kind: "coordinates"; readonly latitude: number; readonly longitude: number };

export type Failback =
  | { readonly kind: "auto" }
  | { readonly kind: "manual" }
  | { readonly kind: "after"; readonly afterMs: number };

export interface Pool {
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
  readonly location: Location | undefined;
  readonly minUp: MinUp;
  /** How many distinct endpoints one answer holds; `Infinity` for `all`. */
  readonly answers: number;
  readonly failback: Failback;
  readonly slowStartMs: number;
  readonly graceMs: number;
  readonly capacity: number | undefined;
}

/** What is answered when nothing is up on the first three rungs of the ladder of last resorts. */
export type WhenDown = "open" | "nodata" | "servfail";

/** What one POLICY record says, without its owner. */
export interface Policy {
  /** The `$POLICY`'s name where the record only names one, else the owner as text: the metrics' label. */
  readonly name: string;
  readonly expression: Expression;
  readonly ttl: { readonly maxSeconds: number; readonly minSeconds: number };
  readonly whenDown: WhenDown;
  readonly rtoMs: number | undefined;
  readonly demand: number | undefined;
  readonly dryRun: boolean;
}

/** The definitions that expressions refer to by name. Pools and policies are one namespace. */
export interface Definitions {
  readonly pools: ReadonlyMap<string, Pool>;
  readonly policies: ReadonlyMap<string, Expression>;
}
