import { expect } from "chai";
import { describe, it } from "mocha";
import { UNKNOWN_CLIENT } from "../../../src/geo/client.ts";
import { compileDecisions } from "../../../src/image/decisions.ts";
import { tableOf } from "../../../src/image/tables.ts";
import { compileZones } from "../../../src/image/zones.ts";
import { evaluate, sharesOf } from "../../../src/policy/evaluate.ts";
import type { AddressFamily, Definitions, Endpoint } from "../../../src/policy/model.ts";
import { supposeResolved, withResolved } from "../../../src/policy/resolved.ts";
import { address, definitions, endpoint, policy, pool, snapshot } from "../../support/policies.ts";
import { setOfPolicies } from "../image/policy-set.ts";

function named(poolName: string, name: string): Endpoint {
  return { ...endpoint(poolName, name, []), hostName: `${name}.example.net.` };
}

const NEAR = pool("near", [named("near", "lb")]);
const FAR = pool("far", [endpoint("far", "f", ["198.51.100.1"])]);
const UNRESOLVED = definitions([NEAR, FAR]);
const WWW = policy({
  kind: "failover",
  children: [
    { kind: "pool", pool: "near" },
    { kind: "pool", pool: "far" },
  ],
});

function resolved(ttlSeconds: number, ...texts: string[]): Definitions {
  return withResolved(UNRESOLVED, (hostName) =>
    hostName === "lb.example.net."
      ? { addresses: texts.map(address), ttlSeconds, leadsBack: false }
      : undefined,
  );
}

function answered(live: Definitions, family: AddressFamily = "ipv4") {
  const evaluation = evaluate(WWW, live, snapshot([...live.pools.values()]), UNKNOWN_CLIENT, family);
  const { outcome, ttlSeconds } = evaluation;
  const shares = sharesOf(evaluation).map(({ endpoint, addresses }) =>
    [endpoint.id, addresses.map(({ text }) => text).join(" ")].join(" "),
  );
  return { outcome, ttlSeconds, shares };
}

describe("withResolved()", () => {
  it("gives a host-name endpoint the addresses of its name, and leaves every other object as it is", () => {
    const live = resolved(60, "192.0.2.1", "192.0.2.2");
    expect(answered(live).shares).to.deep.equal(["near/lb 192.0.2.1 192.0.2.2"]);
    expect(live.pools.get("far")).to.equal(FAR);
    const plain = definitions([FAR]);
    expect(withResolved(plain, () => undefined)).to.equal(plain);
  });

  it("leaves a pool whose names were never resolved down, so that the next one answers", () => {
    expect(answered(UNRESOLVED).shares).to.deep.equal(["far/f 198.51.100.1"]);
    const alone = definitions([NEAR]);
    const evaluation = evaluate(
      policy({ kind: "pool", pool: "near" }),
      alone,
      snapshot([NEAR]),
      UNKNOWN_CLIENT,
      "ipv4",
    );
    expect(evaluation.outcome).to.equal("servfail");
  });

  it("answers NODATA for the family that a resolved name has not", () => {
    expect(answered(resolved(60, "192.0.2.1"), "ipv6").outcome).to.equal("nodata");
  });

  for (const [ttlSeconds, expected] of [
    [60, 30],
    [30, 30],
    [7, 7],
  ] as const) {
    it(`answers with TTL ${expected} where the policy says 30 and the resolver ${ttlSeconds}`, () => {
      expect(answered(resolved(ttlSeconds, "192.0.2.1")).ttlSeconds).to.equal(expected);
    });
  }

  it("supposes an address of either family, written as the name", () => {
    for (const family of ["ipv4", "ipv6"] as const) {
      const { shares } = answered(supposeResolved(UNRESOLVED), family);
      expect(shares).to.deep.equal(["near/lb lb.example.net."]);
    }
  });
});

describe("compileDecisions()", () => {
  it("tabulates the addresses that names have at the moment, and counts them to the endpoint of the zones", () => {
    const zones = compileZones(setOfPolicies([WWW], UNRESOLVED));
    const live = resolved(7, "192.0.2.9");
    const { tables, definitions: compiled } = compileDecisions(
      zones,
      snapshot([...live.pools.values()]),
      live,
    );
    const table = tableOf(tables, 0, 0, 0);
    const candidate = tables.drawCandidates[tables.tableDraws[table] ?? 0] ?? 0;
    const octets = tables.octets.subarray(
      tables.candidateOctets[candidate],
      tables.candidateOctets[candidate + 1],
    );
    expect([...octets]).to.deep.equal([192, 0, 2, 9]);
    expect(tables.ttlSeconds[table]).to.equal(7);
    expect(tables.candidateEndpoints[candidate]).to.equal(0);
    expect(compiled).to.equal(live);
  });
});
