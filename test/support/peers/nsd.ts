/** NSD: the oracle of static lookups and of rate limiting, or a parent that delegates. */

import { join } from "node:path";
import { type RunningPeer, startPeer } from "./running-peer.ts";

export type Nsd = RunningPeer;

export interface NsdOptions {
  /** Answers without what was not asked for, as ours are; the default. */
  readonly minimalResponses?: boolean;
  /** Responses a second to one network, of which one in two that are held back is sent cut short; 0, the default: any. */
  readonly rateLimit?: number;
}

/** The text of nsd.conf for `zones`, each of which stands in the file of that name in `folder`. */
export function nsdConfig(
  folder: string,
  port: number,
  zones: Iterable<readonly [apex: string, file: string]>,
  { minimalResponses = true, rateLimit = 0 }: NsdOptions = {},
): string {
  const lines = [
    "server:",
    `  ip-address: 127.0.0.1@${port}`,
    `  zonesdir: "${folder}"`,
    '  username: ""',
    '  chroot: ""',
    '  pidfile: ""',
    '  database: ""',
    `  zonelistfile: "${join(folder, "zone.list")}"`,
    `  xfrdfile: "${join(folder, "xfrd.state")}"`,
    `  xfrdir: "${folder}"`,
    "  server-count: 1",
    `  minimal-responses: ${minimalResponses ? "yes" : "no"}`,
    `  rrl-ratelimit: ${rateLimit}`,
    "remote-control:",
    "  control-enable: no",
  ];
  for (const [apex, file] of zones) lines.push("zone:", `  name: "${apex}"`, `  zonefile: "${file}"`);
  return `${lines.join("\n")}\n`;
}

/** `zones` by apex. */
export async function startNsd(
  zones: ReadonlyMap<string, string>,
  options: NsdOptions = {},
): Promise<RunningPeer> {
  return startPeer("nsd", zones, (folder, port, files) => ({
    config: nsdConfig(folder, port, files, options),
    words: (file) => ["-d", "-c", file],
  }));
}
