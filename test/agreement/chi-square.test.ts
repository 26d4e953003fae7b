import { expect } from "chai";
import { describe, it } from "mocha";
import { seededRandom } from "../support/answering.ts";
import { criticalValue, exceedance, logGamma, testCounts } from "./chi-square.ts";

const FALSE_ALARM = 1e-9;

function draw(shares: ReadonlyMap<string, number>, draws: number, seed: number): Map<string, number> {
  const random = seededRandom(seed);
  const counts = new Map<string, number>();
  for (let count = 0; count < draws; count++) {
    let left = random();
    for (const [cell, share] of shares) {
      left -= share;
      if (left >= 0) continue;
      counts.set(cell, (counts.get(cell) ?? 0) + 1);
      break;
    }
  }
  return counts;
}

function byWeight(weights: Readonly<Record<string, number>>): Map<string, number> {
  const sum = Object.values(weights).reduce((total, weight) => total + weight, 0);
  return new Map(Object.entries(weights).map(([cell, weight]) => [cell, weight / sum]));
}

describe("exceedance()", () => {
  // Closed forms: with two degrees e^(−x/2), with four (1 + x/2)·e^(−x/2); with one the error function.
  const rows: readonly [degrees: number, value: number, expected: number][] = [
    [2, 1, Math.exp(-0.5)],
    [2, 60, Math.exp(-30)],
    [4, 3, 2.5 * Math.exp(-1.5)],
    [4, 80, 41 * Math.exp(-40)],
    [1, 3.841458820694124, 0.05],
    [10, 18.307038053275146, 0.05],
    [100, 124.3421134, 0.05],
    [7, 0, 1],
  ];
  for (const [degrees, value, expected] of rows) {
    it(`of ${value} with ${degrees} degrees`, () => {
      expect(exceedance(degrees, value) / expected).to.be.closeTo(1, 1e-7);
    });
  }

  it("is undone by criticalValue()", () => {
    for (const degrees of [1, 2, 3, 17, 400]) {
      for (const probability of [0.5, 0.01, 1e-9, 1e-13]) {
        expect(exceedance(degrees, criticalValue(degrees, probability)) / probability).to.be.closeTo(1, 1e-6);
      }
    }
  });
});

describe("logGamma()", () => {
  it("knows factorials and the half", () => {
    expect(logGamma(6)).to.be.closeTo(Math.log(120), 1e-12);
    expect(logGamma(0.5)).to.be.closeTo(Math.log(Math.sqrt(Math.PI)), 1e-12);
  });
});

describe("testCounts()", () => {
  const right = byWeight({ a: 70, b: 20, c: 10 });
  const DRAWS = 300_000;

  it("accepts what was drawn from the shares, and refutes what was drawn with one weight 5 % off", () => {
    for (let seed = 1; seed <= 5; seed++) {
      expect(testCounts(draw(right, DRAWS, seed), right, FALSE_ALARM).refuted, `seed ${seed}`).to.equal(
        false,
      );
      for (const wrong of [
        { a: 73.5, b: 20, c: 10 },
        { a: 66.5, b: 20, c: 10 },
      ]) {
        const counts = draw(byWeight(wrong), DRAWS, seed);
        expect(testCounts(counts, right, FALSE_ALARM).refuted, `seed ${seed}`).to.equal(true);
      }
    }
  });

  it("is no more often mistaken than it says", () => {
    let alarms = 0;
    for (let seed = 0; seed < 2_000; seed++) {
      if (testCounts(draw(right, 200, seed), right, 0.05).refuted) alarms++;
    }
    expect(alarms).to.be.within(0, 130);
  });

  it("takes rare cells together, and does not cry for one that was drawn twice", () => {
    const shares = new Map([
      ["common", 1 - 1e-5],
      ["rare", 1e-5],
    ]);
    expect(
      testCounts(
        new Map([
          ["common", 998],
          ["rare", 2],
        ]),
        shares,
        FALSE_ALARM,
      ).refuted,
    ).to.equal(false);
    expect(
      testCounts(
        new Map([
          ["common", 900],
          ["rare", 100],
        ]),
        shares,
        FALSE_ALARM,
      ).refuted,
    ).to.equal(true);
    const several = byWeight({ a: 300, b: 1, c: 1, d: 1 });
    expect(
      testCounts(
        new Map([
          ["a", 900],
          ["b", 100],
        ]),
        several,
        FALSE_ALARM,
      ).refuted,
    ).to.equal(true);
  });

  it("refutes what could never be drawn", () => {
    const certain = new Map([["a", 1]]);
    expect(testCounts(new Map([["a", 5]]), certain, FALSE_ALARM).refuted).to.equal(false);
    expect(
      testCounts(
        new Map([
          ["a", 5],
          ["b", 1],
        ]),
        certain,
        FALSE_ALARM,
      ).refuted,
    ).to.equal(true);
  });
});
