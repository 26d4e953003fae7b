import { expect } from "chai";
import { describe, it } from "mocha";
import { UNKNOWN_CLIENT } from "../../../src/geo/client.ts";
import { joinFamilies } from "../../../src/policy/both-families.ts";
import { evaluate, sharesOf } from "../../../src/policy/evaluate.ts";
import type { Expression } from "../../../src/policy/expression.ts";
import type { Policy } from "../../../src/policy/model.ts";
import { definitions, endpoint, type HealthWord, policy, pool, snapshot } from "../../support/policies.ts";

const POOLS = [
  pool("dual", [endpoint("dual", "e", ["203.0.113.1", "2001:db8::1"])]),
  pool("twin", [endpoint("twin", "e", ["203.0.113.2", "2001:db8::2"])]),
  pool("four", [endpoint("four", "e", ["203.0.113.3"])]),
  pool("six", [endpoint("six", "e", ["2001:db8::4"])]),
];

const of = (kind: "weighted" | "sticky", ...parts: readonly (readonly [string, number])[]): Expression => ({
  kind,
  children: parts.map(([name, weight]) => ({ weight, expression: { kind: "pool", pool: name } })),
});

type Health = { readonly [endpointId: string]: HealthWord | readonly HealthWord[] };

function joined(expression: Expression, health: Health, changes: Partial<Policy> = {}) {
  const ofFamily = (family: "ipv4" | "ipv6") =>
    evaluate(
      policy(expression, changes),
      definitions(POOLS),
      snapshot(POOLS, health),
      UNKNOWN_CLIENT,
      family,
    );
  return joinFamilies(ofFamily("ipv4"), ofFamily("ipv6"));
}

describe("joinFamilies()", () => {
  const ROWS: readonly (readonly [what: string, Expression, Health, ...(readonly string[])])[] = [
    [
      "what A draws, with both families",
      of("weighted", ["dual", 3], ["twin", 1]),
      {},
      "75% 203.0.113.1 2001:db8::1",
      "25% 203.0.113.2 2001:db8::2",
    ],
    [
      "what A draws, without the family whose path is down",
      of("weighted", ["dual", 3], ["twin", 1]),
      { "dual/e": ["up", "down"] },
      "75% 203.0.113.1",
      "25% 203.0.113.2 2001:db8::2",
    ],
    [
      "nothing of an endpoint that A does not draw",
      of("weighted", ["dual", 3], ["twin", 1]),
      { "dual/e": ["down", "up"] },
      "100% 203.0.113.2 2001:db8::2",
    ],
    [
      "where A is NODATA what AAAA has for itself",
      of("weighted", ["dual", 2], ["four", 1], ["six", 1]),
      {},
      "50% 203.0.113.1 2001:db8::1",
      "25% 203.0.113.3",
      "25% 2001:db8::4",
    ],
    [
      "the same below a sticky",
      of("sticky", ["dual", 2], ["four", 1], ["six", 1]),
      {},
      "50% 203.0.113.1 2001:db8::1",
      "25% 203.0.113.3",
      "25% 2001:db8::4",
    ],
    [
      "below a sticky with a family down",
      of("sticky", ["dual", 3], ["twin", 1]),
      { "dual/e": ["up", "down"] },
      "75% 203.0.113.1",
      "25% 203.0.113.2 2001:db8::2",
    ],
    [
      "below a sticky no IPv6 where AAAA has more to choose among",
      of("sticky", ["dual", 3], ["twin", 1]),
      { "dual/e": ["down", "up"] },
      "100% 203.0.113.2",
    ],
    ["IPv6 alone", of("weighted", ["six", 1]), {}, "100% 2001:db8::4"],
    [
      "nothing of a family that fails open while the other has something up",
      of("weighted", ["dual", 1]),
      { "dual/e": ["up", "down"] },
      "100% 203.0.113.1",
    ],
    [
      "IPv6 where IPv4 alone fails open",
      of("weighted", ["dual", 1]),
      { "dual/e": ["down", "up"] },
      "100% 2001:db8::1",
    ],
    [
      "both families of the same last resort",
      of("weighted", ["dual", 1]),
      { "dual/e": "down" },
      "100% 203.0.113.1 2001:db8::1",
    ],
  ];
  for (const [what, expression, health, ...expected] of ROWS) {
    it(`draws ${what}`, () => {
      const shares = sharesOf(joined(expression, health)).map(
        ({ share, addresses }) => `${share * 100}% ${addresses.map(({ text }) => text).join(" ")}`,
      );
      expect(shares).to.deep.equal(expected);
    });
  }

  it("is NODATA where neither family answers, with the shortest TTL and the worst rung", () => {
    const both = joined(of("weighted", ["dual", 1]), { "dual/e": "down" }, { whenDown: "servfail" });
    expect([both.outcome, both.ttlSeconds, both.rung, both.draws.length]).to.deep.equal(["nodata", 10, 4, 1]);
  });
});
