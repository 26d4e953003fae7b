/** `fairlead whatif NAME [TYPE] --down REF…`: what would be answered, beside what is, from files or by a running node. */

import { type Command, Option } from "commander";
import { whatIf } from "../daemon/explain.ts";
import {
  askToExplain,
  dryRunOption,
  type Explained,
  explainParameters,
  explanationSchema,
  formatQuestion,
  isNo,
  refusalFailure,
  stateFromFiles,
} from "./explaining.ts";
import { geoipOption, placesBy, refuseGeoip } from "./geo-option.ts";
import { serverOption } from "./node-client.ts";
import { EXIT, endWith, formatColumns, printJson, printLine } from "./outcome.ts";
import { formatPercent, formatShift } from "./percent.ts";
import { zonesOption } from "./zone-option.ts";

interface WhatIfOptions {
  readonly zones: string;
  readonly geoip?: string;
  readonly server?: string;
  readonly client?: string;
  readonly down: readonly string[];
  readonly dryRun?: true;
  readonly json?: true;
}

const whatIfSchema = explanationSchema.extend({ before: explanationSchema });

interface WhatIfExplained extends Explained {
  readonly before: Explained;
}

export function addWhatIf(program: Command): void {
  program
    .command("whatif")
    .description("shares before and after a supposed failure, and pools over their capacity")
    .argument("<name>", "the name that is asked for")
    .argument("[type]", "the record type", "A")
    .addOption(zonesOption())
    .addOption(geoipOption())
    .addOption(serverOption())
    .option("--client <client>", "who asks: an address, a network, country:XX or continent:XX")
    .addOption(
      new Option(
        "--down <ref...>",
        "pools, endpoints (pool/endpoint) or globs supposed down",
      ).makeOptionMandatory(),
    )
    .addOption(dryRunOption())
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nWith files every endpoint else is supposed up; --server takes the health of a running node." +
        "\nExit status: 0 there is an answer, 1 there is none, nothing is up or a pool is over its capacity," +
        " 2 wrong usage.",
    )
    .action((name: string, type: string, options: WhatIfOptions) => run(name, type, options));
}

async function run(name: string, type: string, options: WhatIfOptions): Promise<void> {
  const explained =
    options.server === undefined
      ? fromFiles(name, type, options)
      : await fromNode(name, type, options.server, options);
  if (options.json) printJson(explained);
  else for (const line of formatWhatIf(explained, options.down)) printLine(line);
  endWith(isNo(explained) || explained.overCapacity.length > 0 ? EXIT.no : EXIT.ok);
}

function fromFiles(
  name: string,
  type: string,
  { zones, geoip, client, down, dryRun }: WhatIfOptions,
): WhatIfExplained {
  const query = { name, type, client, ...(dryRun ? { dryRun } : {}) };
  const outcome = whatIf(stateFromFiles(zones, placesBy(geoip)), query, down);
  if (!outcome.ok) throw refusalFailure(outcome.parameter, outcome.message);
  return whatIfSchema.parse(outcome.whatIf);
}

async function fromNode(
  name: string,
  type: string,
  server: string,
  options: WhatIfOptions,
): Promise<WhatIfExplained> {
  refuseGeoip(options.geoip);
  const query = explainParameters(name, type, options);
  for (const ref of options.down) query.append("down", ref);
  return askToExplain(server, `/api/v1/whatif?${query.toString()}`, whatIfSchema);
}

function formatWhatIf(after: WhatIfExplained, down: readonly string[]): string[] {
  const { before } = after;
  const rows = moves(before, after);
  return [
    `${formatQuestion(after)}, with ${down.join(", ")} down`,
    ...(rows.length === 0 ? [] : formatColumns([["  before", "   after", "   moves", "endpoint"], ...rows])),
    `outcome: ${change(before.outcome, after.outcome)}`,
    `rung: ${change(before.rung, after.rung)}${after.failingOpen ? ", failing open" : ""}`,
    `TTL: ${change(before.ttlSeconds, after.ttlSeconds)} s`,
    `over capacity: ${after.overCapacity.length === 0 ? "no pool" : after.overCapacity.join(", ")}`,
  ];
}

/** Endpoints in the order of the answers before, then those that only come in after. */
function moves(before: Explained, after: Explained): string[][] {
  const shares = new Map<string, { before: number; after: number }>();
  const at = (id: string): { before: number; after: number } => {
    const known = shares.get(id) ?? { before: 0, after: 0 };
    shares.set(id, known);
    return known;
  };
  for (const { pool, endpoint, share } of before.shares) at(`${pool}/${endpoint}`).before = share;
  for (const { pool, endpoint, share } of after.shares) at(`${pool}/${endpoint}`).after = share;
  return Array.from(shares, ([id, share]) => [
    formatPercent(share.before),
    formatPercent(share.after),
    formatShift(share.after - share.before),
    id,
  ]);
}

function change(before: string | number | null, after: string | number | null): string {
  return before === after ? String(before ?? "none") : `${before ?? "none"} → ${after ?? "none"}`;
}
