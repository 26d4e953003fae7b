/** Static names to the letter: the lookup rows of RFC 1034 §4.3.2, 2308, 4592, 6672 and 8020, as a table. */

import { expect } from "chai";
import { describe, it } from "mocha";
import { formatName, nameOf, readUncompressedName } from "../../../src/dns/name.ts";
import type { RRset } from "../../../src/dns/rrset.ts";
import { formatType, parseType, TYPE } from "../../../src/dns/types.ts";
import { findZoneForType, indexZones, type Lookup, lookup, MAX_CHAIN } from "../../../src/zone/lookup.ts";
import { zoneSetOf } from "../../support/zones.ts";

const LONG = `${"l".repeat(63)}.`.repeat(3);

const EXAMPLE = `
$TTL 3600
@        SOA    ns hostmaster 7 1h 10m 2w 60
@        NS     ns
ns       A      192.0.2.53
www      A      192.0.2.1
www      A      192.0.2.2
www      TXT    "text"
alias    CNAME  www
second   CNAME  alias
out      CNAME  www.elsewhere.test.
across   CNAME  www.other.test.
dangling CNAME  nowhere
half     CNAME  txt
txt      TXT    "only"
ring     CNAME  ring2
ring2    CNAME  ring
to-cut   CNAME  host.sub
low.ent  A      192.0.2.3
*.wild   A      192.0.2.4
host.wild TXT   "no address"
x.ent.wild TXT  "below an empty non-terminal"
*.walias CNAME  www
*.deep.wild2 A  192.0.2.5
sub      NS     ns.sub
sub      NS     ns.elsewhere.test.
sub      NS     ns
sub      DS     1 8 2 0000000000000000000000000000000000000000000000000000000000000000
ns.sub   A      192.0.2.54
ns.sub   AAAA   2001:db8::54
old      DNAME  new
old      TXT    "beside a DNAME"
host.new A      192.0.2.6
long     DNAME  ${LONG}example.
raw      TYPE65280 \\# 4 c0000201
\\000\\255\\. .wild2 TXT "unused"
gtm      30/10  POLICY failover ( alpha beta )
gtm      TXT    "beside a policy"
*.gtm2   30/10  POLICY failover ( alpha beta )
to-gtm   CNAME  gtm
$MONITOR clb tcp port=80
$POOL alpha monitor=clb
  a-1 192.0.2.10
$POOL beta monitor=clb
  b-1 192.0.2.11
`.replace("\\000\\255\\. .wild2", "\\000\\255\\..wild2");

const OTHER = `
$TTL 3600
@    SOA  ns hostmaster 8 1h 10m 2w 60
@    NS   ns
ns   A    192.0.2.55
www  A    192.0.2.7
`;

const CHILD = `
$TTL 3600
@    SOA  ns hostmaster 9 1h 10m 2w 60
@    NS   ns
ns   A    192.0.2.56
`;

const { zones } = zoneSetOf({
  "example.zone": EXAMPLE,
  "other.test.zone": OTHER,
  "www.other.test.zone": CHILD.replace("@    NS   ns", "@    NS   ns\n@    A    192.0.2.8"),
});
const index = indexZones(zones);

/** `owner TYPE×count`, with the target of an alias. */
function describeSet({ owner, type, rdatas }: RRset): string {
  const isAlias = type === TYPE.CNAME || type === TYPE.DNAME;
  const target = isAlias ? readUncompressedName(rdatas[0] ?? new Uint8Array(), 0) : undefined;
  const count = rdatas.length === 1 ? "" : `×${rdatas.length}`;
  return `${formatName(owner)} ${formatType(type)}${count}${target === undefined ? "" : ` ${formatName(target)}`}`;
}

function describeEnd({ end }: Lookup): string {
  switch (end.kind) {
    case "answer":
      return `answer ${describeSet(end.rrset)}`;
    case "any":
      return `any ${end.rrsets.map(describeSet).join(" + ")}${end.policy === undefined ? "" : " + policy"}`;
    case "policy":
      return `policy ${formatName(end.owner)} ${end.family} by ${formatName(end.node.owner)}`;
    case "referral":
      return `referral ${describeSet(end.ns)}; glue ${end.glue.map(describeSet).join(" + ")}; sibling ${end.siblingGlue.map(describeSet).join(" + ")}`;
    case "nodata":
    case "nxdomain":
      return `${end.kind} ${formatName(end.soa.owner)} ${end.soa.ttlSeconds}`;
    case "yxdomain":
    case "outside":
    case "chain-cut":
      return end.kind;
  }
}

