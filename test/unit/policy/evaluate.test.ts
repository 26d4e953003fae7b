import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { UNKNOWN_CLIENT } from "../../../src/geo/client.ts";
import { cnameTargetOf, placesOf } from "../../../src/policy/cname.ts";
import { evaluate, explain, sharesOf } from "../../../src/policy/evaluate.ts";
import type { Expression } from "../../../src/policy/expression.ts";
import { isAddressUp } from "../../../src/policy/group.ts";
import type { AddressFamily } from "../../../src/policy/model.ts";
import { familiesOf, reachOf } from "../../../src/policy/reach.ts";
import {
  arbitrarySituation,
  definitions,
  endpoint,
  policy,
  pool,
  type Situation,
  snapshot,
} from "../../support/policies.ts";

const FAMILIES: readonly AddressFamily[] = ["ipv4", "ipv6"];

const a = pool("a", [endpoint("a", "one", ["192.0.2.1", "2001:db8::1"])]);
const b = pool("b", [endpoint("b", "one", ["192.0.2.2"])]);
const POOLS = [a, b];
const FAILOVER: Expression = {
  kind: "failover",
  children: [
    { kind: "pool", pool: "a" },
    { kind: "pool", pool: "b" },
  ],
};

function ask({ definitions, policy, snapshot, client }: Situation, family: AddressFamily) {
  return evaluate(policy, definitions, snapshot, client, family);
}

