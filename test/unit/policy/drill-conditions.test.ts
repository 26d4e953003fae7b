/** When a drill ends before its time: what operators write, what always holds, and rates. */

import { expect } from "chai";
import { describe, it } from "mocha";
import {
  type Condition,
  type MetricCondition,
  parseCondition,
} from "../../../src/policy/drill-condition-text.ts";
import {
  type Baseline,
  type DrillSight,
  noteReading,
  RATE_WINDOW_MS,
  ratePerSecond,
  type SeriesReading,
  sumOf,
  whyHolds,
  whyWorse,
} from "../../../src/policy/drill-conditions.ts";
import type { Rung } from "../../../src/policy/evaluation.ts";
import { definitions, endpoint, type HealthWord, pool, snapshot } from "../../support/policies.ts";

const FRA = pool("frankfurt", [endpoint("frankfurt", "fra-1", ["192.0.2.1"])]);
const VIR = pool("virginia", [
  endpoint("virginia", "iad-1", ["198.51.100.1"]),
  endpoint("virginia", "iad-2", ["198.51.100.2"]),
]);
const POOLS = [FRA, VIR];

function conditionOf(text: string): Condition {
  const parsed = parseCondition(text);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.condition;
}

function metric(text: string): MetricCondition {
  const condition = conditionOf(text);
  if (condition.kind !== "metric") throw new Error(`${text} names no metric`);
  return condition;
}

describe("parseCondition()", () => {
  const rows: readonly (readonly [text: string, expected: object])[] = [
    ["endpoint:virginia/*", { kind: "endpoint", name: "virginia/*" }],
    ["pool:virginia", { kind: "pool", name: "virginia" }],
    [
      "  policy:www.example.com. ",
      { kind: "policy", name: "www.example.com.", text: "policy:www.example.com." },
    ],
    ["a_total rate > 10", { metric: "a_total", matchers: [], isRate: true, comparison: ">", threshold: 10 }],
    ["a<0.5", { metric: "a", isRate: false, comparison: "<", threshold: 0.5 }],
    [
      'a{b="c, \\"d\\"",e!="f"} rate<1e3',
      {
        matchers: [
          { label: "b", value: 'c, "d"', negated: false },
          { label: "e", value: "f", negated: true },
        ],
        isRate: true,
        threshold: 1000,
      },
    ],
    ["a{} > -1", { matchers: [], threshold: -1 }],
  ];
  for (const [text, expected] of rows) {
    it(`reads ${text}`, () => expect(conditionOf(text)).to.deep.include(expected));
  }

  const faults: readonly (readonly [text: string, message: RegExp])[] = [
    ["", /^'' is no condition: expected endpoint:REF/],
    ["virginia", /expected endpoint:REF, pool:NAME/],
    ["pool:", /expected endpoint/],
    ["a{b=c} > 1", /expected labels as in/],
    ['a{b="c} > 1', /expected labels as in/],
    ["a > ten", /'ten' is not a number/],
    ["a >", /expected endpoint/],
    ["a >= 1", /expected endpoint/],
  ];
  for (const [text, message] of faults) {
    it(`refuses '${text}'`, () => {
      const parsed = parseCondition(text);
      expect(parsed.ok ? "it is one" : parsed.message).to.match(message);
    });
  }
});

interface Seen {
  readonly health?: { readonly [id: string]: HealthWord };
  readonly rung?: Rung;
  readonly load?: number;
  readonly series?: readonly SeriesReading[];
  readonly rate?: number;
}

function sightOf({ health = {}, rung = 1, load = 0, series = [], rate }: Seen, text = ""): DrillSight {
  return {
    definitions: definitions(POOLS),
    snapshot: snapshot(POOLS, health),
    policies: [{ owner: "www.example.com.", name: "web", standing: { rung, client: "" } }],
    overfull: load > 0 ? [{ pool: "virginia", load, capacity: 100 }] : [],
    seriesOf: () => series,
    rates: rate === undefined ? new Map() : new Map([[text, rate]]),
  };
}

describe("whyWorse()", () => {
  const BASELINE: Baseline = {
    rungs: new Map(),
    watched: new Set(["virginia/iad-1", "virginia/iad-2"]),
    down: new Set(),
    overfull: new Set(),
  };
  const rows: readonly (readonly [
    what: string,
    seen: Seen,
    baseline: Partial<Baseline>,
    expected: string | undefined,
  ])[] = [
    ["nothing", {}, {}, undefined],
    [
      "an endpoint down",
      { health: { "virginia/iad-2": "down" } },
      {},
      "endpoint virginia/iad-2 is down: down",
    ],
    [
      "one that was down",
      { health: { "virginia/iad-2": "down" } },
      { down: new Set(["virginia/iad-2"]) },
      undefined,
    ],
    ["one that it takes away", { health: { "frankfurt/fra-1": "down" } }, {}, undefined],
    ["one that nobody has probed", { health: { "virginia/iad-1": "unknown" } }, {}, undefined],
    ["one that fails and is not withdrawn", { health: { "virginia/iad-1": "failing" } }, {}, undefined],
    [
      "a policy off its first rung",
      { rung: 2 },
      {},
      "www.example.com. answers from rung 2 of its last resorts",
    ],
    ["one that was foreseen", { rung: 3 }, { rungs: new Map([["www.example.com.", 3 as const]]) }, undefined],
    [
      "one further down",
      { rung: 4 },
      { rungs: new Map([["www.example.com.", 3 as const]]) },
      "www.example.com. answers from rung 4 of its last resorts",
    ],
    ["an overfull pool", { load: 130.00001 }, {}, "pool virginia gets 130 of its capacity of 100"],
    ["one that was foreseen overfull", { load: 130 }, { overfull: new Set(["virginia"]) }, undefined],
  ];
  for (const [what, seen, baseline, expected] of rows) {
    it(`${expected === undefined ? "lets a drill go on at" : "ends a drill at"} ${what}`, () => {
      expect(whyWorse(sightOf(seen), { ...BASELINE, ...baseline })).to.equal(expected);
    });
  }
});

