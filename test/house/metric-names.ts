/**
 * Metrics are a public surface: every name that code, deploy files or README mention is in the one list of
 * src/admin/metrics/list.ts, and the list keeps to Prometheus' naming rules.
 */

import { type Fault, faultAt, type SourceFile } from "./source.ts";

export interface ListedMetric {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly labels: readonly string[];
  readonly help: string;
}

const HISTOGRAM_SUFFIX = /_(?:bucket|sum|count)$/;
const MENTION = /(?<![\w/-])fairlead_[a-z0-9_]+/g;
const WELL_FORMED = /^fairlead(?:_[a-z][a-z0-9]*)+$/;
const LABEL = /^[a-z][a-z0-9_]*$/;
/** Base units only: seconds and bytes, never milliseconds, minutes, percent or kilobytes. */
const ODD_UNIT =
  /_(?:ms|millis|milliseconds|microseconds|minutes|hours|days|percent|kb|mb|kilobytes|megabytes)(?:_|$)/;
/** What Prometheus or its exposition format gives a meaning of their own. */
const RESERVED_LABELS: ReadonlySet<string> = new Set(["le", "quantile", "job", "instance"]);

/** Names that files mention and the list does not hold. A name that ends in `_` is a prefix, as in `fairlead_dns_…`. */
export function unlistedFaults(files: readonly SourceFile[], metrics: readonly ListedMetric[]): Fault[] {
  const listed = (name: string) =>
    metrics.some(
      (metric) =>
        metric.name === name ||
        (name.endsWith("_") && metric.name.startsWith(name)) ||
        (metric.type === "histogram" && metric.name === name.replace(HISTOGRAM_SUFFIX, "")),
    );
  return files.flatMap((file) =>
    [...file.text.matchAll(MENTION)]
      .filter(([name]) => !listed(name))
      .map((match) => faultAt(file, match.index, `${match[0]} is not in the list of metrics`)),
  );
}

function shapeComplaints({ name, type, labels, help }: ListedMetric): string[] {
  const endsInTotal = name.endsWith("_total");
  const checks: readonly [bad: boolean, complaint: string][] = [
    [!WELL_FORMED.test(name), "is no well-formed name"],
    [type === "counter" && !endsInTotal, "is a counter and must end in _total"],
    [type !== "counter" && endsInTotal, "ends in _total and is no counter"],
    [HISTOGRAM_SUFFIX.test(name), "ends in what histograms add to their names"],
    [ODD_UNIT.test(name), "has a unit that is no base unit"],
    [
      name.includes("timestamp") && !name.endsWith("_timestamp_seconds"),
      "is a time and must end in _timestamp_seconds",
    ],
    [type === "histogram" && !/_(?:seconds|bytes)$/.test(name), "is a histogram and must end in its unit"],
    [!/^[A-Z0-9].*\.$/.test(help), "needs a help text that is a sentence"],
    [new Set(labels).size !== labels.length, "has a label twice"],
    ...labels.map((label): [boolean, string] => [
      !LABEL.test(label) || RESERVED_LABELS.has(label),
      `has the label ${label}, which is reserved or not well-formed`,
    ]),
  ];
  return checks.filter(([bad]) => bad).map(([, complaint]) => complaint);
}

/** Where the list breaks Prometheus' rules, or holds a name twice. */
export function listFaults(metrics: readonly ListedMetric[]): Fault[] {
  const names = metrics.map(({ name }) => name);
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  return [
    ...metrics.flatMap((metric) =>
      shapeComplaints(metric).map((complaint) => `${metric.name}: ${complaint}`),
    ),
    ...twice.map((name) => `${name}: is listed twice`),
  ];
}
