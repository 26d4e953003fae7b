/**
 * Writes what a registry holds, as Prometheus text (version 0.0.4) or as OpenMetrics (1.0.0), in chunks.
 *
 * The registry could write itself, but in one go: with ten thousand endpoints that holds the event loop, and whatever
 * answers on it, for as long as it takes. Here the loop is let go after each chunk. The registry's way of writing
 * OpenMetrics also renames its counters for good, so one registry cannot serve both formats.
 *
 * The two formats differ in little: OpenMetrics names a counter without `_total` in its head, writes bounds of buckets
 * with a decimal point, has no blank lines and ends in `# EOF`.
 */

import { setImmediate as nextTurn } from "node:timers/promises";
import type { Registry } from "prom-client";
import { isCollected } from "./collected.ts";
import type { Sample } from "./sample.ts";

export type ExpositionFormat = "prometheus" | "openmetrics";

/** About so many characters are made before the event loop has its turn; a chunk this long takes about a millisecond. */
const CHUNK_CHARACTERS = 65_536;

export async function* writeExposition(
  registry: Registry,
  format: ExpositionFormat,
): AsyncGenerator<string, void, undefined> {
  let separator = "";
  for (const { name } of registry.getMetricsAsArray()) {
    const metric = registry.getSingleMetric(name);
    if (metric === undefined) continue;
    const { help, type, values } = isCollected(metric) ? metric.collection() : await metric.get();
    let text = separator + writeHead(name, help, String(type), format);
    separator = format === "prometheus" ? "\n" : "";
    for (const sample of values) {
      text += writeSample(name, asSample(sample), format);
      if (text.length < CHUNK_CHARACTERS) continue;
      yield text;
      text = "";
      await nextTurn();
    }
    yield text;
    // Some metrics read their values at once, which takes its time as well.
    await nextTurn();
  }
  if (format === "openmetrics") yield "# EOF\n";
}

/** prom-client types labels as partial and numeric as well; those of a value that it hands out are there. */
function asSample(value: { readonly labels: object; readonly value: number }): Sample {
  // oxlint-disable-next-line no-unsafe-type-assertion -- prom-client's types leave out `metricName`
  return value as Sample;
}

function writeHead(name: string, help: string, type: string, format: ExpositionFormat): string {
  const family = format === "openmetrics" && type === "counter" ? name.replace(/_total$/, "") : name;
  return `# HELP ${family} ${escapeHelp(help, format)}\n# TYPE ${family} ${type}\n`;
}

function writeSample(name: string, sample: Sample, format: ExpositionFormat): string {
  let labels = "";
  for (const [label, value] of Object.entries(sample.labels)) {
    const text = label === "le" && format === "openmetrics" ? withDecimalPoint(value) : value;
    labels += `${labels === "" ? "{" : ","}${label}="${escapeLabelValue(text)}"`;
  }
  if (labels !== "") labels += "}";
  return `${sample.metricName ?? name}${labels} ${formatValue(sample.value)}\n`;
}

function withDecimalPoint(bound: string): string {
  return /^\d+$/.test(bound) ? `${bound}.0` : bound;
}

function formatValue(value: number): string {
  if (Number.isFinite(value) || Number.isNaN(value)) return String(value);
  return value > 0 ? "+Inf" : "-Inf";
}

function escapeHelp(text: string, format: ExpositionFormat): string {
  const escaped = text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return format === "openmetrics" ? escaped.replaceAll('"', '\\"') : escaped;
}

const NEEDS_ESCAPE = /[\\"\n]/;

function escapeLabelValue(text: string): string {
  if (!NEEDS_ESCAPE.test(text)) return text;
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
