import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { UNKNOWN_CLIENT } from "../../../src/geo/client.ts";
import { evaluate, explain, sharesOf } from "../../../src/policy/evaluate.ts";
import type { Expression } from "../../../src/policy/expression.ts";
import { type AddressFamily, type Pool } from "../../../src/policy/model.ts";
import { withResolved } from "../../../src/policy/resolved.ts";
import {
  address,
  addressHealth,
  arbitrarySituation,
  cnameEndpoint,
  definitions,
  endpoint,
  type HealthWord,
  policy,
  pool,
  snapshot,
} from "../../support/policies.ts";

const ref = (name: string): Expression => ({ kind: "pool", pool: name });
const FAILOVER: Expression = { kind: "failover", children: [ref("cloud"), ref("sorry")] };
const SORRY = pool("sorry", [endpoint("sorry", "s", ["192.0.2.80"])]);

interface Asked {
  readonly pools: readonly Pool[];
  readonly health?: Readonly<Record<string, HealthWord | readonly HealthWord[]>>;
  readonly expression?: Expression;
  readonly family?: AddressFamily;
}

function answered({ pools, health = {}, expression = FAILOVER, family = "ipv4" }: Asked): string {
  const defined = definitions([...pools, SORRY]);
  const snapshotOf = snapshot([...defined.pools.values()], health);
  const { rung, ttlSeconds, ...rest } = evaluate(
    policy(expression),
    defined,
    snapshotOf,
    UNKNOWN_CLIENT,
    family,
  );
  const shares = sharesOf({ rung, ttlSeconds, ...rest }).map(
    ({ endpoint: { id }, addresses, share }) =>
      `${id}=${share.toFixed(2)}${addresses.map(({ text }) => ` ${text}`).join("")}`,
  );
  return `${rest.outcome} ${rung} ${ttlSeconds}: ${shares.join(", ")}`;
}

/** Two IPv4 addresses and one IPv6 address behind the name. */
const CLOUD = pool("cloud", [cnameEndpoint("cloud", "lb", ["192.0.2.1", "192.0.2.2", "2001:db8::1"])]);

describe("an endpoint that is answered as CNAME", () => {
  const TABLE: readonly (readonly [
    what: string,
    words: HealthWord | readonly HealthWord[],
    answer: string,
  ])[] = [
    ["all of its addresses up", "up", "answer 1 30: cloud/lb=1.00"],
    ["one of them up", ["down", "up", "down"], "answer 1 10: cloud/lb=1.00"],
    ["its IPv6 address up alone", ["down", "down", "up"], "answer 1 10: cloud/lb=1.00"],
    ["one of them failing", ["failing", "up", "up"], "answer 1 10: cloud/lb=1.00"],
    ["none up", "down", "answer 1 10: sorry/s=1.00 192.0.2.80"],
  ];
  for (const [what, words, answer] of TABLE) {
    it(`is judged by all of its addresses: ${what}`, () => {
      expect(answered({ pools: [CLOUD], health: { "cloud/lb": words } })).to.equal(answer);
    });
  }

  it("is answered for AAAA as for A, though its name has no IPv6 address", () => {
    const pools = [pool("cloud", [cnameEndpoint("cloud", "lb", ["192.0.2.1"])])];
    expect(answered({ pools, family: "ipv6" })).to.equal("answer 1 30: cloud/lb=1.00");
  });

  it("has one distribution for A and AAAA where all endpoints are such", () => {
    fc.assert(
      fc.property(arbitrarySituation, ({ pools, policy: asked, snapshot: health, client }) => {
        const alike = definitions(
          pools.map((each) => ({
            ...each,
            endpoints: each.endpoints.map((one) => ({
              ...one,
              hostName: `${one.name}.example.net.`,
              answerAs: "cname" as const,
            })),
          })),
        );
        const [four, six] = (["ipv4", "ipv6"] as const).map((family) =>
          evaluate(asked, alike, health, client, family),
        );
        expect(four).to.deep.equal(six);
      }),
      { numRuns: 1000 },
    );
  });

  it("is not yet probed while its name was not resolved, so that it waits for rung 2", () => {
    const pools = [pool("cloud", [cnameEndpoint("cloud", "lb")])];
    const health = { "cloud/lb": "unknown" } as const;
    expect(answered({ pools, health })).to.equal("answer 1 10: sorry/s=1.00 192.0.2.80");
    expect(answered({ pools, health: { ...health, "sorry/s": "down" } })).to.equal(
      "answer 2 10: cloud/lb=1.00",
    );
    expect(answered({ pools, health, expression: ref("cloud") })).to.equal("answer 2 10: cloud/lb=1.00");
  });

  it("keeps the policy's TTL, whatever that of its name", () => {
    const live = withResolved(definitions([CLOUD, SORRY]), () => ({
      addresses: [address("192.0.2.9")],
      ttlSeconds: 5,
      leadsBack: false,
    }));
    const health = snapshot([...live.pools.values()]);
    const { ttlSeconds } = evaluate(policy(FAILOVER), live, health, UNKNOWN_CLIENT, "ipv4");
    expect(ttlSeconds).to.equal(30);
  });

  it("is never answered where its name leads back to a POLICY: with its last addresses, or passed over", () => {
    const leading = (...texts: string[]): string => {
      const live = withResolved(definitions([CLOUD]), () => ({
        addresses: texts.map(address),
        ttlSeconds: 60,
        leadsBack: true,
      }));
      return answered({ pools: [...live.pools.values()] });
    };
    expect(leading("192.0.2.9")).to.equal("answer 1 30: cloud/lb=1.00 192.0.2.9");
    expect(leading()).to.equal("answer 1 30: sorry/s=1.00 192.0.2.80");
  });

  it("is explained as what it is", () => {
    const mixed = pool("cloud", [...CLOUD.endpoints, endpoint("cloud", "own", ["192.0.2.3"])], {
      answers: 2,
    });
    const { trace } = explain(
      policy(ref("cloud")),
      definitions([mixed]),
      snapshot([mixed], { "cloud/lb": ["up", "down", "up"] }),
      UNKNOWN_CLIENT,
      "ipv4",
    );
    const text = JSON.stringify(trace);
    expect(text).to.contain("a CNAME stands alone where it is drawn first");
    expect(text).to.contain(
      "answered as CNAME lb.cloud.example.net.; 192.0.2.1 up (up), 192.0.2.2 down (down)",
    );
  });

  it("is in grace with its addresses", () => {
    const graced = { ...CLOUD, graceMs: 10_000 };
    const failing = { ...addressHealth("down"), failingSinceMs: 95_000 };
    const defined = definitions([graced, SORRY]);
    const health = {
      atMs: 100_000,
      endpoints: new Map(snapshot([graced, SORRY]).endpoints).set("cloud/lb", {
        forced: undefined,
        addresses: [failing, failing, failing],
      }),
    };
    const evaluation = evaluate(policy(FAILOVER), defined, health, UNKNOWN_CLIENT, "ipv6");
    expect(sharesOf(evaluation).map(({ endpoint: { id } }) => id)).to.deep.equal(["cloud/lb"]);
  });
});
