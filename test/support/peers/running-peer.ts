/** Name servers that tests compare ours with, each in the foreground on a free port, its files in a folder of its own. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { peerPath } from "../../peers.ts";
import { accepts, freePort } from "./network.ts";
import { eventually, type Program, startProgram } from "./program.ts";

const START_LIMIT_MS = 30_000;

/** A server that serves, on 127.0.0.1. */
export interface RunningPeer {
  readonly address: string;
  readonly port: number;
  readonly program: Program;
  end(): Promise<void>;
}

export interface PeerSetting {
  readonly config: string;
  /** The command line, given the path of the file that holds `config`. */
  readonly words: (configFile: string) => readonly string[];
}

/** Writes the zones and the configuration into a folder of their own, starts the program, and waits until it accepts. */
export async function startPeer(
  command: string,
  zones: ReadonlyMap<string, string>,
  settingOf: (folder: string, port: number, files: readonly (readonly [string, string])[]) => PeerSetting,
): Promise<RunningPeer> {
  const folder = mkdtempSync(join(tmpdir(), `fairlead-${command}-`));
  const port = await freePort();
  const files = [...zones].map(([apex, text], number) => {
    const file = `${number}.zone`;
    writeFileSync(join(folder, file), `$ORIGIN ${apex}\n${text}`);
    return [apex, file] as const;
  });
  const { config, words } = settingOf(folder, port, files);
  const configFile = join(folder, `${command}.conf`);
  writeFileSync(configFile, config);
  const program = startProgram(peerPath(command) ?? command, words(configFile));
  const end = async (): Promise<void> => {
    await program.end();
    rmSync(folder, { recursive: true, force: true });
  };
  const isServing = async (): Promise<true | undefined> => {
    if (!program.isRunning()) throw new Error(`${command} ended: ${program.output()}`);
    return accepts("127.0.0.1", port);
  };
  try {
    await eventually(isServing, START_LIMIT_MS, program.output);
  } catch (error) {
    await end();
    throw error;
  }
  return { address: "127.0.0.1", port, program, end };
}