describe("evaluate()", () => {
  /** The chart at the head of policy/evaluate, row by row. */
  const LADDER = [
    { health: { "a/one": "up" }, whenDown: "open", rung: 1, outcome: "answer", first: "a/one", ttl: 30 },
    { health: { "a/one": "failing" }, whenDown: "open", rung: 1, outcome: "answer", first: "a/one", ttl: 10 },
    { health: { "a/one": "down" }, whenDown: "open", rung: 1, outcome: "answer", first: "b/one", ttl: 10 },
    {
      health: { "a/one": "down", "b/one": "passing" },
      whenDown: "open",
      rung: 2,
      outcome: "answer",
      first: "b/one",
      ttl: 10,
    },
    {
      health: { "a/one": "unknown", "b/one": "down" },
      whenDown: "nodata",
      rung: 2,
      outcome: "answer",
      first: "a/one",
      ttl: 10,
    },
    {
      health: { "a/one": "down", "b/one": "up" },
      forced: { "b/one": "drain" },
      whenDown: "servfail",
      rung: 3,
      outcome: "answer",
      first: "b/one",
      ttl: 10,
    },
    {
      health: { "a/one": "down", "b/one": "down" },
      whenDown: "open",
      rung: 4,
      outcome: "answer",
      first: "a/one",
      ttl: 10,
      failingOpen: true,
    },
    {
      health: { "a/one": "down", "b/one": "down" },
      forced: { "a/one": "down" },
      whenDown: "open",
      rung: 4,
      outcome: "answer",
      first: "b/one",
      ttl: 10,
      failingOpen: true,
    },
    { forced: { "a/one": "down", "b/one": "down" }, whenDown: "open", rung: 4, outcome: "servfail", ttl: 10 },
    { health: { "a/one": "down", "b/one": "down" }, whenDown: "nodata", rung: 4, outcome: "nodata", ttl: 10 },
    {
      health: { "a/one": "down", "b/one": "down" },
      whenDown: "servfail",
      rung: 4,
      outcome: "servfail",
      ttl: 10,
    },
    {
      health: { "a/one": "down", "b/one": "down" },
      forced: { "b/one": "up" },
      whenDown: "open",
      rung: 1,
      outcome: "answer",
      first: "b/one",
      ttl: 10,
    },
    { forced: { "a/one": "down" }, whenDown: "open", rung: 1, outcome: "answer", first: "b/one", ttl: 30 },
  ] as const;
  for (const row of LADDER) {
    const health = "health" in row ? row.health : {};
    const forced = "forced" in row ? row.forced : {};
    it(`climbs the ladder: ${JSON.stringify({ health, forced, whenDown: row.whenDown })} → rung ${row.rung}`, () => {
      const evaluation = evaluate(
        policy(FAILOVER, { whenDown: row.whenDown }),
        definitions(POOLS),
        snapshot(POOLS, health, forced),
        UNKNOWN_CLIENT,
        "ipv4",
      );
      expect(evaluation.rung).to.equal(row.rung);
      expect(evaluation.outcome).to.equal(row.outcome);
      expect(evaluation.ttlSeconds).to.equal(row.ttl);
      expect(evaluation.failingOpen).to.equal("failingOpen" in row);
      expect(sharesOf(evaluation).map((share) => share.endpoint.id)).to.deep.equal(
        "first" in row ? [row.first] : [],
      );
    });
  }

  it("judges each family by its own addresses", () => {
    const health = snapshot(POOLS, { "a/one": ["down", "up"] });
    const ipv4 = evaluate(policy(FAILOVER), definitions(POOLS), health, UNKNOWN_CLIENT, "ipv4");
    const ipv6 = evaluate(policy(FAILOVER), definitions(POOLS), health, UNKNOWN_CLIENT, "ipv6");
    expect(sharesOf(ipv4).map(({ addresses }) => addresses[0]?.text)).to.deep.equal(["192.0.2.2"]);
    expect(sharesOf(ipv6).map(({ addresses }) => addresses[0]?.text)).to.deep.equal(["2001:db8::1"]);
  });

  it("answers NODATA where the chosen pool has no address of the family", () => {
    const health = snapshot(POOLS, { "a/one": "down" });
    const evaluation = evaluate(policy(FAILOVER), definitions(POOLS), health, UNKNOWN_CLIENT, "ipv6");
    expect(evaluation.outcome).to.equal("nodata");
    expect(evaluation.rung).to.equal(1);
  });

  it("gives probabilities and shares that sum to 1", () => {
    fc.assert(
      fc.property(arbitrarySituation, fc.constantFrom(...FAMILIES), (situation, family) => {
        const evaluation = ask(situation, family);
        const sum = evaluation.draws.reduce((total, { probability }) => total + probability, 0);
        expect(sum).to.be.closeTo(evaluation.outcome === "servfail" ? 0 : 1, 1e-9);
        const nodata = evaluation.draws
          .filter(({ candidates }) => candidates.length === 0)
          .reduce((total, { probability }) => total + probability, 0);
        const shares = sharesOf(evaluation).reduce((total, { share }) => total + share, 0);
        expect(shares + nodata).to.be.closeTo(sum, 1e-9);
        for (const { probability, candidates } of evaluation.draws) {
          expect(probability).to.be.greaterThan(0);
          for (const { weight, addresses, endpoint } of candidates) {
            expect(weight).to.be.greaterThan(0);
            expect(addresses.length > 0).to.equal(cnameTargetOf(endpoint) === undefined);
          }
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("answers no address above the rung that admits it", () => {
    fc.assert(
      fc.property(arbitrarySituation, fc.constantFrom(...FAMILIES), (situation, family) => {
        const evaluation = ask(situation, family);
        for (const { endpoint, addresses } of sharesOf(evaluation)) {
          const health = situation.snapshot.endpoints.get(endpoint.id);
          if (cnameTargetOf(endpoint) !== undefined) {
            const isUp = health?.addresses.some((each) => isAddressUp(health.forced, each, evaluation.rung));
            expect(isUp).to.equal(true);
          }
          for (const address of addresses) {
            const addressHealth = health?.addresses[endpoint.addresses.indexOf(address)];
            if (addressHealth === undefined) throw new Error("an address without health");
            expect(address.family).to.equal(family);
            expect(health?.forced).to.not.equal("down");
            const dead = addressHealth.observed === "down" && !addressHealth.passing;
            if (dead && health?.forced !== "up") expect(evaluation.rung).to.equal(4);
            if (health?.forced === "drain") expect(evaluation.rung).to.equal(3);
          }
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("sends nobody to a dead address while a live one is anywhere that the client can be sent", () => {
    fc.assert(
      fc.property(arbitrarySituation, fc.constantFrom(...FAMILIES), (situation, family) => {
        const { policy: asked, definitions, snapshot } = situation;
        const { endpoints, kinds } = reachOf(asked.expression, definitions);
        fc.pre(!kinds.has("geo"));
        const evaluation = ask(situation, family);
        const alive = endpoints.some((each) => {
          const health = snapshot.endpoints.get(each.id);
          const isCname = cnameTargetOf(each) !== undefined;
          return placesOf(each).some((address, index) => {
            const addressHealth = health?.addresses[index];
            if (addressHealth === undefined || (!isCname && address?.family !== family)) return false;
            return ([1, 2, 3] as const).some((rung) => isAddressUp(health?.forced, addressHealth, rung));
          });
        });
        if (alive) expect(evaluation.rung).to.be.lessThan(4);
      }),
      { numRuns: 2000 },
    );
  });

  it("uses no rung while an earlier one yields anything", () => {
    fc.assert(
      fc.property(arbitrarySituation, fc.constantFrom(...FAMILIES), (situation, family) => {
        const { policy: asked, definitions, snapshot, client } = situation;
        const { trace, evaluation } = explain(asked, definitions, snapshot, client, family);
        const tried = trace.filter(({ node }) => node.startsWith("rung"));
        const chosen = tried.findIndex(({ decision }) => decision === "chosen");
        expect(tried.map(({ node }) => node)).to.deep.equal(tried.map((_, index) => `rung ${index + 1}`));
        if (chosen >= 0) {
          expect(chosen).to.equal(tried.length - 1);
          expect(evaluation.rung).to.equal(chosen + 1);
        } else {
          expect(evaluation.outcome).to.not.equal("answer");
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("makes NODATA of nothing but a missing family, `nodata` in geo, and when-down=nodata", () => {
    fc.assert(
      fc.property(arbitrarySituation, (situation) => {
        const { policy: asked, definitions } = situation;
        const { endpoints, kinds } = reachOf(asked.expression, definitions);
        fc.pre(!kinds.has("geo") && asked.whenDown !== "nodata");
        fc.pre(endpoints.every((each) => familiesOf([each]).includes("ipv4")));
        expect(ask(situation, "ipv4").outcome).to.not.equal("nodata");
      }),
      { numRuns: 2000 },
    );
  });

  it("gives the long TTL while all is steady and the short one above rung 1", () => {
    fc.assert(
      fc.property(arbitrarySituation, fc.constantFrom(...FAMILIES), (situation, family) => {
        const evaluation = ask(situation, family);
        const steady = ask({ ...situation, snapshot: snapshot(situation.pools) }, family);
        expect(steady.ttlSeconds).to.equal(30);
        if (evaluation.rung > 1) expect(evaluation.ttlSeconds).to.equal(10);
      }),
      { numRuns: 500 },
    );
  });

  it("gives the short TTL from the first failed probe of what it answers on, and for nothing that it cannot answer", () => {
    fc.assert(
      fc.property(arbitrarySituation, fc.constantFrom(...FAMILIES), fc.nat(), (situation, family, pick) => {
        const { pools, policy: asked, definitions } = situation;
        const reached = new Set(reachOf(asked.expression, definitions).endpoints.map(({ id }) => id));
        const calm = { ...situation, snapshot: snapshot(pools) };
        const answered = sharesOf(ask(calm, family)).map(({ endpoint: { id } }) => id);
        const idle = pools.flatMap(({ endpoints }) => endpoints).filter(({ id }) => !reached.has(id));
        const failing = answered[pick % answered.length];
        if (failing !== undefined) {
          const shaken = ask({ ...calm, snapshot: snapshot(pools, { [failing]: "failing" }) }, family);
          // It is not withdrawn yet: the same is answered, and not for long.
          expect(shaken.ttlSeconds).to.equal(10);
          expect(sharesOf(shaken)).to.deep.equal(sharesOf(ask(calm, family)));
        }
        const elsewhere = Object.fromEntries(idle.map(({ id }) => [id, "failing" as const]));
        expect(ask({ ...calm, snapshot: snapshot(pools, elsewhere) }, family).ttlSeconds).to.equal(30);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("explain()", () => {
  it("decides exactly as evaluate() does", () => {
    fc.assert(
      fc.property(arbitrarySituation, fc.constantFrom(...FAMILIES), (situation, family) => {
        const { policy: asked, definitions, snapshot, client } = situation;
        expect(explain(asked, definitions, snapshot, client, family).evaluation).to.deep.equal(
          ask(situation, family),
        );
      }),
      { numRuns: 500 },
    );
  });

  it("names every node entered and every endpoint considered, and why", () => {
    const { trace } = explain(
      policy(FAILOVER),
      definitions(POOLS),
      snapshot(POOLS, { "a/one": "down" }),
      UNKNOWN_CLIENT,
      "ipv4",
    );
    expect(trace).to.deep.equal([
      {
        node: "rung 1",
        decision: "chosen",
        reason: "what is up",
        children: [
          {
            node: "failover",
            decision: "up",
            reason: "b is the first that is up",
            children: [
              {
                node: "a",
                decision: "down",
                reason: "0 of 1 endpoints up, 1 needed",
                children: [{ node: "a/one", decision: "dropped", reason: "192.0.2.1 down (down)" }],
              },
              {
                node: "b",
                decision: "up",
                reason: "1 of 1 endpoints up, 1 needed",
                children: [{ node: "b/one", decision: "kept", reason: "192.0.2.2 up (up)" }],
              },
            ],
          },
        ],
      },
    ]);
  });
});
