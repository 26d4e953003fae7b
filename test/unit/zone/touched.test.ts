import { expect } from "chai";
import { describe, it } from "mocha";
import { formatName } from "../../../src/dns/name.ts";
import { loadZones } from "../../../src/zone/load.ts";
import { indexZones } from "../../../src/zone/lookup.ts";
import type { LoadResult } from "../../../src/zone/model.ts";
import { touchedOwners } from "../../../src/zone/touched.ts";
import { ZONE_HEAD } from "../daemon/loaded-zones.ts";

type Files = Readonly<Record<string, string>>;

/** Of each file its text, which is its digest too. */
function load(files: Files, earlier?: LoadResult): LoadResult {
  const octetsOf = (text: string): Uint8Array => new TextEncoder().encode(ZONE_HEAD + text);
  const sources = Object.entries(files).map(([name, text]) => ({
    path: `zones/${name}.zone`,
    octets: octetsOf(text),
  }));
  const digestOf = (octets: Uint8Array): string => new TextDecoder().decode(octets);
  return loadZones(sources, () => undefined, { digestOf, earlier: earlier?.judged ?? [] });
}

function touched(before: Files, after: Files): string[] {
  const one = load(before);
  const other = load(after, one);
  if (one.set === undefined || other.set === undefined) throw new Error(JSON.stringify(other.diagnostics));
  const [from, to] = [one.set, other.set].map(({ zones, definitions }) => ({
    zones: indexZones(zones),
    definitions,
  }));
  if (from === undefined || to === undefined) throw new Error("a side is missing");
  const owners = [...touchedOwners(from, to)].filter((owner) => owner !== undefined);
  return owners.map(formatName).sort();
}

const POOLS = `$POOL p monitor=none
  a 192.0.2.1
$POOL q monitor=none
  b 192.0.2.2
$POLICY named failover ( p )
$POLICY further failover ( named )
`;
const COM = "www 60 POLICY failover ( p q )\nq 60 POLICY failover ( q )\nn 60 POLICY further\n";
const NET = "www 60 POLICY failover ( q )\n";
const BASE = { defs: POOLS, "example.com": COM, "example.net": NET };

describe("touchedOwners()", () => {
  const rows: [what: string, after: Files, owners: string[]][] = [
    ["nothing", BASE, []],
    ["a comment, where the zone is read again", { ...BASE, "example.net": `${NET};` }, ["www.example.net."]],
    [
      "a pool in another file, for what reaches it by a policy of a policy as well",
      { ...BASE, defs: POOLS.replace("192.0.2.1", "192.0.2.9") },
      ["n.example.com.", "www.example.com."],
    ],
    [
      "a named policy",
      { ...BASE, defs: POOLS.replace("named failover ( p )", "named failover ( q p )") },
      ["n.example.com."],
    ],
    ["a zone that goes", { defs: POOLS, "example.com": COM }, ["www.example.net."]],
    ["a zone that comes", { ...BASE, "example.org": "@ 60 POLICY failover ( p )\n" }, ["example.org."]],
    [
      "a zone that comes within another, whose names may lie in it",
      { ...BASE, "www.example.net": "@ 60 A 192.0.2.7\n" },
      ["www.example.net."],
    ],
    ["a pool that nobody reaches", { ...BASE, defs: `${POOLS}$POOL r monitor=none\n  c 192.0.2.3\n` }, []],
  ];
  for (const [what, after, owners] of rows) {
    it(`finds what is touched by ${what}`, () => {
      expect(touched(BASE, after)).to.deep.equal(owners);
      expect(touched(after, BASE)).to.deep.equal(owners);
    });
  }
});
