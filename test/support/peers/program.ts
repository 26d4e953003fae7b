/**
 * A program that a test starts and ends: in the foreground, its output kept, ended by its own process identifier only.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";

const END_TIMEOUT_MS = 6_000;
const POLL_EVERY_MS = 25;

export interface Program {
  readonly pid: number;
  /** Everything written to standard output and standard error so far. */
  readonly output: () => string;
  isRunning(): boolean;
  /** Sends a signal and goes on. */
  signal(name: NodeJS.Signals): void;
  /** Ends it (SIGTERM, then SIGKILL after 6 s) and resolves to its exit status; twice is harmless. */
  end(name?: NodeJS.Signals): Promise<number | null>;
}

export interface ProgramOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

export function startProgram(path: string, words: readonly string[], options: ProgramOptions = {}): Program {
  const child = spawn(path, words, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const keep = (chunk: Buffer): void => {
    output += chunk.toString("latin1");
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  child.on("error", (error) => {
    output += `${path}: ${error.message}\n`;
  });
  return {
    pid: child.pid ?? -1,
    output: () => output,
    isRunning: () => isRunning(child),
    signal: (name) => {
      child.kill(name);
    },
    end: (name = "SIGTERM") => end(child, name),
  };
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

async function end(child: ChildProcess, name: NodeJS.Signals): Promise<number | null> {
  if (!isRunning(child)) return child.exitCode;
  const closed = once(child, "close");
  child.kill(name);
  const timer = setTimeout(() => child.kill("SIGKILL"), END_TIMEOUT_MS);
  await closed;
  clearTimeout(timer);
  return child.exitCode;
}

/**
 * Asks until the answer is not `undefined`, and returns it. Past the time limit it throws, with `describe()` for what
 * stood in the way.
 */
export async function eventually<T>(
  ask: () => Promise<T | undefined> | T | undefined,
  limitMs: number,
  describe: () => string,
): Promise<T> {
  const endsAt = performance.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > endsAt) throw new Error(`not within ${limitMs} ms: ${describe()}`);
    await delay(POLL_EVERY_MS);
  }
}
