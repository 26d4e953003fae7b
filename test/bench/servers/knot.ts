/** Knot DNS with one UDP worker. */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { peerPath } from "../../peers.ts";
import { ADDRESS, type BenchServer } from "./server.ts";
import { spawnPinned, wordsOf } from "./spawn.ts";

export const knot: BenchServer = {
  name: "knot",
  version: async () => /Knot DNS\), version (\S+)/.exec(await wordsOf("knotd", ["-V"]))?.[0].replace(")", ""),
  serves: (zone) => zone.plain !== undefined,
  async start({ folder, port, zones, prefix }) {
    const parts = [
      `server:
  rundir: "${folder}"
  listen: ${ADDRESS}@${port}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
database:
  storage: "${folder}"
log:
  - target: stderr
    any: warning
template:
  - id: default
    storage: "${folder}"
    file: "%s.zone"
    journal-content: none
    zonefile-sync: -1
    semantic-checks: off
zone:
`,
    ];
    for (const { origin, plain = "" } of zones) {
      await writeFile(join(folder, `${origin}.zone`), plain);
      parts.push(`  - domain: ${origin}\n`);
    }
    const config = join(folder, "knot.conf");
    await writeFile(config, parts.join(""));
    return spawnPinned(prefix, peerPath("knotd") ?? "knotd", ["-c", config], port);
  },
};
