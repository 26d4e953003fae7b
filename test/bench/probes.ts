/**
 * `npm run bench:probes`: what probing costs and how punctual it is, and what the main thread feels of it, beside what it
 * may. For each kind the zones of so many endpoints are loaded and probed by the code that serves, over loopback; a process
 * of its own responds. Measured at rest, while half of the endpoints die at one moment, and while all of them recover; and
 * once while the metrics page is read again and again.
 *
 *   probes/s        verdicts that came in
 *   cores           CPU time of this process, all threads: probes, verdicts, health, images, events, and what is written down
 *   lateness p99    from the moment a probe was due to the moment it began, as an upper bound
 *   stall           the longest that the main thread's event loop did nothing but one thing
 *   apart           how close two probes of one host came
 *   waited          cores that threads of this process were ready for and others had: what the figures are worth
 */

import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import type { ProbeThreads } from "../../src/probe/probe-threads.ts";
import type { Histogram } from "../../src/probe/wheel-stats.ts";
import { loadText } from "../unit/daemon/loaded-zones.ts";
import { cpuTimeOf } from "./measure.ts";
import { type ProbingNode, startProbingNode } from "./probing-node.ts";

const HELP = `npm run bench:probes -- [flags]

  --kinds A,B      of tcp, http, https (default: all)
  --endpoints N    how many are probed (default 10000)
  --every S        seconds between two probes of one (default 10)
  --seconds S      length of each measurement (default 12)
  --threads N      at most so many threads (default: the cores)
`;

const KINDS = ["tcp", "http", "https"] as const;
type Kind = (typeof KINDS)[number];

/** What is asked for. */
const LIMITS = { cores: 0.5, latenessMs: 100, stallMs: 50 };
/** Only these are to cost so little. */
const CHEAP_KINDS: ReadonlySet<Kind> = new Set(["tcp", "http"]);

const ENDPOINTS_PER_POOL = 100;
const LOOP_RESOLUTION_MS = 1;
const NS_PER_MS = 1e6;
const HOST = "www.example.com";
/** Code that is compiled while it runs is compiled by then, and probes have come to their pace. */
const SETTLE_MS = 4_000;
const SCRAPES_APART_MS = 1_000;

const run = promisify(execFile);

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
  /** Closes the doomed ports, and opens them the next time. */
  readonly turn: () => void;
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
    turn: () => void child.stdin.write("\n"),
    end: () => void child.stdin.end(),
  };
}

/**
 * A zone whose endpoints are loopback addresses. Every other pool is on a port that is to die, and has the addresses of the
 * pool before it, so that each host is probed twice.
 */
