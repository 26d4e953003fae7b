/** dnsperf, the second witness: it counts replies and judges none, and is itself the bottleneck of a fast server. */

import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { promisify } from "node:util";
import { formatName } from "../../src/dns/name.ts";
import { formatType } from "../../src/dns/types.ts";
import { peerPath } from "../peers.ts";
import type { Question } from "./generator.ts";

const run = promisify(execFile);
const RUN_GRACE_MS = 20_000;
const CLIENTS = 8;
const UNDER_WAY = 128;

export interface DnsperfResult {
  readonly completed: number;
  readonly perSecond: number;
}

export async function writeDnsperfQueries(path: string, questions: readonly Question[]): Promise<void> {
  const lines = questions.map(({ name, type }) => `${formatName(name)} ${formatType(type)}\n`);
  await writeFile(path, lines.join(""));
}

/** Runs for whole seconds, which is all that it can. */
export async function runDnsperf(
  server: { readonly address: string; readonly port: number },
  queriesPath: string,
  seconds: number,
  prefix: readonly string[],
): Promise<DnsperfResult> {
  const program = peerPath("dnsperf") ?? "dnsperf";
  const words = ["-s", server.address, "-p", String(server.port), "-d", queriesPath, "-l", String(seconds)];
  words.push("-c", String(CLIENTS), "-q", String(UNDER_WAY), "-T", "1");
  const [command = program, ...rest] = [...prefix, program, ...words];
  const { stdout } = await run(command, rest, { timeout: seconds * 1_000 + RUN_GRACE_MS });
  return { completed: figure(stdout, "Queries completed"), perSecond: figure(stdout, "Queries per second") };
}

function figure(text: string, key: string): number {
  const found = new RegExp(`${key}:\\s+([0-9.]+)`).exec(text)?.[1];
  if (found === undefined) throw new Error(`dnsperf did not say '${key}':\n${text}`);
  return Number(found);
}
