/**
 * When a drill ends before its time. Some conditions always hold good, whatever an operator adds; they are measured against
 * what the preflight saw and foresaw, so that a drill that was forced is not ended by what it was forced against:
 *
 * | what is seen                                         | foreseen, or so before | ends it |
 * | ---------------------------------------------------- | ---------------------- | ------- |
 * | an endpoint down that its policies can answer        | yes                    | no      |
 * |                                                      | no                     | yes     |
 * | … and that the drill itself takes away               | any                    | no      |
 * | any policy on a rung                                 | that one, or further down | no   |
 * |                                                      | further up             | yes     |
 * | any pool with more than its capacity                 | yes                    | no      |
 * |                                                      | no                     | yes     |
 *
 * What an operator names holds as it is written. A rate is one of all series that match, together, over the last
 * `RATE_WINDOW_MS`, and unknown until these have passed; a value is that of any one of them.
 */

import { globMatches, refMatches } from "../health/ref.ts";
import { type EndpointHealth, observedOf, type Snapshot } from "../health/snapshot.ts";
import type { Condition, MetricCondition } from "./drill-condition-text.ts";
import type { OverfullPool, Standing } from "./drill-standing.ts";
import type { Rung } from "./evaluation.ts";
import type { Definitions } from "./model.ts";
import { isPoolUp } from "./pool.ts";
import { familiesOf } from "./reach.ts";
import { endpointsOf } from "./resolved.ts";

export const RATE_WINDOW_MS = 10_000;

