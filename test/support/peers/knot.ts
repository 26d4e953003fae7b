/** Knot DNS: the second opinion on static lookups. */

import { type RunningPeer, startPeer } from "./running-peer.ts";

/** The text of knot.conf for `zones`, each of which stands in the file of that name in `folder`. */
export function knotConfig(
  folder: string,
  port: number,
  zones: Iterable<readonly [apex: string, file: string]>,
): string {
  const lines = [
    "server:",
    `  rundir: "${folder}"`,
    `  listen: 127.0.0.1@${port}`,
    "  udp-workers: 1",
    "  tcp-workers: 1",
    "  background-workers: 1",
    "database:",
    `  storage: "${folder}"`,
    "log:",
    "  - target: stderr",
    "    any: warning",
    "template:",
    "  - id: default",
    `    storage: "${folder}"`,
    "    journal-content: none",
    "    zonefile-sync: -1",
    "    semantic-checks: off",
    "zone:",
  ];
  for (const [apex, file] of zones) lines.push(`  - domain: ${apex}`, `    file: "${file}"`);
  return `${lines.join("\n")}\n`;
}

/** `zones` by apex. */
export async function startKnot(zones: ReadonlyMap<string, string>): Promise<RunningPeer> {
  return startPeer("knotd", zones, (folder, port, files) => ({
    config: knotConfig(folder, port, files),
    words: (file) => ["-c", file],
  }));
}
