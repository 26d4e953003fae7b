/** The command as its own process, as a user runs it. */

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** From source as the other tests; where this file is compiled, for coverage, what is compiled beside it. */
const COMMAND = import.meta.url.endsWith(".js")
  ? [fileURLToPath(new URL("../../../src/main.js", import.meta.url))]
  : ["--import", import.meta.resolve("tsx"), fileURLToPath(new URL("../../../src/main.ts", import.meta.url))];
const DEADLINE_MS = 30_000;

export interface Ended {
  readonly status: number;
  readonly out: string;
  readonly err: string;
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
export function start(args: readonly string[], environment: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(process.execPath, [...COMMAND, ...args], {
    env: { ...plainEnvironment(), ...environment },
    stdio: ["ignore", "ignore", "pipe"],
  });
}

function plainEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("FAIRLEAD_")));
}
