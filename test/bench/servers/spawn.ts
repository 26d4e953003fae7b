/** Starting the peers, and asking which they are. */

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { peerPath } from "../../peers.ts";
import { accepts } from "../../support/peers/network.ts";
import { eventually, startProgram } from "../../support/peers/program.ts";
import { ADDRESS, type RunningServer } from "./server.ts";

/** A million names are read in this time by the slowest of them. */
const START_LIMIT_MS = 60_000;

/** In the foreground, ready once it accepts connections on its port. */
export function spawnPinned(
  prefix: readonly string[],
  path: string,
  words: readonly string[],
  port: number,
): RunningServer {
  const [command = path, ...rest] = [...prefix, path, ...words];
  const program = startProgram(command, rest);
  const isListening = async (): Promise<true | undefined> => {
    if (!program.isRunning()) throw new Error(`${path} ended: ${program.output()}`);
    return accepts(ADDRESS, port);
  };
  return {
    program,
    ready: async () => {
      await eventually(isListening, START_LIMIT_MS, program.output);
    },
  };
}

/** What a program prints on both streams, whatever its exit status; "" where it is not installed. */
export async function wordsOf(name: string, words: readonly string[]): Promise<string> {
  const path = peerPath(name);
  if (path === undefined) return "";
  const { stdout, stderr } = await promisify(execFile)(path, [...words]).catch(
    (error: { readonly stdout?: string; readonly stderr?: string }) => error,
  );
  return `${stdout ?? ""}${stderr ?? ""}`;
}
