import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { after, describe, it } from "mocha";
import { formatName } from "../../../src/dns/name.ts";
import { masterFileLines } from "../../../src/zone/master-file.ts";
import type { Zone, ZoneSet } from "../../../src/zone/model.ts";
import { plainRRsets } from "../../../src/zone/plain-zone.ts";
import { needPeers, peerPath } from "../../peers.ts";
import { sampleSet } from "../../support/sample-zones.ts";
import { zoneSetOf } from "../../support/zones.ts";

const HEAD = "$TTL 300\n@ SOA ns1 hostmaster ( 7 1h 10m 2w 30 )\n@ NS ns1\nns1 A 192.0.2.53\n";
const POOLS = `
$MONITOR clb http path=/healthz
$POOL one monitor=clb
    a 203.0.113.1 2001:db8::1
    b 203.0.113.2 weight=3
    idle 203.0.113.3 weight=0
$POOL two monitor=clb answers=all
    a 203.0.113.11
    b 203.0.113.12 203.0.113.13
$POOL same monitor=none
    a 203.0.113.1
$POOL six monitor=clb
    a 2001:db8::6
$POOL cloud monitor=clb
    lb lb.example.net. as=cname
    spare spare.example.net. weight=2 as=cname
$POOL half monitor=none
    a 203.0.113.1
    cdn cdn.example.org. as=cname
$POOL cdn monitor=none
    cdn cdn.example.org. as=cname
`;

/** The lines of a zone that has some records beside `HEAD` and `POOLS`, without those of `HEAD`. */
function linesOf(records: string): string[] {
  const set = zoneSetOf({ "example.test.zone": `${HEAD}${POOLS}${records}\n` });
  const [zone] = set.zones;
  if (zone === undefined) throw new Error("no zone");
  return textOf(zone, set)
    .split("\n")
    .filter((line) => line !== "" && !/ (?:SOA|NS) |^ns1\./.test(line));
}

function textOf(zone: Zone, { definitions }: ZoneSet): string {
  return [...masterFileLines(plainRRsets(zone, definitions))].join("");
}

