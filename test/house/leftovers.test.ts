import { expect } from "chai";
import { describe, it } from "mocha";
import { leftoverFaults } from "./leftovers.ts";
import { readSources } from "./source.ts";

const whole = (text: string) => text.replaceAll("~", "");

const path = "src/dns/made-up.ts";

describe("leftoverFaults()", () => {
  // With a tilde in the middle, for the rule is held against this file too.
  const refused: readonly [text: string, fault: string][] = [
    ["// TO~DO compress", "a note to do it later: TO~DO"],
    ["/* FIX~ME: leaks */", "a note to do it later: FIX~ME"],
    ['it.on~ly("x", f);', "a test that shuts out the others: it.on~ly"],
    ['describe.sk~ip("x", f);', "a test that is passed over: describe.sk~ip"],
    ["// @ts-ign~ore", "a silenced compiler: @ts-ign~ore"],
    ["// @ts-expect-~error wrong", "a silenced compiler: @ts-expect-~error"],
    ["// oxlint-dis~able-next-line no-empty", "a linter silenced without a reason: oxlint-dis~able"],
    ["/* oxlint-dis~able */", "a linter silenced without a reason: oxlint-dis~able"],
    ["// biome-ign~ore format: neat", "a silenced formatter: biome-ign~ore"],
    ["f(x as an~y);", "a cast that ends all checking: as an~y"],
  ];
  for (const [text, fault] of refused) {
    it(`refuses ${text}`, () => {
      expect(leftoverFaults([{ path, text: whole(`\n\n${text}`) }])).to.deep.equal([
        whole(`${path}:3: ${fault}`),
      ]);
    });
  }

  const allowed = [
    "// oxlint-dis~able-next-line typescript/no-x -- the type is written by hand",
    "cell.skip(3);",
    "const hackney = 1;",
    "// as many as there are",
  ];
  for (const text of allowed) {
    it(`allows ${text}`, () => {
      expect(leftoverFaults([{ path, text: whole(text) }])).to.deep.equal([]);
    });
  }

  it("holds for src, test and deploy", () => {
    const endings = [".ts", ".mjs", ".zone", ".inc", ".yaml", ".yml", ".service"];
    const files = ["src", "test", "deploy", "zones"].flatMap((folder) => readSources(folder, endings));
    expect(leftoverFaults(files)).to.deep.equal([]);
  });
});
