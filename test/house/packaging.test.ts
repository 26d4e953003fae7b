import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { pinFaults, topLevelFaults } from "./packaging.ts";
import { ROOT } from "./source.ts";

describe("topLevelFaults()", () => {
  const real = readdirSync(ROOT);

  it("refuses a name that the design card does not hold", () => {
    expect(topLevelFaults([...real, "scripts"])).to.include("scripts: does not belong at the top level");
  });

  it("refuses a name that is missing", () => {
    expect(topLevelFaults(real.filter((name) => name !== "LICENSE"))).to.include(
      "LICENSE: is missing at the top level",
    );
  });

  it("allows dot-files and what the tools make", () => {
    const faults = topLevelFaults([...real, ".editorconfig", "dist", "node_modules"]);
    expect(faults).to.deep.equal(topLevelFaults(real));
  });

  it("holds for the repository", () => {
    expect(topLevelFaults(real)).to.deep.equal([]);
  });
});

describe("pinFaults()", () => {
  for (const version of ["^1.2.3", "~1.2.3", "1.2", "1.x", "latest", ">=1.2.3", "*"]) {
    it(`refuses ${version}`, () => {
      expect(pinFaults({ dependencies: { a: "1.2.3" }, devDependencies: { b: version } })).to.deep.equal([
        `package.json: b is ${version}, which is no exact version`,
      ]);
    });
  }

  it("holds for package.json", () => {
    expect(pinFaults(JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")))).to.deep.equal([]);
  });
});
