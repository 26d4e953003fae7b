import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { UNKNOWN_CLIENT } from "../../../src/geo/client.ts";
import type { Holds } from "../../../src/health/snapshot.ts";
import { evaluate } from "../../../src/policy/evaluate.ts";
import { Judgements } from "../../../src/policy/judgements.ts";
import { arbitrarySituation } from "../../support/policies.ts";

const FAMILIES = ["ipv4", "ipv6"] as const;

const arbitraryHold = fc.constantFrom<Holds>(
  { ipv4: { kind: "ramping", part: 0.25 } },
  { ipv6: { kind: "held", untilMs: undefined } },
);

describe("Judgements", () => {
  it("Judgements change nothing of what policies come to, whoever asked before", () => {
    const names = fc.constantFrom("amber", "birch", "cedar", "delta");
    const holds = fc.dictionary(names, arbitraryHold);
    fc.assert(
      fc.property(arbitrarySituation, holds, (situation, held) => {
        const { definitions, policy, client } = situation;
        const snapshot = { ...situation.snapshot, holds: new Map(Object.entries(held)) };
        const judgements = new Judgements();
        const { pools } = definitions;
        const policies = Array.from(pools.keys(), (name) => ({
          ...policy,
          expression: { kind: "pool", pool: name } as const,
        }));
        for (const each of [...policies, policy, ...policies]) {
          for (const family of FAMILIES) {
            for (const asking of [client, UNKNOWN_CLIENT]) {
              const alone = evaluate(each, definitions, snapshot, asking, family);
              const together = evaluate(each, definitions, snapshot, asking, family, judgements);
              expect(together).to.deep.equal(alone);
            }
          }
        }
      }),
    );
  });
});
