/**
 * Every kind of expression does what the chart at the head of its file says: the rows of the chart are the rows of the test.
 * A cell `any` stands for each of the values that its column has.
 */

import { expect } from "chai";
import { describe, it } from "mocha";
import { type Client, NOWHERE, UNKNOWN_CLIENT } from "../../../src/geo/client.ts";
import { networkOf } from "../../../src/geo/network.ts";
import type { Forced } from "../../../src/health/verdict.ts";
import { decide } from "../../../src/policy/decide.ts";
import type { Expression, ExpressionKind, GeoEntry, GeoMatch } from "../../../src/policy/expression.ts";
import { isAddressUp } from "../../../src/policy/group.ts";
import type { Location, Pool } from "../../../src/policy/model.ts";
import type { NodeResult, Question } from "../../../src/policy/node.ts";
import { poolPartsOf } from "../../../src/policy/pool-parts.ts";
import { type Chart, chartsIn, chartsOf, combinations } from "../../support/charts.ts";
import {
  address,
  addressHealth,
  clientAt,
  definitions,
  endpoint,
  type HealthWord,
  pool,
  snapshot,
} from "../../support/policies.ts";

const UP_OR_DOWN = ["up", "down"];
const ref = (name: string): Expression => ({ kind: "pool", pool: name });
const NAMES = ["a", "b", "c", "d", "e", "f"];
const poolOf = (name: string, changes: Partial<Pool> = {}): Pool =>
  pool(name, [endpoint(name, "one", [`192.0.2.${NAMES.indexOf(name) + 1}`])], changes);
const POOLS = NAMES.map((name) => poolOf(name));

/** On rung 1: what the ladder makes of «down» is another matter. */
function decided(expression: Expression, down: readonly string[], asked: Partial<Question> = {}): NodeResult {
  const pools = [...(asked.definitions?.pools.values() ?? POOLS)];
  const health: { [id: string]: HealthWord } = {};
  for (const name of down) health[`${name}/one`] = "down";
  return decide(expression, {
    definitions: definitions(pools),
    snapshot: snapshot(pools, health),
    client: UNKNOWN_CLIENT,
    family: "ipv4",
    rung: 1,
    position: 0,
    demand: undefined,
    sticky: undefined,
    traced: false,
    ...asked,
  });
}

/** `down`, `NODATA`, `a`, `a 70 %, b 30 %`, or `a and b` where they stand in one answer. */
function answerOf({ draws }: NodeResult): string {
  if (draws.length === 0) return "down";
  const together = draws.find(({ candidates }) => candidates.length > 1);
  if (together !== undefined)
    return together.candidates.map(({ endpoint: { pool: name } }) => name).join(" and ");
  const parts = [...poolPartsOf(draws)];
  if (parts.length === 0) return "NODATA";
  if (parts.length === 1) return parts[0]?.[0] ?? "";
  return parts.map(([name, part]) => `${name} ${Math.round(part * 100)} %`).join(", ");
}

function onlyChart(kind: string): Chart {
  const [chart, ...others] = chartsOf(`src/policy/${kind}.ts`);
  if (chart === undefined || others.length > 0) throw new Error(`src/policy/${kind}.ts has not one chart`);
  return chart;
}

/** A test for each row; `hold` throws where the row does not hold. */
function rowsOf(chart: Chart, hold: (row: readonly string[]) => void): void {
  for (const row of chart.rows) it(row.join(" | "), () => hold(row));
}

const choicesOf = (cell: string, all: readonly string[]): readonly string[] =>
  cell === "any" ? all : [cell];

