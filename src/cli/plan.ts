/** `fairlead plan OLD NEW`: what a new set of zones would change, and for whom. */

import { type Command, InvalidArgumentError } from "commander";
import { parseShare } from "../config/values.ts";
import { supposeAllUp } from "../daemon/supposed-health.ts";
import { PLACE_UNKNOWN } from "../geo/client.ts";
import { supposeResolved } from "../policy/resolved.ts";
import { exceedsShift } from "../policy/shift.ts";
import { indexZones } from "../zone/lookup.ts";
import type { PlanSide } from "../zone/moves.ts";
import { type NameChange, type Plan, planOf } from "../zone/plan.ts";
import { promoteDryRuns } from "../zone/promote-dry-runs.ts";
import { formatMove } from "./moves.ts";
import { EXIT, endWith, printJson, printLine } from "./outcome.ts";
import { formatPercent } from "./percent.ts";
import { loadUntried } from "./zone-option.ts";

interface PlanOptions {
  /** From 0 to 1. */
  readonly maxShift?: number;
  readonly dryRun?: true;
  readonly json?: true;
}

export function addPlan(program: Command): void {
  program
    .command("plan")
    .description("what a new set of zones would change: names, and each class of clients whose shares move")
    .argument("<old>", "folder of *.zone files, or one zone file, as it is")
    .argument("<new>", "the same as it would be")
    .option("--max-shift <share>", "how many clients of a name may move, such as 20%", readShift)
    .option("--dry-run", "with the dry runs of <new> served")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nEvery endpoint is supposed up on both sides." +
        "\nExit status: 0 no more than --max-shift moves, 1 more does or the zones are faulty, 2 wrong usage.",
    )
    .action((from: string, to: string, options: PlanOptions) => run(from, to, options));
}

function readShift(text: string): number {
  const share = parseShare(text);
  if (share === undefined) throw new InvalidArgumentError("expected 0% to 100%.");
  return share;
}

function run(from: string, to: string, { maxShift, dryRun, json }: PlanOptions): void {
  const after = sideOf(to);
  const plan = planOf(sideOf(from), dryRun ? { ...after, zones: promoteDryRuns(after.zones) } : after);
  if (json) printJson(plan);
  else for (const line of formatPlan(plan)) printLine(line);
  const exceeds = maxShift !== undefined && exceedsShift(plan.maxShift, maxShift);
  if (exceeds && !json) printLine(`more than --max-shift ${formatPercent(maxShift).trim()}`);
  endWith(exceeds ? EXIT.no : EXIT.ok);
}

function sideOf(path: string): PlanSide {
  const { zones, definitions: written } = loadUntried([path], "plan", PLACE_UNKNOWN);
  const definitions = supposeResolved(written);
  return { zones: indexZones(zones), definitions, snapshot: supposeAllUp(definitions) };
}

function formatPlan({ names, moves, maxShift }: Plan): string[] {
  const largest = `the largest shift is ${formatPercent(maxShift).trim()}`;
  return [
    ...names.map(formatName),
    ...moves.flatMap(formatMove),
    names.length + moves.length === 0 ? "no name changes, and nobody moves" : largest,
  ];
}

function formatName({ name, change, before, after }: NameChange): string {
  if (change === "added") return `${name}: added (${after.join(" ")})`;
  if (change === "removed") return `${name}: removed (${before.join(" ")})`;
  return `${name}: ${before.join(" ")} → ${after.join(" ")}`;
}
