/** Grace, failback and slow start as `evaluate` heeds them. */

import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { UNKNOWN_CLIENT } from "../../../src/geo/client.ts";
import type { Hold, Holds, Snapshot } from "../../../src/health/snapshot.ts";
import { evaluate, explain, sharesOf } from "../../../src/policy/evaluate.ts";
import type { Expression } from "../../../src/policy/expression.ts";
import { graceEndMs, standingOfPool } from "../../../src/policy/group.ts";
import type { Pool } from "../../../src/policy/model.ts";
import {
  addressHealth,
  arbitrarySituation,
  definitions,
  endpoint,
  type HealthWord,
  policy,
  pool,
  snapshot,
} from "../../support/policies.ts";

const AT = 100_000;
const a = pool("a", [endpoint("a", "one", ["192.0.2.1"]), endpoint("a", "two", ["192.0.2.2"])], {
  graceMs: 35_000,
});
const b = pool("b", [endpoint("b", "one", ["192.0.2.3"])]);
const named = (name: string): Expression => ({ kind: "pool", pool: name });
const FAILOVER: Expression = { kind: "failover", children: [named("a"), named("b")] };

/** Health of a's two endpoints: a word, and for how long it fails by now. */
function failing(
  pools: readonly Pool[],
  health: Readonly<Record<string, readonly [HealthWord, number?]>>,
): Snapshot {
  const endpoints = new Map(snapshot(pools).endpoints);
  for (const [id, [word, forMs]] of Object.entries(health)) {
    const since = forMs === undefined ? {} : { failingSinceMs: AT - forMs };
    endpoints.set(id, { forced: undefined, addresses: [{ ...addressHealth(word), ...since }] });
  }
  return { atMs: AT, endpoints };
}

function sharesIn(expression: Expression, pools: readonly Pool[], health: Snapshot): Record<string, number> {
  const evaluation = evaluate(policy(expression), definitions(pools), health, UNKNOWN_CLIENT, "ipv4");
  return Object.fromEntries(
    sharesOf(evaluation).map(({ endpoint: { id }, share }) => [id, Number(share.toFixed(6))]),
  );
}

describe("grace", () => {
  /** The chart of policy/group: min-up, the two endpoints, what is answered. */
  const CHART: readonly {
    readonly minUp?: number;
    readonly one: readonly [HealthWord, number?];
    readonly two: readonly [HealthWord, number?];
    readonly answer: Readonly<Record<string, number>>;
  }[] = [
    { one: ["up"], two: ["up"], answer: { "a/one": 0.5, "a/two": 0.5 } },
    { one: ["down", 1_000], two: ["up"], answer: { "a/two": 1 } },
    { one: ["down", 1_000], two: ["down", 20_000], answer: { "a/one": 0.5, "a/two": 0.5 } },
    { one: ["down", 34_999], two: ["down", 90_000], answer: { "a/one": 1 } },
    { one: ["down", 35_000], two: ["down", 90_000], answer: { "b/one": 1 } },
    { one: ["down"], two: ["down"], answer: { "b/one": 1 } },
    { one: ["passing", 1_000], two: ["down", 90_000], answer: { "a/one": 1 } },
    { minUp: 2, one: ["down", 1_000], two: ["up"], answer: { "a/two": 1 } },
    { minUp: 2, one: ["down", 35_000], two: ["up"], answer: { "b/one": 1 } },
  ];
  for (const { minUp = 1, one, two, answer } of CHART) {
    it(`min-up=${minUp}, ${one.join(" for ")}, ${two.join(" for ")} → ${JSON.stringify(answer)}`, () => {
      const pools = [{ ...a, minUp: { kind: "count", count: minUp } } as const, b];
      expect(sharesIn(FAILOVER, pools, failing(pools, { "a/one": one, "a/two": two }))).to.deep.equal(answer);
    });
  }

  it("is not for what operators force: that is immediate", () => {
    const health = failing([a, b], { "a/one": ["down", 1], "a/two": ["down", 1] });
    for (const forced of ["down", "drain"] as const) {
      const endpoints = new Map(health.endpoints);
      for (const id of ["a/one", "a/two"]) {
        endpoints.set(id, { forced, addresses: health.endpoints.get(id)?.addresses ?? [] });
      }
      expect(sharesIn(FAILOVER, [a, b], { ...health, endpoints })).to.deep.equal({ "b/one": 1 });
    }
  });

  it("keeps the short TTL, says so, and tells when it ends", () => {
    const health = failing([a, b], { "a/one": ["down", 1_000], "a/two": ["down", 30_000] });
    const { evaluation, trace } = explain(
      policy(FAILOVER),
      definitions([a, b]),
      health,
      UNKNOWN_CLIENT,
      "ipv4",
    );
    expect(evaluation.ttlSeconds).to.equal(10);
    expect(evaluation.rung).to.equal(1);
    expect(JSON.stringify(trace)).to.contain("0 of 2 endpoints up, 1 needed; kept by grace=35s");
    expect(graceEndMs(a, health)).to.equal(AT + 5_000);
    expect(graceEndMs(b, health)).to.equal(undefined);
  });
});

