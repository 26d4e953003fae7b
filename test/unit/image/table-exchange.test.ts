/**
 * Decisions that are taken over in part against decisions made anew: the same sequence of changes of health, of holds, of
 * grace, of time and of what host names stand for, and after each of them every answer must be the same.
 */

import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { nameOf } from "../../../src/dns/name.ts";
import { TYPE } from "../../../src/dns/types.ts";
import type { AddressHealth, EndpointHealth, Hold, Holds, Snapshot } from "../../../src/health/snapshot.ts";
import { compileDecisions, type Decisions } from "../../../src/image/decisions.ts";
import { type DecisionTables, OUTCOME } from "../../../src/image/tables.ts";
import { compileZones } from "../../../src/image/zones.ts";
import type { Expression } from "../../../src/policy/expression.ts";
import type { Definitions, Policy } from "../../../src/policy/model.ts";
import { arbitrarySituation, definitions, endpoint, policy, pool, snapshot } from "../../support/policies.ts";
import { setOfPolicies } from "./policy-set.ts";

type Meaning = readonly unknown[];

/** All that an answer can be drawn from, whatever its numbers are. */
function meaningOf(tables: DecisionTables, table: number): Meaning {
  const { outcomes, rungs, ttlSeconds, tableSticky, tableSlots, slotThresholds } = tables;
  const outcome = outcomes[table] ?? 0;
  const slots = spanOf(tableSlots, table);
  const head = [outcome, rungs[table], ttlSeconds[table], tableSticky[table]];
  if (outcome >= OUTCOME.sliced) {
    const below = (numbers: Int32Array, slot: number): Meaning => meaningOf(tables, numbers[slot] ?? 0);
    const children = slots.map((slot) => [
      slotThresholds[slot],
      below(tables.slotCandidates, slot),
      outcome === OUTCOME.mixed ? below(tables.slotAliases, slot) : [],
      outcome === OUTCOME.sticky ? tables.slotParts[tables.slotAliases[slot] ?? -1] : [],
    ]);
    return [...head, children];
  }
  const draws = spanOf(tables.tableDraws, table);
  const first = tables.drawCandidates[draws[0] ?? 0] ?? 0;
  const place = (candidate: number | undefined): number | undefined =>
    candidate === undefined || candidate < 0 ? candidate : candidate - first;
  return [
    ...head,
    draws.map((draw) => [
      tables.drawProbabilities[draw],
      tables.drawAnswers[draw],
      tables.drawRepeats[draw],
      spanOf(tables.drawCandidates, draw).map((candidate) => [
        tables.candidateWeights[candidate],
        tables.candidateSums[candidate],
        tables.candidateEndpoints[candidate],
        tables.candidateKeys[candidate],
        spanOf(tables.candidateOctets, candidate).map((at) => tables.octets[at]),
        spanOf(tables.candidateRecords, candidate).map((at) => tables.records[at]),
      ]),
    ]),
    slots.map((slot) => [
      slotThresholds[slot],
      place(tables.slotCandidates[slot]),
      place(tables.slotAliases[slot]),
    ]),
  ];
}

function spanOf(bounds: Uint32Array, at: number): number[] {
  const first = bounds[at] ?? 0;
  return Array.from({ length: (bounds[at + 1] ?? 0) - first }, (_, index) => first + index);
}

function expectSame(actual: Decisions, expected: Decisions): void {
  const entries = ({ tables }: Decisions): Meaning =>
    Array.from(tables.directory, (table) => meaningOf(tables, table));
  expect(actual.tables.directoryBases).to.deep.equal(expected.tables.directoryBases);
  expect(entries(actual)).to.deep.equal(entries(expected));
  expect(actual.evaluations).to.deep.equal(expected.evaluations);
  expect(new Int32Array(actual.live.bytes)).to.deep.equal(new Int32Array(expected.live.bytes));
  expect(actual.live.withheld).to.deep.equal(expected.live.withheld);
}

