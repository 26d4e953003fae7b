/**
 * The way a client's question takes in real life: unbound resolves it through a parent zone, served by NSD, that
 * delegates the subdomain to Fairlead. A delegation names no port, so Fairlead listens on port 53 of a loopback address
 * of its own.
 */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { peerPath } from "../../peers.ts";
import { accepts, freePort } from "./network.ts";
import { eventually, startProgram } from "./program.ts";

const START_LIMIT_MS = 30_000;

export interface Server {
  readonly address: string;
  readonly port: number;
  readonly output: () => string;
  stop(): Promise<void>;
}

/** NSD with `zoneText` as the zone `origin`, on `address` port 53. */
export async function startParent(origin: string, zoneText: string, address: string): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), "fairlead-nsd-"));
  await writeFile(join(folder, "parent.zone"), zoneText);
  const config = `server:
  ip-address: ${address}@53
  username: ""
  chroot: ""
  zonesdir: "${folder}"
  database: ""
  pidfile: "${folder}/pid"
  xfrdfile: "${folder}/xfrd"
  xfrdir: "${folder}"
  zonelistfile: "${folder}/zones"
  server-count: 1
  hide-version: yes
remote-control:
  control-enable: no
zone:
  name: "${origin}"
  zonefile: "parent.zone"
`;
  await writeFile(join(folder, "nsd.conf"), config);
  const program = startProgram(peerPath("nsd") ?? "nsd", ["-d", "-c", join(folder, "nsd.conf")]);
  await eventually(() => accepts(address, 53), START_LIMIT_MS, program.output);
  const stop = async (): Promise<void> => {
    await program.end();
    await rm(folder, { recursive: true, force: true });
  };
  return { address, port: 53, output: program.output, stop };
}

/** unbound on a free port of 127.0.0.1, with `parent` as the server of `origin` and all below it by delegation. */
export async function startResolver(origin: string, parent: string, parentPort = 53): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), "fairlead-unbound-"));
  const port = await freePort();
  const config = `server:
  directory: "${folder}"
  chroot: ""
  username: ""
  pidfile: "${folder}/pid"
  use-syslog: no
  logfile: ""
  interface: 127.0.0.1
  port: ${port}
  access-control: 127.0.0.0/8 allow
  do-not-query-localhost: no
  do-ip6: no
  module-config: "iterator"
  root-hints: ""
  num-threads: 1
  cache-min-ttl: 0
  infra-host-ttl: 1
  local-zone: "test." nodefault
remote-control:
  control-enable: no
stub-zone:
  name: "${origin}"
  stub-addr: ${parent}@${parentPort}
`;
  await writeFile(join(folder, "unbound.conf"), config);
  const program = startProgram(peerPath("unbound") ?? "unbound", [
    "-d",
    "-p",
    "-c",
    join(folder, "unbound.conf"),
  ]);
  await eventually(() => accepts("127.0.0.1", port), START_LIMIT_MS, program.output);
  const stop = async (): Promise<void> => {
    await program.end();
    await rm(folder, { recursive: true, force: true });
  };
  return { address: "127.0.0.1", port, output: program.output, stop };
}
