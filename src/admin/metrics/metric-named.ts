/** Finds a metric of ours by the name that its series have. */

import { METRICS, type PublishedMetric } from "./list.ts";

const HISTOGRAM_PARTS = ["_bucket", "_sum", "_count"] as const;

/** Of a histogram, the name of a part of it; `undefined` for what is not published. */
export function metricNamed(name: string): PublishedMetric | undefined {
  const part = HISTOGRAM_PARTS.find((suffix) => name.endsWith(suffix));
  const whole = part === undefined ? undefined : name.slice(0, -part.length);
  return PUBLISHED.find((metric) => metric.name === (metric.type === "histogram" ? whole : name));
}

const PUBLISHED: readonly PublishedMetric[] = METRICS.filter((metric) => metric.published);
