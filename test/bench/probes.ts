/**
 * `npm run bench:probes`: what probing costs and how punctual it is, and what the main thread feels of it. For each kind,
 * the zones of so many endpoints are loaded and probed by the code that serves, over loopback; a process of its own
 * responds. Measured at rest, then while half of the endpoints die at one moment.
 *
 *   probes/s        verdicts that came in
 *   cores           CPU time of this process, all threads: probes, verdicts, health, images
 *   lateness p99    from the moment a probe was due to the moment it began, as an upper bound
 *   stall           the longest that the main thread's event loop did nothing but one thing
 *   waited          part of the time in which threads were ready and others had the core: what the figures are worth
 */

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { createHealthBook } from "../../src/daemon/health-book.ts";
import { createServing } from "../../src/daemon/serving.ts";
import { createProbeThreads } from "../../src/probe/probe-threads.ts";
import type { Histogram, WheelStats } from "../../src/probe/wheel-stats.ts";
import { typescriptThread } from "../support/threads.ts";
import { loadText } from "../unit/daemon/loaded-zones.ts";
import { cpuTimeOf } from "./measure.ts";

const HELP = `npm run bench:probes -- [flags]

  --kinds A,B      of tcp, http, https (default: all)
  --endpoints N    how many are probed (default 10000)
  --every S        seconds between two probes of one (default 10)
  --seconds S      length of each measurement (default 10)
  --threads N      at most so many threads (default: the cores)
`;

const KINDS = ["tcp", "http", "https"] as const;
type Kind = (typeof KINDS)[number];

const ENDPOINTS_PER_POOL = 100;
const LOOP_RESOLUTION_MS = 1;
const NS_PER_MS = 1e6;
const HOST = "www.example.com";

interface Settings {
  readonly endpoints: number;
  readonly everySeconds: number;
  readonly seconds: number;
  readonly threads: number;
}

interface Responder {
  readonly plain: number;
  readonly doomedPlain: number;
  readonly tls: number;
  readonly doomedTls: number;
  readonly caFile: string;
  readonly killDoomed: () => void;
  readonly end: () => void;
}

async function startResponder(folder: string): Promise<Responder> {
  const [keyFile, certFile] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", keyFile];
  const name = ["-subj", `/CN=${HOST}`, "-addext", `subjectAltName=DNS:${HOST}`];
  execFileSync("openssl", ["req", "-x509", ...key, "-out", certFile, ...name, "-days", "2"], {
    stdio: "pipe",
  });
  const program = fileURLToPath(new URL("probe-responder.mjs", import.meta.url));
  const child = spawn(process.execPath, [program, keyFile, certFile], { stdio: ["pipe", "pipe", "inherit"] });
  const [line]: unknown[] = await once(child.stdout, "data");
  const ports: unknown = JSON.parse(String(line));
  const portAt = (index: number): number => (Array.isArray(ports) ? Number(ports[index]) : 0);
  return {
    plain: portAt(0),
    doomedPlain: portAt(1),
    tls: portAt(2),
    doomedTls: portAt(3),
    caFile: certFile,
    killDoomed: () => void child.stdin.write("\n"),
    end: () => void child.stdin.end(),
  };
}

/** A zone whose endpoints are loopback addresses, every other one on a port that is to die. */
function zoneText(kind: Kind, responder: Responder, { endpoints, everySeconds }: Settings): string {
  const secure = kind === "https";
  const keys = secure ? `host=${HOST} ca=${responder.caFile}` : "";
  const ports = secure ? [responder.tls, responder.doomedTls] : [responder.plain, responder.doomedPlain];
  const lines = ports.map(
    (port, index) =>
      `$MONITOR m${index} ${kind} port=${port} every=${everySeconds}s timeout=2s fall=1 ${keys}`,
  );
  const pools: string[] = [];
  for (let first = 0; first < endpoints; first += ENDPOINTS_PER_POOL) {
    const pool = `p${first / ENDPOINTS_PER_POOL}`;
    pools.push(pool);
    lines.push(`$POOL ${pool} monitor=m${pools.length % 2} min-up=1`);
    for (let index = first; index < Math.min(endpoints, first + ENDPOINTS_PER_POOL); index++) {
      lines.push(`  e${index} 127.${1 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`);
    }
  }
  for (const [index, pool] of pools.entries()) {
    lines.push(`w${index} 30 POLICY failover ( ${pool} ${pools[(index + 1) % pools.length] ?? pool} )`);
  }
  return lines.join("\n");
}

interface Figures {
  readonly probesPerSecond: number;
  readonly failed: number;
  readonly cores: number;
  readonly latenessP99Ms: number;
  readonly stallMs: number;
  readonly waited: number;
  readonly builds: number;
}

