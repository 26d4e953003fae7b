/** `fairlead whatif NAME [TYPE] --down REF…`: what would be answered, beside what is, from files or by a running node. */

import { type Command, Option } from "commander";
import { whatIf } from "../daemon/explain.ts";
import {
  type Asked,
  askToExplain,
  type Explained,
  type ExplainingOptions,
  explainingCommand,
  explanationSchema,
  formatQuestion,
  isNo,
  refusalFailure,
  stateFromFiles,
} from "./explaining.ts";
import { EXIT, endWith, formatColumns, printJson, printLines } from "./outcome.ts";
import { formatPercent, formatShift } from "./percent.ts";

interface WhatIfOptions extends ExplainingOptions {
  readonly down: readonly string[];
}

const whatIfSchema = explanationSchema.extend({ before: explanationSchema });

interface WhatIfExplained extends Explained {
  readonly before: Explained;
}

export function addWhatIf(program: Command): void {
  const down = new Option("--down <ref...>", "pools, endpoints (pool/endpoint) or globs supposed down");
  explainingCommand(program, "whatif", down.makeOptionMandatory())
    .description("shares before and after a supposed failure, and pools over their capacity")
    .addHelpText(
      "after",
      "\nWith files every endpoint else is supposed up; --server takes the health of a running node." +
        "\nExit status: 0 there is an answer, 1 there is none, nothing is up or a pool is over its capacity," +
        " 2 wrong usage.",
    )
    .action((name: string, type: string, options: WhatIfOptions) => run({ ...options, name, type }));
}

async function run(asked: Asked & WhatIfOptions): Promise<void> {
  const { server, down, json } = asked;
  const explained =
    server === undefined ? fromFiles(asked) : await askToExplain(server, "whatif", asked, whatIfSchema);
  if (json) printJson(explained);
  else printLines(formatWhatIf(explained, down));
  endWith(isNo(explained) || explained.overCapacity.length > 0 ? EXIT.no : EXIT.ok);
}

function fromFiles(asked: Asked & WhatIfOptions): WhatIfExplained {
  const outcome = whatIf(stateFromFiles(asked), { client: undefined, ...asked }, asked.down);
  if (!outcome.ok) throw refusalFailure(outcome.parameter, outcome.message);
  return whatIfSchema.parse(outcome.whatIf);
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
