/** `fairlead plan OLD NEW`: what a new set of zones would change, and for whom; of files, or against a running node. */

import { type Command, InvalidArgumentError } from "commander";
import { z } from "zod";
import { parseShare } from "../config/values.ts";
import { supposeAllUp } from "../daemon/supposed-health.ts";
import { PLACE_UNKNOWN } from "../geo/client.ts";
import { supposeResolved } from "../policy/resolved.ts";
import { exceedsShift } from "../policy/shift.ts";
import { EXPECTATION_FAILED, formatDiagnostic } from "../zone/diagnostic.ts";
import { indexZones } from "../zone/lookup.ts";
import type { PlanSide } from "../zone/moves.ts";
import type { PlaceMove } from "../zone/place-moves.ts";
import { type NameChange, type Plan, type PlanDatabases, planOf } from "../zone/plan.ts";
import { promoteDryRuns } from "../zone/promote-dry-runs.ts";
import { readDatabase } from "./geo-option.ts";
import { formatMove, moveSchema } from "./moves.ts";
import { askNode, errorOf, readReply, serverOption } from "./node-client.ts";
import { tokenOf } from "./operator.ts";
import { CommandFailure, EXIT, endWith, formatColumns, printJson, printLine, printLines } from "./outcome.ts";
import { formatPercent } from "./percent.ts";
import { loadUntried, loadZonePaths } from "./zone-option.ts";

interface PlanOptions {
  readonly geoip?: string;
  readonly geoipNew?: string;
  readonly server?: string;
  readonly adminTokenFile?: string;
  /** From 0 to 1. */
  readonly maxShift?: number;
  readonly dryRun?: true;
  readonly json?: true;
}

/** Of a plan, what a node tells as well. */
type Told = Pick<Plan, "names" | "maxShift"> & {
  readonly moves: readonly (Plan["moves"][number] & { readonly health?: string | undefined })[];
  readonly places?: readonly PlaceMove[];
};

export function addPlan(program: Command): void {
  program
    .command("plan")
    .description("what a new set of zones would change: names, and each class of clients whose shares move")
    .argument("<sets...>", "OLD and NEW, folders of *.zone files or zone files; with --server NEW alone")
    .option("--max-shift <share>", "how many clients of a name may move, such as 20%", readShift)
    .option(
      "--geoip <file>",
      "geo database as it is, an MMDB file (default: countries by DB-IP); for --geoip-new",
    )
    .option("--geoip-new <file>", "geo database as it would be: what it changes of the address space")
    .addOption(serverOption())
    .option("--admin-token-file <file>", "holds the token that the node asks for")
    .option("--dry-run", "with the dry runs of NEW served")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nEvery endpoint is supposed up on both sides; a running node plans with the health that it has as well." +
        "\nExit status: 0 no more than --max-shift moves, 1 more does or the zones are faulty, 2 wrong usage.",
    )
    .action((sets: readonly string[], options: PlanOptions) => run(sets, options));
}

function readShift(text: string): number {
  const share = parseShare(text);
  if (share === undefined) throw new InvalidArgumentError("expected 0% to 100%.");
  return share;
}

async function run(sets: readonly string[], options: PlanOptions): Promise<void> {
  const { server, maxShift, json } = options;
  const plan = server === undefined ? fromFiles(sets, options) : await fromNode(sets, server, options);
  if (json) printJson(plan);
  else printLines(formatPlan(plan));
  const exceeds = maxShift !== undefined && exceedsShift(plan.maxShift, maxShift);
  if (exceeds && !json) printLine(`more than --max-shift ${formatPercent(maxShift).trim()}`);
  endWith(exceeds ? EXIT.no : EXIT.ok);
}

function fromFiles(sets: readonly string[], options: PlanOptions): Told {
  const [from, to] = sets;
  if (from === undefined || to === undefined || sets.length > 2) throw usage("plan takes OLD and NEW");
  if (options.adminTokenFile !== undefined) throw usage("--admin-token-file is for --server");
  const databases = databasesOf(options);
  const before = sideOf(from);
  const after = sideOf(to);
  const promoted = options.dryRun ? { ...after, zones: promoteDryRuns(after.zones) } : after;
  return planOf(before, promoted, databases);
}

