/** An NSD that serves given zones on a loopback port: the oracle of static lookups, or a parent that delegates. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { peerPath } from "../../peers.ts";
import { accepts, freePort } from "./network.ts";
import { eventually, type Program, startProgram } from "./program.ts";

const START_LIMIT_MS = 10_000;

export interface Nsd {
  readonly port: number;
  readonly program: Program;
  end(): Promise<void>;
}

/** `zones` by apex. Answers are minimal, as ours are. */
export async function startNsd(zones: ReadonlyMap<string, string>): Promise<Nsd> {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-nsd-"));
  const port = await freePort();
  const config = [
    "server:",
    `  ip-address: 127.0.0.1@${port}`,
    `  zonesdir: "${folder}"`,
    '  username: ""',
    '  pidfile: ""',
    '  database: ""',
    `  zonelistfile: "${join(folder, "zone.list")}"`,
    `  xfrdfile: "${join(folder, "xfrd.state")}"`,
    `  xfrdir: "${folder}"`,
    "  server-count: 1",
    "  minimal-responses: yes",
    "  rrl-ratelimit: 0",
    "remote-control:",
    "  control-enable: no",
  ];
  let number = 0;
  for (const [apex, text] of zones) {
    const file = `${number++}.zone`;
    writeFileSync(join(folder, file), `$ORIGIN ${apex}\n${text}`);
    config.push("zone:", `  name: "${apex}"`, `  zonefile: "${file}"`);
  }
  const configFile = join(folder, "nsd.conf");
  writeFileSync(configFile, `${config.join("\n")}\n`);
  const program = startProgram(peerPath("nsd") ?? "nsd", ["-d", "-c", configFile]);
  const end = async (): Promise<void> => {
    await program.end();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await eventually(() => accepts("127.0.0.1", port), START_LIMIT_MS, program.output);
  } catch (error) {
    await end();
    throw error;
  }
  return { port, program, end };
}
