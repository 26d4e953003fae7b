/** What came of a drill: whether what was drained drained, and who answered instead. */

import { expect } from "chai";
import { describe, it } from "mocha";
import {
  answersBetween,
  findingOf,
  newTrack,
  noteAnswers,
  remarksOn,
} from "../../../src/policy/drill-findings.ts";

describe("findingOf()", () => {
  const rows: readonly (readonly [what: string, readings: readonly number[], expected: object])[] = [
    ["no reading", [], { drained: true, lastAfterMs: null, answers: 0, forgottenAfterMs: 30_000 }],
    ["no answer", [0, 0], { drained: true, lastAfterMs: null, answers: 0, forgottenAfterMs: 30_000 }],
    [
      "some, then none",
      [5, 7, 7, 7],
      { drained: true, lastAfterMs: 2000, answers: 7, forgottenAfterMs: 32_000 },
    ],
    ["some to the end", [5, 7, 9], { drained: false, lastAfterMs: 3000, answers: 9, forgottenAfterMs: null }],
    ["some again", [5, 5, 6], { drained: false, lastAfterMs: 3000, answers: 6, forgottenAfterMs: null }],
  ];
  for (const [what, readings, expected] of rows) {
    it(`judges ${what}`, () => {
      const track = readings.reduce(
        (known, answers, index) => noteAnswers(known, answers, 100_000 + (index + 1) * 1000),
        newTrack("fra"),
      );
      expect(findingOf(track, 100_000, 30)).to.deep.equal({ pool: "fra", ...expected });
    });
  }
});

describe("answersBetween()", () => {
  it("counts by pool what came in between, most first", () => {
    const before = new Map([
      ["fra", 10],
      ["vir", 5],
    ]);
    const after = new Map([
      ["fra", 10],
      ["vir", 45],
      ["old", 50],
    ]);
    expect(answersBetween(before, after, 4000)).to.deep.equal([
      { pool: "old", answers: 50, perSecond: 12.5 },
      { pool: "vir", answers: 40, perSecond: 10 },
    ]);
  });
});

describe("remarksOn()", () => {
  const drained = { pool: "fra", answers: 3, lastAfterMs: 1000, drained: true, forgottenAfterMs: 31_000 };
  it("says what did not drain, and what was too short", () => {
    expect(remarksOn([drained], 60_000, 30)).to.deep.equal([]);
    expect(remarksOn([drained], 30_999, 30)).to.have.length(1);
    const stayed = { ...drained, drained: false, forgottenAfterMs: null };
    expect(remarksOn([stayed], 60_000, 30)).to.deep.equal(["fra did not drain: it was answered to the end"]);
  });
});
