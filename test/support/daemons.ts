/** Whole nodes in the test's own process, over loopback, with regions that fail when they are told to. */

import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { pino } from "pino";
import { askServer } from "../../src/cli/dns-client.ts";
import { resolveAnswering } from "../../src/config/answering.ts";
import type { ServeOptions } from "../../src/config/options.ts";
import type { StreamOptions } from "../../src/config/streams.ts";
import type { Daemon, DaemonParts } from "../../src/daemon/daemon.ts";
import { nameOf } from "../../src/dns/name.ts";
import { formatRdata } from "../../src/dns/rdata.ts";
import { TYPE } from "../../src/dns/types.ts";
import { ZONE_HEAD } from "../unit/daemon/loaded-zones.ts";

const NO_STREAMS: StreamOptions = {
  tcp: {},
  listenTls: [],
  listenHttps: [],
  httpsPath: undefined,
  identity: undefined,
  proxyNetworks: [],
};
export const LOOPBACK = { address: "127.0.0.1", port: 0 };
/** Far above what any step takes; a test that reaches it has failed. */
export const PATIENCE_MS = 20_000;

/** A regional load balancer: answers 200 until it is told to fail. */
export interface Region {
  readonly server: Server;
  readonly port: number;
  healthy: boolean;
}

export async function startRegion(): Promise<Region> {
  const server = createServer((_request, response) => {
    response.writeHead(region.healthy ? 200 : 503).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const region: Region = { server, port, healthy: true };
  return region;
}

export function endRegions(...regions: readonly Region[]): void {
  for (const { server } of regions) {
    server.closeAllConnections();
    server.close();
  }
}

/**
 * The zone `example.com.` with a pool for each, `near/n` and `far/f`, and `www`, which answers the first that is up. An
 * endpoint fails so often before it is down that a busy machine does not do it.
 */
export function twoRegions(near: Region, far: Region): string {
  return `${ZONE_HEAD}
$MONITOR m http every=200ms timeout=190ms fall=5 rise=3
$POOL near monitor=m
  n 192.0.2.1 probe=127.0.0.1:${near.port}
$POOL far monitor=m
  f 198.51.100.1 probe=127.0.0.1:${far.port}
www 5 POLICY failover ( near far )
`;
}

export async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const endsAt = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (performance.now() > endsAt) throw new Error(`never saw ${what}`);
    await setTimeout(20);
  }
}

/** A node that serves the zones of `home` and keeps its state below it; its log goes to `logged`, a line each. */
export function partsOf(home: string, changes: Partial<ServeOptions>, logged: string[]): DaemonParts {
  const options: ServeOptions = {
    zones: [home],
    listen: [LOOPBACK],
    admin: LOOPBACK,
    workers: 1,
    cpuAffinity: undefined,
    geoip: undefined,
    busyPollUs: 0,
    state: join(home, "state"),
    node: "test-node",
    adminTokenFile: undefined,
    resolvers: [],
    overrideFile: undefined,
    maxShift: undefined,
    drills: [],
    user: undefined,
    transfer: undefined,
    streams: NO_STREAMS,
    answering: resolveAnswering({}),
    ...changes,
  };
  return {
    options,
    log: pino({}, { write: (line: string) => void logged.push(line) }),
    clock: { now: Date.now, monotonic: () => performance.now() },
    random: Math.random,
    serviceManager: { tell: () => Promise.resolve() },
    adminToken: undefined,
  };
}

/** What a node answers over UDP, the records' data with a blank between; else why there is no answer. */
export async function askDaemon(
  { listen: [server] }: Daemon,
  name = "www.example.com.",
  type: number = TYPE.A,
): Promise<string> {
  if (server === undefined) throw new Error("it does not listen");
  const question = { name: nameOf(name), type };
  const outcome = await askServer(server, question, { overTcp: false, deadlineMs: 3000 });
  if (!outcome.ok) return outcome.message;
  return outcome.reply.message.answers.map((record) => formatRdata(record.type, record.rdata)).join(" ");
}

export function adminUrl({ admin }: Daemon): string {
  return `http://127.0.0.1:${admin.port}`;
}

/** The status and the body of a resource. */
export async function getText(daemon: Daemon, path: string): Promise<string> {
  const response = await fetch(adminUrl(daemon) + path);
  return `${response.status} ${await response.text()}`;
}
