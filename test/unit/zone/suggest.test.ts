import { expect } from "chai";
import { describe, it } from "mocha";
import { didYouMean, NameSuggestions, nearest } from "../../../src/zone/suggest.ts";

describe("nearest()", () => {
  const cases: [string, string[], string | undefined][] = [
    ["frankfrut", ["virginia", "frankfurt"], "frankfurt"],
    ["FAILOVER", ["failover"], "failover"],
    ["wieghted", ["weighted", "nearest"], "weighted"],
    ["monitr", ["min-up", "monitor"], "monitor"],
    ["a", ["b", "c"], undefined],
    ["ab", ["abc", "abd"], "abc"],
    ["sorry", ["frankfurt"], undefined],
    ["", ["a"], undefined],
    ["x".repeat(65), ["x".repeat(64)], undefined],
    ["pool", [], undefined],
  ];
  for (const [word, candidates, expected] of cases) {
    it(`finds ${String(expected)} for '${word.slice(0, 12)}' among [${candidates.join(" ").slice(0, 30)}]`, () => {
      expect(nearest(word, candidates)).to.equal(expected);
    });
  }
});

describe("didYouMean()", () => {
  it("ends a message, or adds nothing", () => {
    expect(didYouMean("htpp", ["http"])).to.equal("; did you mean 'http'?");
    expect(didYouMean("zzzz", ["http"])).to.equal("");
  });
});

describe("NameSuggestions", () => {
  it("stop where thousands of names are held against thousands of names", () => {
    const names = Array.from({ length: 10_000 }, (_, at) => `pool${at}`);
    const suggestions = new NameSuggestions();
    const found = Array.from({ length: 100 }, () => suggestions.didYouMean("poool7", names));
    expect(found[0]).to.equal("; did you mean 'pool7'?");
    expect(found.at(-1)).to.equal("");
  });
});
