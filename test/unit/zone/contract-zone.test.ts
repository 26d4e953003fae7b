import { expect } from "chai";
import { describe, it } from "mocha";
import { formatName } from "../../../src/dns/name.ts";
import { formatRdata } from "../../../src/dns/rdata.ts";
import { formatType } from "../../../src/dns/types.ts";
import { parse, recordsOf, showExpression } from "./parse.ts";

/** The zone that the public surface is explained by, word for word. */
const CONTRACT_ZONE = `$ORIGIN gtm.example.com.
$TTL 300
@      SOA  ns1 hostmaster ( 2026112201 1h 10m 2w 30 )
@      NS   ns1
@      NS   ns2
ns1    A    192.0.2.53
ns2    A    198.51.100.53

; how an endpoint is judged
$MONITOR clb  https port=443 path=/healthz host=www.example.com expect=200-299 every=5s timeout=2s fall=3 rise=6

; the regions, each with its CLB instances
$POOL frankfurt  monitor=clb location=DE min-up=1
    fra-1   203.0.113.10   2001:db8:1::10   weight=3
    fra-2   203.0.113.11   2001:db8:1::11   weight=1
$POOL virginia   monitor=clb location=US
    iad-1   198.51.100.10  2001:db8:2::10
$POOL sorry      monitor=none
    static  192.0.2.80

; which region answers
www   30/10  POLICY  failover ( frankfurt virginia sorry )
api   30/10  POLICY  weighted ( frankfurt=70 virginia=30 )
@     30/10  POLICY  geo ( continent:EU=frankfurt country:US=virginia *=nearest ( frankfurt virginia ) )

; what must hold: checked at every load, and by \`fairlead test\`
$EXPECT www A                                             is frankfurt
$EXPECT www A when frankfurt=down                         is virginia
$EXPECT @   A from country:FR when frankfurt=down         is virginia
$EXPECT api A                                             is frankfurt=70% virginia=30%
$EXPECT @   A from country:FR when frankfurt/fra-1=down   is frankfurt/fra-2
`;

describe("parseZoneFile() of the example zone", () => {
  const syntax = parse(CONTRACT_ZONE);

  it("finds no fault in it", () => {
    expect(syntax.diagnostics).to.deep.equal([]);
    expect(syntax.damage.names.size + syntax.damage.monitors.size + syntax.damage.records.length).to.equal(0);
    expect(syntax.sources.map(({ path }) => path)).to.deep.equal(["zones/example.com.zone"]);
  });

  it("takes the first origin from the file's name", () => {
    expect(formatName(syntax.origin)).to.equal("example.com.");
  });

  it("reads its records", () => {
    const records = recordsOf(syntax).map(({ owner, ttlSeconds, type, rdata, position }) => {
      const data = formatRdata(type, rdata);
      return `${position.line} ${formatName(owner)} ${ttlSeconds} ${formatType(type)} ${data}`;
    });
    expect(records).to.deep.equal([
      "3 gtm.example.com. 300 SOA ns1.gtm.example.com. hostmaster.gtm.example.com. 2026112201 3600 600 1209600 30",
      "4 gtm.example.com. 300 NS ns1.gtm.example.com.",
      "5 gtm.example.com. 300 NS ns2.gtm.example.com.",
      "6 ns1.gtm.example.com. 300 A 192.0.2.53",
      "7 ns2.gtm.example.com. 300 A 198.51.100.53",
    ]);
  });

  it("reads its monitor", () => {
    const [entry] = syntax.monitors;
    expect(entry?.position).to.deep.equal({ file: "zones/example.com.zone", line: 10, column: 10 });
    expect(entry?.monitor).to.include({
      name: "clb",
      kind: "https",
      port: 443,
      path: "/healthz",
      everyMs: 5000,
    });
  });

  it("reads its pools", () => {
    const pools = syntax.pools.map((pool) => ({
      name: pool.name,
      monitor: pool.monitor?.use.kind,
      location: pool.location?.kind === "region" ? pool.location.country : undefined,
      minUp: pool.minUp,
      endpoints: pool.endpoints.map(({ name, weight, addresses }) =>
        [name, weight, ...addresses.map(({ text }) => text)].join(" "),
      ),
    }));
    expect(pools).to.deep.equal([
      {
        name: "frankfurt",
        monitor: "at-least",
        location: "DE",
        minUp: { kind: "count", count: 1 },
        endpoints: ["fra-1 3 203.0.113.10 2001:db8:1::10", "fra-2 1 203.0.113.11 2001:db8:1::11"],
      },
      {
        name: "virginia",
        monitor: "at-least",
        location: "US",
        minUp: undefined,
        endpoints: ["iad-1 1 198.51.100.10 2001:db8:2::10"],
      },
      {
        name: "sorry",
        monitor: "none",
        location: undefined,
        minUp: undefined,
        endpoints: ["static 1 192.0.2.80"],
      },
    ]);
  });

  it("reads its POLICY records", () => {
    const policies = syntax.policyRecords.map((record) => {
      const { owner, maxSeconds, minSeconds, expression, whenDown } = record;
      return `${formatName(owner)} ${maxSeconds}/${minSeconds} ${showExpression(expression)} ${whenDown}`;
    });
    expect(policies).to.deep.equal([
      "www.gtm.example.com. 30/10 failover(frankfurt virginia sorry) open",
      "api.gtm.example.com. 30/10 weighted(frankfurt=70 virginia=30) open",
      "gtm.example.com. 30/10 geo(continent:EU=frankfurt country:US=virginia any=nearest(frankfurt virginia)) open",
    ]);
  });

  it("reads its expectations", () => {
    const expectations = syntax.expectations.map((entry) => {
      const { owner, family, client, suppositions, outcome } = entry;
      const supposed = suppositions.map(({ ref, state }) => `${ref.text}=${state}`).join(" ");
      const place = `${client.place?.country ?? "-"}/${client.place?.continent ?? "-"}`;
      const shares = outcome.kind === "shares" ? outcome.shares : [];
      const expected = shares.map(({ ref, percent }) => `${ref}=${percent}`).join(" ");
      return `${formatName(owner)} ${family} ${place} [${supposed}] ${expected}`;
    });
    expect(expectations).to.deep.equal([
      "www.gtm.example.com. ipv4 -/- [] frankfurt=100",
      "www.gtm.example.com. ipv4 -/- [frankfurt=down] virginia=100",
      "gtm.example.com. ipv4 FR/EU [frankfurt=down] virginia=100",
      "api.gtm.example.com. ipv4 -/- [] frankfurt=70 virginia=30",
      "gtm.example.com. ipv4 FR/EU [frankfurt/fra-1=down] frankfurt/fra-2=100",
    ]);
    expect(syntax.expectations[4]?.text).to.equal(
      "$EXPECT @ A from country:FR when frankfurt/fra-1=down is frankfurt/fra-2",
    );
  });
});