describe("a pool that is held back", () => {
  const POOLS = [a, b];
  const held = (hold: Hold, health: Snapshot = snapshot(POOLS)): Snapshot => ({
    ...health,
    holds: new Map<string, Holds>([["a", { ipv4: hold }]]),
  });
  const MANUAL: Hold = { kind: "held", untilMs: undefined };

  it("is out by failback while another is up, and answered when nothing else is", () => {
    expect(sharesIn(FAILOVER, POOLS, held(MANUAL))).to.deep.equal({ "b/one": 1 });
    const alone = held(MANUAL, snapshot(POOLS, { "b/one": "down" }));
    const evaluation = evaluate(policy(FAILOVER), definitions(POOLS), alone, UNKNOWN_CLIENT, "ipv4");
    expect(evaluation.rung).to.equal(2);
    expect(sharesOf(evaluation).map(({ endpoint: { pool } }) => pool)).to.deep.equal(["a", "a"]);
  });

  it("is held for the family that was down alone", () => {
    const holds = new Map<string, Holds>([["a", { ipv6: MANUAL }]]);
    expect(sharesIn(FAILOVER, POOLS, { ...snapshot(POOLS), holds })).to.deep.equal({
      "a/one": 0.5,
      "a/two": 0.5,
    });
  });

  it("is back for its part of the clients in a slow start, each of them at one place", () => {
    const ramping = held({ kind: "ramping", part: 0.25 });
    expect(sharesIn(FAILOVER, POOLS, ramping)).to.deep.equal({
      "a/one": 0.125,
      "a/two": 0.125,
      "b/one": 0.75,
    });
    const evaluation = evaluate(policy(FAILOVER), definitions(POOLS), ramping, UNKNOWN_CLIENT, "ipv4");
    expect(evaluation.ttlSeconds).to.equal(10);
    expect(
      evaluation.slices?.map((slice) => [
        slice.upTo,
        sharesOf(slice.evaluation).map((share) => share.endpoint.pool),
      ]),
    ).to.deep.equal([
      [0.25, ["a", "a"]],
      [1, ["b"]],
    ]);
  });

  it("is whole in its slow start where nothing else is up", () => {
    const health = held({ kind: "ramping", part: 0.25 }, snapshot(POOLS, { "b/one": "down" }));
    expect(sharesIn(FAILOVER, POOLS, health)).to.deep.equal({ "a/one": 0.5, "a/two": 0.5 });
  });

  it("says why in explain", () => {
    const explained = (hold: Hold): string =>
      JSON.stringify(explain(policy(FAILOVER), definitions(POOLS), held(hold), UNKNOWN_CLIENT, "ipv4").trace);
    expect(explained(MANUAL)).to.contain("held back by failback=manual");
    expect(explained({ kind: "held", untilMs: 90_000 })).to.contain(
      "held back by failback for another 1m30s",
    );
    expect(explained({ kind: "ramping", part: 0.25 })).to.contain(
      "in its slow start, back for 25.0 % of the clients",
    );
    expect(explained({ kind: "ramping", part: 0.25 })).to.contain("clients 25.0 % to 100.0 %");
  });
});