async function measureKind(kind: Kind, settings: Settings, folder: string): Promise<void> {
  const responder = await startResponder(folder);
  const clock = { now: Date.now, monotonic: () => performance.now() };
  const book = createHealthBook();
  let [verdicts, failed, builds] = [0, 0, 0];
  const serving = createServing({
    book,
    forcedAt: () => new Map(),
    clock,
    geo: () => undefined,
    onPublish: () => builds++,
  });
  const threads = createProbeThreads({
    entry: typescriptThread(new URL("../../src/probe/probe-thread-entry.ts", import.meta.url)),
    threadsMax: settings.threads,
    runAs: undefined,
    concurrency: 2_048,
    commandConcurrency: 8,
    onVerdict(target, verdict) {
      verdicts++;
      if (!verdict.ok) failed++;
      if (book.record(target.key, verdict)) serving.healthChanged();
    },
    onDeath: (error) => void process.stderr.write(`a thread died: ${error.message}\n`),
  });
  const set = loadText(zoneText(kind, responder, settings));
  book.use(set, clock.now());
  threads.setTargets(book.targets());
  await threads.runRound(60_000);
  serving.install(set);
  threads.start();
  // Code that is compiled while it runs is compiled by then, and probes have come to their pace.
  await delay(3_000);
  const measure = async (act: () => void): Promise<Figures> => {
    const before = {
      verdicts,
      failed,
      builds,
      cpu: cpuTimeOf([process.pid]),
      lateness: await latenessOf(threads),
    };
    const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
    const startedMs = performance.now();
    loop.enable();
    act();
    await delay(settings.seconds * 1_000);
    loop.disable();
    const ms = performance.now() - startedMs;
    const cpu = cpuTimeOf([process.pid]);
    const lateness = await latenessOf(threads);
    return {
      probesPerSecond: ((verdicts - before.verdicts) / ms) * 1_000,
      failed: failed - before.failed,
      cores: (cpu.runNs - before.cpu.runNs) / NS_PER_MS / ms,
      latenessP99Ms: p99Ms(lateness, before.lateness),
      stallMs: loop.max / NS_PER_MS - LOOP_RESOLUTION_MS,
      waited: (cpu.waitNs - before.cpu.waitNs) / NS_PER_MS / ms,
      builds: builds - before.builds,
    };
  };
  print(`${kind}, all well`, await measure(() => undefined));
  print(`${kind}, half die`, await measure(responder.killDoomed));
  await threads.stop();
  responder.end();
}

interface Lateness {
  readonly boundsSeconds: readonly number[];
  readonly counts: readonly number[];
}

async function latenessOf(threads: { stats(): Promise<WheelStats[]> }): Promise<Lateness> {
  const all: Histogram[] = (await threads.stats()).map(({ lateness }) => lateness);
  const boundsSeconds = all[0]?.boundsSeconds ?? [];
  const counts = Array.from({ length: boundsSeconds.length + 1 }, (_, index) =>
    all.reduce((sum, { counts }) => sum + (counts[index] ?? 0), 0),
  );
  return { boundsSeconds, counts };
}

/** The bound of the bucket that holds the 99th percentile of what came between the two. */
function p99Ms(after: Lateness, before: Lateness): number {
  const counts = after.counts.map((count, index) => count - (before.counts[index] ?? 0));
  const total = counts.reduce((sum, count) => sum + count, 0);
  let below = 0;
  const bucket = counts.findIndex((count) => (below += count) >= total * 0.99);
  return (after.boundsSeconds[bucket] ?? Infinity) * 1_000;
}

const COLUMNS = ["", "probes/s", "failed", "cores", "lateness p99", "stall", "builds", "waited"] as const;
const WIDTHS = [18, 9, 7, 7, 13, 9, 7, 7] as const;

function row(cells: readonly string[]): void {
  const padded = cells.map((cell, at) =>
    at === 0 ? cell.padEnd(WIDTHS[0]) : cell.padStart(WIDTHS[at] ?? 8),
  );
  process.stdout.write(`${padded.join(" ")}\n`);
}

function print(name: string, figures: Figures): void {
  row([
    name,
    figures.probesPerSecond.toFixed(0),
    String(figures.failed),
    figures.cores.toFixed(2),
    `≤ ${figures.latenessP99Ms} ms`,
    `${figures.stallMs.toFixed(0)} ms`,
    String(figures.builds),
    figures.waited.toFixed(2),
  ]);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      kinds: { type: "string", default: KINDS.join(",") },
      endpoints: { type: "string", default: "10000" },
      every: { type: "string", default: "10" },
      seconds: { type: "string", default: "10" },
      threads: { type: "string", default: String(availableParallelism()) },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const settings: Settings = {
    endpoints: Number(values.endpoints),
    everySeconds: Number(values.every),
    seconds: Number(values.seconds),
    threads: Number(values.threads),
  };
  const wanted = values.kinds.split(",");
  const folder = mkdtempSync(join(tmpdir(), "fairlead-probes-"));
  row(COLUMNS);
  try {
    for (const kind of KINDS.filter((known) => wanted.includes(known)))
      await measureKind(kind, settings, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
