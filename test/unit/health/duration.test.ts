import { expect } from "chai";
import * as fc from "fast-check";
import { describe, it } from "mocha";
import {
  DURATION_MAX_MS,
  formatDuration,
  parseDurationMs,
  spellDuration,
} from "../../../src/health/duration.ts";

const SHAPE = "expected a number with a unit, such as 250ms, 5s, 1m30s, 2h or 14d";

describe("parseDurationMs()", () => {
  const GOOD: readonly (readonly [string, number])[] = [
    ["250ms", 250],
    ["5s", 5_000],
    ["1m30s", 90_000],
    ["2h", 7_200_000],
    ["14d", 1_209_600_000],
    ["2W1D", 1_296_000_000],
    ["1m1ms", 60_001],
    ["0s", 0],
    ["3650d", DURATION_MAX_MS],
  ];
  for (const [text, ms] of GOOD) {
    it(`parseDurationMs() reads ${text}`, () => {
      expect(parseDurationMs(text)).to.deep.equal({ ok: true, ms });
    });
  }

  const BAD: readonly (readonly [string, string])[] = [
    ["", "value is empty"],
    ["5", `5 has no unit: ${SHAPE}`],
    ["1.5s", `"1.5s" is not a duration: ${SHAPE}`],
    ["-1s", `"-1s" is not a duration: ${SHAPE}`],
    ["5s ", `"5s " is not a duration: ${SHAPE}`],
    ["5y", `"5y" is not a duration: ${SHAPE}`],
    ["30s1m", '"30s1m" has its units out of order: write the largest first, each once'],
    ["1s1s", '"1s1s" has its units out of order: write the largest first, each once'],
    ["3651d", "3651d is longer than 3650d"],
  ];
  for (const [text, message] of BAD) {
    it(`parseDurationMs() refuses "${text}"`, () => {
      expect(parseDurationMs(text)).to.deep.equal({
        ok: false,
        message: `Cannot parse duration: ${message}`,
      });
    });
  }

  it("parseDurationMs() reads back what formatDuration() writes", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: DURATION_MAX_MS }), (ms) => {
        expect(parseDurationMs(formatDuration(ms))).to.deep.equal({ ok: true, ms });
      }),
    );
  });
});

describe("spellDuration()", () => {
  const ROWS: readonly (readonly [number, string])[] = [
    [0, "0 ms"],
    [250, "250 ms"],
    [2_000, "2 s"],
    [1_500, "1.5 s"],
    [90_000, "1m30s"],
  ];
  for (const [ms, text] of ROWS) {
    it(`spellDuration() writes ${text}`, () => {
      expect(spellDuration(ms)).to.equal(text);
    });
  }
});
