/**
 * The demo behind `npm start`: three regions, the nameserver as a process of its own over the example zones, and what to
 * type next. Whatever it started ends with it.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { formatLogLine } from "./log-lines.ts";
import { DEFAULT_REGION_PORT, type DemoOptions, HELP, parseOptions } from "./options.ts";
import { formatHostPort, type HostPort, tcpComplaint, udpComplaint } from "./ports.ts";
import { type Region, startRegion } from "./region.ts";

/** From dist/demo/start.js. */
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const REGION_HOST = "127.0.0.1";
const REGION_NAMES = ["frankfurt", "virginia", "tokyo"] as const;
const READY_POLL_MS = 100;
const READY_WITHIN_MS = 30_000;
/** What the nameserver has to answer what is in flight before it is killed. */
const STOP_WITHIN_MS = 8000;

function say(message: string): void {
  process.stdout.write(`${message}\n`);
}

/** An expected fault: printed as one line, without a stack. */
class DemoFault extends Error {}

function explainTaken(what: string, address: HostPort, code: string, flag: string): DemoFault {
  const why = code === "EADDRINUSE" ? "is taken by another program" : `cannot be listened on (${code})`;
  return new DemoFault(
    `Cannot start: ${what} ${formatHostPort(address)} ${why}. Choose another with ${flag}.`,
  );
}

/** The addresses to answer DNS on; of the defaults, one whose address family this machine lacks is left out. */
async function usableListens(options: DemoOptions): Promise<HostPort[]> {
  const usable: HostPort[] = [];
  for (const address of options.listen) {
    const code = (await udpComplaint(address)) ?? (await tcpComplaint(address));
    if (code === undefined) usable.push(address);
    else if (options.listenGiven || !["EADDRNOTAVAIL", "EAFNOSUPPORT"].includes(code)) {
      throw explainTaken("DNS address", address, code, "`npm start -- --listen 127.0.0.1:5310`");
    }
  }
  return usable;
}

async function startRegions(options: DemoOptions): Promise<Region[]> {
  const regions: Region[] = [];
  for (const [index, name] of REGION_NAMES.entries()) {
    const address = { host: REGION_HOST, port: options.regionPort + index };
    const code = await tcpComplaint(address);
    if (code !== undefined) {
      throw explainTaken(`region ${name}'s address`, address, code, "`npm start -- --region-port 28081`");
    }
    regions.push(await startRegion({ name, ...address, takeoverMs: options.takeoverMs }));
  }
  return regions;
}

/** zones/ as it is; or, where the regions stand on other ports, a copy that probes them there. */
function zonesFor(options: DemoOptions): string {
  const zones = join(ROOT, "zones");
  if (options.regionPort === DEFAULT_REGION_PORT) return zones;
  const copy = join(options.state, "zones-on-other-ports");
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy, { recursive: true });
  cpSync(zones, copy, { recursive: true });
  for (const name of readdirSync(copy)) {
    const path = join(copy, name);
    let text = readFileSync(path, "utf8");
    // By way of a mark, so that a port already moved is not taken for one still to be moved.
    for (const index of REGION_NAMES.keys()) {
      const from = `${REGION_HOST}:${DEFAULT_REGION_PORT + index}`;
      text = text.replaceAll(from, `${REGION_HOST}:<${index}>`);
    }
    text = text.replaceAll(/:<(\d)>/g, (_, index: string) => `:${options.regionPort + Number(index)}`);
    writeFileSync(path, text);
  }
  return copy;
}

/** The nameserver, in a process group of its own, so that Ctrl-C reaches it through us and only once. */
function spawnServe(options: DemoOptions, listens: readonly HostPort[], zones: string): ChildProcess {
  const flags = listens.flatMap((address) => ["--listen", formatHostPort(address)]);
  const words = [
    "serve",
    zones,
    ...flags,
    "--admin",
    formatHostPort(options.admin),
    "--state",
    options.state,
  ];
  const child = spawn(process.execPath, [join(ROOT, "dist", "main.js"), ...words], {
    cwd: ROOT,
    detached: true,
    stdio: ["ignore", "inherit", "pipe"],
  });
  createInterface({ input: child.stderr }).on("line", (line) => say(formatLogLine(line)));
  return child;
}

function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.once("error", () => resolve(1));
    child.once("exit", (status) => resolve(status ?? 1));
  });
}

/** Resolves with true once the node says that it is ready, false where it has ended before or takes too long. */
async function becomesReady(admin: HostPort, child: ChildProcess): Promise<boolean> {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (child.exitCode === null && child.signalCode === null && Date.now() < deadline) {
    const ready = await fetch(`http://${formatHostPort(admin)}/readyz`).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) return true;
    await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
  }
  return false;
}

function sayWhatToTry(options: DemoOptions, listen: HostPort): void {
  const dig = `dig @${listen.host} -p ${listen.port}`;
  const control = `http://${REGION_HOST}:${options.regionPort}/demo`;
  say(`
Three regions are up, each with a primary and a secondary zone: ${REGION_NAMES.map((name, index) => `${name} (${REGION_HOST}:${options.regionPort + index})`).join(", ")}.

  Ask:              ${dig} www.failover.example.com A +short
  Break a region:   curl -X POST ${control}/region/unhealthy
  Ask again after 8 s; then mend it:
                    curl -X POST ${control}/region/healthy
  Only its primary zone (the secondary takes over after ${options.takeoverMs / 1000} s):
                    curl -X POST ${control}/primary/unhealthy
  Metrics:          http://${formatHostPort(options.admin)}/metrics
  Dashboard:        http://${formatHostPort(options.admin)}/

Ctrl-C stops everything.
`);
}

/** Ends the nameserver gracefully; by force where it does not end in time. */
async function stopServe(child: ChildProcess, ended: Promise<number>): Promise<void> {
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_WITHIN_MS);
  await ended;
  clearTimeout(timer);
}

function signalled(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => resolve());
  });
}

/** Runs until it is told to stop or the nameserver ends; resolves with the exit status. */
async function run(options: DemoOptions): Promise<number> {
  const listens = await usableListens(options);
  const first = listens[0];
  if (first === undefined)
    throw new DemoFault("Cannot start: this machine has no loopback address to listen on.");
  const adminCode = await tcpComplaint(options.admin);
  if (adminCode !== undefined) {
    throw explainTaken("admin address", options.admin, adminCode, "`npm start -- --admin 127.0.0.1:9154`");
  }
  const stop = signalled();
  const regions = await startRegions(options);
  const child = spawnServe(options, listens, zonesFor(options));
  process.once("exit", () => child.kill("SIGTERM"));
  const ended = exitOf(child);
  const ready = await Promise.race([becomesReady(options.admin, child), stop]);
  if (ready === true) sayWhatToTry(options, first);
  else if (ready === false)
    say("fairlead: Cannot start: the nameserver did not become ready; its log above says why.");
  const status = ready === false ? 1 : await Promise.race([ended, stop.then(() => 0)]);
  await stopServe(child, ended);
  await Promise.all(regions.map((region) => region.stop()));
  return status;
}

/** `npm start` with its options; ends the process. */
export async function startDemo(argv: readonly string[]): Promise<void> {
  try {
    const options = parseOptions(argv, ROOT);
    if (options === "help") say(HELP);
    else process.exit(await run(options));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`fairlead: ${message}\n`);
    process.exit(1);
  }
}
