/** Policies whose endpoints are answered as CNAME, as they stand in replies. */

import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { TRANSPORT } from "../../../src/answer/answer.ts";
import { DEFAULT_SETTINGS } from "../../../src/answer/settings.ts";
import { formatName } from "../../../src/dns/name.ts";
import { formatRdata } from "../../../src/dns/rdata.ts";
import { compileDecisions, compileZones, makeImage } from "../../../src/image/image.ts";
import { cnameTargetOf } from "../../../src/policy/cname.ts";
import { evaluate, sharesOf } from "../../../src/policy/evaluate.ts";
import { createAsker, NSID } from "../../support/answering.ts";
import { answersOf, opt, option, parsed, query, summary } from "../../support/packets.ts";
import { arbitrarySituation, type HealthWord } from "../../support/policies.ts";
import { imageOf } from "../../support/sample-zones.ts";
import { zoneSetOf } from "../../support/zones.ts";
import { setOfPolicies } from "../image/policy-set.ts";

const LONG = `${"a".repeat(63)}.`.repeat(3) + `${"b".repeat(54)}.test.`;

const ZONE = `
$TTL 300
@ 3600 SOA ns hostmaster ( 1 3600 600 86400 60 )
@ NS ns
ns A 192.0.2.53
$MONITOR clb http path=/
$POOL out monitor=clb
    lb lb.cloud.test. as=cname
$POOL second monitor=clb
    lb lb2.cloud.test. as=cname
$POOL inside monitor=clb
    lb real.example. as=cname
$POOL chained monitor=clb
    lb chain.example. as=cname
$POOL nowhere monitor=clb
    lb missing.example. as=cname
$POOL across monitor=clb
    lb host.other. as=cname
$POOL delegated monitor=clb
    lb host.sub.example. as=cname
$POOL ring monitor=clb
    lb ring.example. as=cname
$POOL far monitor=clb
    lb k1.example. as=cname
$POOL long monitor=clb
    lb ${LONG} as=cname
$POOL plain monitor=clb
    a 192.0.2.1
    b 192.0.2.2
$POOL mixed monitor=clb answers=3
    lb lb.cloud.test. as=cname
    a  192.0.2.11 2001:db8::11
    b  192.0.2.12
    c  192.0.2.11
$POLICY moves failover ( out plain )
real A 192.0.2.7
real MX 10 mail.elsewhere.test.
chain CNAME real
sub NS ns.sub
ns.sub A 192.0.2.54
ring CNAME ring2
ring2 CNAME ring
${Array.from({ length: 16 }, (_, at) => `k${at + 1} CNAME k${at + 2}`).join("\n")}
k17 A 192.0.2.17
tomoves CNAME www
www 30/10 POLICY moves
*.wild 30/10 POLICY moves
in 30 POLICY inside
chaining 30 POLICY chained
lost 30 POLICY nowhere
other 30 POLICY across
cut 30 POLICY delegated
turning 30 POLICY ring
deep 30 POLICY far
length 30 POLICY long
many 30 POLICY mixed
halves 30 POLICY weighted ( out=1 second=1 )
kept 30 POLICY sticky ( out=1 second=1 plain=2 )
near 30 POLICY geo ( net:10.0.0.0/8=out *=plain )
strict 30 POLICY out when-down=servfail
silent 20 POLICY out when-down=nodata
`;
const OTHER = `
$TTL 300
@ SOA ns.example. hostmaster ( 1 3600 600 86400 60 )
@ NS ns.example.
host A 192.0.2.99
`;
const SET = { "example.zone": ZONE, "other.zone": OTHER };

type Health = { readonly [endpointId: string]: HealthWord };
/** Two addresses that nobody needs for the answer. */
const RESOLVED: Health = Object.fromEntries(
  "out second inside chained nowhere across delegated ring far long mixed"
    .split(" ")
    .map((pool) => [`${pool}/lb`, "up"] as const),
);

function asker(health: Health = {}, minimal = true) {
  const image = imageOf(zoneSetOf(SET), { ...RESOLVED, ...health });
  const settings = { current: { ...DEFAULT_SETTINGS, nsid: NSID, minimalResponses: minimal } };
  return createAsker(() => image, { settings });
}

const DOWN: Health = { "out/lb": "down" };
const WWW = "www.example. 30 CNAME lb.cloud.test.";
const K = Array.from({ length: 15 }, (_, at) => `k${at + 1}.example. 300 CNAME k${at + 2}.example.`);

