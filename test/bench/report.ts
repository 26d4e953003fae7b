/** The table that a bench prints, and the arithmetic behind it. */

import { faultCount } from "./generator.ts";
import { CALM, CALM_FOR_LATENCY, type Case, type Overload, type Sample } from "./rounds.ts";
import type { ServerName } from "./servers/server.ts";

/** How far what was drawn may lie from its weight, in percentage points. */
const SHARE_TOLERANCE = 2;

/** The value below which that share of `values` lies, between the two nearest; `NaN` of none. */
export function quantileOf(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}

export function medianOf(values: readonly number[]): number {
  return quantileOf(values, 0.5);
}

/** Round by round, never the ratio of two medians: both sides of a round met the same machine. */
export function ratiosOf(samples: readonly number[], baseline: readonly number[]): number[] {
  return samples.flatMap((value, round) => {
    const against = baseline[round];
    return against === undefined || against === 0 ? [] : [value / against];
  });
}

/** Fewer calm rounds than this say less than all rounds do. */
const LEAST_CALM_ROUNDS = 3;

/**
 * The rounds in which other work left both sides alone. A server that is kept waiting, or is asked by a generator that
 * is, sleeps and wakes more often for each query, and the ratio drifts towards that of waking up; the slowest answers of
 * an open loop are those of a server that had to wait for its core.
 */
function calmRoundsOf(
  own: readonly Sample[],
  baseline: readonly Sample[],
  waited: (sample: Sample) => number,
  limit: number,
): number[] {
  const isCalm = (sample: Sample | undefined) => sample !== undefined && waited(sample) <= limit;
  return own.flatMap((sample, round) => (isCalm(sample) && isCalm(baseline[round]) ? [round] : []));
}

/** The calm ones where they are enough, else all. */
function roundsOf(calm: readonly number[], own: readonly Sample[]): readonly number[] {
  return calm.length >= LEAST_CALM_ROUNDS ? calm : [...own.keys()];
}

export interface Row {
  readonly scenario: string;
  readonly server: string;
  readonly queriesPerSecond: number;
  readonly cpuUs: number;
  /** Of calm rounds only, where there are enough of them. */
  readonly ratios: readonly number[];
  readonly calmRounds: number;
  /** Of the open loop; latencies are of these only, where there are enough of them. */
  readonly calmOpenRounds: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  readonly p99Ratios: readonly number[];
  /** Of what was asked in the open loop. */
  readonly lost: number;
  /** Of calm measurements only, where there are enough of them. */
  readonly overload: number;
  readonly overloadAsked: number;
  readonly dnsperfCpuUs: number;
  readonly dnsperfRatios: readonly number[];
  readonly busy: number;
  readonly memoryMib: number;
}

export function rowsOf(
  samples: ReadonlyMap<Case, readonly Sample[]>,
  memoryMib: ReadonlyMap<ServerName, number>,
): Row[] {
  return [...samples].map(([{ group, scenario, runner, isBaseline }, own]) => {
    const baseline = [...samples].find(([each]) => each.group === group && each.isBaseline)?.[1] ?? [];
    const column = (pick: (sample: Sample) => number) => medianOf(own.map(pick));
    const calm = calmRoundsOf(own, baseline, (sample) => sample.waited, CALM);
    const calmOpen = calmRoundsOf(own, baseline, (sample) => sample.openWaited, CALM_FOR_LATENCY);
    const rounds = roundsOf(calm, own);
    const openRounds = roundsOf(calmOpen, own);
    const cpuIn = (all: readonly Sample[]) => rounds.map((round) => all[round]?.cpuNsPerQuery ?? 0);
    const p99In = (all: readonly Sample[]) => openRounds.map((round) => all[round]?.open.p99Ns ?? 0);
    const latency = (pick: (open: Sample["open"]) => number) =>
      medianOf(openRounds.flatMap((round) => own[round] ?? []).map(({ open }) => pick(open))) / 1e3;
    const overloads = overloadsOf(own);
    const other = isBaseline && scenario !== group ? ` (${scenario.name})` : "";
    return {
      scenario: group.name,
      server: runner.name + other,
      queriesPerSecond: column((sample) => sample.queriesPerSecond),
      cpuUs: column((sample) => sample.cpuNsPerQuery) / 1e3,
      ratios: ratiosOf(cpuIn(own), cpuIn(baseline)),
      calmRounds: calm.length,
      calmOpenRounds: calmOpen.length,
      p50Us: latency(({ p50Ns }) => p50Ns),
      p99Us: latency(({ p99Ns }) => p99Ns),
      p999Us: latency(({ p999Ns }) => p999Ns),
      p99Ratios: ratiosOf(p99In(own), p99In(baseline)),
      lost: column(({ open }) => (open.missing + open.unsent) / Math.max(1, open.asked + open.unsent)),
      overload: medianOf(overloads.map(({ served }) => served)),
      overloadAsked: medianOf(overloads.map(({ asked }) => asked)),
      dnsperfCpuUs: column((sample) => sample.dnsperf?.cpuNsPerQuery ?? Number.NaN) / 1e3,
      dnsperfRatios: ratiosOf(own.flatMap(dnsperfCpuOf), baseline.flatMap(dnsperfCpuOf)),
      busy: column((sample) => sample.busy),
      memoryMib: memoryMib.get(runner.name) ?? Number.NaN,
    };
  });
}

