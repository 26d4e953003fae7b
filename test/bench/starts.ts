/**
 * Starts: how long each server takes from the beginning of its process to the first right answer, and what memory it holds
 * when it has come to rest, with a thousand names and with a million. Fairlead with several numbers of workers. Round by
 * round, so that what is compared has met the same machine; on all cores, as servers are started.
 */

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { CLASS } from "../../src/dns/types.ts";
import { freePort } from "../support/peers/network.ts";
import type { Program } from "../support/peers/program.ts";
import { type Scenario, scenarioOf } from "./content.ts";
import type { Question } from "./generator.ts";
import { processTree, residentKib } from "./measure.ts";
import { medianOf, quantileOf, ratiosOf } from "./report.ts";
import { ADDRESS, type BenchServer } from "./servers/server.ts";

const SCENARIOS = ["static", "million"] as const;
const WORKERS: readonly number[] = [1, 2, 4];
const FIRST_ANSWER_LIMIT_MS = 120_000;
const ASK_EVERY_MS = 5;
/** A server that has answered still lets go of what its start took. */
const REST_MS = 4_000;
const TICKS_PER_SECOND = 100;

interface StartCase {
  readonly server: BenchServer;
  readonly workers: number;
  readonly scenario: Scenario;
}

export interface Start {
  readonly seconds: number;
  readonly memoryMib: number;
}

export interface StartsBench {
  /** Empty; what is in it afterwards may be removed. */
  readonly folder: string;
  readonly rounds: number;
  readonly servers: readonly BenchServer[];
  readonly isStopped: () => boolean;
  readonly say: (line: string) => void;
}

/** The table, as `npm run bench -- --starts` prints it. */
export async function benchStarts(bench: StartsBench): Promise<string> {
  const cases = bench.servers.flatMap((server) =>
    (server.name === "fairlead" ? WORKERS : [1]).flatMap((workers) =>
      SCENARIOS.map((name): StartCase => ({ server, workers, scenario: scenarioOf(name) })),
    ),
  );
  const starts = new Map<StartCase, Start[]>(cases.map((each) => [each, []]));
  for (let round = 0; round < bench.rounds; round++) {
    for (const each of cases) {
      if (bench.isStopped()) return formatStarts(starts);
      starts.get(each)?.push(await measureStart(bench, each));
    }
    bench.say(`round ${round + 1} of ${bench.rounds}`);
  }
  return formatStarts(starts);
}

async function measureStart(bench: StartsBench, { server, workers, scenario }: StartCase): Promise<Start> {
  const folder = join(bench.folder, server.name);
  await mkdir(folder);
  const port = await freePort(ADDRESS);
  const { program } = await server.start({ folder, port, zones: [scenario.zone], prefix: [], workers });
  try {
    const last = scenario.questions.at(-1);
    if (last === undefined) throw new Error(`${scenario.name} asks nothing`);
    await firstAnswer(port, last, program);
    const seconds = secondsSinceStart(program.pid);
    await delay(REST_MS);
    return { seconds, memoryMib: residentKib(processTree(program.pid)) / 1_024 };
  } finally {
    await program.end();
    await rm(folder, { recursive: true, force: true });
  }
}

async function firstAnswer(port: number, question: Question, program: Program): Promise<void> {
  const socket = createSocket("udp4");
  socket.on("error", () => undefined);
  const query = Buffer.concat([
    Uint8Array.of(0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0),
    question.name,
    Uint8Array.of(0, question.type, 0, CLASS.IN),
  ]);
  const failed = new AbortController();
  const untilMs = performance.now() + FIRST_ANSWER_LIMIT_MS;
  const asking = setInterval(() => {
    if (!program.isRunning() || performance.now() > untilMs) failed.abort();
    else socket.send(query, port, ADDRESS);
  }, ASK_EVERY_MS);
  try {
    for (;;) {
      const [reply]: Buffer[] = await once(socket, "message", { signal: failed.signal });
      if (reply !== undefined && isRight(reply, question)) return;
    }
  } catch {
    throw new Error(`no right answer: ${program.output().slice(-2_000)}`);
  } finally {
    clearInterval(asking);
    socket.close();
  }
}

/** RCODE and ANCOUNT. */
function isRight(reply: Buffer, { rcode, answers }: Question): boolean {
  return ((reply[3] ?? 0) & 0x0f) === rcode && reply.readUInt16BE(6) === answers;
}

/** Since the kernel made the process, which is before it has done anything. */
function secondsSinceStart(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const ticks = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
  return Number(readFileSync("/proc/uptime", "latin1").split(" ")[0]) - ticks / TICKS_PER_SECOND;
}

function formatStarts(starts: ReadonlyMap<StartCase, readonly Start[]>): string {
  const all = [...starts];
  const of = (server: string, workers: number, scenario: string): readonly Start[] =>
    all.find(
      ([each]) => each.server.name === server && each.workers === workers && each.scenario.name === scenario,
    )?.[1] ?? [];
  const seconds = (list: readonly Start[]): number[] => list.map((start) => start.seconds);
  const memory = (list: readonly Start[]): number => medianOf(list.map(({ memoryMib }) => memoryMib));
  const baseline = seconds(of("gdnsd", 1, "million"));
  const rows = all.flatMap(([{ server, workers, scenario }, million]) => {
    if (scenario.name !== "million") return [];
    const few = of(server.name, workers, "static");
    const ratios = ratiosOf(seconds(million), baseline);
    const [first, median, third] = [0.25, 0.5, 0.75].map((share) => quantileOf(ratios, share).toFixed(2));
    const cells = [
      server.name === "fairlead" ? `${server.name}, ${workers} workers` : server.name,
      `${medianOf(seconds(few)).toFixed(2)} s`,
      `${medianOf(seconds(million)).toFixed(2)} s`,
      ratios.length === 0 ? "" : `${median} (${first}–${third})`,
      `${memory(few).toFixed(0)} MiB`,
      `${memory(million).toFixed(0)} MiB`,
      `${(memory(million) - memory(few)).toFixed(0)} MiB`,
    ];
    return [`| ${cells.join(" | ")} |`];
  });
  const head = ["server", "start, 1,000 names", "1,000,000 names", "ratio to gdnsd (quartiles)"];
  const columns = [...head, "memory, 1,000 names", "1,000,000 names", "difference"];
  return [`| ${columns.join(" | ")} |`, `|${" --- |".repeat(columns.length)}`, ...rows, ""].join("\n");
}
