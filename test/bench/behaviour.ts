/**
 * `npm run bench -- --behaviour`: the rows of the behaviour table, fuzz and reflection, sent to every server in the same
 * way, and a column for each. What a peer has no word for counts against it: gdnsd knows no DNAME, and cookies and NSID
 * are off in NSD and Knot until they are configured.
 */

import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Place, UdpAsker, writeTcp } from "../behaviour/asking.ts";
import { BEHAVIOUR_ROWS } from "../behaviour/behaviour-rows.ts";
import { type Observation, observe } from "../behaviour/observation.ts";
import { rankOf } from "../behaviour/outcome.ts";
import {
  ATTACKS,
  formatReflection,
  REFLECTION_QUERIES,
  REFLECTION_RATE,
  REFLECTION_SECONDS,
  reflect,
} from "../behaviour/reflection.ts";
import { MESSAGE_ROWS } from "../behaviour/rows/messages.ts";
import type { Row } from "../behaviour/rows/row.ts";
import { createPacketSource } from "../fuzz/packet-source.ts";
import { parsed, query } from "../support/packets.ts";
import { freePort } from "../support/peers/network.ts";
import { eventually } from "../support/peers/program.ts";
import { PLAIN_FILES } from "../support/sample-zones.ts";
import { framed } from "../support/servers.ts";
import type { BenchZone } from "./content.ts";
import { cpuTimeOf, processTree, residentKib } from "./measure.ts";
import { formatColumns } from "./report.ts";
import { ADDRESS, type BenchServer, type RunningServer, type ServerName } from "./servers/server.ts";

const SEED = 20_261_122;
const FUZZ_PACKETS = 20_000;
const FIRST_ANSWER_LIMIT_MS = 60_000;
const FLAG_QR = 0x80;
const OPEN_QUERIES = 600;
const COST_TURNS = 10;
const COST_PACKETS = 2_000;

/** gdnsd refuses a zone with DNAME, which it does not know, and one with a loop of CNAMEs. */
const ZONES: readonly BenchZone[] = Object.entries(PLAIN_FILES).map(([file, plain]) => ({
  origin: file.replace(/\.zone$/, ""),
  plain,
  gdnsd: plain.replaceAll(/^(?:.* DNAME|toloop|fromloop) .*\n/gm, ""),
}));

interface Report {
  readonly title: string;
  /** By row: `ideal`, `accepted`, or what came instead. */
  readonly rows: readonly string[];
  readonly fuzz: readonly string[];
  /** By attack. */
  readonly reflections: readonly string[];
}

/** Prints the table; the exit status is 1 where a row of Fairlead's failed. */
export async function reportBehaviour(
  known: readonly BenchServer[],
  names: readonly ServerName[],
): Promise<void> {
  const reports: Report[] = [];
  for (const server of known.filter(({ name }) => names.includes(name))) {
    process.stderr.write(`bench: ${server.name}\n`);
    const report = await reportOf(server).catch((error: unknown) => {
      process.stderr.write(`bench: ${server.name} is left out: ${String(error)}\n`);
      return undefined;
    });
    if (report !== undefined) reports.push(report);
    if (server.name.startsWith("fairlead") && report?.rows.some(isFailed) !== false) process.exitCode = 1;
  }
  const heads = [
    ...BEHAVIOUR_ROWS.map(({ rfc, input }) => [rfc, input] as const),
    ["", "rows: ideal, accepted, failed"] as const,
    ...FUZZ_LINES.map((line) => ["", line] as const),
    ...ATTACKS.map(({ what }) => ["reflection", what] as const),
  ];
  const columns = reports.map(({ title, rows, fuzz, reflections }) => ({
    title,
    isText: true,
    cells: [...rows, countsOf(rows), ...fuzz, ...reflections],
  }));
  process.stdout.write(
    formatColumns([
      { title: "RFC", isText: true, cells: heads.map(([rfc]) => rfc) },
      { title: "input", isText: true, cells: heads.map(([, input]) => input.replaceAll("|", "/")) },
      ...columns,
    ]),
  );
}

function isFailed(cell: string): boolean {
  return cell !== "ideal" && cell !== "accepted";
}

function countsOf(rows: readonly string[]): string {
  const count = (isCounted: (cell: string) => boolean): number => rows.filter(isCounted).length;
  return `${count((cell) => cell === "ideal")}, ${count((cell) => cell === "accepted")}, ${count(isFailed)}`;
}

async function reportOf(server: BenchServer): Promise<Report | undefined> {
  const title = await server.version();
  if (title === undefined) throw new Error("it is not installed");
  const open = await whileRunning(server, undefined, async (place, running) => {
    const rows: string[] = [];
    for (const row of BEHAVIOUR_ROWS) rows.push(await cellOf(row, place));
    const load = { queries: OPEN_QUERIES, seconds: OPEN_QUERIES / 2_000 };
    const gains: string[] = [];
    for (const attack of ATTACKS) gains.push((await reflect(place, { ...attack, ...load })).gain.toFixed(2));
    const costs = await costsOf(place, running);
    return { rows, gains, fuzz: [...(await fuzz(place, running)), ...costs] };
  });
  const limited = server.limits ? await limitedReflections(server) : [];
  const reflections = open.gains.map((gain, at) => {
    const measured = limited[at];
    return measured === undefined ? `open ${gain}` : `open ${gain}; limited ${measured}`;
  });
  return { title: `${title} (${server.name})`, rows: open.rows, fuzz: open.fuzz, reflections };
}

