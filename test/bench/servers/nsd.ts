/** NSD with one serving process. */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { peerPath } from "../../peers.ts";
import { nsdConfig } from "../../support/peers/nsd.ts";
import type { BenchServer } from "./server.ts";
import { spawnPinned, wordsOf } from "./spawn.ts";

export const nsd: BenchServer = {
  name: "nsd",
  limits: true,
  version: async () => /NSD version \S+/.exec(await wordsOf("nsd", ["-v"]))?.[0],
  serves: (zone) => zone.plain !== undefined,
  async start({ folder, port, zones, prefix, rateLimit = 0 }) {
    const files: [string, string][] = [];
    for (const { origin, plain = "" } of zones) {
      const file = `${origin}.zone`;
      await writeFile(join(folder, file), plain);
      files.push([origin, file]);
    }
    const config = join(folder, "nsd.conf");
    await writeFile(config, nsdConfig(folder, port, files, { rateLimit }));
    return spawnPinned(prefix, peerPath("nsd") ?? "nsd", ["-d", "-c", config], port);
  },
};
