/** What speaks against forcing endpoints out. */

import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { forcedStatesAt, withForcedStates } from "../../../src/health/override.ts";
import type { Snapshot } from "../../../src/health/snapshot.ts";
import type { Forced } from "../../../src/health/verdict.ts";
import { distinctClients } from "../../../src/policy/distinct-clients.ts";
import { evaluate } from "../../../src/policy/evaluate.ts";
import { type OwnedPolicy, objectionsTo, type Stakes } from "../../../src/policy/forcing.ts";
import type { AddressFamily, Definitions } from "../../../src/policy/model.ts";
import { familiesOf, reachOf } from "../../../src/policy/reach.ts";
import {
  arbitrarySituation,
  CLIENT_IPS,
  clientAt,
  type HealthWord,
  snapshot,
} from "../../support/policies.ts";
import { loadText } from "../daemon/loaded-zones.ts";

const POOLS = `
$MONITOR m tcp port=80
$POOL fra monitor=m
  a 192.0.2.1 2001:db8::1
  b 192.0.2.2
$POOL vir monitor=m
  a 198.51.100.1 2001:db8::2
$POOL old monitor=m
  a 203.0.113.1
`;

function stakesOf(text: string): Stakes {
  const set = loadText(POOLS + text);
  const policies: OwnedPolicy[] = [];
  for (const node of set.zones[0]?.nodes.values() ?? []) {
    if (node.policy !== undefined) policies.push({ owner: node.policy.name, policy: node.policy });
  }
  for (const { policy } of set.zones[0]?.dryRuns.values() ?? [])
    policies.push({ owner: policy.name, policy });
  return { policies, rules: set.rules, definitions: set.definitions };
}

function healthOf(stakes: Stakes, words: { readonly [id: string]: HealthWord } = {}): Snapshot {
  return snapshot([...stakes.definitions.pools.values()], words);
}

function forced(before: Snapshot, definitions: Definitions, refs: string): Snapshot {
  const overrides = refs.split(" ").map((ref) => ({ ref, state: "drain" as const, untilMs: 1 }));
  const endpoints = [...definitions.pools.values()].flatMap((pool) => pool.endpoints);
  return withForcedStates(before, forcedStatesAt(overrides, endpoints, 0));
}

describe("objectionsTo()", () => {
  const WWW = "www 60 POLICY failover ( fra vir )\n";
  const RULE = "$RULE at-least 1 of ( fra vir )\n";
  const rows: readonly (readonly [
    zone: string,
    down: string,
    drained: string,
    expected: RegExp | undefined,
  ])[] = [
    [WWW, "", "fra", undefined],
    [WWW, "", "fra vir", /^it would leave www\.example\.com\. A nothing that is up$/],
    [WWW, "vir/a", "fra", /leave www\.example\.com\. A nothing/],
    // Nothing was up: there is nothing to lose.
    [WWW, "fra/a fra/b vir/a", "fra", undefined],
    [WWW, "", "fra/a fra/b", undefined],
    // IPv6 alone: `b` has none, and a pool with some that are down is no pool without any.
    [WWW, "vir/a", "fra/a", /leave www\.example\.com\. AAAA nothing/],
    // The network's own is lost for it alone.
    [
      "geo 60 POLICY geo ( net:10.0.0.0/8=fra *=vir )\n",
      "vir/a",
      "fra",
      /A nothing that is up for clients from 10\.0\.0\.0\/8$/,
    ],
    ["geo 60 POLICY geo ( net:10.0.0.0/8=fra *=vir )\n", "", "fra", undefined],
    ["www 60 POLICY fra dry-run\n", "", "fra", undefined],
    [WWW + RULE, "", "fra", undefined],
    [
      RULE,
      "vir/a",
      "fra",
      /^it would leave 0 of them up, and \$RULE at-least 1 of \( fra vir \) stands at zones\/example\.com\.zone:\d+$/,
    ],
    [RULE, "", "*", /at-least 1/],
    // It is broken by the probes already, and no further.
    ["$RULE at-least 2 of ( fra vir old )\n", "fra/a fra/b vir/a old/a", "fra", undefined],
    ["$RULE at-least 2 of ( fra vir old )\n", "fra/a fra/b vir/a", "fra", undefined],
    ["$RULE at-least 2 of ( fra vir old )\n", "fra/a fra/b vir/a", "old", /leave 0 of them up/],
    ["$RULE at-least 1 of ( fra/b old )\n", "old/a", "fra/b", /at-least 1 of \( fra\/b old \)/],
  ];
  for (const [zone, down, drained, expected] of rows) {
    it(`lets ${drained} go${expected === undefined ? "" : " never"} of ${zone.replaceAll("\n", " ")}with ${down || "nothing"} down`, () => {
      const stakes = stakesOf(zone);
      const words = Object.fromEntries(down.split(" ").map((id) => [id, "down" as const]));
      const before = healthOf(stakes, words);
      const found = objectionsTo(stakes, before, forced(before, stakes.definitions, drained));
      if (expected === undefined) expect(found).to.deep.equal([]);
      else expect(found[0]?.message).to.match(expected);
    });
  }

  it("misses nobody: whoever falls from what is up to a last resort is why it objects", () => {
    const drawn = fc.tuple(arbitrarySituation, fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }));
    let lost = 0;
    fc.assert(
      fc.property(drawn, ([{ policy, definitions, snapshot: before }, out]) => {
        const states = new Map<string, Forced>();
        [...before.endpoints].forEach(([id, { forced: known }], at) => {
          if (out[at] === true) states.set(id, "drain");
          else if (known !== undefined) states.set(id, known);
        });
        const after = withForcedStates(before, states);
        const objections = objectionsTo(
          { policies: [{ owner: "www", policy }], rules: [], definitions },
          before,
          after,
        );
        const families = familiesOf(reachOf(policy.expression, definitions).endpoints);
        const rungIn = (health: Snapshot, ip: string, family: AddressFamily): number =>
          evaluate(policy, definitions, health, clientAt(ip), family).rung;
        const falls = families.some((family) =>
          CLIENT_IPS.some((ip) => rungIn(before, ip, family) === 1 && rungIn(after, ip, family) > 1),
        );
        if (falls) lost += 1;
        if (falls) expect(objections).to.have.length(1);
        const nobodyHad = families.every((family) =>
          distinctClients(policy.expression, definitions).every(
            (client) => evaluate(policy, definitions, before, client, family).rung > 1,
          ),
        );
        if (nobodyHad) expect(objections).to.deep.equal([]);
      }),
      { numRuns: 500 },
    );
    expect(lost).to.be.above(20);
  });
});
