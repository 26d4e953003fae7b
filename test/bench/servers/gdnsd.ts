/** gdnsd, the measure: static zones, and DYNA records of its weighted plugin without monitoring. */

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { peerPath } from "../../peers.ts";
import { ADDRESS, type BenchServer } from "./server.ts";
import { spawnPinned, wordsOf } from "./spawn.ts";

export const gdnsd: BenchServer = {
  name: "gdnsd",
  limits: false,
  version: async () => /gdnsd version (\S+)/.exec(await wordsOf("gdnsd", []))?.[0],
  serves: (zone) => zone.plain !== undefined || zone.gdnsd !== undefined,
  async start({ folder, port, zones, prefix }) {
    await mkdir(join(folder, "zones"));
    for (const { origin, gdnsd: own, plain = "" } of zones) {
      await writeFile(join(folder, "zones", origin), own ?? plain);
    }
    const resources = zones.map(({ gdnsdWeighted = "" }) => gdnsdWeighted).join("");
    const config = `options => {
  listen => "${ADDRESS}:${port}"
  udp_threads => 1
  tcp_threads => 1
  run_dir => "${folder}/run"
  state_dir => "${folder}/state"
}
plugins => { weighted => {
${resources}} }
`;
    await writeFile(join(folder, "config"), config);
    return spawnPinned(prefix, peerPath("gdnsd") ?? "gdnsd", ["-c", folder, "start"], port);
  },
};