function ask(question: string): string {
  const [name = "", type = ""] = question.split(" ");
  const found = lookup(index, nameOf(name), parseType(type) ?? 0);
  return [...found.chain.map(describeSet), describeEnd(found)].join(" → ");
}

const REFERRAL =
  "referral sub.example. NS×3; glue ns.sub.example. A + ns.sub.example. AAAA; sibling ns.example. A";

const ROWS: readonly (readonly [rfc: string, question: string, expected: string])[] = [
  ["1034 §4.3.2 answer", "www.example. A", "answer www.example. A×2"],
  ["4343 case folds", "WwW.eXample. A", "answer www.example. A×2"],
  ["1035 SOA at the apex", "example. SOA", "answer example. SOA"],
  ["1034 NS at the apex", "example. NS", "answer example. NS"],
  ["2308 §2.2 NODATA, MINIMUM rules", "www.example. AAAA", "nodata example. 60"],
  ["2308 §3 NXDOMAIN", "nowhere.example. A", "nxdomain example. 60"],
  ["8020 empty non-terminal", "ent.example. A", "nodata example. 60"],
  ["8020 below a leaf", "below.www.example. A", "nxdomain example. 60"],
  ["3597 §3 unknown type", "raw.example. TYPE65280", "answer raw.example. TYPE65280"],
  ["3597 absent type", "raw.example. TYPE666", "nodata example. 60"],
  ["8499 outside all zones", "www.elsewhere.test. A", "outside"],
  ["1034 the root is outside", ". NS", "outside"],
  ["4592 §2.2.1 wildcard", "any.wild.example. A", "answer any.wild.example. A"],
  ["4592 wildcard keeps the case asked", "AnY.wild.example. A", "answer AnY.wild.example. A"],
  ["4592 §2.2.1 several labels", "a.b.c.wild.example. A", "answer a.b.c.wild.example. A"],
  ["4592 §2.2.1 sibling blocks", "host.wild.example. A", "nodata example. 60"],
  ["4592 §2.2.1 below a sibling", "low.host.wild.example. A", "nxdomain example. 60"],
  ["4592 §2.2.2 ENT beside wildcard", "ent.wild.example. A", "nodata example. 60"],
  ["4592 §2.2.2 below that ENT", "y.ent.wild.example. A", "nxdomain example. 60"],
  ["4592 absent type", "any.wild.example. MX", "nodata example. 60"],
  ["4592 §2.3 literal *", "*.wild.example. A", "answer *.wild.example. A"],
  ["4592 the wildcard's parent", "wild.example. A", "nodata example. 60"],
  ["4592 below a literal *", "x.*.wild.example. A", "nxdomain example. 60"],
  [
    "4592 §3.3.3 wildcard CNAME",
    "any.walias.example. A",
    "any.walias.example. CNAME www.example. → answer www.example. A×2",
  ],
  ["2181 §11 any octets", "\\000\\255\\..wild2.example. TXT", "answer \\000\\255\\..wild2.example. TXT"],
  ["2181 §11 any octets by wildcard", "\\000\\..wild.example. A", "answer \\000\\..wild.example. A"],
  ["1034 §3.6.2 CNAME", "alias.example. A", "alias.example. CNAME www.example. → answer www.example. A×2"],
  ["1034 §3.6.2 QTYPE CNAME", "alias.example. CNAME", "answer alias.example. CNAME www.example."],
  [
    "1034 chain of two",
    "second.example. A",
    "second.example. CNAME alias.example. → alias.example. CNAME www.example. → answer www.example. A×2",
  ],
  ["1034 CNAME out of all zones", "out.example. A", "out.example. CNAME www.elsewhere.test. → outside"],
  [
    "1034 CNAME to another zone of ours",
    "across.example. A",
    "across.example. CNAME www.other.test. → answer www.other.test. A",
  ],
  [
    "6604 §3 CNAME to NXDOMAIN",
    "dangling.example. A",
    "dangling.example. CNAME nowhere.example. → nxdomain example. 60",
  ],
  ["2308 §2.2 CNAME to NODATA", "half.example. A", "half.example. CNAME txt.example. → nodata example. 60"],
  ["1034 CNAME to below a cut", "to-cut.example. A", `to-cut.example. CNAME host.sub.example. → ${REFERRAL}`],
  [
    "1034 §5.2.2 CNAME loop",
    "ring.example. A",
    "ring.example. CNAME ring2.example. → ring2.example. CNAME ring.example. → chain-cut",
  ],
  ["1034 §4.2.1 below a cut", "host.sub.example. A", REFERRAL],
  ["1034 §4.2.1 at the cut", "sub.example. NS", REFERRAL],
  ["1034 the cut itself, A", "sub.example. A", REFERRAL],
  ["2181 §5.4.1 glue asked", "ns.sub.example. A", REFERRAL],
  ["4035 §3.1.4.1 DS at the cut", "sub.example. DS", "answer sub.example. DS"],
  ["4035 DS below the cut", "host.sub.example. DS", REFERRAL],
  [
    "6672 §3.1 DNAME",
    "host.old.example. A",
    "old.example. DNAME new.example. → host.old.example. CNAME host.new.example. → answer host.new.example. A",
  ],
  [
    "6672 DNAME to NXDOMAIN",
    "none.old.example. A",
    "old.example. DNAME new.example. → none.old.example. CNAME none.new.example. → nxdomain example. 60",
  ],
  ["6672 §2.3 its owner", "old.example. A", "nodata example. 60"],
  ["6672 beside it", "old.example. TXT", "answer old.example. TXT"],
  ["6672 QTYPE DNAME", "old.example. DNAME", "answer old.example. DNAME new.example."],
  [
    "6672 §2.2 too long",
    `${"x".repeat(60)}.long.example. A`,
    `long.example. DNAME ${LONG}example. → yxdomain`,
  ],
  ["8482 ANY", "www.example. ANY", "any www.example. A×2 + www.example. TXT"],
  ["8482 ANY at a CNAME", "alias.example. ANY", "any alias.example. CNAME www.example."],
  ["8482 ANY at an empty non-terminal", "ent.example. ANY", "nodata example. 60"],
  ["POLICY, A", "gtm.example. A", "policy gtm.example. ipv4 by gtm.example."],
  ["POLICY, AAAA", "gtm.example. AAAA", "policy gtm.example. ipv6 by gtm.example."],
  ["POLICY, other types are ordinary", "gtm.example. TXT", "answer gtm.example. TXT"],
  ["POLICY, other types are NODATA", "gtm.example. MX", "nodata example. 60"],
  ["POLICY and ANY", "gtm.example. ANY", "any gtm.example. TXT + policy"],
  ["wildcard POLICY", "a.b.gtm2.example. A", "policy a.b.gtm2.example. ipv4 by *.gtm2.example."],
  ["wildcard POLICY, other type", "a.gtm2.example. TXT", "nodata example. 60"],
  [
    "CNAME to a POLICY",
    "to-gtm.example. A",
    "to-gtm.example. CNAME gtm.example. → policy gtm.example. ipv4 by gtm.example.",
  ],
  ["closest zone wins", "www.other.test. A", "answer www.other.test. A"],
  ["DS of a child that is ours", "www.other.test. DS", "nodata other.test. 60"],
  ["DS of an apex whose parent is not ours", "other.test. DS", "nodata other.test. 60"],
];

