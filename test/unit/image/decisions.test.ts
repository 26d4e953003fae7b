import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { nameOf } from "../../../src/dns/name.ts";
import { TYPE } from "../../../src/dns/types.ts";
import type { Hold } from "../../../src/health/snapshot.ts";
import { classOfAddressAt } from "../../../src/image/clients.ts";
import { compileDecisions } from "../../../src/image/decisions.ts";
import {
  candidateOf,
  createDrawRoom,
  drawCandidatesInOrder,
  drawOf,
  sliceOf,
} from "../../../src/image/draws.ts";
import { ALL_ANSWERS, type DecisionTables, OUTCOME, tableOf } from "../../../src/image/tables.ts";
import { compileZones, type PolicyEntry } from "../../../src/image/zones.ts";
import { cnameTargetOf } from "../../../src/policy/cname.ts";
import { evaluate, sharesOf } from "../../../src/policy/evaluate.ts";
import type { Candidate, Evaluation } from "../../../src/policy/evaluation.ts";
import type { AddressFamily } from "../../../src/policy/model.ts";
import { seededRandom } from "../../support/answering.ts";
import {
  arbitrarySituation,
  cnameEndpoint,
  definitions,
  endpoint,
  policy,
  pool,
  snapshot,
} from "../../support/policies.ts";
import { setOfPolicies } from "./policy-set.ts";

const FAMILIES: readonly AddressFamily[] = ["ipv4", "ipv6"];

/** The probability of being drawn first that a table gives to each endpoint, its draws and candidates expanded. */
function sharesOfTable(tables: DecisionTables, table: number, entry: PolicyEntry): Map<string, number> {
  const shares = new Map<string, number>();
  let before = 0;
  for (let draw = tables.tableDraws[table] ?? 0; draw < (tables.tableDraws[table + 1] ?? 0); draw++) {
    const probability = (tables.drawProbabilities[draw] ?? 0) - before;
    before = tables.drawProbabilities[draw] ?? 0;
    const first = tables.drawCandidates[draw] ?? 0;
    const end = tables.drawCandidates[draw + 1] ?? 0;
    const sum = tables.candidateSums[end - 1] ?? 0;
    for (let candidate = first; candidate < end; candidate++) {
      const lower = candidate === first ? 0 : (tables.candidateSums[candidate - 1] ?? 0);
      const part = ((tables.candidateSums[candidate] ?? 0) - lower) / sum;
      const id = entry.endpoints[tables.candidateEndpoints[candidate] ?? -1]?.id ?? "?";
      shares.set(id, (shares.get(id) ?? 0) + probability * part);
    }
  }
  return shares;
}

/** Whether every candidate's octets are the addresses that the evaluation gives it, in order. */
function addressesOfTable(tables: DecisionTables, table: number): string[] {
  const texts: string[] = [];
  const first = tables.drawCandidates[tables.tableDraws[table] ?? 0] ?? 0;
  const end = tables.drawCandidates[tables.tableDraws[table + 1] ?? 0] ?? 0;
  for (let candidate = first; candidate < end; candidate++) {
    const from = tables.candidateOctets[candidate] ?? 0;
    texts.push(tables.octets.subarray(from, tables.candidateOctets[candidate + 1]).join("."));
  }
  return texts;
}

function outcomeOf({ outcome, draws }: Evaluation): number {
  const endpoints = draws.flatMap(({ candidates }) => candidates.map(({ endpoint }) => endpoint));
  const hasCname = endpoints.some((each) => cnameTargetOf(each) !== undefined);
  return hasCname ? OUTCOME.cname : OUTCOME[outcome];
}

function rdatasOf({ endpoint, addresses }: Candidate): Uint8Array[] {
  const target = cnameTargetOf(endpoint);
  return target === undefined ? addresses.map(({ octets }) => octets) : [nameOf(target)];
}

/** The records of every candidate, as type, TTL and rdata. */
function recordsOf({ draws, ttlSeconds }: Evaluation, family: AddressFamily): string[] {
  return draws.flatMap(({ candidates }) =>
    candidates.flatMap((candidate) => {
      const isCname = cnameTargetOf(candidate.endpoint) !== undefined;
      const type = isCname ? TYPE.CNAME : family === "ipv4" ? TYPE.A : TYPE.AAAA;
      return rdatasOf(candidate).map((octets) => `${type} ${ttlSeconds} ${octets.join(".")}`);
    }),
  );
}

function recordsOfTable(tables: DecisionTables, table: number): string[] {
  const { records, candidateRecords } = tables;
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
  const texts: string[] = [];
  const first = tables.drawCandidates[tables.tableDraws[table] ?? 0] ?? 0;
  const end = tables.drawCandidates[tables.tableDraws[table + 1] ?? 0] ?? 0;
  let at = candidateRecords[first] ?? 0;
  while (at < (candidateRecords[end] ?? 0)) {
    const length = view.getUint16(at + 10);
    const rdata = records.subarray(at + 12, at + 12 + length);
    texts.push(`${view.getUint16(at + 2)} ${view.getUint32(at + 6)} ${rdata.join(".")}`);
    at += 12 + length;
  }
  return texts;
}

