/** What tests of a whole node are made of: options on free ports, pretended regions, and patience. */

import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { resolveAnswering } from "../../../src/config/answering.ts";
import type { ServeOptions } from "../../../src/config/options.ts";
import type { StreamOptions } from "../../../src/config/streams.ts";

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
export const PATIENCE_MS = 8000;

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

export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const endsAt = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (performance.now() > endsAt) throw new Error(`never saw ${what}`);
    await setTimeout(20);
  }
}

/** A node of the zones in `home`, with its state there as well. */
export function serveOptions(home: string, changes: Partial<ServeOptions> = {}): ServeOptions {
  return {
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
}