/** Hints of every policy, and records that lead to some of them. */
const BESIDE = [
  { type: TYPE.HTTPS, ttlSeconds: 300, rdatas: [Uint8Array.of(0, 1, 0)] },
  {
    type: TYPE.SRV,
    ttlSeconds: 300,
    rdatas: ["p0.example.", "p1.example.", "p2.example."].map((target) =>
      Uint8Array.of(0, 1, 0, 1, 0, 80, ...nameOf(target)),
    ),
  },
];

const POOLS = ["amber", "birch", "cedar", "delta"];
const IDS = POOLS.flatMap((name) => [0, 1, 2].map((index) => `${name}/e${index}`));
const hold: fc.Arbitrary<Hold> = fc.oneof(
  fc.constant<Hold>({ kind: "held", untilMs: undefined }),
  fc.constantFrom(0.25, 0.5).map((part): Hold => ({ kind: "ramping", part })),
);
/** What one step makes another: a few endpoints by what a situation has for them, holds, the clock, addresses. */
const step = fc.record({
  situation: arbitrarySituation,
  ids: fc.uniqueArray(fc.constantFrom(...IDS), { maxLength: 2 }),
  holds: fc.option(fc.tuple(fc.constantFrom(...POOLS, "amber/e0"), fc.option(hold, { nil: undefined })), {
    nil: undefined,
  }),
  passedMs: fc.constantFrom(0, 0, 400, 1_000),
  moved: fc.option(fc.constantFrom(...POOLS), { nil: undefined, freq: 8 }),
});
const sequence = fc.record({
  situations: fc.array(arbitrarySituation, { minLength: 6, maxLength: 6 }),
  graces: fc.array(fc.constantFrom(0, 0, 1_000), { minLength: 4, maxLength: 4 }),
  steps: fc.array(step, { minLength: 3, maxLength: 8 }),
});

/** In turns as they are drawn, below a `sticky`, and with a `sticky` among others, of which chance takes one. */
function policiesOf(drawn: readonly { readonly policy: Policy }[]): Policy[] {
  return drawn.map(({ policy: { expression, whenDown } }, index) => {
    const sticky: Expression = { kind: "sticky", children: [{ weight: 1, expression }] };
    const children = [
      { weight: 1, expression: sticky },
      { weight: 3, expression: { kind: "pool", pool: "birch" } as const },
    ];
    const forms: readonly Expression[] = [expression, sticky, { kind: "weighted", children }];
    return policy(forms[index % forms.length] ?? expression, { whenDown });
  });
}

function withFailing(health: EndpointHealth | undefined, atMs: number): EndpointHealth | undefined {
  const failing = (each: AddressHealth): AddressHealth =>
    each.observed === "down" ? { ...each, failingSinceMs: atMs } : each;
  return health && { ...health, addresses: health.addresses.map(failing) };
}

