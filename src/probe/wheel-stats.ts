/** What the wheel counts, for the metrics and the status page. Counters never go down while the process lives. */

/** Upper bounds in seconds; the last bucket of `counts` is above them all. */
const DURATION_BUCKETS_SECONDS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

export interface Histogram {
  readonly boundsSeconds: readonly number[];
  /** Not cumulative: one a bucket, and one for what is above. */
  readonly counts: readonly number[];
  readonly sumSeconds: number;
  readonly count: number;
  readonly maxSeconds: number;
}

export interface MonitorStats {
  readonly passed: number;
  readonly failed: number;
  /** Due while its last probe was still running or waiting. */
  readonly skipped: number;
  readonly duration: Histogram;
}

export interface TargetStats {
  readonly passed: number;
  readonly failed: number;
  /** `undefined` before the first verdict. */
  readonly lastDurationMs: number | undefined;
}

export interface WheelStats {
  /** Targets at present. */
  readonly scheduled: number;
  readonly running: number;
  readonly queued: number;
  readonly skipped: number;
  /** From the moment a probe was due to the moment it began. */
  readonly lateness: Histogram;
  /** By the monitor's name; one that is gone keeps its counts. */
  readonly monitors: ReadonlyMap<string, MonitorStats>;
  /** By the target's key; those at present. */
  readonly targets: ReadonlyMap<string, TargetStats>;
}

export class HistogramCounter {
  readonly #counts = DURATION_BUCKETS_SECONDS.map(() => 0).concat(0);
  #sumSeconds = 0;
  #count = 0;
  #maxSeconds = 0;

  observe(ms: number): void {
    const seconds = Math.max(0, ms) / 1_000;
    const found = DURATION_BUCKETS_SECONDS.findIndex((bound) => seconds <= bound);
    const bucket = found === -1 ? DURATION_BUCKETS_SECONDS.length : found;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sumSeconds += seconds;
    this.#count++;
    this.#maxSeconds = Math.max(this.#maxSeconds, seconds);
  }

  read(): Histogram {
    return {
      boundsSeconds: DURATION_BUCKETS_SECONDS,
      counts: [...this.#counts],
      sumSeconds: this.#sumSeconds,
      count: this.#count,
      maxSeconds: this.#maxSeconds,
    };
  }
}

export interface MonitorCounters {
  passed: number;
  failed: number;
  skipped: number;
  readonly duration: HistogramCounter;
}

export function newMonitorCounters(): MonitorCounters {
  return { passed: 0, failed: 0, skipped: 0, duration: new HistogramCounter() };
}