const ROWS: readonly (readonly [
  name: string,
  type: string,
  health: Health,
  expected: string,
  answers: readonly string[],
])[] = [
  ["www.example.", "A", {}, "NOERROR aa qd=1 an=1", [WWW]],
  ["www.example.", "AAAA", {}, "NOERROR aa qd=1 an=1", [WWW]],
  ["www.example.", "MX", {}, "NOERROR aa qd=1 an=1", [WWW]],
  ["www.example.", "HTTPS", {}, "NOERROR aa qd=1 an=1", [WWW]],
  ["www.example.", "TXT", {}, "NOERROR aa qd=1 an=1", [WWW]],
  ["www.example.", "DS", {}, "NOERROR aa qd=1 an=1", [WWW]],
  ["www.example.", "TYPE65280", {}, "NOERROR aa qd=1 an=1", [WWW]],
  ["www.example.", "CNAME", {}, "NOERROR aa qd=1 an=1", [WWW]],
  ["www.example.", "ANY", {}, "NOERROR aa qd=1 an=1", [WWW]],
  ["www.example.", "MX", DOWN, "NOERROR aa qd=1 an=0 ns=SOA", []],
  ["www.example.", "CNAME", DOWN, "NOERROR aa qd=1 an=0 ns=SOA", []],
  ["www.example.", "ANY", DOWN, "NOERROR aa qd=1 an=1", ['www.example. 3600 HINFO "RFC8482" ""']],
  ["www.example.", "AAAA", DOWN, "NOERROR aa qd=1 an=0 ns=SOA", []],
  [
    "www.example.",
    "A",
    { "out/lb": "failing" },
    "NOERROR aa qd=1 an=1",
    ["www.example. 10 CNAME lb.cloud.test."],
  ],
  ["a.b.wild.example.", "HTTPS", {}, "NOERROR aa qd=1 an=1", ["a.b.wild.example. 30 CNAME lb.cloud.test."]],
  ["tomoves.example.", "AAAA", {}, "NOERROR aa qd=1 an=2", ["tomoves.example. 300 CNAME www.example.", WWW]],
  ["tomoves.example.", "MX", {}, "NOERROR aa qd=1 an=2", ["tomoves.example. 300 CNAME www.example.", WWW]],
  [
    "tomoves.example.",
    "MX",
    DOWN,
    "NOERROR aa qd=1 an=1 ns=SOA",
    ["tomoves.example. 300 CNAME www.example."],
  ],
  [
    "in.example.",
    "A",
    {},
    "NOERROR aa qd=1 an=2",
    ["in.example. 30 CNAME real.example.", "real.example. 300 A 192.0.2.7"],
  ],
  [
    "in.example.",
    "MX",
    {},
    "NOERROR aa qd=1 an=2",
    ["in.example. 30 CNAME real.example.", "real.example. 300 MX 10 mail.elsewhere.test."],
  ],
  ["in.example.", "AAAA", {}, "NOERROR aa qd=1 an=1 ns=SOA", ["in.example. 30 CNAME real.example."]],
  [
    "chaining.example.",
    "A",
    {},
    "NOERROR aa qd=1 an=3",
    [
      "chaining.example. 30 CNAME chain.example.",
      "chain.example. 300 CNAME real.example.",
      "real.example. 300 A 192.0.2.7",
    ],
  ],
  ["chaining.example.", "CNAME", {}, "NOERROR aa qd=1 an=1", ["chaining.example. 30 CNAME chain.example."]],
  ["chaining.example.", "ANY", {}, "NOERROR aa qd=1 an=1", ["chaining.example. 30 CNAME chain.example."]],
  ["lost.example.", "A", {}, "NXDOMAIN aa qd=1 an=1 ns=SOA", ["lost.example. 30 CNAME missing.example."]],
  [
    "other.example.",
    "A",
    {},
    "NOERROR aa qd=1 an=2",
    ["other.example. 30 CNAME host.other.", "host.other. 300 A 192.0.2.99"],
  ],
  ["cut.example.", "A", {}, "NOERROR aa qd=1 an=1 ns=NS ar=1", ["cut.example. 30 CNAME host.sub.example."]],
  [
    "turning.example.",
    "A",
    {},
    "NOERROR aa qd=1 an=3",
    [
      "turning.example. 30 CNAME ring.example.",
      "ring.example. 300 CNAME ring2.example.",
      "ring2.example. 300 CNAME ring.example.",
    ],
  ],
  // As many as one answer follows; the resolver goes on from the last one.
  ["deep.example.", "A", {}, "NOERROR aa qd=1 an=16", ["deep.example. 30 CNAME k1.example.", ...K]],
  ["length.example.", "TXT", {}, "NOERROR aa qd=1 an=1", [`length.example. 30 CNAME ${LONG}`]],
  ["strict.example.", "A", DOWN, "SERVFAIL qd=1 an=0", []],
  ["strict.example.", "MX", DOWN, "SERVFAIL qd=1 an=0", []],
  ["silent.example.", "MX", DOWN, "NOERROR aa qd=1 an=0 ns=SOA", []],
];