describe("compileDecisions() with the decisions before", () => {
  it("comes to what it comes to without, for random policies and changes one after the other", () => {
    let kept = 0;
    let made = 0;
    fc.assert(
      fc.property(sequence, ({ situations, graces, steps }) => {
        const pools = (situations[0]?.pools ?? []).map(({ name, endpoints, ...rest }, at) =>
          pool(name, endpoints, { minUp: rest.minUp, answers: rest.answers, graceMs: graces[at] ?? 0 }),
        );
        let current: Definitions = definitions(pools);
        const zones = compileZones(setOfPolicies(policiesOf(situations), current, BESIDE));
        let state: Snapshot = situations[0]?.snapshot ?? snapshot(pools);
        let before = compileDecisions(zones, state);
        for (const { situation, ids, holds, passedMs, moved } of steps) {
          const atMs = state.atMs + passedMs;
          const endpoints = new Map(state.endpoints);
          for (const id of ids) {
            const health = withFailing(situation.snapshot.endpoints.get(id), atMs);
            if (health !== undefined) endpoints.set(id, health);
          }
          const held = new Map<string, Holds>(state.holds);
          if (holds !== undefined) {
            const [id, each] = holds;
            if (each === undefined) held.delete(id);
            else held.set(id, { ipv4: each });
          }
          state = { atMs, endpoints, holds: held };
          const other = situation.pools.find(({ name }) => name === moved);
          if (other !== undefined)
            current = { policies: current.policies, pools: new Map(current.pools).set(other.name, other) };
          const after = compileDecisions(zones, state, current, undefined, before);
          expectSame(after, compileDecisions(zones, state, current));
          for (const [number, evaluation] of after.evaluations.entries()) {
            if (evaluation === before.evaluations[number]) kept++;
            else made++;
          }
          before = after;
        }
      }),
      { seed: 20_261_122, numRuns: 100 },
    );
    expect(kept).to.be.above(500);
    expect(made).to.be.above(500);
  });

  const two = [
    pool("one", [endpoint("one", "a", ["192.0.2.1"])]),
    pool("two", [endpoint("two", "a", ["192.0.2.2"])]),
  ];
  const zones = compileZones(
    setOfPolicies(
      two.map(({ name }) => policy({ kind: "pool", pool: name })),
      definitions(two),
    ),
  );

  it("makes nothing where health differs in words alone", () => {
    const before = compileDecisions(zones, snapshot(two));
    const endpoints = new Map(snapshot(two).endpoints);
    const health: AddressHealth = { observed: "up", passing: true, reason: "status 204", sinceMs: 7 };
    endpoints.set("one/a", { forced: undefined, addresses: [health] });
    const after = compileDecisions(zones, { atMs: 9, endpoints }, undefined, undefined, before);
    expect(after.bytes).to.equal(before.bytes);
    expect(after.snapshot.atMs).to.equal(9);
  });

  it("makes what reaches the changed pool alone", () => {
    const before = compileDecisions(zones, snapshot(two));
    const after = compileDecisions(zones, snapshot(two, { "one/a": "down" }), undefined, undefined, before);
    expect(after.evaluations[0]?.ipv4.rung).to.equal(4);
    expect(after.evaluations[1]).to.equal(before.evaluations[1]);
  });

  it("takes nothing over from other zones", () => {
    const before = compileDecisions(zones, snapshot(two));
    const others = compileZones(setOfPolicies([policy({ kind: "pool", pool: "two" })], definitions(two)));
    const after = compileDecisions(others, snapshot(two), undefined, undefined, before);
    expectSame(after, compileDecisions(others, snapshot(two)));
  });

  it("makes all anew where shared tables have drifted apart", () => {
    // Of ten policies that answer alike now, each can answer from a last resort of its own.
    const lasts = Array.from({ length: 10 }, (_, at) =>
      pool(`p${at}`, [endpoint(`p${at}`, "a", [`192.0.2.${at}`])]),
    );
    const all = [pool("first", [endpoint("first", "a", ["203.0.113.1"])]), ...lasts];
    const many = compileZones(
      setOfPolicies(
        lasts.map(({ name }) =>
          policy({
            kind: "failover",
            children: [
              { kind: "pool", pool: "first" },
              { kind: "all", children: [{ weight: 1, expression: { kind: "pool", pool: name } }] },
            ],
          }),
        ),
        definitions(all),
      ),
    );
    let before = compileDecisions(many, snapshot(all));
    const most: number[] = [];
    for (const { name } of [...lasts, ...lasts]) {
      // Another object, of another meaning, that no answer rests on.
      before = compileDecisions(
        many,
        snapshot(all, { [`${name}/a`]: "failing" }),
        undefined,
        undefined,
        before,
      );
      most.push(before.tables.outcomes.length);
    }
    expect(Math.max(...most)).to.be.within(3, before.tablesAnew * 2 + 2);
  });
});
