/** What the probes did, counted for the metrics. Nothing ever goes down, also when an endpoint leaves the zones. */

import type { HistogramReading, ProbeCounters } from "../admin/source.ts";
import { type EndpointHealth, observedOf } from "../health/snapshot.ts";
import type { Verdict } from "../health/verdict.ts";
import type { Endpoint } from "../policy/model.ts";

/** Upper bounds of the buckets, in seconds: from a neighbour to the longest timeout that makes sense. */
const DURATION_BOUNDS_SECONDS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];
const MS_PER_SECOND = 1000;

export interface ProbeCounts extends ProbeCounters {
  /** One verdict, for each endpoint that the probe was made for. */
  noteVerdict(endpoint: Endpoint, monitor: string, verdict: Verdict): void;
  /** One probe, however many endpoints it was made for. */
  noteDuration(monitor: string, verdict: Verdict): void;
  noteObserved(endpoint: Endpoint, before: EndpointHealth | undefined, after: EndpointHealth): void;
}

interface Place {
  readonly pool: string;
  readonly endpoint: string;
}

type Result = Place & { readonly monitor: string; readonly result: "pass" | "fail"; value: number };

/** Of one endpoint. What is counted with every probe is found by looking, not by putting a name together. */
interface EndpointCounts {
  /** By monitor. */
  readonly passed: Map<string, Result>;
  readonly failed: Map<string, Result>;
  readonly latest: Place & { seconds: number };
}

interface Durations {
  readonly boundsSeconds: readonly number[];
  readonly counts: number[];
  sumSeconds: number;
}

export function createProbeCounts(): ProbeCounts {
  const endpoints = new Map<string, EndpointCounts>();
  const transitions = new Map<string, Place & { readonly to: "up" | "down"; value: number }>();
  const durations = new Map<string, Durations>();
  return {
    noteVerdict(endpoint, monitor, { ok, elapsedMs }) {
      const seconds = elapsedMs / MS_PER_SECOND;
      let counts = endpoints.get(endpoint.id);
      if (counts === undefined) {
        counts = { passed: new Map(), failed: new Map(), latest: { ...placeOf(endpoint), seconds } };
        endpoints.set(endpoint.id, counts);
      }
      counts.latest.seconds = seconds;
      const results = ok ? counts.passed : counts.failed;
      const known = results.get(monitor);
      if (known === undefined) {
        results.set(monitor, { ...placeOf(endpoint), monitor, result: ok ? "pass" : "fail", value: 1 });
      } else known.value += 1;
    },
    noteDuration(monitor, { elapsedMs }) {
      const seconds = elapsedMs / MS_PER_SECOND;
      const known = durations.get(monitor) ?? {
        boundsSeconds: DURATION_BOUNDS_SECONDS,
        counts: Array.from({ length: DURATION_BOUNDS_SECONDS.length + 1 }, () => 0),
        sumSeconds: 0,
      };
      durations.set(monitor, known);
      const bucket = DURATION_BOUNDS_SECONDS.findIndex((bound) => seconds <= bound);
      const at = bucket < 0 ? DURATION_BOUNDS_SECONDS.length : bucket;
      known.counts[at] = (known.counts[at] ?? 0) + 1;
      known.sumSeconds += seconds;
    },
    noteObserved(endpoint, before, after) {
      const to = observedOf(after.addresses);
      if (to === "unknown" || (before !== undefined && observedOf(before.addresses) === to)) return;
      if (endpoint.monitor.kind === "none") return;
      const key = `${endpoint.id} ${to}`;
      const count = transitions.get(key) ?? { ...placeOf(endpoint), to, value: 0 };
      count.value += 1;
      transitions.set(key, count);
    },
    *results() {
      for (const { passed, failed } of endpoints.values()) {
        yield* passed.values();
        yield* failed.values();
      }
    },
    transitions: () => transitions.values(),
    *lastDurations() {
      for (const { latest } of endpoints.values()) yield latest;
    },
    *durations() {
      for (const [monitor, histogram] of durations) {
        yield { monitor, histogram: histogram satisfies HistogramReading };
      }
    },
  };
}

function placeOf({ pool, name }: Endpoint): Place {
  return { pool, endpoint: name };
}
