/** `fairlead serve [zones…]`: runs a node until it is told to stop. Signals live here. */

import { readFileSync } from "node:fs";
import { availableParallelism, hostname } from "node:os";
import type { Command } from "commander";
import { environmentVariableOf, PART_FLAGS, SETTING_NAMES, type ServeOptions } from "../config/options.ts";
import { resolveConfig } from "../config/resolve.ts";
import { type Daemon, startDaemon } from "../daemon/daemon.ts";
import { createLog, createLogLimiter, type Log } from "../daemon/log.ts";
import { createServiceManager } from "../daemon/service-manager.ts";
import { systemReason } from "../daemon/system-error.ts";
import { escapeSteering } from "../daemon/visible-text.ts";
import { formatDiagnostic } from "../zone/diagnostic.ts";
import { readToken } from "./operator.ts";
import { CommandFailure, EXIT, printError } from "./outcome.ts";

/** As commander names them: `adminTokenFile`. */
type ServeFlags = Readonly<Record<string, unknown>>;

export function addServe(program: Command): void {
  const collect = (value: string, before: readonly string[] = []): string[] => [...before, value];
  program
    .command("serve")
    .description("answer DNS queries for the zones, probing their endpoints")
    .argument("[zones...]", "zone files and folders of *.zone files (default: zones)")
    .option(
      "--listen <addr:port>",
      "answer UDP and TCP here; repeatable (default: 127.0.0.1:5300 [::1]:5300)",
      collect,
    )
    .option("--listen-tls <addr:port>", "answer DNS over TLS here; repeatable", collect)
    .option("--listen-https <addr:port>", "answer DNS over HTTPS here; repeatable", collect)
    .option("--tls-certificate <file>", "PEM, the certificate and what leads to its root; watched")
    .option("--tls-key <file>", "PEM, its key; watched")
    .option("--admin <addr:port>", "metrics, health, status and API (default: 127.0.0.1:9153)")
    .option("--workers <n>", "threads that answer (default: the cores)")
    .option(
      "--cpu-affinity <list>",
      "a core for each worker, as in 0,2-3 (default: wherever the system puts them)",
    )
    .option(
      "--busy-poll-us <n>",
      "look for the next query so long before sleeping; costs whole cores (default: 0)",
    )
    .option("--state <dir>", "state folder (default: $STATE_DIRECTORY, else $XDG_STATE_HOME/fairlead)")
    .option("--config <file>", "YAML, with the names of these flags as keys")
    .option("--node <name>", "the node's name, also its NSID (default: the host's name)")
    .option("--geoip <file>", "geo database, an MMDB file (default: countries by DB-IP)")
    .option("--nats <url>", "exchange with other nodes; repeatable (not built in this version)", collect)
    .option("--admin-token-file <file>", "holds the token that whatever changes state needs")
    .option("--override-file <file>", "YAML, overrides that are kept in a file; watched")
    .option(
      "--max-shift <share>",
      "refuse zones that move more of a name's clients, as in 20% (default: 100%)",
    )
    .option("--user <name>", "whom to become once every port is bound")
    .addHelpText(
      "after",
      "\nThe environment (FAIRLEAD_LISTEN, FAIRLEAD_ADMIN, …) overrides the file and a flag overrides both." +
        "\nSIGHUP reloads the zones; SIGTERM and SIGINT stop once queries in flight are answered." +
        "\nExit status: 0 stopped when told to, 1 could not start, 2 wrong usage.",
    )
    .action((zones: readonly string[], flags: ServeFlags) => serve(zones, flags));
}

async function serve(zones: readonly string[], flags: ServeFlags): Promise<void> {
  const options = readOptions(zones, flags);
  const adminToken = options.adminTokenFile === undefined ? undefined : readToken(options.adminTokenFile);
  const log = createLog(options.node);
  const signals = listenForSignals(log);
  const result = await startDaemon({
    options,
    log,
    clock: { now: Date.now, monotonic: () => performance.now() },
    random: Math.random,
    serviceManager: createServiceManager(process.env, log),
    adminToken,
  });
  if (!result.ok) {
    for (const diagnostic of result.diagnostics) {
      process.stderr.write(`${escapeSteering(formatDiagnostic(diagnostic))}\n`);
    }
    throw new CommandFailure(EXIT.no, result.message);
  }
  goOnAfterBugs(log);
  await signals.serveUntilStop(result.daemon);
  // Nothing is left to wait for; what a part could not end in time does not keep the process.
  process.exit(EXIT.ok);
}

function readOptions(zones: readonly string[], flags: ServeFlags): ServeOptions {
  const given: Record<string, unknown> = {};
  for (const name of [...SETTING_NAMES, ...Object.keys(PART_FLAGS)]) {
    const value = flags[name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())];
    if (value !== undefined) given[name] = value;
  }
  if (zones.length > 0) given["zones"] = zones;
  const fromEnvironment = process.env[environmentVariableOf("config")];
  const path = typeof flags["config"] === "string" ? flags["config"] : fromEnvironment;
  const resolved = resolveConfig({
    file: path === undefined || path === "" ? undefined : { path, text: readConfigFile(path) },
    environment: process.env,
    flags: given,
    hostName: hostname(),
    cores: availableParallelism(),
  });
  if (resolved.ok) return resolved.options;
  const [last, ...others] = resolved.faults.map(({ source, message }) => `${source}: ${message}`).reverse();
  for (const other of others.reverse()) printError(other);
  throw new CommandFailure(EXIT.usage, last ?? "the options are faulty");
}

function readConfigFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new CommandFailure(EXIT.usage, `Cannot read the configuration: ${systemReason(error, path)}`);
  }
}

/** One line of a kind in this time: a bug that every scrape or probe meets would fill the disk. */
const BUG_LOG_MS = 10_000;

/**
 * An exception that nobody caught is a bug in one plane or the other. The image is immutable and answering keeps nothing
 * from query to query, so a node that goes on answers as before; one that ends is an outage, and in a loop where the bug
 * is met again at once. Before it serves, a node still ends.
 */
function goOnAfterBugs(log: Log): void {
  const limiter = createLogLimiter(BUG_LOG_MS, () => performance.now());
  const report = (error: unknown): void => {
    const key = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const heldBack = limiter.admit(key);
    if (heldBack === undefined) return;
    log.error({ event: "bug", err: error, heldBack }, "a fault of the program itself; serving goes on");
  };
  process.on("uncaughtException", report);
  process.on("unhandledRejection", report);
}

interface Signals {
  /** Resolves once a signal has stopped the daemon. */
  serveUntilStop(daemon: Daemon): Promise<void>;
}

/**
 * Heard from the start on, so that none of them ends a node that is just starting: it is obeyed when it has. Whoever asks
 * a second time to stop does not want to wait.
 */
function listenForSignals(log: Log): Signals {
  let daemon: Daemon | undefined;
  let asked = false;
  let stopAsked: (() => void) | undefined;
  const stop = new Promise<void>((resolve) => {
    stopAsked = resolve;
  });
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      log.info({ signal }, "asked to stop");
      if (asked) process.exit(EXIT.no);
      asked = true;
      stopAsked?.();
    });
  }
  process.on("SIGHUP", () => {
    log.info({ signal: "SIGHUP" }, "asked to reload");
    void daemon?.reload();
  });
  return {
    async serveUntilStop(started) {
      daemon = started;
      await stop;
      await started.stop();
    },
  };
}