describe("whyHolds()", () => {
  const DROPS: readonly SeriesReading[] = [
    { labels: { reason: "malformed" }, value: 4 },
    { labels: { reason: "rate-limited" }, value: 11 },
  ];
  const rows: readonly (readonly [text: string, seen: Seen, expected: string | undefined])[] = [
    ["endpoint:virginia/*", {}, undefined],
    [
      "endpoint:virginia/*",
      { health: { "virginia/iad-1": "down" } },
      "endpoint virginia/iad-1 is down: down",
    ],
    ["endpoint:virginia", { health: { "virginia/iad-1": "down" } }, "endpoint virginia/iad-1 is down: down"],
    ["endpoint:frankfurt/*", { health: { "virginia/iad-1": "down" } }, undefined],
    ["pool:virginia", { health: { "virginia/iad-1": "down" } }, undefined],
    [
      "pool:vir*",
      { health: { "virginia/iad-1": "down", "virginia/iad-2": "down" } },
      "pool virginia is down",
    ],
    ["policy:web", { rung: 2 }, "www.example.com. answers from rung 2 of its last resorts"],
    ["policy:www.example.com", { rung: 2 }, "www.example.com. answers from rung 2 of its last resorts"],
    ["policy:api", { rung: 2 }, undefined],
    ["policy:web", { rung: 1 }, undefined],
    ["drops > 10", { series: DROPS }, 'drops > 10: {reason="rate-limited"} is 11'],
    ["drops > 11", { series: DROPS }, undefined],
    ['drops{reason="malformed"} > 10', { series: DROPS }, undefined],
    [
      'drops{reason!="malformed"} > 10',
      { series: DROPS },
      'drops{reason!="malformed"} > 10: {reason="rate-limited"} is 11',
    ],
    ["drops < 5", { series: DROPS }, 'drops < 5: {reason="malformed"} is 4'],
    ["drops < 5", { series: [] }, undefined],
    [
      "drops_count > 1",
      { series: [{ metricName: "drops_count", labels: {}, value: 2 }] },
      "drops_count > 1: 2",
    ],
    ["drops > 1", { series: [{ metricName: "drops_count", labels: {}, value: 2 }] }, undefined],
    ["drops rate > 10", { series: DROPS, rate: 10.5 }, "drops rate > 10: it rises by 10.5 a second"],
    ["drops rate > 10", { series: DROPS, rate: 10 }, undefined],
    ["drops rate < 1", { series: DROPS }, undefined],
    ["drops rate < 1", { rate: 0 }, "drops rate < 1: it rises by 0 a second"],
  ];
  for (const [text, seen, expected] of rows) {
    it(`says ${expected ?? "nothing"} of ${text}`, () => {
      expect(whyHolds(conditionOf(text), sightOf(seen, text))).to.equal(expected);
    });
  }
});

describe("ratePerSecond()", () => {
  it("is unknown until the window is full, then of the window alone", () => {
    let readings: readonly { readonly atMs: number; readonly value: number }[] = [];
    const rates: (number | undefined)[] = [];
    // Ten a second for twelve seconds, then nothing.
    for (let second = 0; second <= 24; second++) {
      readings = noteReading(readings, { atMs: second * 1000, value: Math.min(second, 12) * 10 });
      rates.push(ratePerSecond(readings));
      expect(readings.length).to.be.at.most(RATE_WINDOW_MS / 1000 + 1);
    }
    expect(rates[9]).to.equal(undefined);
    expect(rates.slice(10, 13)).to.deep.equal([10, 10, 10]);
    expect(rates[17]).to.equal(5);
    expect(rates[24]).to.equal(0);
  });

  it("is of all series that match", () => {
    const series = [
      { labels: { pool: "a", to: "x" }, value: 1 },
      { labels: { pool: "b", to: "x" }, value: 2 },
      { labels: { pool: "a", to: "y" }, value: 4 },
    ];
    expect(sumOf(metric('m{pool="a"} rate > 1'), series)).to.equal(5);
    expect(sumOf(metric('m{pool="c"} rate > 1'), series)).to.equal(0);
  });
});
