import { expect } from "chai";
import { describe, it } from "mocha";
import { closingLine, countResults } from "../../counts.mjs";

describe("countResults()", () => {
  const cases: readonly [name: string, letters: string, exitStatus: number, line: string][] = [
    ["a good run", "ppspe", 0, "3 passed, 0 failed, 1 skipped"],
    ["a failure", "pfpe", 1, "2 passed, 1 failed, 0 skipped"],
    ["a run that broke off", "pp", 7, "2 passed, 1 failed, 0 skipped"],
    ["a test that ended the process and called it good", "pp", 0, "2 passed, 1 failed, 0 skipped"],
    ["a file that does not load", "", 1, "0 passed, 1 failed, 0 skipped"],
    ["a run without any test", "e", 0, "0 passed, 1 failed, 0 skipped"],
    ["an exit status that no failure explains", "ppe", 1, "2 passed, 1 failed, 0 skipped"],
  ];
  for (const [name, letters, exitStatus, line] of cases) {
    it(`counts ${name}`, () => {
      expect(closingLine(countResults(letters, exitStatus))).to.equal(line);
    });
  }
});