describe("compileDecisions()", () => {
  it("tabulates what evaluate() says, for random policies, healths and clients", () => {
    fc.assert(
      fc.property(arbitrarySituation, ({ definitions, policy, snapshot, client }) => {
        const zones = compileZones(setOfPolicies([policy], definitions));
        const { tables } = compileDecisions(zones, snapshot);
        const entry = zones.policies[0];
        if (entry === undefined) throw new Error("the policy has no entry");
        const octets = client.network?.octets;
        const classNumber = octets === undefined ? 0 : classOfAddressAt(entry.clients.words, 0, octets, 4);
        FAMILIES.forEach((family, index) => {
          const evaluation = evaluate(policy, definitions, snapshot, client, family);
          const table = tableOf(tables, 0, classNumber, index === 0 ? 0 : 1);
          expect(tables.outcomes[table]).to.equal(outcomeOf(evaluation));
          expect(tables.policyCnames[0] === 1).to.equal(
            entry.endpoints.some((each) => cnameTargetOf(each) !== undefined),
          );
          expect(tables.ttlSeconds[table]).to.equal(evaluation.ttlSeconds);
          const shares = sharesOfTable(tables, table, entry);
          const expected = sharesOf(evaluation);
          expect([...shares.keys()].sort()).to.deep.equal(expected.map(({ endpoint }) => endpoint.id).sort());
          for (const { endpoint, share } of expected) {
            expect(shares.get(endpoint.id)).to.be.closeTo(share, 1e-9);
          }
          expect(addressesOfTable(tables, table)).to.deep.equal(
            evaluation.draws.flatMap(({ candidates }) =>
              candidates.map((candidate) =>
                rdatasOf(candidate)
                  .map((octets) => octets.join("."))
                  .join("."),
              ),
            ),
          );
          expect(recordsOfTable(tables, table)).to.deep.equal(recordsOf(evaluation, family));
          const firstDraw = tables.tableDraws[table] ?? 0;
          expect(evaluation.draws.map((_, draw) => tables.drawAnswers[firstDraw + draw])).to.deep.equal(
            evaluation.draws.map(({ answers }) => Math.min(answers, ALL_ANSWERS)),
          );
        });
      }),
      { seed: 20_261_122, numRuns: 300 },
    );
  });

  it("slices the clients as evaluate() does, for random policies and holds", () => {
    const arbitraryHold = fc.oneof(
      fc.constant<Hold>({ kind: "held", untilMs: undefined }),
      fc.integer({ min: 1, max: 20 }).map((step): Hold => ({ kind: "ramping", part: step / 21 })),
    );
    const holdsOf = fc
      .dictionary(fc.constantFrom("amber", "birch", "cedar", "delta"), arbitraryHold, { minKeys: 1 })
      .map(
        (holds) => new Map(Object.entries(holds).map(([name, hold]) => [name, { ipv4: hold, ipv6: hold }])),
      );
    let sliced = 0;
    fc.assert(
      fc.property(arbitrarySituation, holdsOf, ({ definitions, policy, snapshot }, holds) => {
        const health = { ...snapshot, holds };
        const zones = compileZones(setOfPolicies([policy], definitions));
        const { tables, evaluations } = compileDecisions(zones, health);
        const entry = zones.policies[0];
        if (entry === undefined) throw new Error("the policy has no entry");
        FAMILIES.forEach((family, index) => {
          const table = tableOf(tables, 0, 0, index === 0 ? 0 : 1);
          const slices = evaluations[0]?.[family].slices;
          expect(tables.outcomes[table] === OUTCOME.sliced).to.equal(slices !== undefined);
          let from = 0;
          for (const { upTo, evaluation } of slices ?? []) {
            sliced++;
            for (const position of [from, (from + upTo) / 2]) {
              const slice = sliceOf(tables, table, Math.ceil(position * 2 ** 32));
              expect(tables.outcomes[slice]).to.equal(outcomeOf(evaluation));
              const shares = sharesOfTable(tables, slice, entry);
              for (const { endpoint, share } of sharesOf(evaluation)) {
                expect(shares.get(endpoint.id)).to.be.closeTo(share, 1e-9);
              }
            }
            from = upTo;
          }
          if (slices !== undefined) {
            expect(sliceOf(tables, table, 2 ** 32 - 1)).to.equal(
              sliceOf(tables, table, Math.ceil(from * 2 ** 32) - 1),
            );
          }
        });
      }),
      { seed: 20_261_122, numRuns: 300 },
    );
    expect(sliced).to.be.greaterThan(100);
  });

  it("shares the tables of policies that come to the same, and keeps the evaluations of the unknown client", () => {
    const one = pool("one", [endpoint("one", "a", ["192.0.2.1"])]);
    const same = policy({ kind: "pool", pool: "one" });
    const again = policy({ kind: "failover", children: [{ kind: "pool", pool: "one" }] });
    const zones = compileZones(setOfPolicies([same, again], definitions([one])));
    const { tables, evaluations } = compileDecisions(zones, snapshot([one]));
    expect(tableOf(tables, 0, 0, 0)).to.equal(tableOf(tables, 1, 0, 0));
    expect(evaluations.map(({ ipv4, ipv6 }) => [ipv4.outcome, ipv6.outcome])).to.deep.equal([
      ["answer", "nodata"],
      ["answer", "nodata"],
    ]);
  });

  it("shares no table between CNAMEs that lead to different names", () => {
    const one = pool("one", [cnameEndpoint("one", "a")]);
    const two = pool("two", [cnameEndpoint("two", "a")]);
    const policies = [one, two].map(({ name }) => policy({ kind: "pool", pool: name }));
    const zones = compileZones(setOfPolicies(policies, definitions([one, two])));
    const { tables } = compileDecisions(zones, snapshot([one, two]));
    expect(tableOf(tables, 0, 0, 0)).to.equal(tableOf(tables, 0, 0, 1));
    expect(tableOf(tables, 0, 0, 0)).to.not.equal(tableOf(tables, 1, 0, 0));
  });

  it("takes 10,000 endpoints in 1,000 policies in seconds at most", () => {
    const pools = Array.from({ length: 1_000 }, (_, at) =>
      pool(
        `p${at}`,
        Array.from({ length: 10 }, (_, index) =>
          endpoint(`p${at}`, `e${index}`, [`10.0.${at % 250}.${index}`]),
        ),
      ),
    );
    const policies = pools.map(({ name }) => policy({ kind: "pool", pool: name }));
    const zones = compileZones(setOfPolicies(policies, definitions(pools)));
    const health = snapshot(pools);
    const startedMs = performance.now();
    compileDecisions(zones, health);
    expect(performance.now() - startedMs).to.be.below(10_000);
  });
});

