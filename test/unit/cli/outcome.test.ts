import { expect } from "chai";
import { describe, it } from "mocha";
import { formatColumns } from "../../../src/cli/outcome.ts";

describe("formatColumns()", () => {
  it("makes a line of each row, whatever its cells hold", () => {
    const rows = [
      ["1", "near", "kernel\n2  far  down"],
      ["22", "f", "disks"],
    ];
    expect(formatColumns(rows)).to.deep.equal(["1   near  kernel\\n2  far  down", "22  f     disks"]);
  });
});