function overloadsOf(samples: readonly Sample[]): readonly Overload[] {
  const all = samples.flatMap(({ overload }) => overload ?? []);
  const calm = all.filter(({ waited }) => waited <= CALM);
  return calm.length >= LEAST_CALM_ROUNDS ? calm : all;
}

function dnsperfCpuOf(sample: Sample): number[] {
  return sample.dnsperf === undefined ? [] : [sample.dnsperf.cpuNsPerQuery];
}

const COLUMNS: readonly { readonly title: string; readonly cell: (row: Row) => string }[] = [
  { title: "scenario", cell: ({ scenario }) => scenario },
  { title: "server", cell: ({ server }) => server },
  { title: "queries/s", cell: ({ queriesPerSecond }) => figure(queriesPerSecond, 0) },
  { title: "CPU µs/query", cell: ({ cpuUs }) => figure(cpuUs, 2) },
  { title: "ratio to gdnsd (quartiles)", cell: ({ ratios }) => spread(ratios) },
  { title: "calm rounds", cell: ({ calmRounds }) => String(calmRounds) },
  { title: "calm for latency", cell: ({ calmOpenRounds }) => String(calmOpenRounds) },
  { title: "p50 µs", cell: ({ p50Us }) => figure(p50Us, 0) },
  { title: "p99 µs", cell: ({ p99Us }) => figure(p99Us, 0) },
  { title: "p99.9 µs", cell: ({ p999Us }) => figure(p999Us, 0) },
  { title: "p99 ratio", cell: ({ p99Ratios }) => figure(medianOf(p99Ratios), 2) },
  { title: "lost", cell: ({ lost }) => percent(lost, 2) },
  {
    title: "of its peak served, at × peak",
    cell: ({ overload, overloadAsked }) =>
      Number.isNaN(overload) ? "" : `${percent(overload, 0)} at ${figure(overloadAsked, 2)}`,
  },
  { title: "dnsperf µs", cell: ({ dnsperfCpuUs }) => figure(dnsperfCpuUs, 2) },
  { title: "dnsperf ratio (quartiles)", cell: ({ dnsperfRatios }) => spread(dnsperfRatios) },
  { title: "busy", cell: ({ busy }) => percent(busy, 0) },
  { title: "memory MiB", cell: ({ memoryMib }) => figure(memoryMib, 0) },
];

/** As Markdown, so that it can be pasted; columns that hold nothing are left out. */
export function formatTable(rows: readonly Row[]): string {
  const columns = COLUMNS.map(({ title, cell }, at) => ({ title, cells: rows.map(cell), isText: at < 2 }));
  return formatColumns(columns.filter(({ cells }) => cells.some((cell) => cell !== "")));
}

export interface Column {
  readonly title: string;
  /** As many in every column. */
  readonly cells: readonly string[];
  /** Set flush left; figures are set flush right. */
  readonly isText: boolean;
}

export function formatColumns(columns: readonly Column[]): string {
  const padded = columns.map(({ title, cells, isText }) => {
    const width = Math.max(...[title, ...cells].map((cell) => cell.length));
    const pad = (cell: string) => (isText ? cell.padEnd(width) : cell.padStart(width));
    const rule = isText ? "-".repeat(width) : `${"-".repeat(width - 1)}:`;
    return [pad(title), rule].concat(cells.map(pad));
  });
  const lines = Array.from({ length: padded[0]?.length ?? 0 }, (_, line) =>
    padded.map((cells) => cells[line] ?? "").join(" | "),
  );
  return lines.map((line) => `| ${line} |\n`).join("");
}

function figure(value: number, digits: number): string {
  return Number.isNaN(value) ? "" : value.toFixed(digits);
}

function percent(value: number, digits: number): string {
  return Number.isNaN(value) ? "" : `${(value * 100).toFixed(digits)} %`;
}

function spread(ratios: readonly number[]): string {
  if (ratios.length === 0) return "";
  const [first, median, third] = [0.25, 0.5, 0.75].map((share) => quantileOf(ratios, share).toFixed(3));
  return `${median} (${first}–${third})`;
}

/** What was wrong in any round, a line a case; shares that do not follow their weights as well. */
export function complaintsOf(samples: ReadonlyMap<Case, readonly Sample[]>): string[] {
  return [...samples].flatMap(([{ scenario, runner }, own]) => {
    const results = own.flatMap(({ closed, open }) => [closed, open]);
    const wrong = results.reduce((sum, result) => sum + faultCount(result), 0);
    const first = results.find(({ firstFault }) => firstFault !== "")?.firstFault ?? "";
    const where = `${runner.name}, ${scenario.name}`;
    const faults = wrong === 0 ? [] : [`${where}: ${wrong} wrong replies; the first: ${first}`];
    const drawn = scenario.shares.map((_, at) =>
      results.reduce((sum, result) => sum + (result.drawn[at] ?? 0), 0),
    );
    return faults.concat(shareComplaints(where, drawn, scenario.shares));
  });
}

function shareComplaints(where: string, drawn: readonly number[], shares: readonly number[]): string[] {
  const all = drawn.reduce((sum, count) => sum + count, 0);
  if (all === 0) return [];
  const came = drawn.map((count) => (count * 100) / all);
  if (came.every((share, at) => Math.abs(share - (shares[at] ?? 0)) <= SHARE_TOLERANCE)) return [];
  const written = came.map((share) => share.toFixed(1)).join(" : ");
  return [`${where}: drawn ${written}, expected ${shares.join(" : ")}`];
}
