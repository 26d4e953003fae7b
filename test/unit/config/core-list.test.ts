import { expect } from "chai";
import { describe, it } from "mocha";
import { parseCoreList } from "../../../src/config/core-list.ts";

describe("parseCoreList()", () => {
  const lists: [text: string, cores: number[]][] = [
    ["0", [0]],
    ["0,2-3", [0, 2, 3]],
    [" 3 , 1 ", [3, 1]],
    ["1023", [1023]],
    ["7-7", [7]],
  ];
  for (const [text, cores] of lists) {
    it(`reads '${text}'`, () => {
      expect(parseCoreList(text)).to.deep.equal({ ok: true, cores });
    });
  }

  const faults: [text: string, message: string][] = [
    ["", "'' is not a list of cores, as in 0,2-3"],
    ["0,", "'0,' is not a list of cores, as in 0,2-3"],
    ["3-2", "'3-2' is not a list of cores, as in 0,2-3"],
    ["-1", "'-1' is not a list of cores, as in 0,2-3"],
    ["1.5", "'1.5' is not a list of cores, as in 0,2-3"],
    ["all", "'all' is not a list of cores, as in 0,2-3"],
    ["1-1024", "'1-1024' names a core above 1023"],
    ["0,0-1", "'0,0-1' names core 0 twice"],
  ];
  for (const [text, message] of faults) {
    it(`refuses '${text}'`, () => {
      expect(parseCoreList(text)).to.deep.equal({ ok: false, message });
    });
  }
});
