/** `$EXPECT` against `evaluate`: met and failed, line by line. */

import { expect } from "chai";
import { describe, it } from "mocha";
import { NOWHERE, type PlaceOf } from "../../../src/geo/client.ts";
import { loadZones } from "../../../src/zone/load.ts";
import { loadTexts } from "../../support/zones.ts";

const ZONE = `$TTL 300
@ SOA ns hostmaster 1 1h 10m 2w 30
@ NS ns
ns A 192.0.2.53
$POOL alpha monitor=none min-up=2
  a-1 192.0.2.1 2001:db8::1
  a-2 192.0.2.2
  a-3 192.0.2.3 weight=2
$POOL beta monitor=none
  b-1 192.0.2.4
$POOL gamma monitor=none
  c-1 192.0.2.5
www    POLICY failover ( alpha beta )
third  POLICY weighted ( alpha beta gamma )
zero   POLICY weighted ( alpha=1 beta=0 )
net    POLICY geo ( net:192.0.2.0/24=alpha net:192.0.2.128/25=beta country:DE=gamma continent:EU=beta *=nodata )
shut   POLICY failover ( beta gamma ) when-down=servfail
*.wild POLICY failover ( beta gamma )
alias  CNAME www
`;

const ROWS: readonly (readonly [expectation: string, kind: "met" | "failed"])[] = [
  ["www A is alpha", "met"],
  ["www A is alpha/a-1=25% alpha/a-2=25% alpha/a-3=50%", "met"],
  ["www A is alpha/a-1=25% alpha/a-2=25%", "failed"],
  ["www A when alpha/a-1=down is alpha", "met"],
  ["www A when alpha/a-1=down alpha/a-2=down is beta", "met"],
  ["www A when alpha=drain is beta", "met"],
  ["www A when alpha=drain beta=down is alpha", "met"],
  ["www A when *=down beta=up is beta", "met"],
  ["www A when beta=up *=down is alpha/a-1=20% alpha/a-2=20% alpha/a-3=40% beta=20%", "failed"],
  ["www AAAA is alpha/a-1", "met"],
  ["alias A is alpha", "met"],
  ["a.b.wild A is beta", "met"],
  ["wild A is beta", "failed"],
  ["third A is alpha=33% beta=33% gamma=33%", "met"],
  ["third A is alpha=33.3% beta=33.33% gamma=33.333%", "met"],
  ["third A is alpha=34% beta=33% gamma=33%", "failed"],
  ["zero A is alpha", "met"],
  ["zero A when alpha=down is beta", "met"],
  ["net A from 192.0.2.1 is alpha", "met"],
  ["net A from 192.0.2.129 is beta", "met"],
  ["net A from 192.0.2.128/26 is beta", "met"],
  ["net A from country:DE is gamma", "met"],
  ["net A from country:FR is beta", "met"],
  ["net A from continent:EU is beta", "met"],
  ["net A from 198.51.100.1 is nodata", "met"],
  ["net A is nodata", "met"],
  ["shut A when *=down is servfail", "met"],
  ["shut A when *=down is beta", "failed"],
];

describe("runExpectation()", () => {
  for (const [expectation, kind] of ROWS) {
    it(`${expectation}: ${kind}`, () => {
      const { diagnostics, tested } = loadTexts({ "expect.zone": `${ZONE}$EXPECT ${expectation}\n` });
      const errors = diagnostics.filter(({ severity }) => severity === "error");
      expect(tested.map(({ result }) => result.kind)).to.deep.equal([kind]);
      expect(errors.map(({ code }) => code)).to.deep.equal(kind === "met" ? [] : ["expectation-failed"]);
    });
  }

  it("says what was found instead, NODATA with it, and how shares are written", () => {
    const zone = `${ZONE}$POOL six monitor=none\n  s-1 2001:db8::6\nsix 5 POLICY weighted ( six beta gamma=2 )\n`;
    const messagesOf = (expectation: string): string[] =>
      loadTexts({ "expect.zone": `${zone}$EXPECT ${expectation}\n` }).diagnostics.flatMap(
        ({ severity, message }) => (severity === "error" ? message : []),
      );
    expect(messagesOf("six A is beta=50% gamma=50%")).to.deep.equal([
      "Cannot meet '$EXPECT six A is beta=50% gamma=50%': expected beta=50% gamma=50%, found beta=25% gamma=50% nodata=25%",
    ]);
    expect(messagesOf("six A is beta=25% gamma=50%")).to.deep.equal([]);
    expect(messagesOf("third A is alpha=33.3333333333% beta gamma")).to.deep.equal([
      "Cannot parse share: '33.3333333333%' has more than 9 decimals, to which shares are compared",
    ]);
  });

  it("asks the geo database where the client is that an expectation names", () => {
    const of =
      (country: string): PlaceOf =>
      () => ({ ...NOWHERE, country });
    const text = `${ZONE}place 5 POLICY geo ( country:JP=alpha *=gamma )\n$EXPECT place A from 192.0.2.1 is alpha\n`;
    const file = { path: "expect.zone", octets: new TextEncoder().encode(text) };
    const kinds = ["JP", "DE"].map((country) => {
      const { tested } = loadZones([file], () => undefined, undefined, of(country));
      return tested.map(({ result }) => result.kind);
    });
    expect(kinds).to.deep.equal([["met"], ["failed"]]);
  });

  it("warns only, where another geo database could make it come true", () => {
    const { diagnostics } = loadTexts({ "expect.zone": `${ZONE}$EXPECT net A from 198.51.100.1 is gamma\n` });
    const failed = diagnostics.filter(({ code }) => code === "expectation-failed");
    expect(failed.map(({ severity }) => severity)).to.deep.equal(["warning"]);
  });
});