/** One series of a metric as it is read. */
export interface SeriesReading {
  /** Of a part of a histogram; absent where it is the metric's own. */
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface PolicyStanding {
  /** Absolute, as text. */
  readonly owner: string;
  readonly name: string;
  readonly standing: Standing;
}

/** What a drill sees at one moment. */
export interface DrillSight {
  readonly definitions: Definitions;
  readonly snapshot: Snapshot;
  readonly policies: readonly PolicyStanding[];
  readonly overfull: readonly OverfullPool[];
  /** The series of a metric; those of its parts where it is a histogram. */
  readonly seriesOf: (metric: string) => Iterable<SeriesReading>;
  /** By the condition's text, a second; absent while it is not known. */
  readonly rates: ReadonlyMap<string, number>;
}

/** What ends no drill: it was there before, or was foreseen. */
export interface Baseline {
  /** By owner; 1 where it is missing. */
  readonly rungs: ReadonlyMap<string, Rung>;
  /** Endpoints that are looked at: its policies can answer them, and it does not take them away. */
  readonly watched: ReadonlySet<string>;
  /** Of these, those that were down. */
  readonly down: ReadonlySet<string>;
  /** Pools over their capacity. */
  readonly overfull: ReadonlySet<string>;
}

/** Why a drill ends now, in words; the table at the head of this file. */
export function whyWorse(sight: DrillSight, baseline: Baseline): string | undefined {
  for (const id of baseline.watched) {
    const health = sight.snapshot.endpoints.get(id);
    if (health !== undefined && isDown(health) && !baseline.down.has(id)) return describeDown(id, health);
  }
  for (const policy of sight.policies) {
    if (policy.standing.rung > (baseline.rungs.get(policy.owner) ?? 1)) return describeStanding(policy);
  }
  const overfull = sight.overfull.find(({ pool }) => !baseline.overfull.has(pool));
  return overfull && describeOverfull(overfull);
}

/** Why what an operator named holds, in words. */
export function whyHolds(condition: Condition, sight: DrillSight): string | undefined {
  const { kind } = condition;
  switch (kind) {
    case "endpoint":
      for (const { id, pool, name } of endpointsOf(sight.definitions)) {
        const health = sight.snapshot.endpoints.get(id);
        const isMeant = refMatches(condition.name, pool, name);
        if (isMeant && health !== undefined && isDown(health)) return describeDown(id, health);
      }
      return undefined;
    case "pool": {
      const pools = [...sight.definitions.pools.values()].filter(({ name }) =>
        globMatches(condition.name, name),
      );
      const down = pools.find(
        (pool) => !familiesOf(pool.endpoints).some((family) => isPoolUp(pool, sight.snapshot, family)),
      );
      return down && `pool ${down.name} is down`;
    }
    case "policy": {
      const left = sight.policies.find(
        (policy) => policy.standing.rung > 1 && isPolicyMeant(condition.name, policy),
      );
      return left && describeStanding(left);
    }
    case "metric":
      return whyMeasured(condition, sight);
  }
}

/** By its name or its owner, with the final dot or without. */
export function isPolicyMeant(glob: string, { owner, name }: Omit<PolicyStanding, "standing">): boolean {
  return [owner, owner.slice(0, -1), name].some((text) => globMatches(glob, text));
}

function isDown({ addresses }: EndpointHealth): boolean {
  return observedOf(addresses) === "down";
}

function describeDown(id: string, { addresses }: EndpointHealth): string {
  const reasons = [...new Set(addresses.map(({ reason }) => reason))].join("; ");
  return `endpoint ${id} is down: ${reasons}`;
}

export function describeStanding({ owner, standing: { rung, client } }: PolicyStanding): string {
  return `${owner} answers from rung ${rung} of its last resorts${client === "" ? "" : ` for ${client}`}`;
}

export function describeOverfull({ pool, load, capacity }: OverfullPool): string {
  return `pool ${pool} gets ${Number(load.toFixed(3))} of its capacity of ${capacity}`;
}

function whyMeasured(condition: MetricCondition, { seriesOf, rates }: DrillSight): string | undefined {
  const { text, comparison, threshold, isRate } = condition;
  const holds = (value: number): boolean => (comparison === ">" ? value > threshold : value < threshold);
  if (isRate) {
    const rate = rates.get(text);
    return rate !== undefined && holds(rate)
      ? `${text}: it rises by ${Number(rate.toFixed(3))} a second`
      : undefined;
  }
  for (const series of matchingSeries(condition, seriesOf(condition.metric))) {
    if (holds(series.value)) return `${text}: ${formatLabels(series)}${series.value}`;
  }
  return undefined;
}

/** Whether it asks for labels that no series has so far: a slip of the pen, or something that has yet to occur. */
export function matchesNothing(condition: MetricCondition, series: Iterable<SeriesReading>): boolean {
  return condition.matchers.length > 0 && matchingSeries(condition, series).next().done === true;
}

function* matchingSeries(
  { metric, matchers }: MetricCondition,
  series: Iterable<SeriesReading>,
): Generator<SeriesReading> {
  for (const each of series) {
    if ((each.metricName ?? metric) !== metric) continue;
    if (matchers.every(({ label, value, negated }) => (each.labels[label] === value) !== negated)) yield each;
  }
}

function formatLabels({ labels }: SeriesReading): string {
  const parts = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return parts.length === 0 ? "" : `{${parts.join(",")}} is `;
}

// --- rates -----------------------------------------------------------------------------------------------------------

export interface MeterReading {
  readonly atMs: number;
  readonly value: number;
}

/** All series of the condition together; 0 where there is none: what never occurred has no series. */
export function sumOf(condition: MetricCondition, series: Iterable<SeriesReading>): number {
  let sum = 0;
  for (const { value } of matchingSeries(condition, series)) sum += value;
  return sum;
}

/** With a further reading, without those that no rate needs any more. */
export function noteReading(readings: readonly MeterReading[], next: MeterReading): readonly MeterReading[] {
  const all = [...readings, next];
  const needed = all.findLastIndex(({ atMs }) => atMs <= next.atMs - RATE_WINDOW_MS);
  return all.slice(Math.max(0, needed));
}

/** `undefined` until the readings span the window. */
export function ratePerSecond(readings: readonly MeterReading[]): number | undefined {
  const [first] = readings;
  const last = readings.at(-1);
  if (first === undefined || last === undefined || last.atMs - first.atMs < RATE_WINDOW_MS) return undefined;
  return ((last.value - first.value) * 1000) / (last.atMs - first.atMs);
}