const EMPTY = new Uint8Array(0);

describe("answer() for endpoints that are answered as CNAME", () => {
  for (const [name, type, health, expected, answers] of ROWS) {
    it(`${name} ${type} with ${JSON.stringify(health)}: ${expected}`, () => {
      const { ask } = asker(health);
      for (const transport of [TRANSPORT.udp, TRANSPORT.tcp]) {
        const reply = ask(query(name, type), { transport }) ?? EMPTY;
        expect(answersOf(reply)).to.deep.equal(answers);
        expect(summary(reply)).to.equal(expected);
      }
    });
  }

  it("lets no NODATA outlive the policy's TTL: a CNAME may be drawn the next time", () => {
    const reply = asker(DOWN).ask(query("www.example.", "MX")) ?? EMPTY;
    expect(parsed(reply).authorities[0]?.ttlSeconds).to.equal(10);
  });

  it("gives a CNAME alone or addresses alone, each as often as its endpoint is drawn first", () => {
    const { ask, counters } = asker();
    const firsts = new Map<string, number>();
    const DRAWS = 6_000;
    for (let count = 0; count < DRAWS; count++) {
      const answers = answersOf(ask(query("many.example.", "A")) ?? EMPTY);
      const cnames = answers.filter((line) => line.includes(" CNAME "));
      if (cnames.length > 0) expect(answers).to.deep.equal(["many.example. 30 CNAME lb.cloud.test."]);
      else expect(new Set(answers).size).to.equal(answers.length);
      const [first = ""] = answers;
      firsts.set(first, (firsts.get(first) ?? 0) + 1);
    }
    const partOf = (text: string): number =>
      [...firsts].reduce((sum, [line, count]) => (line.endsWith(text) ? sum + count : sum), 0) / DRAWS;
    expect(partOf("CNAME lb.cloud.test.")).to.be.closeTo(1 / 4, 0.03);
    expect(partOf("A 192.0.2.11")).to.be.closeTo(2 / 4, 0.03);
    expect(partOf("A 192.0.2.12")).to.be.closeTo(1 / 4, 0.03);
    const counted = [...counters.answers()].find(
      ({ pool, endpoint }) => `${pool}/${endpoint}` === "mixed/lb",
    );
    expect((counted?.value ?? 0) / DRAWS).to.be.closeTo(partOf("CNAME lb.cloud.test."), 1e-9);
  });

  it("gives other types the CNAME as often as it is drawn for A, and NODATA else", () => {
    const { ask } = asker();
    let cnames = 0;
    for (let count = 0; count < 3_000; count++) {
      const reply = ask(query("many.example.", "HTTPS")) ?? EMPTY;
      if (summary(reply) === "NOERROR aa qd=1 an=1") cnames++;
      else expect(summary(reply)).to.equal("NOERROR aa qd=1 an=0 ns=SOA");
    }
    expect(cnames / 3_000).to.be.closeTo(1 / 4, 0.03);
  });

  it("gives a client of a sticky policy one answer, whatever type it asks for", () => {
    const { ask } = asker();
    const seen = new Set<string>();
    for (let host = 0; host < 60; host++) {
      const client = `10.0.${host}.1`;
      const lines = ["A", "AAAA", "HTTPS"].map((type) =>
        answersOf(ask(query("kept.example.", type), { client }) ?? EMPTY).join(),
      );
      const [a = "", aaaa = "", https = ""] = lines;
      if (a.includes("CNAME")) expect(lines).to.deep.equal([a, a, a]);
      else expect(https).to.equal("");
      seen.add(a.replace(/192\.0\.2\.[12]$/, "address"));
      if (aaaa.includes("CNAME")) expect(https).to.equal(aaaa);
    }
    expect(seen.size).to.equal(3);
  });

  it("says for which networks the answer holds, for every type", () => {
    const { ask } = asker();
    for (const type of ["A", "MX"]) {
      const octets = query("near.example.", type, opt({ options: [option(8, 0, 1, 24, 0, 10, 1, 2)] }));
      const reply = ask(octets) ?? EMPTY;
      expect(answersOf(reply)).to.deep.equal(["near.example. 30 CNAME lb.cloud.test."]);
      // The scope is the option's fourth octet; three of the address follow it.
      expect(reply.at(-4), type).to.equal(8);
    }
  });

  it("adds to it what `minimal-responses: no` adds to every CNAME", () => {
    const { ask } = asker({}, false);
    const lineOf = (name: string, type: string): string => summary(ask(query(name, type)) ?? EMPTY);
    expect(lineOf("www.example.", "A")).to.equal("NOERROR aa qd=1 an=1");
    expect(lineOf("www.example.", "CNAME")).to.equal("NOERROR aa qd=1 an=1 ns=NS ar=1");
    expect(lineOf("in.example.", "A")).to.equal("NOERROR aa qd=1 an=2 ns=NS ar=1");
  });

  it("truncates where the CNAME does not fit, and counts nothing", () => {
    const name = `${"x".repeat(60)}.${"y".repeat(60)}.${"z".repeat(60)}.${"w".repeat(40)}.wild.example.`;
    const long = imageOf(
      zoneSetOf({
        "example.zone": ZONE.replace("*.wild 30/10 POLICY moves", "*.wild 30 POLICY long"),
        "other.zone": OTHER,
      }),
      RESOLVED,
    );
    const { ask, counters } = createAsker(() => long);
    const counted = (): number => [...counters.answers()].reduce((sum, { value }) => sum + value, 0);
    expect(summary(ask(query(name, "A")) ?? EMPTY)).to.equal("NOERROR aa tc qd=1 an=0");
    expect(counted()).to.equal(0);
    const whole = parsed(ask(query(name, "A", opt())) ?? EMPTY);
    expect(formatRdata(5, whole.answers[0]?.rdata ?? EMPTY)).to.equal(LONG);
    expect(counted()).to.equal(1);
  });

  it("agrees with evaluate() on what may stand in one answer, for random policies", () => {
    let cnames = 0;
    fc.assert(
      fc.property(arbitrarySituation, ({ definitions, policy, snapshot, client }) => {
        const zones = compileZones(setOfPolicies([policy], definitions));
        const image = makeImage(1, zones, compileDecisions(zones, snapshot));
        const { ask } = createAsker(() => image);
        const address = client.network?.octets.join(".") ?? "203.0.113.77";
        for (const type of ["A", "AAAA", "HTTPS"] as const) {
          const family = type === "AAAA" ? "ipv6" : "ipv4";
          const evaluation = evaluate(policy, definitions, snapshot, client, family);
          const shares = sharesOf(evaluation);
          const targets = new Set(shares.flatMap(({ endpoint }) => cnameTargetOf(endpoint) ?? []));
          const addresses = new Set(shares.flatMap((share) => share.addresses.map(({ text }) => text)));
          for (let count = 0; count < 12; count++) {
            const { answers, rcode } = parsed(ask(query("p0.example.", type), { client: address }) ?? EMPTY);
            const [first] = answers;
            if (first === undefined) {
              const isOther = type === "HTTPS" && (addresses.size > 0 || targets.size === 0);
              const isNodata = evaluation.draws.some(({ candidates }) => candidates.length === 0);
              expect(isOther || isNodata || rcode === 2).to.equal(true);
              continue;
            }
            const texts = answers.map((record) => formatRdata(record.type, record.rdata));
            expect(answers.every(({ ttlSeconds }) => ttlSeconds === evaluation.ttlSeconds)).to.equal(true);
            expect(answers.every(({ owner }) => formatName(owner) === "p0.example.")).to.equal(true);
            if (first.type === 5) {
              cnames++;
              expect(texts).to.have.length(1);
              expect(targets.has(texts[0] ?? "")).to.equal(true);
            } else {
              expect(type).to.not.equal("HTTPS");
              expect(texts.every((text) => addresses.has(text))).to.equal(true);
              expect(new Set(texts).size).to.equal(texts.length);
            }
          }
        }
      }),
      { seed: 20_261_122, numRuns: 300 },
    );
    expect(cnames).to.be.greaterThan(500);
  });
});