function zoneText(kind: Kind, responder: Responder, { endpoints, everySeconds }: Settings): string {
  const secure = kind === "https";
  const keys = secure ? `host=${HOST} ca=${responder.caFile}` : "";
  const ports = secure ? [responder.tls, responder.doomedTls] : [responder.plain, responder.doomedPlain];
  const lines = ports.map(
    (port, index) =>
      `$MONITOR m${index} ${kind} port=${port} every=${everySeconds}s timeout=2s fall=1 rise=1 ${keys}`,
  );
  const pools: string[] = [];
  for (let first = 0; first < endpoints; first += ENDPOINTS_PER_POOL) {
    const number = pools.length;
    pools.push(`p${number}`);
    lines.push(`$POOL p${number} monitor=m${number % 2} min-up=1`);
    for (let index = 0; index < Math.min(ENDPOINTS_PER_POOL, endpoints - first); index++) {
      const host = Math.floor(number / 2) * ENDPOINTS_PER_POOL + index;
      lines.push(`  e${first + index} 127.${1 + (host >> 16)}.${(host >> 8) & 255}.${host & 255}`);
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
  readonly apartMs: number;
  readonly waited: number;
  readonly builds: number;
  readonly events: number;
}

async function measure(
  { counts, threads }: ProbingNode,
  seconds: number,
  act: () => unknown,
): Promise<Figures> {
  const before = { ...counts, cpu: cpuTimeOf([process.pid]), lateness: await latenessOf(threads) };
  const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  const startedMs = performance.now();
  loop.enable();
  const acted = act();
  await delay(seconds * 1_000);
  await acted;
  loop.disable();
  const ms = performance.now() - startedMs;
  const cpu = cpuTimeOf([process.pid]);
  const lateness = await latenessOf(threads);
  return {
    probesPerSecond: ((counts.verdicts - before.verdicts) / ms) * 1_000,
    failed: counts.failed - before.failed,
    cores: (cpu.runNs - before.cpu.runNs) / NS_PER_MS / ms,
    latenessP99Ms: p99Ms(lateness, before.lateness),
    stallMs: loop.max / NS_PER_MS - LOOP_RESOLUTION_MS,
    apartMs: closest(counts.begins),
    waited: (cpu.waitNs - before.cpu.waitNs) / NS_PER_MS / ms,
    builds: counts.builds - before.builds,
    events: counts.events - before.events,
  };
}

/** Reads the metrics page, from a process of its own, as long as there is time. */
async function scrape({ admin }: ProbingNode, seconds: number): Promise<void> {
  const endsAtMs = performance.now() + seconds * 1_000;
  while (performance.now() < endsAtMs) {
    await run("curl", ["-sS", "-o", "/dev/null", `http://127.0.0.1:${admin.port}/metrics`]);
    await delay(SCRAPES_APART_MS);
  }
}

async function measureKind(kind: Kind, settings: Settings, folder: string): Promise<void> {
  const { seconds } = settings;
  const responder = await startResponder(folder);
  const state = mkdtempSync(join(folder, "state-"));
  const node = await startProbingNode(loadText(zoneText(kind, responder, settings)), settings.threads, state);
  await delay(SETTLE_MS);
  print(kind, "at rest", await measure(node, seconds, () => undefined));
  print(kind, "half die", await measure(node, seconds, responder.turn));
  print(kind, "all recover", await measure(node, seconds, responder.turn));
  if (kind === "tcp") print(kind, "scraped", await measure(node, seconds, () => scrape(node, seconds)));
  await node.stop();
  responder.end();
}

interface Lateness {
  readonly boundsSeconds: readonly number[];
  readonly counts: readonly number[];
}

async function latenessOf(threads: ProbeThreads): Promise<Lateness> {
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

/** The least time between the latest probes of one host. */
function closest(begins: ReadonlyMap<string, ReadonlyMap<string, number>>): number {
  let least = Number.POSITIVE_INFINITY;
  for (const ofHost of begins.values()) {
    const times = [...ofHost.values()].sort((one, other) => one - other);
    for (let at = 1; at < times.length; at++) {
      least = Math.min(least, (times[at] ?? 0) - (times[at - 1] ?? 0));
    }
  }
  return least;
}

const COLUMNS: readonly (readonly [string, number])[] = [
  ["", 19],
  ["probes/s", 9],
  ["failed", 7],
  ["cores", 12],
  ["lateness p99", 14],
  ["stall", 12],
  ["apart", 9],
  ["builds", 7],
  ["events", 7],
  ["waited", 7],
];

function row(cells: readonly string[]): void {
  const padded = COLUMNS.map(([, width], at) => (cells[at] ?? "")[at === 0 ? "padEnd" : "padStart"](width));
  process.stdout.write(`${padded.join(" ")}\n`);
}

let missed = 0;

function judged(text: string, holds: boolean): string {
  if (!holds) missed++;
  return `${text} ${holds ? "pass" : "MISS"}`;
}

function print(kind: Kind, phase: string, figures: Figures): void {
  const { cores, latenessP99Ms, stallMs } = figures;
  const shown = cores.toFixed(2);
  row([
    `${kind}, ${phase}`,
    figures.probesPerSecond.toFixed(0),
    String(figures.failed),
    CHEAP_KINDS.has(kind) ? judged(shown, cores < LIMITS.cores) : `${shown}     `,
    judged(`≤ ${latenessP99Ms} ms`, latenessP99Ms <= LIMITS.latenessMs),
    judged(`${stallMs.toFixed(0)} ms`, stallMs < LIMITS.stallMs),
    `${figures.apartMs.toFixed(0)} ms`,
    String(figures.builds),
    String(figures.events),
    figures.waited.toFixed(2),
  ]);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      kinds: { type: "string", default: KINDS.join(",") },
      endpoints: { type: "string", default: "10000" },
      every: { type: "string", default: "10" },
      seconds: { type: "string", default: "12" },
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
  process.stdout.write(
    `${settings.endpoints} endpoints every ${settings.everySeconds} s; wanted: under ${LIMITS.cores} cores for tcp and http, lateness p99 within ${LIMITS.latenessMs} ms, stall under ${LIMITS.stallMs} ms\n`,
  );
  row(COLUMNS.map(([name]) => name));
  try {
    for (const kind of KINDS.filter((known) => wanted.includes(known)))
      await measureKind(kind, settings, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  process.stdout.write(missed === 0 ? "all as wanted\n" : `${missed} missed\n`);
}

await main();
