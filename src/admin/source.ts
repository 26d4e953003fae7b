/**
 * What the admin plane asks of the running node, and all that it knows of it. The daemon implements `AdminSource`; the
 * HTTP server, the metrics and the status page read it and keep nothing of their own, so what they show is what is served.
 *
 * Every reader here is called on the event loop, at a request or a scrape, and answers at once from what is in memory.
 * Names of zones and owners are absolute text with the final dot, as `formatName` writes them.
 */

import type { AvailabilityReading } from "../health/availability.ts";
import type { Snapshot } from "../health/snapshot.ts";
import type { Evaluation } from "../policy/evaluation.ts";
import type { AddressFamily, Definitions, Policy } from "../policy/model.ts";
import type { DrillsSource } from "./drill-source.ts";
import type { EventsSource } from "./events/event.ts";
import type { ExpectationView, ExplainOutcome, ExplainQuery, WhatIfOutcome } from "./explanation.ts";
import type { HostNamesSource } from "./host-name-reading.ts";
import type { Consent, LoadRefusal, ReloadWish } from "./load.ts";
import type { OverridesSource } from "./override-source.ts";
import type { PlanOutcome, PlanRequest } from "./plan.ts";

/** Ready: every worker holds the image and the first round of probes is in or timed out; never again once stopping. */
export interface Readiness {
  readonly ready: boolean;
  /** In words; empty where `ready`: «waiting for the first probes: 3 of 12 endpoints», «stopping». */
  readonly reasons: readonly string[];
}

/** One POLICY record, a dry run too, with what it comes to for a client of whom nothing is known. */
export interface PolicyView {
  readonly owner: string;
  readonly policy: Policy;
  readonly evaluations: Readonly<Record<AddressFamily, Evaluation>>;
  /**
   * The longest that a dead endpoint may still be answered from a cache: `max(fall × every + timeout, grace + every +
   * timeout) + TTL`. `undefined` where nothing that the policy reaches is monitored.
   */
  readonly worstRecoverySeconds: number | undefined;
}

export interface ZoneView {
  readonly name: string;
  readonly file: string;
  readonly serial: number;
  readonly rrsetCount: number;
  /** In the order of the zone, dry runs last. */
  readonly policies: readonly PolicyView[];
}

/** What is being served: one image and what it was compiled from. A new object with every image, the same one until then. */
export interface ServingState {
  readonly generation: number;
  /** How long the latest build took. */
  readonly buildSeconds: number;
  readonly zones: readonly ZoneView[];
  /** Of each RRset with records that are `health-aware`, how many are left out; the type is `SRV` or `MX`. */
  readonly withheld: readonly { readonly owner: string; readonly type: string; readonly records: number }[];
  readonly definitions: Definitions;
  readonly snapshot: Snapshot;
}

/** The shape of a diagnostic in CONTRACT.md §4; `zone/diagnostic` has the same one. */
export interface DiagnosticView {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly severity: "error" | "warning";
  readonly code: string;
  readonly message: string;
}

/** How the latest attempt to load the zones ended. */
export interface LoadOutcome {
  /** False as well while the last accepted set is served because the files are faulty. */
  readonly success: boolean;
  /** When the set that is served was loaded from the files, in milliseconds since the epoch. */
  readonly loadedAtMs: number | undefined;
  /** Of the latest attempt: its errors, or the warnings of a set that was accepted. */
  readonly diagnostics: readonly DiagnosticView[];
  /** Why the latest attempt was refused; `undefined` where it was not. */
  readonly refusal: LoadRefusal | undefined;
  /** What a person overruled for the set that is served. */
  readonly despite: Consent | undefined;
}

/** A histogram as it is counted: one count a bucket, not summed up. */
export interface HistogramReading {
  /** Upper bounds in seconds, ascending, without the infinite one. */
  readonly boundsSeconds: readonly number[];
  /** One count for each bound, and a last one for everything above them. */
  readonly counts: ArrayLike<number>;
  readonly sumSeconds: number;
}

/** What the answer path has counted since the process began. No value ever goes down, whatever is reloaded. */
export interface AnswerCounters {
  queries(): Iterable<{
    readonly zone: string;
    readonly qtype: string;
    readonly transport: string;
    readonly value: number;
  }>;
  responses(): Iterable<{ readonly zone: string; readonly rcode: string; readonly value: number }>;
  dropped(): Iterable<{ readonly reason: string; readonly value: number }>;
  rateLimited(): Iterable<{ readonly action: string; readonly value: number }>;
  extendedErrors(): Iterable<{ readonly error: string; readonly value: number }>;
  answers(): Iterable<{
    readonly policy: string;
    readonly pool: string;
    readonly endpoint: string;
    readonly value: number;
  }>;
  /** What dry runs would have answered to the same queries. */
  dryRunAnswers(): Iterable<{
    readonly policy: string;
    readonly pool: string;
    readonly endpoint: string;
    readonly value: number;
  }>;
  responseSeconds(): HistogramReading;
}

