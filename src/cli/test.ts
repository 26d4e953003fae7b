/** `fairlead test`: runs the `$EXPECT` of the zone files and prints what came of each. */

import type { Command } from "commander";
import type { PlaceOf } from "../geo/client.ts";
import { EXPECTATION_FAILED, formatDiagnostic } from "../zone/diagnostic.ts";
import { type TestedExpectation, testExpectations } from "../zone/expect.ts";
import { indexZones } from "../zone/lookup.ts";
import type { LoadResult } from "../zone/model.ts";
import { promoteDryRuns } from "../zone/promote-dry-runs.ts";
import { geoipOption, placesBy } from "./geo-option.ts";
import { EXIT, endWith, printJson, printLine } from "./outcome.ts";
import { loadZonePaths, ZONES_ARGUMENT, zonesOption } from "./zone-option.ts";

interface TestOptions {
  readonly zones: string;
  readonly geoip?: string;
  readonly dryRun?: true;
  readonly json?: true;
}

const WORD = { met: "ok", failed: "failed" } as const;

export function addTest(program: Command): void {
  program
    .command("test")
    .description("run the expectations ($EXPECT) of the zone files")
    .argument(...ZONES_ARGUMENT)
    .addOption(zonesOption())
    .addOption(geoipOption())
    .option("--dry-run", "as if every dry run were served: what would hold, and what would not")
    .option("--json", "print JSON")
    .addHelpText(
      "after",
      "\nExit status: 0 every expectation holds, 1 one fails or the zones are faulty, 2 wrong usage.",
    )
    .action((paths: readonly string[], options: TestOptions) =>
      test(paths.length > 0 ? paths : [options.zones], options),
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
  const failed = tested.filter(({ result }) => result.kind === "failed" && !result.byGeoDatabase);
  if (json) {
    printJson(tested.map(toJson));
    for (const fault of faults) process.stderr.write(`${formatDiagnostic(fault)}\n`);
  } else {
    for (const fault of faults) printLine(formatDiagnostic(fault));
    for (const one of tested) printLine(describe(one));
    const held = tested.filter(({ result }) => result.kind === "met").length;
    const untried = faults.length > 0 ? "; the zones are faulty, nothing was tried" : "";
    printLine(`${paths.join(" ")}: ${held} of ${tested.length} expectations hold${untried}`);
  }
  endWith(faults.length + failed.length > 0 ? EXIT.no : EXIT.ok);
}

function testDryRuns({ untried }: LoadResult, placeOf: PlaceOf): TestedExpectation[] {
  return untried === undefined
    ? []
    : testExpectations(untried, promoteDryRuns(indexZones(untried.zones)), placeOf);
}

function toJson({ expectation, result }: TestedExpectation): object {
  const { file, line, column } = expectation.position;
  const message = result.kind === "failed" ? result.message : null;
  return { file, line, column, text: expectation.text, result: WORD[result.kind], message };
}

function describe({ expectation, result }: TestedExpectation): string {
  const { file, line } = expectation.position;
  const head = `${WORD[result.kind].padEnd(WORD.failed.length)}  ${file}:${line}: `;
  return head + (result.kind === "failed" ? result.message : expectation.text);
}
