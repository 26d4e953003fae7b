/** NSD with one serving process. */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { peerPath } from "../../peers.ts";
import { ADDRESS, type BenchServer } from "./server.ts";
import { spawnPinned, wordsOf } from "./spawn.ts";

export const nsd: BenchServer = {
  name: "nsd",
  version: async () => /NSD version \S+/.exec(await wordsOf("nsd", ["-v"]))?.[0],
  serves: (zone) => zone.plain !== undefined,
  async start({ folder, port, zones, prefix }) {
    const parts = [
      `server:
  ip-address: ${ADDRESS}@${port}
  server-count: 1
  username: ""
  chroot: ""
  zonesdir: "${folder}"
  database: ""
  pidfile: ""
  xfrdfile: "${folder}/xfrd.state"
  xfrdir: "${folder}"
  zonelistfile: "${folder}/zone.list"
  minimal-responses: yes
  rrl-ratelimit: 0
remote-control:
  control-enable: no
`,
    ];
    for (const { origin, plain = "" } of zones) {
      await writeFile(join(folder, `${origin}.zone`), plain);
      parts.push(`zone:\n  name: "${origin}"\n  zonefile: "${origin}.zone"\n`);
    }
    const config = join(folder, "nsd.conf");
    await writeFile(config, parts.join(""));
    return spawnPinned(prefix, peerPath("nsd") ?? "nsd", ["-d", "-c", config], port);
  },
};