describe("plainRRsets()", () => {
  const cases: readonly (readonly [what: string, records: string, lines: readonly string[]])[] = [
    [
      "a pool: every endpoint that has a weight",
      "www 30/10 POLICY one",
      ["www A 30 203.0.113.1 203.0.113.2", "www AAAA 30 2001:db8::1"],
    ],
    [
      "failover: the first alone",
      "www 30 POLICY failover ( two one )",
      ["www A 30 203.0.113.11 203.0.113.12 203.0.113.13"],
    ],
    [
      "failover: each family by itself",
      "www 30 POLICY failover ( one six )",
      ["www A 30 203.0.113.1 203.0.113.2", "www AAAA 30 2001:db8::1"],
    ],
    [
      "weighted: all that have a share",
      "www 30 POLICY weighted ( one=1 two=99 )",
      ["www A 30 203.0.113.1 203.0.113.2 203.0.113.11 203.0.113.12 203.0.113.13", "www AAAA 30 2001:db8::1"],
    ],
    [
      "weighted: none that has no share",
      "www 30 POLICY weighted ( one=0 two=1 )",
      ["www A 30 203.0.113.11 203.0.113.12 203.0.113.13"],
    ],
    [
      "an address that two endpoints have: once",
      "www 30 POLICY all ( same one )",
      ["www A 30 203.0.113.1 203.0.113.2", "www AAAA 30 2001:db8::1"],
    ],
    [
      "geo: what * says",
      "www 30 POLICY geo ( net:10.0.0.0/8=one *=two )",
      ["www A 30 203.0.113.11 203.0.113.12 203.0.113.13"],
    ],
    ["geo: nodata has no records", "www 30 POLICY geo ( net:10.0.0.0/8=one *=nodata )", []],
    ["only one family", "www 30 POLICY six", ["www AAAA 30 2001:db8::6"]],
    [
      "a wildcard, and other types beside it",
      '*.www 30 POLICY same\n*.www TXT "a b"',
      ['*.www TXT 300 "a b"', "*.www A 30 203.0.113.1"],
    ],
    ["a CNAME", "www 30/10 POLICY failover ( cdn one )", ["www CNAME 30 cdn.example.org."]],
    [
      "of several CNAMEs the one with the largest share",
      "*.www 30 POLICY cloud",
      ["*.www CNAME 30 spare.example.net."],
    ],
    [
      "of CNAMEs that are alike the first",
      "www 30 POLICY weighted ( cdn=1 cloud/lb=1 )",
      ["www CNAME 30 cdn.example.org."],
    ],
    [
      "CNAMEs among addresses: what has the larger share",
      "www 30 POLICY weighted ( cdn=3 same=2 )",
      ["www CNAME 30 cdn.example.org."],
    ],
    [
      "addresses among CNAMEs: never both",
      "www 30 POLICY weighted ( cdn=2 two=3 )",
      ["www A 30 203.0.113.11 203.0.113.12 203.0.113.13"],
    ],
    [
      "CNAMEs and addresses alike: the addresses, though those are of one family",
      "www 30 POLICY weighted ( cdn=1 same=1 )",
      ["www A 30 203.0.113.1"],
    ],
    [
      "a family that CNAMEs have for themselves: both families count",
      "www 30 POLICY half",
      ["www CNAME 30 cdn.example.org."],
    ],
    ["what lies below a cut", "sub NS ns.sub\nns.sub A 192.0.2.1", ["ns.sub A 300 192.0.2.1"]],
    ["an unknown type", "odd TYPE65280 \\# 2 0102", ["odd TYPE65280 300 \\# 2 0102"]],
  ];
  for (const [what, records, lines] of cases) {
    it(what, () => {
      const expected = lines.flatMap((line) => {
        const [, owner, type = "", ttl, rdata = ""] = /^(\S+) (\S+) (\S+) (.*)$/.exec(line) ?? [];
        const rdatas = type === "A" || type === "AAAA" ? rdata.split(" ") : [rdata];
        return rdatas.map((each) => `${owner}.example.test. ${ttl} IN ${type} ${each}`);
      });
      expect(linesOf(records)).to.have.members(expected);
    });
  }

  it("begins with the SOA and has it once", () => {
    const set = sampleSet();
    for (const zone of set.zones) {
      const types = Array.from(plainRRsets(zone, set.definitions), ({ type }) => type);
      expect(types.indexOf(6)).to.equal(0);
      expect(types.lastIndexOf(6)).to.equal(0);
    }
  });
});

describe("masterFileLines()", () => {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-export-"));
  const sample = sampleSet();
  const cnames = zoneSetOf({
    "cnames.test.zone": `${HEAD}${POOLS}www 30 POLICY cloud\n*.www 30 POLICY weighted ( cdn=1 one=1 )\nown 30 POLICY two\n`,
  });
  const zones = [sample, cnames].flatMap((set) => set.zones.map((zone) => ({ set, zone })));
  const files = zones.map(({ set, zone }, number) => {
    const apex = formatName(zone.apex);
    const file = join(folder, `${number}.zone`);
    const text = textOf(zone, set);
    writeFileSync(file, text);
    return { apex, file, text };
  });
  after(() => rmSync(folder, { recursive: true }));

  it("is read back as the same records", () => {
    for (const { apex, text } of files) {
      const again = zoneSetOf({ [`${apex.replace(/\.$/, "")}.zone`]: text });
      const [zone] = again.zones;
      expect(zone === undefined ? "" : textOf(zone, again)).to.equal(text);
    }
  });

  const checkers: readonly (readonly [string, (apex: string, file: string) => string[]])[] = [
    ["named-checkzone", (apex, file) => ["-i", "none", "-k", "ignore", apex, file]],
    ["nsd-checkzone", (apex, file) => [apex, file]],
    ["kzonecheck", (apex, file) => ["-o", apex, file]],
  ];
  for (const [program, words] of checkers) {
    it(`is taken by ${program}`, function () {
      needPeers.call(this, program);
      for (const { apex, file } of files) {
        execFileSync(peerPath(program) ?? program, words(apex, file), { stdio: ["ignore", "pipe", "pipe"] });
      }
    });
  }
});
