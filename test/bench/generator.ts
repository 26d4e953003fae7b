/**
 * Our load generator, from its C source beside this file to a result: compiled on the spot with `cc` into a folder of
 * the caller's, fed with a plan of what to ask and what must come back. Every reply is judged, so that a server cannot
 * be fast by being wrong.
 */

import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Name } from "../../src/dns/name.ts";
import { peerPath } from "../peers.ts";

const run = promisify(execFile);

const SOURCE = fileURLToPath(new URL("generator.c", import.meta.url));
/** Beyond the time that a run is given itself, for starting, reading the plan and waiting for the last replies. */
const RUN_GRACE_MS = 20_000;

/** A question, and what its reply must hold. */
export interface Question {
  readonly name: Name;
  readonly type: number;
  readonly rcode: number;
  /** How many records the answer section holds, each with one of `choices` as its rdata. */
  readonly answers: number;
  /** At most 8. */
  readonly choices: readonly Uint8Array[];
}

const FAULTS = ["id", "malformed", "header", "rcode", "question", "records", "rdata", "opt"] as const;
export type FaultName = (typeof FAULTS)[number];

export interface GeneratorResult {
  readonly asked: number;
  readonly withEdns: number;
  /** Right ones, those after the end of asking included. */
  readonly replies: number;
  /** Right ones until the end of asking. */
  readonly repliesInTime: number;
  /** The time of asking. */
  readonly elapsedNs: number;
  /** No reply within 300 ms. */
  readonly missing: number;
  /** Replies after they had been given up as missing. */
  readonly late: number;
  /** Not asked when due, because too much was under way or the system did not take it. */
  readonly unsent: number;
  readonly faults: { readonly [fault in FaultName]: number };
  /** The first wrong reply in words and hexadecimal, or "". */
  readonly firstFault: string;
  /** How often each of the choices came. */
  readonly drawn: readonly number[];
  readonly p50Ns: number;
  readonly p99Ns: number;
  readonly p999Ns: number;
  readonly maxNs: number;
  /** How far behind its own schedule the generator asked, in the open loop. */
  readonly lagP99Ns: number;
  /** How long the generator was ready to run while others had its core. */
  readonly waitedNs: number;
}

/** How to ask. Every kind ends after `milliseconds`, or after `count` questions where that is given. */
export type Load = {
  readonly sockets: number;
  readonly milliseconds: number;
  readonly count?: number;
  readonly seed: number;
} & (
  | { readonly kind: "closed"; readonly window: number }
  | { readonly kind: "open"; readonly ratePerSecond: number }
  /** Each question of the plan once. */
  | { readonly kind: "sweep"; readonly window: number }
);

/** Compiles the generator into `folder` and returns its path; throws with the compiler's words. */
export async function compileGenerator(folder: string): Promise<string> {
  const program = join(folder, "generator");
  await run(peerPath("cc") ?? "cc", ["-O2", "-Wall", "-Wextra", "-Werror", "-o", program, SOURCE]);
  return program;
}

/** Writes the plan that `questions` make, in the form that generator-plan.h tells. */
export async function writePlan(path: string, questions: readonly Question[]): Promise<void> {
  const parts: Uint8Array[] = [];
  const count = Buffer.alloc(4);
  count.writeUInt32BE(questions.length);
  parts.push(count);
  for (const { name, type, rcode, answers, choices } of questions) {
    parts.push(Uint8Array.of(name.length), name);
    parts.push(Uint8Array.of(type >> 8, type & 0xff, rcode, answers, choices.length));
    for (const choice of choices) parts.push(Uint8Array.of(choice.length), choice);
  }
  await writeFile(path, Buffer.concat(parts));
}

/** Runs a generator that `compileGenerator` made. `prefix` stands before it: `["taskset", "-c", "1"]`. */
export async function runGenerator(
  program: string,
  server: { readonly address: string; readonly port: number },
  planPath: string,
  load: Load,
  prefix: readonly string[] = [],
): Promise<GeneratorResult> {
  const { sockets, milliseconds, count = 0, seed } = load;
  const window = load.kind === "open" ? 1 : load.window;
  const rate = load.kind === "open" ? load.ratePerSecond : 0;
  const numbers = [sockets, window, rate, milliseconds, count, seed];
  const words = [program, server.address, server.port, planPath, load.kind, ...numbers].map(String);
  const [command = program, ...rest] = [...prefix, ...words];
  const { stdout } = await run(command, rest, { timeout: milliseconds + RUN_GRACE_MS });
  const result: GeneratorResult = JSON.parse(stdout);
  return result;
}

/** The number of replies that were not as they must be. */
export function faultCount(result: GeneratorResult): number {
  return Object.values(result.faults).reduce((sum, count) => sum + count, 0);
}
