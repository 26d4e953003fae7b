/**
 * How a wheel keeps up, for whoever measures it: what probes find is counted where their verdicts go. Counters never go
 * down while the process lives.
 */

/** Upper bounds in seconds; the last bucket of `counts` is above them all. */
const BOUNDS_SECONDS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

export interface Histogram {
  readonly boundsSeconds: readonly number[];
  /** Not cumulative: one a bucket, and one for what is above. */
  readonly counts: readonly number[];
  readonly maxSeconds: number;
}

export interface WheelStats {
  /** Targets at present. */
  readonly scheduled: number;
  readonly running: number;
  readonly queued: number;
  /** Due while the last probe of the target was still running or waiting. */
  readonly skipped: number;
  /** From the moment a probe was due to the moment it began. */
  readonly lateness: Histogram;
}

export class HistogramCounter {
  readonly #counts = BOUNDS_SECONDS.map(() => 0).concat(0);
  #maxSeconds = 0;

  observe(ms: number): void {
    const seconds = Math.max(0, ms) / 1_000;
    const found = BOUNDS_SECONDS.findIndex((bound) => seconds <= bound);
    const bucket = found === -1 ? BOUNDS_SECONDS.length : found;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#maxSeconds = Math.max(this.#maxSeconds, seconds);
  }

  read(): Histogram {
    return {
      boundsSeconds: BOUNDS_SECONDS,
      counts: [...this.#counts],
      maxSeconds: this.#maxSeconds,
    };
  }
}
