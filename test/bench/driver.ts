/**
 * `npm run bench`: Fairlead against gdnsd, NSD and Knot, each on one core and the load generator on another, over
 * loopback. Prints a table; keeps its files in a folder under the system's temporary one, removed at the end, and ends
 * every server by its own process identifier. Exits 1 where any reply was wrong.
 */

import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { cpus, release, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { bootstrap } from "../../deploy/bootstrap.mjs";
import { peerPath } from "../peers.ts";
import { freePort } from "../support/peers/network.ts";
import { reportBehaviour } from "./behaviour.ts";
import { type Scenario, scenarioOf } from "./content.ts";
import { writeDnsperfQueries } from "./dnsperf.ts";
import { compileGenerator, faultCount, type GeneratorResult, runGenerator, writePlan } from "./generator.ts";
import { processTree, residentKib } from "./measure.ts";
import { type BenchOptions, HELP, parseOptions } from "./options.ts";
import { complaintsOf, formatTable, medianOf, rowsOf } from "./report.ts";
import {
  type Bench,
  type Case,
  pinnedTo,
  planPath,
  queriesPath,
  type Runner,
  runRounds,
  type Sample,
  SOCKETS,
  WINDOW,
} from "./rounds.ts";
import { allServers } from "./servers/all.ts";
import { ADDRESS, type BenchServer, type RunningServer, type ServerName } from "./servers/server.ts";
import { benchStarts, type StartsBench } from "./starts.ts";

/** A server that listens may still be loading: it is asked one name until that comes right. */
const FIRST_ANSWER_LIMIT_MS = 60_000;
const FIRST_ANSWER_TRY_MS = 400;
const SWEEP_LIMIT_MS = 60_000;
/** Before anything counts, so that code that is compiled while it runs is compiled. */
const WARM_UP_MS = 1_500;
const NEEDED = ["cc", "taskset"] as const;

interface Started extends Runner {
  readonly running: RunningServer;
  readonly scenarios: readonly Scenario[];
  /** From the start of the process to the first right answer. */
  readonly startSeconds: number;
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options === undefined) {
    process.stdout.write(HELP);
    return;
  }
  if (options.behaviour) {
    await reportBehaviour(allServers(await distOf(options)), options.servers);
    return;
  }
  const missing = NEEDED.filter((name) => peerPath(name) === undefined);
  if (missing.length > 0) throw new Error(`not installed: ${missing.join(", ")}`);
  if (cpus().length < 2) throw new Error("two cores are needed: one for the server, one for the generator");
  const dist = await distOf(options);
  const folder = await mkdtemp(join(tmpdir(), "fairlead-bench-"));
  const started: Started[] = [];
  let stopAsked = false;
  // The servers share our process group and hear Ctrl-C as well; what is left is to end the rest and to clean up.
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      stopAsked = true;
    });
  }
  const say = (line: string) => process.stderr.write(`bench: ${line}\n`);
  try {
    if (options.starts) {
      await runStarts(options, allServers(dist), { folder, isStopped: () => stopAsked, say });
      return;
    }
    const generator = await compileGenerator(folder);
    const bench: Bench = { options, generator, folder, isStopped: () => stopAsked, say };
    await runBench(bench, allServers(dist), started);
  } catch (error) {
    // Ctrl-C ends the generator as well, which is no news then.
    if (!stopAsked) throw error;
    say("stopped");
    process.exitCode = 1;
  } finally {
    for (const { running } of started) await running.program.end();
    await rm(folder, { recursive: true, force: true });
  }
}

async function runStarts(
  { rounds, servers: names }: BenchOptions,
  known: readonly BenchServer[],
  rest: Pick<StartsBench, "folder" | "isStopped" | "say">,
): Promise<void> {
  const versions: string[] = [];
  const servers: BenchServer[] = [];
  for (const server of known.filter(({ name }) => names.includes(name))) {
    const version = await server.version();
    if (version === undefined) continue;
    versions.push(version);
    servers.push(server);
  }
  const table = await benchStarts({ ...rest, rounds, servers });
  const lines = [machine(), [...new Set(versions)].join(", "), `Medians of ${rounds} interleaved rounds`, ""];
  process.stdout.write(`${lines.join("\n")}\n${table}`);
}

/** Compiled code, made now where none was named. */
async function distOf({ dist }: BenchOptions): Promise<string> {
  if (dist === undefined) await bootstrap();
  return dist ?? fileURLToPath(new URL("../../dist", import.meta.url));
}

async function runBench(bench: Bench, known: readonly BenchServer[], started: Started[]): Promise<void> {
  const { options, folder, say } = bench;
  // What the ratios are taken to is served as well, whether it was named or not.
  const named = options.scenarios.map(scenarioOf);
  const served = new Set(named.flatMap((scenario) => [scenario, scenarioOf(scenario.baseline)]));
  for (const scenario of served) {
    await writePlan(planPath(folder, scenario), scenario.questions);
    if (options.dnsperf) await writeDnsperfQueries(queriesPath(folder, scenario), scenario.questions);
  }
  const versions: string[] = [];
  for (const server of known.filter(({ name }) => options.servers.includes(name))) {
    const version = await server.version();
    if (version === undefined) say(`${server.name} is not installed: left out`);
    else if (await startServer(bench, server, [...served], started)) versions.push(version);
    if (bench.isStopped()) return;
  }
  const samples = await runRounds(bench, casesOf(named, started));
  if ([...samples.values()].every(({ length }) => length === 0)) throw new Error("no round came to its end");
  const memoryMib = new Map<ServerName, number>(
    started.map(({ name, pid }) => [name, residentKib(processTree(pid)) / 1_024]),
  );
  printOutcome(options, [...new Set(versions)], started, samples, memoryMib);
}

