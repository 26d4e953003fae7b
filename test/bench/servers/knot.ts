/** Knot DNS with one UDP worker. */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { peerPath } from "../../peers.ts";
import { knotConfig } from "../../support/peers/knot.ts";
import type { BenchServer } from "./server.ts";
import { spawnPinned, wordsOf } from "./spawn.ts";

export const knot: BenchServer = {
  name: "knot",
  limits: false,
  version: async () => /Knot DNS\), version (\S+)/.exec(await wordsOf("knotd", ["-V"]))?.[0].replace(")", ""),
  serves: (zone) => zone.plain !== undefined,
  async start({ folder, port, zones, prefix }) {
    const files: [string, string][] = [];
    for (const { origin, plain = "" } of zones) {
      const file = `${origin}.zone`;
      await writeFile(join(folder, file), plain);
      files.push([origin, file]);
    }
    const config = join(folder, "knot.conf");
    await writeFile(config, knotConfig(folder, port, files));
    return spawnPinned(prefix, peerPath("knotd") ?? "knotd", ["-c", config], port);
  },
};
