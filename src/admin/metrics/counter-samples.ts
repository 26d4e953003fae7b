/** Samples of what is counted while the process runs: queries, answers and probes. */

import type { AdminSource, AnswerCounters, HistogramReading, ProbeCounters } from "../source.ts";
import type { Sample } from "./sample.ts";

const MS_PER_SECOND = 1000;

export function answerSamples(counters: AnswerCounters) {
  return {
    fairlead_dns_queries_total: () => labelled(counters.queries()),
    fairlead_dns_responses_total: () => labelled(counters.responses()),
    fairlead_dns_dropped_total: () => labelled(counters.dropped()),
    fairlead_dns_rate_limited_total: () => labelled(counters.rateLimited()),
    fairlead_dns_extended_errors_total: () => labelled(counters.extendedErrors()),
    fairlead_dns_response_seconds: () =>
      histogramSamples("fairlead_dns_response_seconds", {}, counters.responseSeconds()),
    fairlead_answers_total: () => labelled(counters.answers()),
    fairlead_dry_run_answers_total: () => labelled(counters.dryRunAnswers()),
  };
}

export function probeSamples(counters: ProbeCounters) {
  return {
    fairlead_probes_total: () => labelled(counters.results()),
    fairlead_probe_duration_seconds: () => durationSamples(counters),
    fairlead_probe_last_duration_seconds: () => lastDurationSamples(counters),
    fairlead_endpoint_transitions_total: () => labelled(counters.transitions()),
  };
}

export function lastResortSamples(source: AdminSource) {
  return { fairlead_policy_last_resorts_total: () => labelled(source.lastResorts()) };
}

export function secondarySamples({ secondaries }: AdminSource) {
  return {
    fairlead_dns_transfers_total: () => secondaries.transfers(),
    fairlead_dns_notifies_total: () => secondaries.notifies(),
  };
}

export function certificateSamples(source: AdminSource) {
  return { fairlead_probe_certificate_expiry_timestamp_seconds: () => expirySamples(source) };
}

function* expirySamples(source: AdminSource): Generator<Sample> {
  for (const { pool, endpoint, expiresAtMs } of source.certificates()) {
    yield { labels: { pool, endpoint }, value: expiresAtMs / MS_PER_SECOND };
  }
}

/** What a counter's reader yields names its labels already. */
function* labelled(readings: Iterable<{ readonly value: number }>): Generator<Sample> {
  for (const { value, ...labels } of readings) yield { labels, value };
}

function* durationSamples(counters: ProbeCounters): Generator<Sample> {
  for (const { monitor, histogram } of counters.durations()) {
    yield* histogramSamples("fairlead_probe_duration_seconds", { monitor }, histogram);
  }
}

function* lastDurationSamples(counters: ProbeCounters): Generator<Sample> {
  for (const { pool, endpoint, seconds } of counters.lastDurations()) {
    yield { labels: { pool, endpoint }, value: seconds };
  }
}

/** Buckets are published summed up: each holds everything up to its bound, and the last one everything. */
function* histogramSamples(
  name: string,
  labels: Readonly<Record<string, string>>,
  { boundsSeconds, counts, sumSeconds }: HistogramReading,
): Generator<Sample> {
  let count = 0;
  for (const [index, boundSeconds] of boundsSeconds.entries()) {
    count += counts[index] ?? 0;
    yield { metricName: `${name}_bucket`, labels: { le: String(boundSeconds), ...labels }, value: count };
  }
  count += counts[boundsSeconds.length] ?? 0;
  yield { metricName: `${name}_bucket`, labels: { le: "+Inf", ...labels }, value: count };
  yield { metricName: `${name}_sum`, labels, value: sumSeconds };
  yield { metricName: `${name}_count`, labels, value: count };
}
