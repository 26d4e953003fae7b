/**
 * The example zones of `zones/`: clean to the strict check, and held to what they are for. Every policy has an expectation
 * for each loss of one region and of two, for each class of clients that it tells apart; nothing but loopback is probed.
 */

import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { formatName, namesEqual } from "../../../src/dns/name.ts";
import { clientSignature } from "../../../src/policy/client-signature.ts";
import { poolNamed } from "../../../src/policy/definitions.ts";
import { distinctClients } from "../../../src/policy/distinct-clients.ts";
import type { Policy, Pool } from "../../../src/policy/model.ts";
import { reachOf } from "../../../src/policy/reach.ts";
import { formatDiagnostic } from "../../../src/zone/diagnostic.ts";
import type { Expectation, Zone, ZoneSet } from "../../../src/zone/model.ts";
import { loadFolder, loadTexts, zoneFilesIn } from "../../support/zones.ts";

const FOLDER = join(import.meta.dirname, "../../../zones");

interface OwnedPolicy {
  readonly zone: Zone;
  readonly key: string;
  readonly owner: string;
  readonly policy: Policy;
}

function servedPolicies({ zones }: ZoneSet): OwnedPolicy[] {
  return zones.flatMap((zone) =>
    Array.from(zone.nodes.policies, ([key, policy]) => {
      const owner = zone.nodes.get(key)?.owner;
      return { zone, key, owner: owner === undefined ? "" : formatName(owner), policy };
    }),
  );
}

/** The pools that can be lost: a page that says sorry is probed by nobody. */
function regionsOf({ expression }: Policy, { definitions }: ZoneSet): string[] {
  const { pools } = reachOf(expression, definitions);
  return [...pools].filter((name) => isProbed(poolNamed(name, definitions)));
}

function isProbed({ endpoints }: Pool): boolean {
  return endpoints.some(({ monitor }) => monitor.kind !== "none");
}

/** Each one of them, and each two. */
function losses(regions: readonly string[]): string[][] {
  const pairs = regions.flatMap((one, index) => regions.slice(index + 1).map((other) => [one, other]));
  return [...regions.map((one) => [one]), ...pairs];
}

/** The pools that it supposes down, whole ones alone; `undefined` where it supposes anything else. */
function lostIn({ suppositions }: Expectation, { definitions }: ZoneSet): string[] | undefined {
  const down = new Set(suppositions.flatMap(({ endpointIds }) => endpointIds));
  const pools = [...new Set(Array.from(down, (id) => id.slice(0, id.indexOf("/"))))];
  const isWhole = (pool: string): boolean =>
    poolNamed(pool, definitions).endpoints.every(({ id }) => down.has(id));
  return suppositions.every(({ state }) => state === "down") && pools.every(isWhole) ? pools : undefined;
}

/** What no expectation is about, in words. */
function unexpected({ zone, key, policy }: OwnedPolicy, set: ZoneSet): string[] {
  const { definitions, expectations } = set;
  const { expression } = policy;
  const owner = zone.nodes.get(key)?.owner;
  const wordsOf = (client: Expectation["client"], lost: readonly string[]): string =>
    `${[...lost].sort().join(" and ")} down for ${clientSignature(expression, definitions, client)}`;
  const expected = new Set(
    expectations
      .filter((one) => owner !== undefined && namesEqual(one.owner, owner))
      .map((one) => wordsOf(one.client, lostIn(one, set) ?? ["something else"])),
  );
  const wanted = distinctClients(expression, definitions).flatMap((client) =>
    losses(regionsOf(policy, set)).map((lost) => wordsOf(client, lost)),
  );
  return [...new Set(wanted)].filter((words) => !expected.has(words));
}

describe("the example zones", () => {
  const { set, diagnostics, tested } = loadFolder(FOLDER, zoneFilesIn(FOLDER));
  if (set === undefined) throw new Error(diagnostics.map(formatDiagnostic).join("\n"));

  it("pass the strict check, and are served whole", () => {
    expect(diagnostics.map(formatDiagnostic)).to.deep.equal([]);
  });

  it("meet every expectation", () => {
    expect(tested.filter(({ result }) => result.kind !== "met")).to.deep.equal([]);
    expect(tested.length).to.equal(set.expectations.length);
  });

  for (const owned of servedPolicies(set)) {
    it(`say of ${owned.owner} what every loss of one region and of two makes of it`, () => {
      expect(regionsOf(owned.policy, set).length).to.be.greaterThan(1);
      expect(unexpected(owned, set)).to.deep.equal([]);
    });
  }

  it("show three regions by place with failover in it, by network and by load, and a dry run", () => {
    const kinds = servedPolicies(set)
      .filter(({ policy }) => regionsOf(policy, set).length === 3)
      .flatMap(({ policy }) => Array.from(reachOf(policy.expression, set.definitions).kinds));
    expect(kinds).to.include.members(["geo", "failover", "sticky", "spill", "weighted"]);
    expect(set.zones.flatMap(({ dryRuns }) => [...dryRuns.keys()])).to.have.length(1);
  });

  it("probe nothing but loopback", () => {
    const probed = [...set.definitions.pools.values()].filter(isProbed).flatMap(({ endpoints }) => endpoints);
    expect(probed.map(({ probe }) => probe?.host)).to.deep.equal(probed.map(() => "127.0.0.1"));
  });
});

describe("the count of what has an expectation", () => {
  const text = (expectations: string): string => `$TTL 60
@ SOA ns h 1 1h 10m 2w 30
@ NS ns
ns A 192.0.2.53
$MONITOR m tcp port=80
$POOL a monitor=m
  a1 192.0.2.1
  a2 192.0.2.2
$POOL b monitor=m
  b1 192.0.2.3
$POOL sorry monitor=none
  s1 192.0.2.4
www POLICY geo ( country:FR=failover ( a b sorry ) country:DE=failover ( a b sorry ) *=failover ( b a ) )
${expectations}`;
  const rows: readonly (readonly [what: string, expectations: string, missing: number])[] = [
    ["nothing", "", 6],
    ["a loss of one", "$EXPECT www A when a=down is b\n", 5],
    ["a loss of both, in either order", "$EXPECT www A when b=down a=down is b\n", 5],
    ["a loss of one endpoint of two", "$EXPECT www A when a/a1=down is b\n", 6],
    ["a drain", "$EXPECT www A when a=drain is b\n", 6],
    ["clients that are treated alike", "$EXPECT www A from country:DE when a=down is b\n", 5],
    ["another name", "x A 192.0.2.9\n", 6],
  ];
  for (const [what, expectations, missing] of rows) {
    it(`misses ${missing} of 6 with an expectation for ${what}`, () => {
      const { set } = loadTexts({ "x.zone": text(expectations) });
      if (set === undefined) throw new Error("the text is faulty");
      const [owned] = servedPolicies(set);
      expect(owned === undefined ? [] : unexpected(owned, set)).to.have.length(missing);
    });
  }
});