describe("the chart of", () => {
  const weigh = (columns: readonly string[]) =>
    columns.map((column) => ({
      weight: Number(column.split("=")[1] ?? 1),
      expression: ref(column.charAt(0)),
    }));
  const byHealth: Partial<Record<ExpressionKind, (columns: readonly string[]) => Expression>> = {
    failover: (columns) => ({ kind: "failover", children: columns.map(ref) }),
    weighted: (columns) => ({ kind: "weighted", children: weigh(columns) }),
    sticky: (columns) => ({ kind: "sticky", children: weigh(columns) }),
    all: (columns) => ({ kind: "all", children: weigh(columns) }),
  };
  for (const [kind, expressionOf] of Object.entries(byHealth)) {
    describe(kind, () => {
      const chart = onlyChart(kind);
      const names = chart.columns.slice(0, -1);
      rowsOf(chart, (row) => {
        const cells = row.slice(0, -1).map((cell) => choicesOf(cell, UP_OR_DOWN));
        for (const states of combinations(cells)) {
          const down = names.filter((_, at) => states[at] === "down").map((name) => name.charAt(0));
          const result = decided(expressionOf(names), down);
          expect(answerOf(result), `down: ${down.join()}`).to.equal(row.at(-1));
          for (const draw of result.draws) expect(draw.sticky !== undefined).to.equal(kind === "sticky");
        }
      });
    });
  }

  describe("geo", () => {
    const chart = onlyChart("geo");
    const matches: readonly GeoMatch[] = [
      { kind: "net", network: networkOf(address("10.0.0.0").octets, 8), text: "10.0.0.0/8" },
      { kind: "asn", asn: 64_500 },
      { kind: "subdivision", country: "US", subdivision: "CA" },
      { kind: "country", country: "US" },
      { kind: "continent", continent: "NA" },
      { kind: "any" },
    ];
    /** The client that matches just those; `undefined` where there is none: who is in California is in the US. */
    const clientOf = (states: readonly string[]): Client | undefined => {
      const [net, asn, subdivision, country, continent] = states.map((state) => state !== "–");
      if (subdivision && !country) return undefined;
      return {
        network: clientAt(net ? "10.1.2.3" : "192.0.2.1").network,
        place: {
          ...NOWHERE,
          asn: asn ? 64_500 : undefined,
          country: country ? "US" : undefined,
          subdivision: subdivision ? "CA" : undefined,
          continent: continent ? "NA" : undefined,
        },
      };
    };
    rowsOf(chart, (row) => {
      const cells = row
        .slice(0, -1)
        .map((cell, at) => choicesOf(cell, at === 5 ? [...UP_OR_DOWN, "nodata"] : [...UP_OR_DOWN, "–"]));
      let tried = 0;
      for (const states of combinations(cells)) {
        const client = clientOf(states);
        if (client === undefined) continue;
        tried++;
        const entries = matches.map(
          (match, at): GeoEntry => ({
            match,
            expression: states[at] === "nodata" ? "nodata" : ref(NAMES[at] ?? ""),
          }),
        );
        const down = NAMES.filter((_, at) => states[at] === "down");
        // Last things first: the order of kinds decides, not that of the entries.
        const result = decided({ kind: "geo", entries: entries.toReversed() }, down, { client });
        expect(answerOf(result), states.join(" ")).to.equal(row.at(-1));
      }
      expect(tried).to.be.greaterThan(0);
    });
  });

  describe("nearest", () => {
    const KM_A_DEGREE = 111.2;
    const locationOf = (distance: string): Location | undefined => {
      const [, km] = /^(\d+) km$/.exec(distance) ?? [];
      if (km === undefined) return undefined;
      return { kind: "coordinates", latitude: Number(km) / KM_A_DEGREE, longitude: 0 };
    };
    rowsOf(onlyChart("nearest"), (row) => {
      const [places = "", farA = "", farB = "", a = "", b = "", answer] = row;
      const distances = ["900 km", "300 km", "not known"];
      const cells = [
        choicesOf(places, ["known", "not known"]),
        choicesOf(farA === "–" ? "any" : farA, distances),
        choicesOf(farB === "–" ? "any" : farB, distances),
        choicesOf(a, UP_OR_DOWN),
        choicesOf(b, UP_OR_DOWN),
      ];
      for (const states of combinations(cells)) {
        const [place, toA = "", toB = "", isA, isB] = states;
        const pools = [
          poolOf("a", { location: locationOf(toA) }),
          poolOf("b", { location: locationOf(toB) }),
        ];
        const here = { ...NOWHERE, coordinates: { latitude: 0, longitude: 0 } };
        const client = { network: undefined, place: place === "known" ? here : undefined };
        const down = [...(isA === "down" ? ["a"] : []), ...(isB === "down" ? ["b"] : [])];
        const result = decided({ kind: "nearest", children: [ref("a"), ref("b")] }, down, {
          client,
          definitions: definitions(pools),
        });
        expect(answerOf(result), states.join(" ")).to.equal(answer);
      }
    });
  });

  describe("spill", () => {
    const capacities = [100, 50, 50];
    const pools = capacities.map((capacity, at) => poolOf(NAMES[at] ?? "", { capacity }));
    const names = pools.map(({ name }) => name);
    rowsOf(onlyChart("spill"), (row) => {
      const demand = Number(row[3]);
      const down = names.filter((_, at) => row[at] === "down");
      const expression: Expression = { kind: "spill", children: names.map(ref) };
      const { draws } = decided(expression, down, {
        definitions: definitions(pools),
        demand: { amount: demand, given: new Map(), isEstimate: false },
      });
      const parts = poolPartsOf(draws);
      const loads = names.map((name, at) => {
        const load = Number(((parts.get(name) ?? 0) * demand).toFixed(6));
        return load === 0 ? "–" : `${load}${load > (capacities[at] ?? 0) ? ", over" : ""}`;
      });
      expect(loads).to.deep.equal(row.slice(4));
    });
  });

  for (const [what, expression] of [
    ["pool", ref("a")],
    ["endpoint, as a pool of one", { kind: "endpoint", pool: "a", endpoint: "one" }],
  ] as const) {
    describe(what, () => {
      const node = expression.kind === "pool" ? "a" : "a/one";
      const HOLDS = {
        no: undefined,
        "by `failback`": { kind: "held", untilMs: undefined },
        "slow start, client after": { kind: "ramping", part: 0.5 },
        "slow start, client within": { kind: "ramping", part: 0.5 },
      } as const;
      const words = Object.keys(HOLDS);
      const isHold = (word: string): word is keyof typeof HOLDS => words.includes(word);
      rowsOf(onlyChart("pool"), ([judged, held = "", family = "", result = ""]) => {
        const holds = held === "no, or within" ? ["no", "slow start, client within"] : choicesOf(held, words);
        for (const [hold = "", has] of combinations([holds, choicesOf(family, ["has none", "has some"])])) {
          if (!isHold(hold)) throw new Error(`no way to hold a pool back: ${hold}`);
          const addresses = has === "has some" ? ["192.0.2.1"] : ["2001:db8::1"];
          const pools = [pool("a", [endpoint("a", "one", addresses)])];
          const health = snapshot(pools, { "a/one": judged === "down" ? "down" : "up" });
          const kept = HOLDS[hold];
          const holdings = kept && new Map([[node, { ipv4: kept, ipv6: kept }]]);
          const found = decided(expression, [], {
            definitions: definitions(pools),
            snapshot: holdings === undefined ? health : { ...health, holds: holdings },
            position: hold.endsWith("after") ? 0.75 : 0.25,
          });
          const expected = result.startsWith("those up") ? "a" : result;
          expect(answerOf(found), `${hold}, ${has}`).to.equal(expected);
        }
      });
    });
  }

  describe("group, of an address by rung", () => {
    const [chart] = chartsOf("src/policy/group.ts");
    const OBSERVED: Readonly<Record<string, readonly HealthWord[]>> = {
      any: ["up", "failing", "passing", "unknown", "down"],
      up: ["up", "failing"],
      unknown: ["unknown"],
      "up, or passing": ["up", "failing", "passing"],
      "down or unknown": ["down", "unknown"],
      "down, passing (held)": ["passing"],
      "down, failing": ["down"],
    };
    const FORCED: Readonly<Record<string, Forced | undefined>> = { up: "up", down: "down", drain: "drain" };
    rowsOf(chart ?? { columns: [], rows: [] }, ([forced = "", observed = "", ...rungs]) => {
      const words = OBSERVED[observed] ?? [];
      expect(words).to.not.equal([]);
      for (const word of words) {
        const found = ([1, 2, 3, 4] as const).map((rung) =>
          isAddressUp(FORCED[forced], addressHealth(word), rung) ? "yes" : "no",
        );
        expect(found, word).to.deep.equal(rungs);
      }
    });
  });

  it("every kind of expression is one of these", () => {
    // A policy stands for another expression, and decides nothing.
    const kinds: Readonly<Record<Exclude<ExpressionKind, "policy">, string>> = {
      failover: "failover",
      weighted: "weighted",
      sticky: "sticky",
      all: "all",
      geo: "geo",
      nearest: "nearest",
      spill: "spill",
      pool: "pool",
      endpoint: "pool",
    };
    for (const file of Object.values(kinds)) expect(onlyChart(file).rows.length).to.be.greaterThan(3);
  });
});

describe("chartsIn()", () => {
  it("reads the tables of the first comment, and no others", () => {
    const text =
      "/**\n * | a | b=1 |\n * | - | --- |\n * | x, y | – |\n *\n * | c |\n * | - |\n */\n/*\n * | d |\n */\n";
    expect(chartsIn(text)).to.deep.equal([
      { columns: ["a", "b=1"], rows: [["x, y", "–"]] },
      { columns: ["c"], rows: [] },
    ]);
  });

  it("refuses a row that has not as many cells as there are columns", () => {
    expect(() => chartsIn("/**\n * | a | b |\n * | - | - |\n * | x |\n */")).to.throw(/has not 2 cells: x/);
  });
});
