import { expect } from "chai";
import { describe, it } from "mocha";
import { closingLine, countResults } from "../../counts.mjs";

describe("countResults()", () => {
  /** Each run as what it noted and mocha's exit status. */
  const cases: readonly [name: string, runs: string, line: string][] = [
    ["a good run", "ppspe=0", "3 passed, 0 failed, 1 skipped"],
    ["a failure", "pfpe=1", "2 passed, 1 failed, 0 skipped"],
    ["a run that broke off", "pp=7", "2 passed, 1 failed, 0 skipped"],
    ["a test that ended the process and called it good", "pp=0", "2 passed, 1 failed, 0 skipped"],
    ["a file that does not load", "=1", "0 passed, 1 failed, 0 skipped"],
    ["a run without any test", "e=0", "0 passed, 1 failed, 0 skipped"],
    ["an exit status that no failure explains", "ppe=1", "2 passed, 1 failed, 0 skipped"],
    ["two good runs", "ppe=0 pse=0", "3 passed, 0 failed, 1 skipped"],
    ["two runs of which one has no test", "ppe=0 e=0", "2 passed, 0 failed, 0 skipped"],
    ["two runs without any test", "e=0 e=0", "0 passed, 1 failed, 0 skipped"],
    ["a run that broke off beside a good one", "ppe=0 pp=0", "4 passed, 1 failed, 0 skipped"],
    ["a file that does not load beside a failure", "pfe=1 =1", "1 passed, 2 failed, 0 skipped"],
    ["a failure without a name beside one that has one", "pfe=1 pe=1", "2 passed, 2 failed, 0 skipped"],
  ];
  for (const [name, runs, line] of cases) {
    it(`counts ${name}`, () => {
      const results = runs.split(" ").map((run) => {
        const [letters = "", status] = run.split("=");
        return { letters, status: Number(status) };
      });
      expect(closingLine(countResults(results))).to.equal(line);
    });
  }
});
