/** One line of an exposition, in the form that prom-client's metrics hand out. */

export interface Sample {
  /** Of a histogram's parts; absent where it is the metric's own. */
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads the samples of one metric at a scrape. */
export type ReadSamples = () => Iterable<Sample>;
