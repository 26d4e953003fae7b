import { expect } from "chai";
import { describe, it } from "mocha";
import { supposeAllUp } from "../../../src/daemon/supposed-health.ts";
import type { GeoDatabase } from "../../../src/geo/database.ts";
import { networkOf } from "../../../src/geo/network.ts";
import { indexZones } from "../../../src/zone/lookup.ts";
import type { PlanSide } from "../../../src/zone/moves.ts";
import { type Plan, planOf } from "../../../src/zone/plan.ts";
import { databaseOf } from "../../support/geo.ts";
import { writeMmdb } from "../../support/mmdb.ts";
import { loadText } from "../daemon/loaded-zones.ts";

const POOLS = `
$POOL east monitor=none
  e 192.0.2.1 2001:db8::1
$POOL west monitor=none
  w 198.51.100.1
$POOL paris monitor=none location=FR
  p 203.0.113.1
$POOL oregon monitor=none location=US-OR
  o 203.0.113.2
$POOL tokyo monitor=none location=JP
  t 203.0.113.3
`;

function side(text: string): PlanSide {
  const { zones, definitions } = loadText(POOLS + text);
  return { zones: indexZones(zones), definitions, snapshot: supposeAllUp(definitions) };
}

function spell({ names, moves }: Plan): string[] {
  const percent = (share: number): string => `${Math.round(share * 100)}%`;
  return [
    ...names.map(({ name, change, before, after }) => `${name} ${change} ${before.join()}>${after.join()}`),
    ...moves.map(({ name, type, client, shift }) => `${name} ${type} ${client ?? "-"} ${percent(shift)}`),
  ];
}

const W = "www.example.com.";

describe("planOf()", () => {
  const rows: [what: string, before: string, after: string, plan: string[]][] = [
    ["nothing", "www 60 POLICY failover ( east west )", "www 60 POLICY failover ( east west )", []],
    [
      "weights",
      "www 60 POLICY weighted ( east=70 west=30 )",
      "www 60 POLICY weighted ( east=50 west=50 )",
      [`${W} A - 20%`, `${W} AAAA - 20%`],
    ],
    [
      "one class of clients",
      "www 60 POLICY geo ( net:10.0.0.0/8=east *=west )",
      "www 60 POLICY geo ( net:10.0.0.0/8=west *=west )",
      [`${W} A 10.0.0.0/8 100%`, `${W} AAAA 10.0.0.0/8 100%`],
    ],
    [
      "a class that only the new side tells apart",
      "www 60 POLICY failover ( west )",
      "www 60 POLICY geo ( net:10.0.0.0/8=east *=west )",
      [`${W} A 10.0.0.0/8 100%`, `${W} AAAA 10.0.0.0/8 0%`],
    ],
    [
      "a policy for an address",
      "www 60 A 192.0.2.1",
      "www 60 POLICY weighted ( east west )",
      [`${W} types A>POLICY`, `${W} A - 50%`, `${W} AAAA - 0%`],
    ],
    [
      "a name for one elsewhere",
      "www 60 POLICY failover ( east )",
      "www 60 CNAME www.example.net.",
      [`${W} types POLICY>CNAME`, `${W} A - 100%`, `${W} AAAA - 100%`],
    ],
    [
      "whom a distance sends elsewhere, and not those whom it leaves",
      "www 60 POLICY nearest ( paris oregon )",
      "www 60 POLICY nearest ( tokyo paris oregon )",
      [`${W} A - 100%`, `${W} A country:AS 100%`],
    ],
    ["a name that goes", "www 60 POLICY failover ( west )", "", [`${W} removed POLICY>`, `${W} A - 100%`]],
    ["a name that comes", "", "www 60 POLICY failover ( west )", [`${W} added >POLICY`, `${W} A - 0%`]],
    [
      "a name that a wildcard answers from now on",
      "www 60 POLICY failover ( west )\n* 60 POLICY failover ( west )",
      "* 60 POLICY failover ( west )",
      [`${W} removed POLICY>`],
    ],
    [
      "records without policies",
      "x 60 A 192.0.2.9",
      "y 60 TXT hi",
      ["x.example.com. removed A>", "y.example.com. added >TXT"],
    ],
  ];
  for (const [what, before, after, plan] of rows) {
    it(`shows ${what}`, () => {
      expect(spell(planOf(side(before), side(after)))).to.deep.equal(plan);
    });
  }

  describe("with another geo database", () => {
    const database = (first: string, second: string): GeoDatabase => {
      const countries = [first, second].map((country_code, at) => ({
        network: networkOf(Uint8Array.of(at * 128, 0, 0, 0), 1),
        record: { country_code },
      }));
      return databaseOf(writeMmdb(countries));
    };
    const databases = { before: database("DE", "FR"), after: database("FR", "FR") };
    const places: [what: string, expression: string, moved: string[]][] = [
      ["nobody who is answered alike", "failover ( east )", []],
      ["nobody whose countries are together", "geo ( country:DE=east country:FR=east *=west )", []],
      ["half of the address space", "geo ( country:DE=east *=west )", ["A 0.5 country:DE>country:FR 0.5"]],
      [
        "as much of it as changes its share",
        "geo ( country:DE=weighted ( east=50 west=50 ) *=west )",
        ["A 0.25 country:DE>country:FR 0.25"],
      ],
    ];
    for (const [what, expression, moved] of places) {
      it(`moves ${what}`, () => {
        const zones = side(`www 60 POLICY ${expression}`);
        const plan = planOf(zones, zones, databases);
        const ofIpv4 = plan.places.filter(({ family, type }) => family === "ipv4" && type === "A");
        const told = ofIpv4.map(({ type, shift, parts }) =>
          [type, shift, ...parts.map(({ from, to, share }) => `${from}>${to} ${share}`)].join(" "),
        );
        expect(told).to.deep.equal(moved);
        expect(plan.moves).to.deep.equal([]);
        expect(plan.maxShift).to.equal(ofIpv4[0]?.shift ?? 0);
      });
    }
  });
});
