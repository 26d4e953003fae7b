import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { bootstrapFaults, FIRST_SCRIPTS } from "./bootstrap-syntax.ts";
import { ROOT } from "./source.ts";

describe("bootstrapFaults()", () => {
  const path = "deploy/bootstrap.mjs";
  const refused: readonly [text: string, message: string][] = [
    ['import yaml from "yaml";', "imports yaml before anything is installed"],
    ['import { main } from "../src/main.ts";', "imports ../src/main.ts before anything is installed"],
    ['import { join } from "node:path";', "imports node:path before anything is installed"],
    ['import { rmSync } from "fs";', "rmSync is unknown to old Nodes"],
    ["const a = b?.c;", "?. is unknown to old Nodes"],
    ["const a = b ?? 1;", "?? is unknown to old Nodes"],
    ["a ??= 1;", "??= is unknown to old Nodes"],
    ["class A { b = 1; }", "a class field is unknown to old Nodes"],
    ["await main();", "await outside a function is unknown to old Nodes"],
  ];
  for (const [text, message] of refused) {
    it(`refuses ${text}`, () => {
      expect(bootstrapFaults([{ path, text: `\n${text}` }])).to.deep.equal([`${path}:2: ${message}`]);
    });
  }

  it("allows Node's modules, its fellows and what is compiled", () => {
    const text = [
      'import { spawn } from "child_process";',
      'import { closingLine } from "../test/counts.mjs";',
      'const start = () => import("../dist/demo/start.js");',
    ];
    expect(bootstrapFaults([{ path, text: text.join("\n") }])).to.deep.equal([]);
  });

  it("holds for the scripts that run first", () => {
    const files = FIRST_SCRIPTS.map((script) => ({
      path: script,
      text: readFileSync(join(ROOT, script), "utf8"),
    }));
    expect(bootstrapFaults(files)).to.deep.equal([]);
  });
});
