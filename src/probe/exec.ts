/**
 * The `exec` kind: a program that says by its exit status whether the endpoint is well. It is started as it is, by no
 * shell, with the arguments that stand in the zone file and this environment and nothing else of ours:
 *
 *   PATH               of this process
 *   LANG, LC_ALL       C
 *   FAIRLEAD_MONITOR   the monitor's name
 *   FAIRLEAD_HOST      the address or host that is probed
 *   FAIRLEAD_PORT      the port of `target=` or `probe=`, else 0
 *   FAIRLEAD_TIMEOUT   the monitor's timeout in seconds
 *
 * It runs as the user of `--user` also before the node itself has become that one, reads nothing, works in `/`, and leads a process group of its own. When it ends, or the deadline has passed, the
 * whole group is killed, so that nothing it started stays behind. Of what it prints the first 64 KiB are taken and the
 * rest thrown away, lest it be stopped by a full pipe; the last line of it is told as the reason of a failure.
 *
 * How many run at one time is the wheel's affair: a program that waits for its turn does so before its deadline begins.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { shorten } from "./body.ts";
import { fails, type Outcome, type Probe, type ProbeTarget, READ_MAX_OCTETS, verdictOf } from "./probe.ts";
import { codeOf, reasonOfAbort } from "./reasons.ts";

const MS_PER_SECOND = 1_000;
const LAST_OUTPUT_MS = 100;

const BY_CODE: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  EACCES: "may not be executed",
  EPERM: "may not be executed",
  ENOEXEC: "is no program",
  E2BIG: "has too long a list of arguments",
  EAGAIN: "cannot be started: this node has too many processes",
  ENOMEM: "cannot be started: this node has too little memory",
  EMFILE: "cannot be started: this node has too many files open",
};

/** Who programs run as. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

export function createExecProbe(runAs: Identity | undefined): Probe {
  return async (target, signal) => {
    const startedMs = performance.now();
    return verdictOf(await run(target, runAs, signal), startedMs);
  };
}

function run(target: ProbeTarget, runAs: Identity | undefined, signal: AbortSignal): Promise<Outcome> {
  const { command = [], timeoutMs } = target.monitor;
  const [program = "", ...words] = command;
  if (signal.aborted) {
    return Promise.resolve(fails(reasonOfAbort("command", signal, timeoutMs)));
  }
  return new Promise((resolve) => {
    let child: ChildProcess;
    try {
      child = spawn(program, words, {
        cwd: "/",
        env: environmentOf(target),
        stdio: ["ignore", "pipe", "pipe"],
        shell: false,
        // A session, and so a process group, of its own.
        detached: true,
        ...(runAs === undefined ? {} : { uid: runAs.uid, gid: runAs.gid }),
      });
    } catch (error) {
      resolve(fails(reasonOfStart(program, error)));
      return;
    }
    const output = collectOutput(child);
    const finish = (outcome: Outcome): void => {
      signal.removeEventListener("abort", aborted);
      // What has left the group may hold them open for ever.
      child.stdout?.destroy();
      child.stderr?.destroy();
      resolve(outcome);
    };
    const aborted = (): void => {
      // Once it has ended its number may be another one's.
      if (child.exitCode === null && child.signalCode === null) killGroup(child);
      finish(fails(reasonOfAbort("command", signal, timeoutMs) + toldBy(output())));
    };
    signal.addEventListener("abort", aborted, { once: true });
    child.on("error", (error) => finish(fails(reasonOfStart(program, error))));
    child.on("exit", (status, killedBy) => {
      killGroup(child);
      const ended = (): void => finish(outcomeOf(status, killedBy, output()));
      // What it printed last may still be in the pipes, which close now unless something has left the group.
      child.on("close", ended);
      setTimeout(ended, LAST_OUTPUT_MS).unref();
    });
  });
}

function environmentOf({ monitor, host, port }: ProbeTarget): NodeJS.ProcessEnv {
  return {
    PATH: process.env["PATH"],
    LANG: "C",
    LC_ALL: "C",
    FAIRLEAD_MONITOR: monitor.name,
    FAIRLEAD_HOST: host,
    FAIRLEAD_PORT: String(port),
    FAIRLEAD_TIMEOUT: String(monitor.timeoutMs / MS_PER_SECOND),
  };
}

/** Returns what reads all that was printed so far, both streams in the order in which it came. */
function collectOutput({ stdout, stderr }: ChildProcess): () => string {
  const chunks: Buffer[] = [];
  let octets = 0;
  const take = (chunk: Buffer): void => {
    const taken = chunk.subarray(0, READ_MAX_OCTETS - octets);
    octets += taken.length;
    if (taken.length > 0) chunks.push(taken);
  };
  for (const stream of [stdout, stderr]) {
    stream?.on("data", take);
    stream?.on("error", () => undefined);
  }
  return () => Buffer.concat(chunks).toString("utf8");
}

function outcomeOf(status: number | null, killedBy: NodeJS.Signals | null, output: string): Outcome {
  if (status === 0) {
    return { ok: true, reason: "exit status 0" };
  }
  const how = status === null ? `killed by ${killedBy ?? "a signal"}` : `exit status ${status}`;
  return fails(how + toldBy(output));
}

/** «: connection to db lost», the last line that says anything, of what can be shown. */
function toldBy(output: string): string {
  const lines = output.split(/[\r\n]+/).map((line) => line.replaceAll(/\p{C}+/gu, " ").trim());
  const last = lines.findLast((line) => line !== "");
  return last === undefined ? "" : `: ${shorten(last)}`;
}

function reasonOfStart(program: string, error: unknown): string {
  const code = codeOf(error);
  return `command '${shorten(program)}' ${BY_CODE[code ?? ""] ?? `cannot be started (${code ?? "unknown error"})`}`;
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nobody of the group is left.
  }
}
