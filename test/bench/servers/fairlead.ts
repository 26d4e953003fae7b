/**
 * Fairlead as users run it, with one worker: over system calls through koffi, and over node:dgram. Nothing in it can be
 * told to fall back, so the second is the same build beside packages without koffi, which is how a user meets it.
 */

import { cp, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { freePort } from "../../support/peers/network.ts";
import { eventually, startProgram } from "../../support/peers/program.ts";
import { ADDRESS, type BenchServer, type RunningServer, type Setting } from "./server.ts";

/** A million names are loaded in this time. */
const READY_LIMIT_MS = 180_000;
/** The package and the scope of its binaries. */
const KOFFI_PACKAGES: ReadonlySet<string> = new Set(["koffi", "@koromix"]);

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

function shared(dist: string): Pick<BenchServer, "version" | "serves"> {
  return {
    version: async () => {
      const text = await readFile(join(dirname(dist), "package.json"), "utf8");
      const description: { readonly version: string } = JSON.parse(text);
      return `Fairlead ${description.version}`;
    },
    serves: (zone) => zone.plain !== undefined || zone.fairlead !== undefined,
  };
}

async function start(
  dist: string,
  { folder, port, zones, prefix, workers = 1 }: Setting,
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

/** The build copied beside links to every package but koffi; returns its `dist`. */
async function withoutKoffi(dist: string, folder: string): Promise<string> {
  const home = join(folder, "without-koffi");
  const packages = join(dirname(dist), "node_modules");
  await mkdir(join(home, "node_modules"), { recursive: true });
  await cp(dist, join(home, "dist"), { recursive: true });
  await cp(join(dirname(dist), "package.json"), join(home, "package.json"));
  for (const name of await readdir(packages)) {
    if (KOFFI_PACKAGES.has(name)) continue;
    await symlink(join(packages, name), join(home, "node_modules", name));
  }
  return join(home, "dist");
}
