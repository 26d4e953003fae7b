import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { POSITION_BITS, positionOf } from "../../../src/answer/place-client.ts";
import { UNKNOWN_CLIENT } from "../../../src/geo/client.ts";
import type { Snapshot } from "../../../src/health/snapshot.ts";
import { compileDecisions } from "../../../src/image/decisions.ts";
import {
  candidateCount,
  createDrawRoom,
  favouriteCandidateOf,
  favouriteOf,
  favouritesInOrder,
} from "../../../src/image/draws.ts";
import { type DecisionTables, OUTCOME, tableOf } from "../../../src/image/tables.ts";
import { compileZones } from "../../../src/image/zones.ts";
import { evaluate, sharesOf } from "../../../src/policy/evaluate.ts";
import type { Expression } from "../../../src/policy/expression.ts";
import type { Endpoint, Pool } from "../../../src/policy/model.ts";
import { definitions, endpoint, type HealthWord, policy, pool, snapshot } from "../../support/policies.ts";
import { setOfPolicies } from "./policy-set.ts";

/** Networks of clients, and their positions. */
const CLIENTS = 30_000;
const POSITIONS = Array.from({ length: CLIENTS }, (_, index) =>
  positionOf(Uint8Array.of(10 + (index >> 16), (index >> 8) & 0xff, index & 0xff, 0), 4, POSITION_BITS.ipv4),
);

interface Places {
  /** The endpoint of each client, by its number within the policy. */
  readonly places: readonly string[];
  readonly shares: ReadonlyMap<string, number>;
}

function placesOf(expression: Expression, pools: readonly Pool[], health: Snapshot): Places {
  const asked = policy(expression);
  const zones = compileZones(setOfPolicies([asked], definitions(pools)));
  const { tables } = compileDecisions(zones, health);
  const endpoints = zones.policies[0]?.endpoints ?? [];
  const room = createDrawRoom();
  const root = tableOf(tables, 0, 0, 0);
  const places = POSITIONS.map((position) => endpoints[placeOf(tables, root, position, room)]?.id ?? "?");
  const evaluation = evaluate(asked, definitions(pools), health, UNKNOWN_CLIENT, "ipv4");
  const shares = new Map(sharesOf(evaluation).map(({ endpoint: { id }, share }) => [id, share]));
  return { places, shares };
}

function placeOf(
  tables: DecisionTables,
  root: number,
  position: number,
  room: ReturnType<typeof createDrawRoom>,
): number {
  let table = root;
  while (tables.outcomes[table] === OUTCOME.sticky) table = favouriteOf(tables, table, position);
  const draw = tables.tableDraws[table] ?? 0;
  // Of one candidate everybody's favourite is that one.
  expect(tables.tableSticky[table]).to.equal(candidateCount(tables, draw) > 1 ? 1 : 0);
  const favourite = favouriteCandidateOf(tables, draw, position);
  favouritesInOrder(tables, draw, position, room);
  expect(room.order[0]).to.equal(favourite);
  return tables.candidateEndpoints[favourite] ?? -1;
}

function countsOf(places: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const place of places) counts.set(place, (counts.get(place) ?? 0) + 1 / CLIENTS);
  return counts;
}

/** The part that has to move: what the growing ones gain. */
function mustMove(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): number {
  let gained = 0;
  for (const [id, share] of after) gained += Math.max(0, share - (before.get(id) ?? 0));
  return gained;
}

function moved(before: readonly string[], after: readonly string[]): number {
  return before.filter((place, index) => place !== after[index]).length / CLIENTS;
}

const NAMES = ["amber", "birch", "cedar", "delta"];
const ref = (name: string): Expression => ({ kind: "pool", pool: name });

const arbitraryPools = fc
  .array(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }), {
    minLength: 2,
    maxLength: 4,
  })
  .map((weights) =>
    weights.map((each, at): Pool => {
      const name = NAMES[at] ?? "amber";
      const endpoints = each.map((weight, index) =>
        endpoint(name, `e${index}`, [`192.0.2.${at * 10 + index}`], weight),
      );
      return pool(name, endpoints);
    }),
  );

