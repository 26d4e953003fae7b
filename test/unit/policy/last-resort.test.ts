/**
 * The promise that caution never sends anyone to a dead place while a live one is held back: over every kind of expression,
 * with everything that holds back (`min-up`, `rise`, `grace`, `failback`, `slow-start`, overrides, weights of 0, capacities).
 *
 * An address is dead where its probes fail and it is down, and not kept by `grace`, and where operators have it down or
 * drained; what they force up is not. One is live that some rung above failing open may answer.
 */

import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { type Client, NOWHERE, UNKNOWN_CLIENT } from "../../../src/geo/client.ts";
import type { EndpointHealth, Hold, Holds, Snapshot } from "../../../src/health/snapshot.ts";
import type { Forced } from "../../../src/health/verdict.ts";
import { evaluate, sharesOf } from "../../../src/policy/evaluate.ts";
import { childrenOf, type Expression, type ExpressionKind } from "../../../src/policy/expression.ts";
import { isAddressUp } from "../../../src/policy/group.ts";
import type { AddressFamily, Definitions, Endpoint, Pool } from "../../../src/policy/model.ts";
import {
  addressHealth,
  definitions,
  endpoint,
  type HealthWord,
  policy,
  pool,
} from "../../support/policies.ts";

const AT = 1_000_000;
const NAMES = ["amber", "birch", "cedar", "delta"];
const COUNTRIES = ["DE", "US"];
const KINDS: readonly ExpressionKind[] = [
  ...([
    "pool",
    "endpoint",
    "policy",
    "failover",
    "weighted",
    "sticky",
    "all",
    "nearest",
    "spill",
    "geo",
  ] as const),
];

const POLICIES: { readonly [name: string]: Expression } = {
  named: {
    kind: "failover",
    children: [
      { kind: "pool", pool: "cedar" },
      { kind: "pool", pool: "delta" },
    ],
  },
};

const arbitraryExpression = fc.letrec<{ node: Expression }>((tie) => {
  const children = fc.array(tie("node"), { minLength: 1, maxLength: 3 });
  const weighted = fc.array(fc.record({ weight: fc.constantFrom(0, 1, 3), expression: tie("node") }), {
    minLength: 1,
    maxLength: 3,
  });
  const byWeight = (kind: "weighted" | "sticky" | "all") =>
    weighted.map((each): Expression => ({ kind, children: each }));
  const inOrder = (kind: "failover" | "nearest" | "spill") =>
    children.map((each): Expression => ({ kind, children: each }));
  const byCountry = fc.tuple(tie("node"), tie("node"), tie("node")).map(
    ([first, second, rest]): Expression => ({
      kind: "geo",
      entries: [
        { match: { kind: "country", country: "DE" }, expression: first },
        { match: { kind: "country", country: "US" }, expression: second },
        { match: { kind: "any" }, expression: rest },
      ],
    }),
  );
  return {
    node: fc.oneof(
      { maxDepth: 3, depthSize: "small" },
      fc.constantFrom(...NAMES).map((name): Expression => ({ kind: "pool", pool: name })),
      fc.constantFrom(...NAMES).map((name): Expression => ({ kind: "endpoint", pool: name, endpoint: "e0" })),
      fc.constant<Expression>({ kind: "policy", policy: "named" }),
      inOrder("failover"),
      byWeight("weighted"),
      byWeight("sticky"),
      byWeight("all"),
      inOrder("nearest"),
      inOrder("spill"),
      byCountry,
    ),
  };
}).node;

const arbitraryPool = (name: string) =>
  fc
    .record({
      endpoints: fc.array(
        fc.record({ weight: fc.constantFrom(0, 1, 2), families: fc.constantFrom("4", "6", "46", "44") }),
        { minLength: 1, maxLength: 3 },
      ),
      minUp: fc.integer({ min: 1, max: 3 }),
      graceMs: fc.constantFrom(0, 35_000),
      capacity: fc.constantFrom(0, 10, 100),
      location: fc.constantFrom(undefined, { kind: "coordinates", latitude: 50, longitude: 8 } as const),
    })
    .map(({ endpoints, minUp, ...rest }): Pool => {
      const made = endpoints.map(({ weight, families }, at) => {
        const base = NAMES.indexOf(name) * 40 + at * 10 + 1;
        const addresses = families
          .split("")
          .map((family, index) =>
            family === "4" ? `203.0.113.${base + index}` : `2001:db8::${base + index}`,
          );
        return endpoint(name, `e${at}`, addresses, weight);
      });
      return pool(name, made, { minUp: { kind: "count", count: minUp }, ...rest });
    });

const arbitraryHold = fc.constantFrom<Hold | undefined>(
  undefined,
  { kind: "held", untilMs: undefined },
  { kind: "ramping", part: 0.3 },
);

const arbitraryAddress = fc.record({
  word: fc.constantFrom<HealthWord>("up", "down", "down", "down", "unknown", "failing", "passing"),
  /** For how long it fails. */
  failsForMs: fc.constantFrom(undefined, 1_000, 100_000),
});

interface Situation {
  readonly definitions: Definitions;
  readonly expression: Expression;
  readonly snapshot: Snapshot;
  readonly client: Client;
}