describe("drawing from tables", () => {
  const DRAWS = 40_000;
  const WEIGHTS = [5, 3, 2];
  const three = (answers: number) =>
    pool(
      "three",
      WEIGHTS.map((weight, index) => endpoint("three", `e${index}`, [`192.0.2.${index}`], weight)),
      { answers },
    );
  const tablesOf = (answers: number): DecisionTables => {
    const zones = compileZones(
      setOfPolicies([policy({ kind: "pool", pool: "three" })], definitions([three(answers)])),
    );
    return compileDecisions(zones, snapshot([three(answers)])).tables;
  };

  it("candidateOf() draws by weight", () => {
    const tables = tablesOf(1);
    const random = seededRandom(1);
    const counts = [0, 0, 0];
    for (let count = 0; count < DRAWS; count++) {
      const candidate = candidateOf(tables, drawOf(tables, 0, random), random);
      counts[candidate] = (counts[candidate] ?? 0) + 1;
    }
    counts.forEach((count, index) => {
      expect(count / DRAWS).to.be.closeTo((WEIGHTS[index] ?? 0) / 10, 0.01);
    });
  });

  it("drawCandidatesInOrder() draws one after the other without replacement", () => {
    const tables = tablesOf(2);
    const random = seededRandom(2);
    const room = createDrawRoom();
    const counts = new Map<string, number>();
    for (let count = 0; count < DRAWS; count++) {
      const drawn = drawCandidatesInOrder(tables, drawOf(tables, 0, random), random, room);
      expect(drawn).to.equal(2);
      const order = room.order.subarray(0, drawn).join(" ");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    for (const [first, firstWeight] of WEIGHTS.entries()) {
      for (const [second, secondWeight] of WEIGHTS.entries()) {
        const share = (counts.get(`${first} ${second}`) ?? 0) / DRAWS;
        const expected = first === second ? 0 : (firstWeight / 10) * (secondWeight / (10 - firstWeight));
        expect(share, `${first} then ${second}`).to.be.closeTo(expected, 0.01);
      }
    }
  });

  it("drawCandidatesInOrder() takes every candidate where `answers` is all", () => {
    const tables = tablesOf(Number.POSITIVE_INFINITY);
    const room = createDrawRoom();
    const drawn = drawCandidatesInOrder(tables, 0, seededRandom(3), room);
    expect([...room.order.subarray(0, drawn)].sort((one, other) => one - other)).to.deep.equal([0, 1, 2]);
  });
});