describe("lookup()", () => {
  for (const [rfc, question, expected] of ROWS) {
    it(`${rfc}: ${question.length > 60 ? `${question.slice(0, 57)}…` : question}`, () => {
      expect(ask(question)).to.equal(expected);
    });
  }

  it("synthesises for a name of 255 octets", () => {
    const left = 255 - nameOf("wild.example.").length;
    const name = `${`${"x".repeat(62)}.`.repeat(3)}${"y".repeat(left - 3 * 63 - 1)}.wild.example.`;
    expect(nameOf(name).length).to.equal(255);
    expect(ask(`${name} A`)).to.match(/^answer xxx/);
  });

  it("follows no more than MAX_CHAIN aliases", () => {
    const links = Array.from({ length: 40 }, (_, at) => `c${at} CNAME c${at + 1}`).join("\n");
    const set = zoneSetOf({ "example.zone": `${EXAMPLE}\nc40 A 192.0.2.9\n${links}\n` });
    const found = lookup(indexZones(set.zones), nameOf("c0.example."), TYPE.A);
    expect(found.chain).to.have.length(MAX_CHAIN);
    expect(found.end.kind).to.equal("chain-cut");
  });

  it("says which zone was asked, even where a chain ends in another", () => {
    const found = lookup(index, nameOf("across.example."), TYPE.A);
    expect(found.zone?.serial).to.equal(7);
    expect(findZoneForType(index, nameOf("www.other.test."), TYPE.A)?.serial).to.equal(9);
  });
});