/** What the probes have counted since the process began, by pool and endpoint name. No value ever goes down. */
export interface ProbeCounters {
  /** A probe that is shared counts for each endpoint that it is made for. */
  results(): Iterable<{
    readonly pool: string;
    readonly endpoint: string;
    readonly monitor: string;
    readonly result: "pass" | "fail";
    readonly value: number;
  }>;
  durations(): Iterable<{ readonly monitor: string; readonly histogram: HistogramReading }>;
  lastDurations(): Iterable<{ readonly pool: string; readonly endpoint: string; readonly seconds: number }>;
  /** Changes of an endpoint's observed state; leaving `unknown` is one. */
  transitions(): Iterable<{
    readonly pool: string;
    readonly endpoint: string;
    readonly to: "up" | "down";
    readonly value: number;
  }>;
}

export interface ReloadOutcome {
  /** Whether the files were accepted; where not, the running set keeps serving. */
  readonly ok: boolean;
  /** Of the image that is served afterwards. */
  readonly generation: number;
  readonly diagnostics: readonly DiagnosticView[];
  /** Why they were not. */
  readonly refusal: LoadRefusal | undefined;
  /** What was overruled of the set that is served afterwards. */
  readonly despite: Consent | undefined;
}

/** What answers over UDP. */
export interface AnsweringView {
  readonly transport: "batch" | "dgram";
  /** How many threads answer. */
  readonly workers: number;
  /** How many of them have died and been replaced. */
  restarts(): number;
}

/** One value of a metric, with its labels. */
export interface LabelledReading {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What comes over TCP, TLS and HTTPS. No value but `openNow` ever goes down. */
export interface ConnectionsView {
  /** Whether a thread of its own holds the connections, or the main thread. */
  readonly hasThread: boolean;
  readonly counts: {
    /** By transport. */
    openNow(): Iterable<LabelledReading>;
    openedSoFar(): Iterable<LabelledReading>;
    /** By transport and limit. */
    limits(): Iterable<LabelledReading>;
    /** By transport and reason. */
    faults(): Iterable<LabelledReading>;
    /** By status code. */
    httpResponses(): Iterable<LabelledReading>;
  };
}

/** The certificate that the node shows over TLS and HTTPS. */
export interface NodeCertificateView {
  readonly expiresAtMs: number;
  /** When the one that is shown was taken. */
  readonly loadedAtMs: number;
  /** Whether that is what its files hold. */
  readonly loadSuccess: boolean;
}

/** The geo database that policies ask where clients are. */
export interface GeoDatabaseView {
  /** When its maker built it. */
  readonly builtAtMs: number;
  /** Whether it is what its file holds. */
  readonly loadSuccess: boolean;
}

/** What secondaries asked for and were told, by result. No value ever goes down. */
export interface SecondariesView {
  transfers(): Iterable<LabelledReading>;
  notifies(): Iterable<LabelledReading>;
}

/** How often a policy came down to a rung of its last resorts. No value ever goes down. */
export interface LastResortReading {
  readonly policy: string;
  readonly rung: string;
  readonly value: number;
}

/** The certificate that probes of an endpoint were shown; of several the one that expires first. */
export interface CertificateReading {
  readonly pool: string;
  /** The endpoint's name in its pool. */
  readonly endpoint: string;
  /** In milliseconds since the epoch. */
  readonly expiresAtMs: number;
}

/** For which part of the time pools and policies were available; `daemon/availability` says when they are. */
export interface AvailabilitySource {
  /** Over every window, the shortest first; empty for what was never served. */
  ofPool(name: string): readonly AvailabilityReading[];
  /** By the metrics' label. */
  ofPolicy(name: string): readonly AvailabilityReading[];
}

export interface AdminSource {
  /** `--node`. */
  readonly node: string;
  readonly version: string;
  readiness(): Readiness;
  /** `undefined` until the first image is published. */
  serving(): ServingState | undefined;
  load(): LoadOutcome;
  /** `undefined` until it is there. */
  answering(): AnsweringView | undefined;
  /** `undefined` until it is there. */
  connections(): ConnectionsView | undefined;
  /** `undefined` where neither TLS nor HTTPS is spoken. */
  nodeCertificate(): NodeCertificateView | undefined;
  /** `undefined` where none is in use. */
  geoDatabase(): GeoDatabaseView | undefined;
  readonly secondaries: SecondariesView;
  readonly answerCounters: AnswerCounters;
  readonly probeCounters: ProbeCounters;
  lastResorts(): Iterable<LastResortReading>;
  /** Of the endpoints in the zones at present, those that were probed over TLS. */
  certificates(): Iterable<CertificateReading>;
  readonly events: EventsSource;
  readonly hosts: HostNamesSource;
  readonly availability: AvailabilitySource;
  readonly overrides: OverridesSource;
  readonly drills: DrillsSource;
  explain(query: ExplainQuery): ExplainOutcome;
  /** `down`: pools, `pool/endpoint` or globs of them, supposed to fail their probes. */
  whatIf(query: ExplainQuery, down: readonly string[]): WhatIfOutcome;
  /**
   * The zone of that apex as a server without health would serve it, a master file line by line, made as it is read;
   * `undefined` where there is none.
   */
  exportZone(apex: string): Iterable<string> | undefined;
  /**
   * Reads the zone files again. Never rejects for what they say; concurrent calls may share one reload, save those of
   * persons who wish to overrule something.
   */
  reload(wish?: ReloadWish): Promise<ReloadOutcome>;
  /** Every expectation of what is served, with the geo database that there is; `undefined` before anything is. */
  test(): readonly ExpectationView[] | undefined;
  /** What a set would change. Never rejects for what it says. */
  plan(request: PlanRequest): Promise<PlanOutcome>;
}
