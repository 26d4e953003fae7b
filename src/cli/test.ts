/** `fairlead test`: runs the `$EXPECT` of the zone files and prints what came of each. */

import type { Command } from "commander";
import { z } from "zod";
import { viewTested } from "../daemon/tested.ts";
import type { PlaceOf } from "../geo/client.ts";
import { EXPECTATION_FAILED, formatDiagnostic } from "../zone/diagnostic.ts";
import { type TestedExpectation, testExpectations } from "../zone/expect.ts";
import { indexZones } from "../zone/lookup.ts";
import type { LoadResult } from "../zone/model.ts";
import { promoteDryRuns } from "../zone/promote-dry-runs.ts";
import { geoipOption, placesBy } from "./geo-option.ts";
import { askNode, errorOf, readReply, serverOption } from "./node-client.ts";
import { CommandFailure, EXIT, endWith, printJson, printLine } from "./outcome.ts";
import { loadZonePaths, ZONES_ARGUMENT, zonesOption } from "./zone-option.ts";

interface TestOptions {
  readonly zones: string;
  readonly geoip?: string;
  readonly server?: string;
  readonly dryRun?: true;
  readonly json?: true;
}

const testedSchema = z.object({
  file: z.string(),
  line: z.number(),
  column: z.number(),
  text: z.string(),
  result: z.enum(["ok", "failed"]),
  message: z.string().nullable(),
  byGeoDatabase: z.boolean(),
});

type Tested = z.output<typeof testedSchema>;

export function addTest(program: Command): void {
  program
    .command("test")
    .description("run the expectations ($EXPECT) of the zone files")
    .argument(...ZONES_ARGUMENT)
    .addOption(zonesOption())
    .addOption(geoipOption())
    .addOption(serverOption())
    .option("--dry-run", "as if every dry run were served: what would hold, and what would not")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\n--server runs those of what a node serves, with its geo database." +
        "\nExit status: 0 every expectation holds, 1 one fails or the zones are faulty, 2 wrong usage.",
    )
    .action((paths: readonly string[], options: TestOptions) =>
      options.server === undefined
        ? test(paths.length > 0 ? paths : [options.zones], options)
        : testNode(options.server, paths, options),
    );
}

function test(paths: readonly string[], { geoip, dryRun, json }: TestOptions): void {
  const placeOf = placesBy(geoip);
  const loaded = loadZonePaths(paths, placeOf);
  const { diagnostics } = loaded;
  const tested = dryRun ? testDryRuns(loaded, placeOf) : loaded.tested;
  // Without a fault of another kind every error is a failed expectation, and printed as such.
  const faults = diagnostics.filter(
    ({ severity, code }) => severity === "error" && code !== EXPECTATION_FAILED,
  );
  if (json) for (const fault of faults) process.stderr.write(`${formatDiagnostic(fault)}\n`);
  else for (const fault of faults) printLine(formatDiagnostic(fault));
  const untried = faults.length > 0 ? "; the zones are faulty, nothing was tried" : "";
  const hold = printTested(paths.join(" "), tested.map(viewTested), untried, json);
  endWith(faults.length > 0 || !hold ? EXIT.no : EXIT.ok);
}

async function testNode(server: string, paths: readonly string[], options: TestOptions): Promise<void> {
  if (paths.length > 0 || options.geoip !== undefined || options.dryRun !== undefined) {
    throw new CommandFailure(EXIT.usage, "zones, --geoip and --dry-run are for files, and not for --server");
  }
  const reply = await askNode(server, "/api/v1/test");
  if (reply.status !== 200) throw new CommandFailure(EXIT.no, errorOf(reply).message);
  const tested = readReply(server, z.array(testedSchema), reply);
  endWith(printTested(server, tested, "", options.json) ? EXIT.ok : EXIT.no);
}

/** Whether all hold, or could with another geo database. */
function printTested(
  where: string,
  tested: readonly Tested[],
  untried: string,
  json: true | undefined,
): boolean {
  const held = tested.filter(({ result }) => result === "ok").length;
  if (json) printJson(tested);
  else {
    for (const one of tested) printLine(describe(one));
    printLine(`${where}: ${held} of ${tested.length} expectations hold${untried}`);
  }
  return tested.every(({ result, byGeoDatabase }) => result === "ok" || byGeoDatabase);
}

function testDryRuns({ untried }: LoadResult, placeOf: PlaceOf): TestedExpectation[] {
  return untried === undefined
    ? []
    : testExpectations(untried, promoteDryRuns(indexZones(untried.zones)), placeOf);
}

function describe({ file, line, result, text, message }: Tested): string {
  return `${result.padEnd("failed".length)}  ${file}:${line}: ${message ?? text}`;
}