function stickyOver(pools: readonly Pool[], weights: readonly number[]): Expression {
  return {
    kind: "sticky",
    children: pools.map(({ name }, at) => ({ weight: weights[at] ?? 1, expression: ref(name) })),
  };
}

describe("sticky", () => {
  const RUNS = { numRuns: 25, seed: 20_261_122 };
  const arbitraryWeights = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 4, maxLength: 4 });

  it("spreads clients within 1 % of the weights, over random pools", () => {
    fc.assert(
      fc.property(arbitraryPools, arbitraryWeights, (pools, weights) => {
        const { places, shares } = placesOf(stickyOver(pools, weights), pools, snapshot(pools));
        const counts = countsOf(places);
        for (const [id, share] of shares) expect(counts.get(id) ?? 0, id).to.be.closeTo(share, 0.01);
        expect(counts.size).to.be.at.most(shares.size);
      }),
      RUNS,
    );
  });

  it("moves no more than the share of an endpoint that dies, plus 1 %", () => {
    fc.assert(
      fc.property(arbitraryPools, arbitraryWeights, fc.nat(), (pools, weights, pick) => {
        const all = pools.flatMap(({ endpoints }): readonly Endpoint[] => endpoints);
        const dead = all[pick % all.length]?.id ?? "";
        const health: { [id: string]: HealthWord } = { [dead]: "down" };
        const expression = stickyOver(pools, weights);
        const before = placesOf(expression, pools, snapshot(pools));
        const after = placesOf(expression, pools, snapshot(pools, health));
        const share = before.shares.get(dead) ?? 0;
        expect(moved(before.places, after.places)).to.be.at.most(share + 0.01);
        // Whoever was elsewhere stays there.
        before.places.forEach((place, index) => {
          if (place !== dead) expect(after.places[index]).to.equal(place);
        });
      }),
      RUNS,
    );
  });

  it("moves no more than a change of a weight asks for, plus 1 %, and back again by the same way", () => {
    fc.assert(
      fc.property(
        arbitraryPools,
        arbitraryWeights,
        fc.nat(),
        fc.integer({ min: 1, max: 9 }),
        (pools, weights, pick, weight) => {
          const at = pick % pools.length;
          const other = weights.map((each, index) => (index === at ? weight : each));
          const before = placesOf(stickyOver(pools, weights), pools, snapshot(pools));
          const after = placesOf(stickyOver(pools, other), pools, snapshot(pools));
          const needed = mustMove(before.shares, after.shares);
          expect(moved(before.places, after.places)).to.be.at.most(needed + 0.01);
          expect(placesOf(stickyOver(pools, weights), pools, snapshot(pools)).places).to.deep.equal(
            before.places,
          );
        },
      ),
      RUNS,
    );
  });

  it("holds for every draw below it: nested weights, and the endpoints", () => {
    const pools = NAMES.map((name, at) =>
      pool(name, [
        endpoint(name, "x", [`192.0.2.${at * 2 + 1}`]),
        endpoint(name, "y", [`192.0.2.${at * 2 + 2}`], 3),
      ]),
    );
    const nested = (weight: number): Expression => ({
      kind: "sticky",
      children: [
        {
          weight: 1,
          expression: {
            kind: "weighted",
            children: [
              { weight: 1, expression: ref("amber") },
              { weight, expression: ref("birch") },
            ],
          },
        },
        { weight: 1, expression: { kind: "failover", children: [ref("cedar"), ref("delta")] } },
      ],
    });
    const before = placesOf(nested(1), pools, snapshot(pools));
    for (const [id, share] of before.shares)
      expect(countsOf(before.places).get(id)).to.be.closeTo(share, 0.01);
    const after = placesOf(nested(3), pools, snapshot(pools));
    expect(moved(before.places, after.places)).to.be.at.most(mustMove(before.shares, after.shares) + 0.01);
    before.places.forEach((place, index) => {
      if (place.startsWith("cedar/")) expect(after.places[index]).to.equal(place);
    });
  });
});
