/** `fairlead check`: every fault and lint of the zone files, as `file:line:column: message`. */

import type { Command } from "commander";
import { type Diagnostic, formatDiagnostic } from "../zone/diagnostic.ts";
import { geoipOption, placesBy } from "./geo-option.ts";
import { EXIT, endWith, printJson, printLine } from "./outcome.ts";
import { loadZonePaths, ZONES_ARGUMENT, zonesOption } from "./zone-option.ts";

interface CheckOptions {
  readonly zones: string;
  readonly geoip?: string;
  readonly strict?: true;
  readonly json?: true;
}

export function addCheck(program: Command): void {
  program
    .command("check")
    .description("check zone files and print every fault at once")
    .argument(...ZONES_ARGUMENT)
    .addOption(zonesOption())
    .addOption(geoipOption())
    .option("--strict", "make warnings errors")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExit status: 0 no error, 1 errors, 2 wrong usage.")
    .action((paths: readonly string[], options: CheckOptions) =>
      check(paths.length > 0 ? paths : [options.zones], options),
    );
}

function check(paths: readonly string[], { geoip, strict, json }: CheckOptions): void {
  const result = loadZonePaths(paths, placesBy(geoip));
  const { diagnostics: found } = result;
  const errors = strict ? found.length : found.filter(({ severity }) => severity === "error").length;
  if (json) {
    printJson(found.map((diagnostic) => judge(diagnostic, strict)));
  } else {
    for (const diagnostic of found) printLine(formatDiagnostic(judge(diagnostic, strict)));
    const warnings = found.length - errors;
    const faults =
      errors + warnings === 0 ? "no faults" : `${count(errors, "error")}, ${count(warnings, "warning")}`;
    const size = result.set && `${count(result.set.zones.length, "zone")}, `;
    printLine(`${paths.join(" ")}: ${size ?? ""}${faults}`);
  }
  endWith(errors > 0 ? EXIT.no : EXIT.ok);
}

/** Under `--strict` every warning is an error. */
function judge(diagnostic: Diagnostic, strict: true | undefined): Diagnostic {
  return strict ? { ...diagnostic, severity: "error" } : diagnostic;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