describe("standingOfPool()", () => {
  const ROWS: readonly [HealthWord, HealthWord, "up" | "down" | "unknown"][] = [
    ["up", "down", "up"],
    ["failing", "down", "up"],
    ["unknown", "down", "unknown"],
    ["down", "down", "down"],
    ["passing", "down", "down"],
  ];
  for (const [one, two, stands] of ROWS) {
    it(`is ${stands} where one is ${one} and the other ${two}`, () => {
      const health = snapshot([a], { "a/one": one, "a/two": two });
      expect(standingOfPool(a, health, "ipv4")).to.deep.equal({ stands, forcedUp: false });
    });
  }

  it("is forced up by forced endpoints alone", () => {
    const health = snapshot([a], { "a/one": "down", "a/two": "up" }, { "a/one": "up" });
    expect(standingOfPool(a, health, "ipv4")).to.deep.equal({ stands: "up", forcedUp: true });
  });
});

describe("evaluate() with holds over random situations", () => {
  const arbitraryHold = fc.oneof(
    fc.constant<Hold>({ kind: "held", untilMs: undefined }),
    fc.integer({ min: 1, max: 20 }).map((step): Hold => ({ kind: "ramping", part: step / 21 })),
  );
  const arbitraryHolds = fc
    .dictionary(fc.constantFrom("amber", "birch", "cedar", "delta"), arbitraryHold)
    .map(
      (holds) =>
        new Map(
          Object.entries(holds).map(([name, hold]): [string, Holds] => [name, { ipv4: hold, ipv6: hold }]),
        ),
    );
  const arbitraryFamily = fc.constantFrom("ipv4" as const, "ipv6" as const);

  it("sends nobody to a dead address that it would not be sent to without them, and nobody nowhere", () => {
    fc.assert(
      fc.property(arbitrarySituation, arbitraryHolds, arbitraryFamily, (situation, holds, family) => {
        const { policy: asked, definitions: defined, snapshot: health, client } = situation;
        const free = evaluate(asked, defined, health, client, family);
        const evaluation = evaluate(asked, defined, { ...health, holds }, client, family);
        for (const each of evaluation.slices ?? [{ evaluation }]) {
          if (free.rung < 4) expect(each.evaluation.rung).to.be.lessThan(4);
          if (free.outcome === "answer") expect(each.evaluation.outcome).to.not.equal("servfail");
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("cuts the clients into slices whose mixture it says it is", () => {
    fc.assert(
      fc.property(arbitrarySituation, arbitraryHolds, arbitraryFamily, (situation, holds, family) => {
        const { policy: asked, definitions: defined, snapshot: health, client } = situation;
        const evaluation = evaluate(asked, defined, { ...health, holds }, client, family);
        const { slices } = evaluation;
        if (slices === undefined) return;
        expect(slices.at(-1)?.upTo).to.equal(1);
        const mixed = new Map<string, number>();
        let from = 0;
        for (const slice of slices) {
          expect(slice.upTo).to.be.greaterThan(from);
          for (const { endpoint: each, share } of sharesOf(slice.evaluation)) {
            mixed.set(each.id, (mixed.get(each.id) ?? 0) + share * (slice.upTo - from));
          }
          from = slice.upTo;
        }
        const said = new Map(sharesOf(evaluation).map(({ endpoint: each, share }) => [each.id, share]));
        expect([...said.keys()].sort()).to.deep.equal([...mixed.keys()].sort());
        for (const [id, share] of mixed) expect(said.get(id)).to.be.closeTo(share, 1e-9);
      }),
      { numRuns: 2000 },
    );
  });

  it("takes a pool out for every client above its part, and gives it back to no client twice", () => {
    const clients = Array.from({ length: 50 }, (_, index) => index / 50);
    const poolFor = (part: number, position: number): string | undefined => {
      const holds = new Map<string, Holds>([["a", { ipv4: { kind: "ramping", part } }]]);
      const health = { ...snapshot([a, b]), holds };
      const { slices } = evaluate(policy(FAILOVER), definitions([a, b]), health, UNKNOWN_CLIENT, "ipv4");
      const slice = slices?.find(({ upTo }) => position < upTo);
      return slice && sharesOf(slice.evaluation)[0]?.endpoint.pool;
    };
    for (const position of clients) {
      const places = Array.from({ length: 20 }, (_, step) => poolFor((step + 1) / 21, position));
      const moves = places.filter((place, index) => index > 0 && place !== places[index - 1]);
      expect(moves.length).to.be.at.most(1);
      expect(places.at(-1) === "a" || position >= 20 / 21).to.equal(true);
    }
  });
});
