/**
 * The registry of one node: prom-client's `process_*`, and every metric of the list that is published. Nothing is
 * counted here; each scrape reads the source.
 */

import { collectDefaultMetrics, Registry } from "prom-client";
import type { AdminSource } from "../source.ts";
import type { DerivedState } from "../status/derive.ts";
import { availabilitySamples } from "./availability-samples.ts";
import { registerCollected } from "./collected.ts";
import { connectionSamples } from "./connection-samples.ts";
import {
  answerSamples,
  certificateSamples,
  lastResortSamples,
  probeSamples,
  secondarySamples,
} from "./counter-samples.ts";
import { drillSamples } from "./drill-samples.ts";
import { forcingSamples } from "./forcing-samples.ts";
import { hostNameSamples } from "./host-name-samples.ts";
import { METRICS, type PublishedMetric } from "./list.ts";
import type { ReadSamples } from "./sample.ts";
import { endpointSamples, nodeSamples, policySamples, poolSamples } from "./state-samples.ts";

/** The monitor behind a metric that is not kept; the longest period makes it cost nothing. */
const EVENT_LOOP_MONITORING_PERIOD_MS = 3_600_000;

export function createRegistry(source: AdminSource, derived: () => DerivedState | undefined): Registry {
  const registry = new Registry();
  registerProcessMetrics(registry);
  const readers = readersOf(source, derived);
  for (const metric of METRICS) {
    if (metric.published) registerCollected(metric, registry, readers[metric.name]);
  }
  return registry;
}

/** What reads the series of each metric, for whoever wants some of them. */
export function readersOf(
  source: AdminSource,
  derived: () => DerivedState | undefined,
): { readonly [name in PublishedMetric["name"]]: ReadSamples } {
  return {
    ...nodeSamples(source),
    ...answerSamples(source.answerCounters),
    ...probeSamples(source.probeCounters),
    ...lastResortSamples(source),
    ...secondarySamples(source),
    ...certificateSamples(source),
    ...connectionSamples(source),
    ...forcingSamples(source),
    ...drillSamples(source),
    ...hostNameSamples(source),
    ...endpointSamples(derived),
    ...poolSamples(derived),
    ...policySamples(derived),
    ...availabilitySamples(source, derived),
  };
}

/** prom-client has its `nodejs_*` in the same call; they are no part of the contract, and promtool faults some. */
function registerProcessMetrics(registry: Registry): void {
  collectDefaultMetrics({
    register: registry,
    eventLoopMonitoringPrecision: EVENT_LOOP_MONITORING_PERIOD_MS,
  });
  for (const { name } of registry.getMetricsAsArray()) {
    if (!name.startsWith("process_")) registry.removeSingleMetric(name);
  }
}