function limitedReflections(server: BenchServer): Promise<string[]> {
  const load = { queries: REFLECTION_QUERIES, seconds: REFLECTION_SECONDS };
  return whileRunning(server, REFLECTION_RATE.responsesPerSecond, async (place) => {
    const lines: string[] = [];
    for (const attack of ATTACKS) lines.push(formatReflection(await reflect(place, { ...attack, ...load })));
    return lines;
  });
}

async function whileRunning<Result>(
  server: BenchServer,
  rateLimit: number | undefined,
  use: (place: Place, running: RunningServer) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), "fairlead-behaviour-"));
  const place = { address: ADDRESS, port: await freePort(ADDRESS) };
  const own = join(folder, server.name);
  await mkdir(own);
  const setting = { folder: own, port: place.port, zones: ZONES, prefix: [] };
  const running = await server.start(rateLimit === undefined ? setting : { ...setting, rateLimit });
  try {
    await running.ready();
    const isAnswering = async (): Promise<true | undefined> =>
      (await observeUdp(place, query("www.example.", "A"))).get("result") === "NOERROR" ? true : undefined;
    await eventually(isAnswering, FIRST_ANSWER_LIMIT_MS, running.program.output);
    return await use(place, running);
  } finally {
    await running.program.end();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The worst of what comes over all transports. */
async function cellOf(row: Row, place: Place): Promise<string> {
  try {
    const observations = row.kind === "exchange" ? [await row.exchange(place)] : [];
    if (row.kind === "packet" && row.over.includes("udp"))
      observations.push(await observeUdp(place, row.octets));
    if (row.kind === "packet" && row.over.includes("tcp")) {
      observations.push(observe(row.octets, (await writeTcp(place, framed(row.octets))).reply));
    }
    const failed = observations.find((each) => rankOf(row.outcomes, each) === -1);
    if (failed !== undefined) return `failed: ${failed.get("result") ?? ""}`;
    return observations.every((each) => rankOf(row.outcomes, each) === 0) ? "ideal" : "accepted";
  } catch (error) {
    return `failed: ${error instanceof Error ? error.message : String(error)}`;
  }
}

async function observeUdp(place: Place, octets: Uint8Array): Promise<Observation> {
  const asker = await UdpAsker.open(place);
  try {
    return observe(octets, await asker.ask(octets));
  } finally {
    asker.close();
  }
}

const FUZZ_LINES = [
  `fuzz: replies to ${FUZZ_PACKETS} packets`,
  "fuzz: replies that cannot be read",
  "fuzz: replies to responses",
  "fuzz: runs on, memory grown by",
  "CPU µs for a good packet",
  "CPU µs for a malformed one",
] as const;

/** The same packets for every server, one at a time. */
async function fuzz(place: Place, { program }: RunningServer): Promise<string[]> {
  const asker = await UdpAsker.open(place);
  const next = createPacketSource(SEED);
  const before = residentKib(processTree(program.pid));
  let replies = 0;
  let unreadable = 0;
  let toResponses = 0;
  for (let sent = 0; sent < FUZZ_PACKETS; sent++) {
    const octets = next();
    const reply = await asker.ask(octets);
    if (reply === undefined) continue;
    replies++;
    if (((octets[2] ?? 0) & FLAG_QR) !== 0) toResponses++;
    try {
      parsed(reply);
    } catch {
      unreadable++;
    }
  }
  asker.close();
  const grown = (residentKib(processTree(program.pid)) - before) / 1_024;
  const end = program.isRunning() ? `yes, ${grown.toFixed(1)} MiB` : "no";
  return [String(replies), String(unreadable), String(toResponses), end];
}

/** What the server pays for a good packet, and for those that are no query: in turns, so that both meet the same machine. */
async function costsOf(place: Place, { program }: RunningServer): Promise<string[]> {
  const good = query("www.example.", "A");
  const malformed = MESSAGE_ROWS.flatMap((row) => {
    const isMalformed = row.kind === "packet" && row.outcomes.startsWith("FORMERR");
    return isMalformed && row.octets.length >= good.length ? [row.octets] : [];
  });
  const asker = await UdpAsker.open(place);
  const pids = processTree(program.pid);
  const spent = [0, 0];
  for (let turn = 0; turn < COST_TURNS; turn++) {
    for (const kind of [0, 1]) {
      const before = cpuTimeOf(pids).runNs;
      for (let asked = 0; asked < COST_PACKETS; asked++) {
        const bad = malformed[asked % malformed.length] ?? good;
        await asker.ask(kind === 0 ? good : bad);
      }
      spent[kind] = (spent[kind] ?? 0) + cpuTimeOf(pids).runNs - before;
    }
  }
  asker.close();
  // Half of what was spent went to the marker behind each packet, which is a good one.
  const [forGood = 0, forBad = 0] = spent.map((ns) => ns / 1e3 / (COST_TURNS * COST_PACKETS));
  return [(forGood / 2).toFixed(1), (forBad - forGood / 2).toFixed(1)];
}
