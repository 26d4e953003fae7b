/**
 * One zone per rule: `test/zones/invalid/RULE.zone`, or a folder `RULE/` where it takes several, and beside it
 * `RULE.expected` with the exact diagnostics. Every code that the sources can emit has its fixture. WRITE_EXPECTED=1
 * writes the files anew, to be read through before they are committed.
 */

import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { type Diagnostic, formatDiagnostic } from "../../../src/zone/diagnostic.ts";
import { readSources, visit } from "../../house/source.ts";
import { loadFolder, zoneFilesIn } from "../../support/zones.ts";

const FOLDER = join(import.meta.dirname, "../../zones/invalid");

/** Functions that make a diagnostic, or hand its code on; the code is among their first three arguments. */
const MAKERS: ReadonlySet<string> = new Set([
  "errorAt",
  "warningAt",
  "diagnosticAt",
  "reportSecond",
  "fault",
  "#fault",
  "warning",
  "fail",
  "onFault",
]);
const CODE = /^[a-z]+(-[a-z]+)+$/;
/** Those of `parseMonitor`, which come through the parser by way of a variable. */
const MONITOR_CODES = [
  "unknown-key",
  "misplaced-key",
  "duplicate-key",
  "missing-key",
  "bad-value",
  "conflict",
];
/** What no file of a reasonable size does: `record-table.test` has it. */
const BEYOND_FIXTURES: ReadonlySet<string> = new Set(["zone-too-large"]);

function codesInSources(): string[] {
  const codes = new Set(MONITOR_CODES);
  for (const file of readSources("src/zone", [".ts"])) {
    visit(file, {
      CallExpression({ callee, arguments: given }) {
        const property = callee.type === "MemberExpression" ? callee.property : callee;
        const name =
          property.type === "Identifier"
            ? property.name
            : property.type === "PrivateIdentifier"
              ? `#${property.name}`
              : "";
        if (!MAKERS.has(name)) return;
        for (const argument of given.slice(0, 3)) {
          if (argument.type !== "Literal" || typeof argument.value !== "string") continue;
          if (CODE.test(argument.value)) codes.add(argument.value);
        }
      },
    });
  }
  return [...codes].sort();
}

function diagnosticsOf(rule: string): readonly Diagnostic[] {
  const single = rule.endsWith(".zone");
  const folder = single ? FOLDER : join(FOLDER, rule);
  return loadFolder(folder, single ? [rule] : zoneFilesIn(folder)).diagnostics;
}

const rules = readdirSync(FOLDER).filter(
  (name) => name.endsWith(".zone") || statSync(join(FOLDER, name)).isDirectory(),
);

describe("zones that are refused or warned of", () => {
  for (const rule of rules) {
    const name = rule.replace(/\.zone$/, "");
    it(`${name} is told as ${name}.expected has it`, () => {
      const lines = diagnosticsOf(rule).map(formatDiagnostic);
      const file = join(FOLDER, `${name}.expected`);
      if (process.env.WRITE_EXPECTED === "1") writeFileSync(file, `${lines.join("\n")}\n`);
      expect(lines).to.deep.equal(readFileSync(file, "utf8").trimEnd().split("\n"));
    });
  }

  it("cover every diagnostic code of the sources", () => {
    const emitted = new Set(rules.flatMap(diagnosticsOf).map(({ code }) => code));
    const missing = codesInSources().filter((code) => !emitted.has(code) && !BEYOND_FIXTURES.has(code));
    expect(missing).to.deep.equal([]);
  });

  it("each hold the rule that they are named for", () => {
    const strangers = rules.filter((rule) => {
      const name = rule.replace(/\.zone$/, "");
      return !diagnosticsOf(rule).some(({ code }) => name === code || name.startsWith(`${code}.`));
    });
    expect(strangers).to.deep.equal([]);
  });
});
