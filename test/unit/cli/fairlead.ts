/** The command as its own process, as a user runs it. */

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/**
 * What `npm test` has compiled before it began, which starts in a third of the time; from source where mocha runs alone; and
 * where this file is compiled itself, for coverage, what is compiled beside it.
 */
const COMMAND = commandOf(import.meta.url, process.env["FAIRLEAD_TEST_COMMAND"]);
const DEADLINE_MS = 30_000;

export interface Ended {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

function commandOf(here: string, compiled: string | undefined): readonly string[] {
  if (here.endsWith(".js")) return [fileURLToPath(new URL("../../../src/main.js", here))];
  if (compiled !== undefined) return [compiled];
  return ["--import", import.meta.resolve("tsx"), fileURLToPath(new URL("../../../src/main.ts", here))];
}

/** Runs a command to its end; `FAIRLEAD_…` of the caller's environment does not reach it. */
export function run(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { env: { ...plainEnvironment(), ...environment }, timeout: DEADLINE_MS };
    execFile(process.execPath, [...COMMAND, ...args], options, (error, out, err) => {
      const status = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
      resolve({ status, out, err });
    });
  });
}

/** Starts a command that runs on; the caller ends it. */
export function start(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
  out: "ignore" | "pipe" = "ignore",
): ChildProcess {
  return spawn(process.execPath, [...COMMAND, ...args], {
    env: { ...plainEnvironment(), ...environment },
    stdio: ["ignore", out, "pipe"],
  });
}

/** Likewise, one whose output is read while it runs. */
export function startTalking(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [...COMMAND, ...args], {
    env: plainEnvironment(),
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Killed, and gone: what it kept its state in can be removed now. */
export async function kill(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

function plainEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("FAIRLEAD_")));
}