const arbitrarySituation: fc.Arbitrary<Situation> = fc
  .record({
    pools: fc.tuple(...NAMES.map(arbitraryPool)),
    expression: arbitraryExpression,
    addresses: fc.array(arbitraryAddress, { minLength: 24, maxLength: 24 }),
    forced: fc.array(
      fc.constantFrom<Forced | undefined>(undefined, undefined, undefined, "up", "down", "drain"),
      {
        minLength: 12,
        maxLength: 12,
      },
    ),
    holds: fc.array(arbitraryHold, { minLength: 16, maxLength: 16 }),
    country: fc.constantFrom(undefined, ...COUNTRIES),
  })
  .map(({ pools, expression, addresses, forced, holds, country }) => {
    const endpoints = new Map<string, EndpointHealth>();
    const held = new Map<string, Holds>();
    const hold = (id: string, at: number): void => {
      const each = holds[at % holds.length];
      if (each !== undefined) held.set(id, { ipv4: each, ipv6: each });
    };
    for (const [at, each] of pools.flatMap((made) => made.endpoints).entries()) {
      const healths = each.addresses.map((_, index) => {
        const { word, failsForMs } = addresses[(at * 2 + index) % addresses.length] ?? { word: "up" };
        const health = addressHealth(word);
        return failsForMs === undefined || health.observed !== "down"
          ? health
          : { ...health, failingSinceMs: AT - failsForMs };
      });
      endpoints.set(each.id, { forced: forced[at % forced.length], addresses: healths });
      hold(each.id, at);
    }
    for (const [at, { name }] of pools.entries()) hold(name, 12 + at);
    const place = country === undefined ? undefined : { ...NOWHERE, country };
    return {
      definitions: definitions(pools, POLICIES),
      expression,
      snapshot: { atMs: AT, endpoints, holds: held },
      client: { ...UNKNOWN_CLIENT, place },
    };
  });

/** What the client may be sent to, whatever the health: all but what is for other countries. */
function endpointsFor(expression: Expression, { definitions: defined, client }: Situation): Endpoint[] {
  const walk = (next: Expression): Endpoint[] => {
    if (next.kind === "pool") return [...(defined.pools.get(next.pool)?.endpoints ?? [])];
    if (next.kind === "endpoint") {
      return (defined.pools.get(next.pool)?.endpoints ?? []).filter(({ name }) => name === next.endpoint);
    }
    if (next.kind === "policy") return walk(defined.policies.get(next.policy) ?? next);
    if (next.kind === "geo") {
      return next.entries.flatMap(({ match, expression: child }) =>
        child !== "nodata" &&
        (match.kind === "any" || (match.kind === "country" && match.country === client.place?.country))
          ? walk(child)
          : [],
      );
    }
    return childrenOf(next).flatMap(walk);
  };
  return walk(expression);
}

function isDead({ definitions: defined, snapshot }: Situation, each: Endpoint, index: number): boolean {
  const { forced, addresses } = snapshot.endpoints.get(each.id) ?? { addresses: [] };
  const health = addresses[index];
  if (forced === "up" || health === undefined) return false;
  if (forced === "down") return true;
  const failsForMs = health.failingSinceMs === undefined ? Infinity : AT - health.failingSinceMs;
  if (forced === undefined && failsForMs < (defined.pools.get(each.pool)?.graceMs ?? 0)) return false;
  return health.observed === "down" && !health.passing;
}

function isLive({ snapshot }: Situation, each: Endpoint, family: AddressFamily): boolean {
  const { forced, addresses } = snapshot.endpoints.get(each.id) ?? { forced: undefined, addresses: [] };
  return each.addresses.some((address, index) => {
    const health = addresses[index];
    if (health === undefined || address.family !== family) return false;
    return ([1, 2, 3] as const).some((rung) => isAddressUp(forced, health, rung));
  });
}

describe("the ladder of last resorts over every kind of expression", () => {
  const met = new Set<string>();

  it("answers no dead address to anybody while a live one, held back or not, is anywhere in the policy", () => {
    const families = fc.constantFrom<AddressFamily>("ipv4", "ipv6");
    fc.assert(
      fc.property(arbitrarySituation, families, (situation, family) => {
        const { definitions: defined, snapshot, client, expression } = situation;
        const asked = policy(expression, { demand: 50 });
        const evaluation = evaluate(asked, defined, snapshot, client, family);
        const isAlive = endpointsFor(expression, situation).some((each) => isLive(situation, each, family));
        for (const slice of evaluation.slices ?? [{ evaluation }]) {
          for (const { endpoint: each, addresses } of sharesOf(slice.evaluation)) {
            const dead = addresses.filter((address) =>
              isDead(situation, each, each.addresses.indexOf(address)),
            );
            const { forced } = snapshot.endpoints.get(each.id) ?? {};
            // Forced state wins in any case.
            expect(forced).to.not.equal("down");
            if (isAlive) expect(dead.map(({ text }) => text)).to.deep.equal([]);
            if (dead.length > 0) met.add("dead");
            if (isAlive) met.add(`rung ${slice.evaluation.rung}`);
          }
        }
        if (evaluation.slices !== undefined) met.add("slices");
        const walk = (next: Expression): void => {
          met.add(next.kind);
          for (const child of childrenOf(next)) walk(child);
        };
        walk(expression);
      }),
      { numRuns: 2_500 },
    );
  });

  it("has met all that there is", () => {
    expect(
      [...KINDS, "dead", "slices", "rung 1", "rung 2", "rung 3"].filter((each) => !met.has(each)),
    ).to.deep.equal([]);
  });
});
