/** `dry-run` policies in a zone: where they may stand, what they leave as it is, and what they would make of it. */

import { expect } from "chai";
import { describe, it } from "mocha";
import { nameKey, nameOf } from "../../../src/dns/name.ts";
import { formatType, TYPE } from "../../../src/dns/types.ts";
import { formatDiagnostic } from "../../../src/zone/diagnostic.ts";
import { indexZones, type LookupEnd, lookup, type ZonesByApexKey } from "../../../src/zone/lookup.ts";
import { promoteDryRuns } from "../../../src/zone/promote-dry-runs.ts";
import { loadTexts, zoneSetOf } from "../../support/zones.ts";

const TEXT = `$TTL 300
@ SOA ns hostmaster 1 1h 10m 2w 30
@ NS ns
ns A 192.0.2.53
$POOL east monitor=none
  e 192.0.2.1 2001:db8::1
$POOL west monitor=none
  w 198.51.100.1
@ 10 POLICY failover ( east west ) dry-run
www 30 POLICY failover ( east west )
www 10 POLICY weighted ( east west ) dry-run
www TXT "beside both"
old A 192.0.2.9
old AAAA 2001:db8::9
old MX 10 ns
old 10 POLICY failover ( west east ) dry-run
alias CNAME www
alias 10 POLICY failover ( west east ) dry-run
*.wild A 192.0.2.10
a.b.new 10 POLICY failover ( west east ) dry-run
x.wild 10 POLICY failover ( west east ) dry-run
`;

const SET = zoneSetOf({ "example.zone": TEXT });
const SERVED = indexZones(SET.zones);
const PROMOTED = promoteDryRuns(SERVED);

function describeEnd(end: LookupEnd): string {
  if (end.kind === "policy") return end.policy.dryRun ? "dry run" : "policy";
  return end.kind === "answer" ? formatType(end.rrset.type) : end.kind;
}

function ask(zones: ZonesByApexKey, name: string, type: number): string {
  const { chain, end } = lookup(zones, nameOf(name, nameOf("example.")), type);
  return [...chain.map((rrset) => formatType(rrset.type)), describeEnd(end)].join(" ");
}

describe("a dry run in a zone", () => {
  const rows: readonly (readonly [
    name: string,
    type: keyof typeof TYPE,
    served: string,
    promoted: string,
  ])[] = [
    ["@", "A", "nodata", "dry run"],
    ["@", "NS", "NS", "NS"],
    ["www", "A", "policy", "dry run"],
    ["www", "TXT", "TXT", "TXT"],
    ["old", "A", "A", "dry run"],
    ["old", "AAAA", "AAAA", "dry run"],
    ["old", "MX", "MX", "MX"],
    ["alias", "A", "CNAME policy", "dry run"],
    ["alias", "CNAME", "CNAME", "nodata"],
    ["a.b.new", "A", "nxdomain", "dry run"],
    ["b.new", "A", "nxdomain", "nodata"],
    ["new", "A", "nxdomain", "nodata"],
    ["x.wild", "A", "A", "dry run"],
    ["y.wild", "A", "A", "A"],
    ["y.x.wild", "A", "A", "nxdomain"],
  ];
  for (const [name, type, served, promoted] of rows) {
    it(`${name} ${type}: ${served}; as if it were served: ${promoted}`, () => {
      expect(ask(SERVED, name, TYPE[type])).to.equal(served);
      expect(ask(PROMOTED, name, TYPE[type])).to.equal(promoted);
    });
  }

  it("is kept beside the nodes, by its owner", () => {
    const [zone] = SET.zones;
    expect([...(zone?.dryRuns.values() ?? [])].map(({ policy }) => policy.name)).to.deep.equal([
      "example.",
      "www.example.",
      "old.example.",
      "alias.example.",
      "a.b.new.example.",
      "x.wild.example.",
    ]);
    expect(zone?.nodes.has(nameKey(nameOf("a.b.new.example.")))).to.equal(false);
  });

  it("adds nodes, each listed once, where there were none", () => {
    const [before] = SERVED.values();
    const [after] = PROMOTED.values();
    const keys = [...(after?.nodes.entries() ?? [])].map(([key]) => key);
    expect(new Set(keys).size).to.equal(keys.length);
    // a.b.new, b.new, new and x.wild.
    expect(keys.length).to.equal((before?.nodes.size ?? 0) + 4);
    expect(after?.nodes.size).to.equal(keys.length);
  });

  it("leaves zones without any as the objects that they are", () => {
    const zones = indexZones(
      zoneSetOf({ "plain.zone": "@ 60 SOA ns h 1 1 1 1 1\n@ 60 NS ns.example.\n" }).zones,
    );
    expect([...promoteDryRuns(zones).values()]).to.deep.equal([...zones.values()]);
    expect([...promoteDryRuns(zones).values()][0]).to.equal([...zones.values()][0]);
  });

  it("is no less checked than what is served", () => {
    const { diagnostics } = loadTexts({
      "one.zone": `${TEXT}bad POLICY failover ( east nowhere ) dry-run\nslow POLICY spill ( east west ) dry-run\n`,
    });
    expect(diagnostics.map(formatDiagnostic)).to.deep.equal([
      "one.zone:22:28: no pool or policy is named 'nowhere'",
      "one.zone:23:1: POLICY at 'slow.one.' spills and has no demand=N to divide",
      "one.zone:23:1: POLICY at 'slow.one.' spills over pool 'east', which has no capacity=N",
      "one.zone:23:1: POLICY at 'slow.one.' spills over pool 'west', which has no capacity=N",
    ]);
  });

  it("wants no expectation, and has none of its own: $EXPECT is held against what is served", () => {
    const { diagnostics } = loadTexts({ "one.zone": `${TEXT}$EXPECT a.b.new A is west\n` });
    const codes = diagnostics.map(({ code, line }) => `${line} ${code}`);
    expect(codes).to.include("22 expectation-failed");
    // Of the policy that is served.
    expect(codes.filter((code) => code.endsWith("policy-without-expectation"))).to.have.length(1);
  });
});
