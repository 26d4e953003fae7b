/**
 * The measuring itself, in interleaved rounds: what is compared runs within seconds of each other, in an order that
 * turns from round to round, for the machine's mood changes from minute to minute. A figure of one round says nothing;
 * the ratios of several do.
 */

import { join } from "node:path";
import type { Scenario } from "./content.ts";
import { runDnsperf } from "./dnsperf.ts";
import { type GeneratorResult, runGenerator } from "./generator.ts";
import { cpuTimeOf, processTree, untilIdle } from "./measure.ts";
import type { BenchOptions } from "./options.ts";
import { ADDRESS, type ServerName } from "./servers/server.ts";

/** Sockets of the generator. A server with several threads sees them as that many clients. */
export const SOCKETS = 8;
/** Questions under way on each, in the closed loop: enough to keep a server busy, few enough to lose none. */
export const WINDOW = 16;
const OVERLOAD = 1.2;
/** The share of the time that others may have had a core for a run to be calm. */
export const CALM = 0.05;
/** The same for latencies: the slowest hundredth of all answers is not to be what others made it. */
export const CALM_FOR_LATENCY = 0.005;

/** A server that has been started and answers every name rightly. */
export interface Runner {
  readonly name: ServerName;
  readonly port: number;
  readonly pid: number;
}

/** One server under one scenario, within the group of those that are compared. */
export interface Case {
  /** The scenario of the group; that of the case differs where gdnsd is measured for a policy that it has not. */
  readonly group: Scenario;
  readonly scenario: Scenario;
  readonly runner: Runner;
  readonly isBaseline: boolean;
}

export interface Sample {
  readonly closed: GeneratorResult;
  readonly cpuNsPerQuery: number;
  readonly queriesPerSecond: number;
  /** Of the time of asking, how long the server ran. */
  readonly busy: number;
  /** Of the time of asking, how long server or generator waited because others had their core; in the open loop too. */
  readonly waited: number;
  readonly openWaited: number;
  readonly open: GeneratorResult;
  readonly overload: Overload | undefined;
  readonly dnsperf: { readonly cpuNsPerQuery: number; readonly queriesPerSecond: number } | undefined;
}

/** What became of `OVERLOAD` times the rate that the closed loop of the same round came to. */
export interface Overload {
  /** Replies a second ÷ that rate. */
  readonly served: number;
  /** Queries a second ÷ that rate: less than was meant where the generator is at its own end. */
  readonly asked: number;
  /** As in `Sample`. */
  readonly waited: number;
}

export interface Bench {
  readonly options: BenchOptions;
  readonly generator: string;
  /** Holds `SCENARIO.plan` and `SCENARIO.queries`. */
  readonly folder: string;
  readonly isStopped: () => boolean;
  readonly say: (line: string) => void;
}

/** The samples of each case, by round. Ends early, with whole rounds only, once `isStopped`. */
export async function runRounds(bench: Bench, cases: readonly Case[]): Promise<Map<Case, Sample[]>> {
  const samples = new Map<Case, Sample[]>(cases.map((each) => [each, []]));
  const groups = [...new Set(cases.map(({ group }) => group))];
  for (let round = 0; round < bench.options.rounds; round++) {
    const measured = new Map<Case, Sample>();
    for (const group of groups) {
      const turned = turn(
        cases.filter((each) => each.group === group),
        round,
      );
      for (const [each, sample] of await measureGroup(bench, turned, round)) measured.set(each, sample);
      if (bench.isStopped()) return samples;
    }
    for (const [each, sample] of measured) samples.get(each)?.push(sample);
    bench.say(`round ${round + 1} of ${bench.options.rounds}`);
  }
  return samples;
}

function turn<T>(list: readonly T[], by: number): T[] {
  const at = by % Math.max(1, list.length);
  return [...list.slice(at), ...list.slice(0, at)];
}

