/** Fairlead itself as a process, the compiled command as users run it: a folder of zones, free ports, a state of its own. */

import { execFile } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { UdpTransport } from "../../../src/server/udp-servers.ts";
import { freePort } from "./network.ts";
import { eventually, type Program, startProgram } from "./program.ts";

const READY_LIMIT_MS = 30_000;
const ANSWER_MAX_OCTETS = 16 * 1024 * 1024;

const run = promisify(execFile);

/** The compiled command; `npm test` builds it before any test runs. */
export const COMMAND = fileURLToPath(new URL("../../../dist/main.js", import.meta.url));

export interface Fairlead {
  readonly program: Program;
  /** A listener on 127.0.0.1, for UDP and TCP. */
  readonly dns: { readonly address: string; readonly port: number };
  /** `http://127.0.0.1:PORT` */
  readonly adminUrl: string;
  readonly zonesFolder: string;
  /** Replaces or adds a zone file; the running node sees it by itself. */
  writeZone(file: string, text: string): Promise<void>;
  /** `undefined` where no answer came. */
  fetchText(path: string): Promise<{ readonly status: number; readonly text: string } | undefined>;
  /** The value of one series, written as the metrics page writes it; `undefined` where there is none. */
  metric(series: string): Promise<number | undefined>;
  stop(): Promise<number | null>;
}

export interface FairleadOptions {
  /** By file name, `gtm.example.test.zone`. */
  readonly zones: { readonly [file: string]: string };
  /** Further flags of `serve`. */
  readonly flags?: readonly string[];
  /** The text of a configuration file. */
  readonly config?: string;
  /** A command that starts it and whatever asks it, such as one that enters a network namespace. */
  readonly within?: readonly string[];
  /** `dgram`: beside packages without koffi, which is how a system meets the fallback. */
  readonly udpTransport?: UdpTransport;
}

/** The package and the scope of its binaries. */
const KOFFI_PACKAGES: ReadonlySet<string> = new Set(["koffi", "@koromix"]);

/** Copies a build into `folder`, beside links to every package but koffi; returns the copy's `dist`. */
export async function withoutKoffi(dist: string, folder: string): Promise<string> {
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

/** Starts a node and waits until it is ready. */
export async function startFairlead({
  zones,
  flags = [],
  config,
  within = [],
  udpTransport = "batch",
}: FairleadOptions): Promise<Fairlead> {
  const folder = await mkdtemp(join(tmpdir(), "fairlead-node-"));
  // A node that becomes another user has to find its state again.
  await chmod(folder, 0o755);
  const zonesFolder = join(folder, "zones");
  await mkdir(zonesFolder);
  for (const [file, text] of Object.entries(zones)) await writeFile(join(zonesFolder, file), text);
  const dns = { address: "127.0.0.1", port: await freePort() };
  const adminPort = await freePort();
  const words = ["serve", zonesFolder, "--listen", `${dns.address}:${dns.port}`];
  words.push("--admin", `127.0.0.1:${adminPort}`, "--state", join(folder, "state"), ...flags);
  if (config !== undefined) {
    await writeFile(join(folder, "fairlead.yaml"), config);
    words.push("--config", join(folder, "fairlead.yaml"));
  }
  const dist = udpTransport === "batch" ? dirname(COMMAND) : await withoutKoffi(dirname(COMMAND), folder);
  const [first = process.execPath, ...rest] = [...within, process.execPath, join(dist, "main.js"), ...words];
  const program = startProgram(first, rest);
  const adminUrl = `http://127.0.0.1:${adminPort}`;
  const fetchText = async (path: string) => {
    if (within.length > 0) return await curlWithin(within, adminUrl + path);
    try {
      const response = await fetch(adminUrl + path);
      return { status: response.status, text: await response.text() };
    } catch {
      return undefined;
    }
  };
  const isReady = async (): Promise<true | undefined> => {
    if (!program.isRunning()) throw new Error(`fairlead ended: ${program.output()}`);
    return (await fetchText("/readyz"))?.status === 200 ? true : undefined;
  };
  const stop = async () => {
    const status = await program.end();
    await rm(folder, { recursive: true, force: true });
    return status;
  };
  try {
    await eventually(isReady, READY_LIMIT_MS, program.output);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    program,
    dns,
    adminUrl,
    zonesFolder,
    writeZone: (file, text) => writeFile(join(zonesFolder, file), text),
    fetchText,
    metric: async (series) => valueOf((await fetchText("/metrics"))?.text ?? "", series),
    stop,
  };
}

/** A request made by curl where the node is, and no other process of ours. */
async function curlWithin(
  [command = "curl", ...words]: readonly string[],
  url: string,
): Promise<{ readonly status: number; readonly text: string } | undefined> {
  try {
    const { stdout } = await run(command, [...words, "curl", "-sS", "-w", "\n%{http_code}", url], {
      maxBuffer: ANSWER_MAX_OCTETS,
    });
    const end = stdout.lastIndexOf("\n");
    return { status: Number(stdout.slice(end + 1)), text: stdout.slice(0, end) };
  } catch {
    return undefined;
  }
}

/** A series is found whatever the order of its labels. */
function valueOf(exposition: string, series: string): number | undefined {
  const wanted = normalise(series);
  const line = exposition.split("\n").find((each) => normalise(each.replace(/ [^ ]+$/, "")) === wanted);
  return line === undefined ? undefined : Number(line.replace(/^.* /, ""));
}

function normalise(series: string): string {
  const [name = "", labels = ""] = series.split(/[{}]/);
  return `${name}{${labels.split(",").sort().join(",")}}`;
}