function databasesOf({ geoip, geoipNew }: PlanOptions): PlanDatabases | undefined {
  if (geoipNew !== undefined) return { before: readDatabase(geoip), after: readDatabase(geoipNew) };
  if (geoip === undefined) return undefined;
  throw usage("--geoip is what --geoip-new is held against, and classes of clients need no database");
}

function sideOf(path: string): PlanSide {
  const { zones, definitions: written } = loadUntried([path], "plan", PLACE_UNKNOWN);
  const definitions = supposeResolved(written);
  return { zones: indexZones(zones), definitions, snapshot: supposeAllUp(definitions) };
}

const planSchema = z.looseObject({
  names: z.array(
    z.object({
      name: z.string(),
      change: z.enum(["added", "removed", "types"]),
      before: z.array(z.string()),
      after: z.array(z.string()),
    }),
  ),
  moves: z.array(moveSchema.extend({ health: z.string() })),
  maxShift: z.number(),
});

async function fromNode(sets: readonly string[], server: string, options: PlanOptions): Promise<Told> {
  const { geoip, geoipNew, dryRun } = options;
  const [path] = sets;
  if (path === undefined || sets.length > 1) throw usage("plan with --server takes NEW alone");
  if (geoip !== undefined || geoipNew !== undefined || dryRun !== undefined) {
    throw usage("--geoip, --geoip-new and --dry-run are for files");
  }
  const request = { method: "POST", token: tokenOf(options), json: zonesOf(path), isLong: true } as const;
  const reply = await askNode(server, "/api/v1/plan", request);
  if (reply.status !== 200) throw new CommandFailure(EXIT.no, errorOf(reply).message);
  return readReply(server, planSchema, reply);
}

/** The files of a set, all that they include among them. Ends the command where they are faulty. */
function zonesOf(path: string): object {
  const loaded = loadZonePaths([path], PLACE_UNKNOWN);
  const fault = loaded.diagnostics.find(
    ({ severity, code }) => severity === "error" && code !== EXPECTATION_FAILED,
  );
  if (fault !== undefined) {
    throw new CommandFailure(EXIT.no, `Cannot plan, the zones are faulty: ${formatDiagnostic(fault)}`);
  }
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const files = loaded.sources.map((file) => {
    try {
      return { path: file.path, text: decoder.decode(file.octets) };
    } catch {
      throw new CommandFailure(EXIT.no, `Cannot plan: ${file.path} is not UTF-8, and cannot be sent`);
    }
  });
  return { roots: loaded.judged.map(({ entries }) => entries.file), files };
}

function usage(message: string): CommandFailure {
  return new CommandFailure(EXIT.usage, message);
}

function formatPlan({ names, moves, places = [], maxShift }: Told): string[] {
  const largest = `the largest shift is ${formatPercent(maxShift).trim()}`;
  const isNothing = names.length + moves.length + places.length === 0;
  return [
    ...names.map(formatName),
    ...moves.flatMap((move) => {
      const [head = "", ...rows] = formatMove(move);
      return [move.health === "now" ? `${head}, as things are` : head, ...rows];
    }),
    ...places.flatMap(formatPlaces),
    isNothing ? "no name changes, and nobody moves" : largest,
  ];
}

function formatName({ name, change, before, after }: NameChange): string {
  if (change === "added") return `${name}: added (${after.join(" ")})`;
  if (change === "removed") return `${name}: removed (${before.join(" ")})`;
  return `${name}: ${before.join(" ")} → ${after.join(" ")}`;
}

function formatPlaces({ name, type, family, shift, parts }: PlaceMove): string[] {
  const space = family === "ipv4" ? "IPv4" : "IPv6";
  const rows = parts.map(({ from, to, share }) => [
    `  ${formatPercent(share)}`,
    `${from ?? "nowhere"} → ${to ?? "nowhere"}`,
  ]);
  const head = `${name} ${type} by the new geo database: ${formatPercent(shift).trim()} of the ${space} space moves`;
  return [head, ...formatColumns(rows)];
}