/** One kind of load after the other, each over all cases, so that what is compared stands side by side. */
async function measureGroup(bench: Bench, cases: readonly Case[], round: number): Promise<Map<Case, Sample>> {
  const closed = new Map<Case, Measured>();
  const samples = new Map<Case, Sample>();
  for (const each of cases) closed.set(each, await measure(bench, each, round, undefined));
  for (const [each, { result, runNs, waited }] of closed) {
    const open = await measure(bench, each, round, bench.options.ratePerSecond);
    samples.set(each, {
      closed: result,
      cpuNsPerQuery: runNs / Math.max(1, result.asked),
      queriesPerSecond: (result.repliesInTime * 1e9) / result.elapsedNs,
      busy: runNs / result.elapsedNs,
      waited,
      open: open.result,
      openWaited: open.waited,
      overload: undefined,
      dnsperf: undefined,
    });
  }
  for (const [each, before] of bench.options.overload ? samples : []) {
    const { result, waited } = await measure(bench, each, round, before.queriesPerSecond * OVERLOAD);
    const peaks = (result.elapsedNs / 1e9) * before.queriesPerSecond;
    const overload = { served: result.repliesInTime / peaks, asked: result.asked / peaks, waited };
    samples.set(each, { ...before, overload });
  }
  for (const [each, before] of bench.options.dnsperf ? samples : []) {
    samples.set(each, { ...before, dnsperf: await witness(bench, each) });
  }
  return samples;
}

interface Measured {
  readonly result: GeneratorResult;
  readonly runNs: number;
  /** See `Sample`. */
  readonly waited: number;
}

/** Closed, or open at that rate: the first calm run, or the calmest of those that may be made. */
async function measure(bench: Bench, each: Case, round: number, rate: number | undefined): Promise<Measured> {
  const calm = rate === bench.options.ratePerSecond ? CALM_FOR_LATENCY : CALM;
  let calmest: Measured | undefined;
  const { serverCore, generatorCore, patienceSeconds } = bench.options;
  for (let attempt = 1; ; attempt++) {
    await untilIdle([serverCore, generatorCore], patienceSeconds * 1_000);
    const { result, runNs, waitNs } = await withCpu(each.runner, () => ask(bench, each, round, rate));
    const waited = Math.max(waitNs, result.waitedNs) / result.elapsedNs;
    if (calmest === undefined || waited < calmest.waited) calmest = { result, runNs, waited };
    if (calmest.waited <= calm || attempt >= bench.options.tries || bench.isStopped()) return calmest;
  }
}

function ask(bench: Bench, { runner, scenario }: Case, round: number, rate: number | undefined) {
  const bounds = {
    sockets: SOCKETS,
    milliseconds: Math.round(bench.options.seconds * 1_000),
    seed: round + 1,
  };
  return runGenerator(
    bench.generator,
    { address: ADDRESS, port: runner.port },
    planPath(bench.folder, scenario),
    rate === undefined
      ? { kind: "closed", window: WINDOW, ...bounds }
      : { kind: "open", ratePerSecond: rate, ...bounds },
    pinnedTo(bench.options.generatorCore),
  );
}

async function witness(bench: Bench, { runner, scenario }: Case): Promise<Sample["dnsperf"]> {
  const seconds = Math.max(1, Math.round(bench.options.seconds));
  const { result, runNs } = await withCpu(runner, () =>
    runDnsperf(
      { address: ADDRESS, port: runner.port },
      queriesPath(bench.folder, scenario),
      seconds,
      pinnedTo(bench.options.generatorCore),
    ),
  );
  return {
    cpuNsPerQuery: runNs / Math.max(1, result.completed),
    queriesPerSecond: result.perSecond,
  };
}

/** Runs `work` with the server at rest before and after, and says what it used meanwhile. */
async function withCpu<T>(runner: Runner, work: () => Promise<T>) {
  const pids = processTree(runner.pid);
  const before = cpuTimeOf(pids);
  const result = await work();
  const after = cpuTimeOf(pids);
  return { result, runNs: after.runNs - before.runNs, waitNs: after.waitNs - before.waitNs };
}

export function planPath(folder: string, { name }: Scenario): string {
  return join(folder, `${name}.plan`);
}

export function queriesPath(folder: string, { name }: Scenario): string {
  return join(folder, `${name}.queries`);
}

/** What stands before a command, so that it runs on that core. */
export function pinnedTo(core: number): string[] {
  return ["taskset", "-c", String(core)];
}
