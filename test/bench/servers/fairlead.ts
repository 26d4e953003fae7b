/**
 * Fairlead as users run it, with one worker: over system calls through koffi, and over node:dgram. Nothing in it can be
 * told to fall back, so the second is the same build beside packages without koffi, which is how a user meets it.
 */

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { networkOf } from "../../../src/geo/network.ts";
import { LOOPBACK_NETWORK, type MmdbEntry, writeMmdb } from "../../support/mmdb.ts";
import { withoutKoffi } from "../../support/peers/fairlead.ts";
import { freePort } from "../../support/peers/network.ts";
import { eventually, startProgram } from "../../support/peers/program.ts";
import { ADDRESS, type BenchServer, type RunningServer, type Setting } from "./server.ts";

/** A million names are loaded in this time. */
const READY_LIMIT_MS = 180_000;

/** `dist` is a folder of compiled code with package.json and node_modules beside it. */
export function fairlead(dist: string): BenchServer {
  return { ...shared(dist), name: "fairlead", start: (setting) => start(dist, setting, "koffi") };
}

export function fairleadOverDgram(dist: string): BenchServer {
  return {
    ...shared(dist),
    name: "fairlead-dgram",
    start: async (setting) => start(await withoutKoffi(dist, setting.folder), setting, "node:dgram"),
  };
}

function shared(dist: string): Pick<BenchServer, "version" | "limits" | "serves"> {
  return {
    version: async () => {
      const text = await readFile(join(dirname(dist), "package.json"), "utf8");
      const description: { readonly version: string } = JSON.parse(text);
      return `Fairlead ${description.version}`;
    },
    limits: true,
    serves: (zone) => zone.plain !== undefined || zone.fairlead !== undefined,
  };
}

async function start(
  dist: string,
  { folder, port, zones, prefix, workers = 1, rateLimit }: Setting,
  transport: "koffi" | "node:dgram",
): Promise<RunningServer> {
  const zonesFolder = join(folder, "zones");
  await mkdir(zonesFolder);
  for (const { origin, fairlead: own, plain = "" } of zones) {
    await writeFile(join(zonesFolder, `${origin}.zone`), own ?? plain);
  }
  const adminPort = await freePort();
  const flags = ["--listen", `${ADDRESS}:${port}`, "--admin", `${ADDRESS}:${adminPort}`];
  flags.push("--state", join(folder, "state"), "--workers", String(workers));
  const country = zones.find((zone) => zone.country !== undefined)?.country;
  if (country !== undefined) {
    const database = join(folder, "geo.mmdb");
    await writeFile(database, writeMmdb(placesAround(country)));
    flags.push("--geoip", database);
  }
  if (rateLimit !== undefined) {
    const config = join(folder, "fairlead.yaml");
    await writeFile(config, `rate-limit: { responses-per-second: ${rateLimit}, slip: 2 }\n`);
    flags.push("--config", config);
  }
  const words = [...prefix, process.execPath, join(dist, "main.js"), "serve", zonesFolder, ...flags];
  const [command = process.execPath, ...rest] = words;
  const program = startProgram(command, rest);
  const isReady = async (): Promise<true | undefined> => {
    if (!program.isRunning()) throw new Error(`fairlead ended: ${program.output().slice(-2_000)}`);
    const response = await fetch(`http://${ADDRESS}:${adminPort}/readyz`).catch(() => undefined);
    return response?.status === 200 ? true : undefined;
  };
  const ready = async (): Promise<void> => {
    await eventually(isReady, READY_LIMIT_MS, () => program.output().slice(-2_000));
    // Its log and metrics say the same; the mapped library cannot be mistaken.
    const maps = await readFile(`/proc/${program.pid}/maps`, "latin1");
    const runs = maps.includes("koffi") ? "koffi" : "node:dgram";
    if (runs !== transport) throw new Error(`this build answers over ${runs}, not ${transport}`);
  };
  return { program, ready };
}

/** Those who ask are there, amid as many other networks as make a search of it. */
function placesAround(country: string): MmdbEntry[] {
  const others = Array.from({ length: 128 * 256 }, (_, at): MmdbEntry => {
    const [high, low] = [at >> 8, at & 0xff];
    const network = networkOf(Uint8Array.of(high + (high < 127 ? 0 : 1), low, 0, 0), 16);
    return { network, record: { country_code: ["US", "JP", "BR", "FR"][at % 4] ?? "US" } };
  });
  return [{ network: LOOPBACK_NETWORK, record: { country_code: country } }, ...others];
}
