import { expect } from "chai";
import { describe, it } from "mocha";
import { formatMove } from "../../../src/cli/moves.ts";

describe("formatMove()", () => {
  it("shows the addresses of an endpoint that keeps its share and gets others", () => {
    const share = (endpoint: string, address: string, part: number) => ({
      endpoint,
      addresses: [address],
      share: part,
    });
    const move = { name: "www.example.com.", type: "A", client: null, shift: 0.7 } as const;
    const lines = formatMove({
      ...move,
      before: [share("a/1", "192.0.2.1", 0.7), share("b/1", "192.0.2.2", 0.3)],
      after: [share("a/1", "192.0.2.9", 0.7), share("b/1", "192.0.2.2", 0.3)],
    });
    expect(lines).to.deep.equal([
      "www.example.com. A for a client of whom nothing is known: 70.00 % moves",
      "   70.00 %   70.00 %     0.00 %  a/1  192.0.2.1 → 192.0.2.9",
      "   30.00 %   30.00 %     0.00 %  b/1",
    ]);
  });
});