/** Every server under every scenario that it can serve, and gdnsd under the one that ratios are taken to. */
function casesOf(named: readonly Scenario[], started: readonly Started[]): Case[] {
  return named.flatMap((group) =>
    started.flatMap((runner) => {
      const isBaseline = runner.name === "gdnsd";
      const scenario = isBaseline ? scenarioOf(group.baseline) : group;
      return runner.scenarios.includes(scenario) ? [{ group, scenario, runner, isBaseline }] : [];
    }),
  );
}

/** Starts one, checks its answer to every name and warms it up. Says why and returns `false` where that fails. */
async function startServer(
  bench: Bench,
  server: BenchServer,
  scenarios: readonly Scenario[],
  started: Started[],
): Promise<boolean> {
  const own = scenarios.filter(({ zone }) => server.serves(zone));
  const folder = join(bench.folder, server.name);
  await mkdir(folder);
  const port = await freePort(ADDRESS);
  const zones = [...new Set(own.map(({ zone }) => zone))];
  const prefix = pinnedTo(bench.options.serverCore);
  const startedAtMs = performance.now();
  const running = await server.start({ folder, port, zones, prefix });
  const { pid } = running.program;
  try {
    await running.ready();
    await untilAnswering(bench, port, own);
    const startSeconds = (performance.now() - startedAtMs) / 1_000;
    for (const scenario of own) await checkAndWarm(bench, port, scenario);
    started.push({ name: server.name, port, pid, running, scenarios: own, startSeconds });
    bench.say(`${server.name} serves ${own.map(({ name }) => name).join(", ")}`);
    return true;
  } catch (error) {
    await running.program.end();
    bench.say(`${server.name} is left out: ${error instanceof Error ? error.message : String(error)}`);
    return false;
  }
}

async function untilAnswering(bench: Bench, port: number, scenarios: readonly Scenario[]): Promise<void> {
  const endsAtMs = performance.now() + FIRST_ANSWER_LIMIT_MS;
  for (const scenario of scenarios) {
    for (;;) {
      const result = await sweep(bench, port, scenario, FIRST_ANSWER_TRY_MS, 1);
      if (result.replies === 1) break;
      if (performance.now() > endsAtMs) throw new Error(`no right answer: ${result.firstFault}`);
      await delay(50);
    }
  }
}

async function checkAndWarm(bench: Bench, port: number, scenario: Scenario): Promise<void> {
  const result = await sweep(bench, port, scenario, SWEEP_LIMIT_MS, scenario.questions.length);
  if (result.replies !== scenario.questions.length) {
    const { asked, replies, missing, firstFault } = result;
    const figures = `${replies} of ${asked} right, ${faultCount(result)} wrong, ${missing} missing`;
    throw new Error(`${scenario.name}: ${figures} ${firstFault}`);
  }
  const load = {
    kind: "closed",
    sockets: SOCKETS,
    window: WINDOW,
    milliseconds: WARM_UP_MS,
    seed: 1,
  } as const;
  const plan = planPath(bench.folder, scenario);
  await runGenerator(
    bench.generator,
    { address: ADDRESS, port },
    plan,
    load,
    pinnedTo(bench.options.generatorCore),
  );
}

function sweep(
  bench: Bench,
  port: number,
  scenario: Scenario,
  milliseconds: number,
  count: number,
): Promise<GeneratorResult> {
  const load = { kind: "sweep", sockets: SOCKETS, window: WINDOW, milliseconds, count, seed: 1 } as const;
  const plan = planPath(bench.folder, scenario);
  return runGenerator(
    bench.generator,
    { address: ADDRESS, port },
    plan,
    load,
    pinnedTo(bench.options.generatorCore),
  );
}

function printOutcome(
  options: BenchOptions,
  versions: readonly string[],
  started: readonly Started[],
  samples: ReadonlyMap<Case, readonly Sample[]>,
  memoryMib: ReadonlyMap<ServerName, number>,
): void {
  const rounds = Math.max(0, ...[...samples.values()].map(({ length }) => length));
  const rows = rowsOf(samples, memoryMib);
  const complaints = complaintsOf(samples);
  if (complaints.length > 0) process.exitCode = 1;
  if (options.json) {
    const all = [...samples].map(([{ group, scenario, runner }, own]) => ({
      group: group.name,
      scenario: scenario.name,
      server: runner.name,
      samples: own,
    }));
    process.stdout.write(
      `${JSON.stringify({ options, versions, rows, complaints, cases: all }, undefined, 1)}\n`,
    );
    return;
  }
  const every = [...samples.values()].flat();
  const [waited, openWaited] = [medianOf(every.map(waitedOf)), medianOf(every.map(openWaitedOf))].map(
    (share) => (share * 100).toFixed(1),
  );
  const lag = medianOf(every.map((sample) => sample.open.lagP99Ns)) / 1e3;
  const starts = started.map(({ name, startSeconds }) => `${name} ${startSeconds.toFixed(1)} s`);
  const lines = [
    machine(),
    versions.join(", "),
    `Medians of ${rounds} interleaved rounds of ${options.seconds} s; latency at ${options.ratePerSecond} queries a second`,
    "",
    formatTable(rows),
    `Start to first answers: ${starts.join(", ")}.`,
    `Other work had a core for ${waited} % of the time, ${openWaited} % in the open loop, which asked ${lag.toFixed(0)} µs late (p99).`,
    ...complaints,
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

function machine(): string {
  const date = new Date().toISOString().slice(0, 10);
  return `${date}, ${cpus()[0]?.model}, Linux ${release()}, Node ${process.version}`;
}

function waitedOf(sample: Sample): number {
  return sample.waited;
}

function openWaitedOf(sample: Sample): number {
  return sample.openWaited;
}

main().catch((error: unknown) => {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
