/** Starts `npm start`'s script on free ports, waits until it says what to try, and stops it as Ctrl-C would. */

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePorts } from "../support/peers/network.ts";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const READY_LINE = "Ctrl-C stops everything.";

export interface Demo {
  readonly dnsPort: number;
  readonly adminPort: number;
  /** The first of three. */
  readonly regionPort: number;
  readonly output: () => string;
  /** Resolves with the exit status. */
  stop(): Promise<number | null>;
}

export interface Finished {
  readonly status: number | null;
  readonly output: string;
}

function spawnStart(words: readonly string[]): { child: ChildProcess; output: () => string } {
  const child = spawn(process.execPath, [join(ROOT, "deploy", "demo", "start.mjs"), ...words], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
  }
  return { child, output: () => text };
}

const exitOf = (child: ChildProcess) =>
  new Promise<number | null>((resolve) => {
    child.once("close", (status) => resolve(status));
  });

/** Runs it with words that make it end by itself. */
export async function runStart(...words: readonly string[]): Promise<Finished> {
  const { child, output } = spawnStart(words);
  const status = await exitOf(child);
  return { status, output: output() };
}

export async function startDemo(): Promise<Demo> {
  const first = await freePorts(5);
  const state = mkdtempSync(join(tmpdir(), "fairlead-demo-"));
  const ports = ["--listen", `127.0.0.1:${first}`, "--admin", `127.0.0.1:${first + 1}`];
  const words = [...ports, "--region-port", String(first + 2), "--takeover", "1", "--state", state];
  const { child, output } = spawnStart(words);
  const ended = exitOf(child);
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on("data", () => {
      if (output().includes(READY_LINE)) resolve();
    });
    void ended.then((status) => reject(new Error(`ended with ${status}:\n${output()}`)));
  });
  return {
    dnsPort: first,
    adminPort: first + 1,
    regionPort: first + 2,
    output,
    stop: async () => {
      child.kill("SIGINT");
      const status = await ended;
      rmSync(state, { recursive: true, force: true });
      return status;
    },
  };
}
