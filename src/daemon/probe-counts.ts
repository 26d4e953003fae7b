/** What the probes did, counted for the metrics. Nothing ever goes down, also when an endpoint leaves the zones. */

import type { HistogramReading, ProbeCounters } from "../admin/source.ts";
import { type EndpointHealth, observedOf } from "../health/snapshot.ts";
import type { Verdict } from "../health/verdict.ts";
import type { Endpoint } from "../policy/model.ts";

/** Upper bounds of the buckets, in seconds: from a neighbour to the longest timeout that makes sense. */
export const DURATION_BOUNDS_SECONDS: readonly number[] = [
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

interface Durations {
  readonly boundsSeconds: readonly number[];
  readonly counts: number[];
  sumSeconds: number;
}

export function createProbeCounts(): ProbeCounts {
  const results = new Map<
    string,
    Place & { readonly monitor: string; readonly result: "pass" | "fail"; value: number }
  >();
  const transitions = new Map<string, Place & { readonly to: "up" | "down"; value: number }>();
  const lastDurations = new Map<string, Place & { readonly seconds: number }>();
  const durations = new Map<string, Durations>();
  const placeOf = ({ pool, name }: Endpoint): Place => ({ pool, endpoint: name });
  return {
    noteVerdict(endpoint, monitor, verdict) {
      const result = verdict.ok ? "pass" : "fail";
      const key = `${endpoint.id} ${monitor} ${result}`;
      const count = results.get(key) ?? { ...placeOf(endpoint), monitor, result, value: 0 };
      count.value += 1;
      results.set(key, count);
      lastDurations.set(endpoint.id, { ...placeOf(endpoint), seconds: verdict.elapsedMs / MS_PER_SECOND });
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
    results: () => results.values(),
    transitions: () => transitions.values(),
    lastDurations: () => lastDurations.values(),
    *durations() {
      for (const [monitor, histogram] of durations) {
        yield { monitor, histogram: histogram satisfies HistogramReading };
      }
    },
  };
}
