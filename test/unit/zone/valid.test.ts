/** Zones that are right: accepted without an error, the contract's own example without a warning either. */

import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { formatDiagnostic } from "../../../src/zone/diagnostic.ts";
import { loadFolder, zoneFilesIn } from "../../support/zones.ts";

const FOLDER = join(import.meta.dirname, "../../zones/valid");

describe("zones that are accepted", () => {
  for (const file of zoneFilesIn(FOLDER)) {
    it(`${file} has no error`, () => {
      const { diagnostics, set } = loadFolder(FOLDER, [file]);
      const errors = diagnostics.filter(({ severity }) => severity === "error");
      expect(errors.map(formatDiagnostic)).to.deep.equal([]);
      expect(set).to.not.equal(undefined);
    });
  }

  it("the example of the contract gives no warning", () => {
    const { diagnostics } = loadFolder(FOLDER, ["contract-example.zone"]);
    expect(diagnostics.map(formatDiagnostic)).to.deep.equal([]);
  });
});
