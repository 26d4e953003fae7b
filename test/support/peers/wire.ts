/** A network namespace of its own with a wire in it that loses packets as it is told (`wire.c`). Needs root. */

import { execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { peerPath } from "../../peers.ts";
import { eventually } from "./program.ts";

const run = promisify(execFile);
const SOURCE = fileURLToPath(new URL("wire.c", import.meta.url));
const START_LIMIT_MS = 30_000;

/** Where servers listen, and where they are reached over the wire. */
export const NEAR_ADDRESS = "10.9.0.1";
export const FAR_ADDRESS = "10.9.0.2";

export interface Wire {
  /** The words that start a program in the namespace. */
  readonly within: readonly string[];
  /** Of ten connections to the port three are lost, and no two in a row. */
  lose(port: number): void;
  /** Nothing passes to the port any more. */
  cut(port: number): void;
  /** Connections to the port that were lost so far. */
  lost(port: number): number;
  end(): Promise<void>;
}

/** `undefined` where this system lets nobody make a namespace or a TUN device in it, with the reason told to `onFault`. */
export async function startWire(onFault: (reason: string) => void): Promise<Wire | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-wire-"));
  const program = join(folder, "wire");
  await run(peerPath("gcc") ?? "gcc", ["-O1", "-Wall", "-Wextra", "-o", program, SOURCE]);
  const child = spawn("unshare", ["--net", "--", program], { stdio: ["pipe", "pipe", "pipe"] });
  const ended = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString("latin1");
    });
  }
  child.stdin.on("error", () => undefined);
  const end = async (): Promise<void> => {
    child.stdin.end();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const isReady = (): boolean | undefined =>
    output.includes("ready\n") || (child.exitCode === null ? undefined : false);
  if (!(await eventually(isReady, START_LIMIT_MS, () => output))) {
    onFault(output.trim());
    await end();
    return undefined;
  }
  const within = ["nsenter", "--net", "--target", String(child.pid), "--"];
  const inside = async (words: string): Promise<void> => {
    const [command = "", ...rest] = [...within, ...words.split(" ")];
    await run(command, rest);
  };
  await inside("ip link set lo up");
  await inside(`ip address add ${NEAR_ADDRESS}/24 dev wire`);
  await inside("ip link set wire up");
  return {
    within,
    lose: (port) => void child.stdin.write(`lose ${port}\n`),
    cut: (port) => void child.stdin.write(`cut ${port}\n`),
    lost: (port) => output.split(`lost ${port}\n`).length - 1,
    end,
  };
}
