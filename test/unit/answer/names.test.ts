import { expect } from "chai";
import dnsPacket from "dns-packet";
import { describe, it } from "mocha";
import { TRANSPORT } from "../../../src/answer/answer.ts";
import { createAsker } from "../../support/answering.ts";
import { answersOf, opt, parsed, query, summary } from "../../support/packets.ts";
import { sampleImage } from "../../support/sample-zones.ts";

const image = sampleImage();
const { ask } = createAsker(() => image);

/** Static names: what the sections of an answer hold, and the rdata where that matters. */
const ROWS: readonly (readonly [
  name: string,
  type: string,
  expected: string,
  answers?: readonly string[],
])[] = [
  ["example.", "SOA", "NOERROR aa qd=1 an=1"],
  ["example.", "NS", "NOERROR aa qd=1 an=2"],
  ["odd.example.", "TYPE65280", "NOERROR aa qd=1 an=1", ["odd.example. 300 TYPE65280 \\# 3 010203"]],
  ["odd.example.", "TYPE666", "NOERROR aa qd=1 an=0 ns=SOA"],
  ["www.example.", "RRSIG", "NOERROR aa qd=1 an=0 ns=SOA"],
  ["missing.example.", "A", "NXDOMAIN aa qd=1 an=0 ns=SOA"],
  ["ent.example.", "A", "NOERROR aa qd=1 an=0 ns=SOA"],
  ["below.www.example.", "A", "NXDOMAIN aa qd=1 an=0 ns=SOA"],
  ["x.wild.example.", "A", "NOERROR aa qd=1 an=1", ["x.wild.example. 300 A 192.0.2.4"]],
  ["y.x.wild.example.", "A", "NOERROR aa qd=1 an=1"],
  ["leaf.wild.example.", "A", "NOERROR aa qd=1 an=0 ns=SOA"],
  ["x.leaf.wild.example.", "A", "NXDOMAIN aa qd=1 an=0 ns=SOA"],
  ["x.wild.example.", "MX", "NOERROR aa qd=1 an=0 ns=SOA"],
  ["*.wild.example.", "A", "NOERROR aa qd=1 an=1"],
  ["\\000\\255\\.x.wild.example.", "A", "NOERROR aa qd=1 an=1"],
  ["x.wcname.example.", "A", "NOERROR aa qd=1 an=3"],
  ["alias.example.", "A", "NOERROR aa qd=1 an=3"],
  ["alias.example.", "CNAME", "NOERROR aa qd=1 an=1"],
  ["chain.example.", "A", "NOERROR aa qd=1 an=4"],
  ["out.example.", "A", "NOERROR aa qd=1 an=1", ["out.example. 300 CNAME www.elsewhere.test."]],
  ["dangling.example.", "A", "NXDOMAIN aa qd=1 an=1 ns=SOA"],
  ["nodata.example.", "A", "NOERROR aa qd=1 an=1 ns=SOA"],
  ["toloop.example.", "A", "NOERROR aa qd=1 an=2"],
  ["x.sub.example.", "A", "NOERROR qd=1 an=0 ns=NS,NS ar=3"],
  ["sub.example.", "NS", "NOERROR qd=1 an=0 ns=NS,NS ar=3"],
  ["ns.sub.example.", "A", "NOERROR qd=1 an=0 ns=NS,NS ar=3"],
  ["sub.example.", "DS", "NOERROR aa qd=1 an=0 ns=SOA"],
  [
    "here.moved.example.",
    "A",
    "NOERROR aa qd=1 an=3",
    [
      "moved.example. 300 DNAME elsewhere.example.",
      "here.moved.example. 300 CNAME here.elsewhere.example.",
      "here.elsewhere.example. 300 A 192.0.2.5",
    ],
  ],
  ["moved.example.", "A", "NOERROR aa qd=1 an=0 ns=SOA"],
  [`${"x".repeat(60)}.long.second.test.`, "A", "YXDOMAIN aa qd=1 an=1"],
  ["www.example.", "ANY", "NOERROR aa qd=1 an=1", ['www.example. 3600 HINFO "RFC8482" ""']],
  ["alias.example.", "ANY", "NOERROR aa qd=1 an=1", ["alias.example. 300 CNAME www.example."]],
  ["ent.example.", "ANY", "NOERROR aa qd=1 an=0 ns=SOA"],
  ["four.example.", "TXT", "NOERROR aa qd=1 an=1"],
  ["fail.example.", "MX", "NOERROR aa qd=1 an=0 ns=SOA"],
  ["fail.example.", "ANY", "NOERROR aa qd=1 an=1"],
  [".", "NS", "REFUSED qd=1 an=0"],
];

describe("answer() for static names", () => {
  for (const [name, type, expected, answers] of ROWS) {
    it(`${name} ${type}: ${expected}`, () => {
      const reply = ask(query(name, type));
      expect(summary(reply)).to.equal(expected);
      if (answers !== undefined) expect(answersOf(reply ?? new Uint8Array(0))).to.deep.equal(answers);
    });
  }

  it("gives negative answers the lesser of the SOA's TTL and its MINIMUM", () => {
    for (const name of ["missing.example.", "ent.example.", "nodata.example."]) {
      expect(parsed(ask(query(name, "A")) ?? new Uint8Array(0)).authorities[0]?.ttlSeconds).to.equal(60);
    }
  });

  it("compresses names", () => {
    const reply = ask(query("chain.example.", "A")) ?? new Uint8Array(0);
    expect(Buffer.from(reply).toString("latin1").split("example").length - 1).to.equal(1);
  });

  it("truncates where glue does not fit (RFC 9471), and leaves other addresses out without TC", () => {
    expect(summary(ask(query("x.wide.example.", "A")))).to.equal("NOERROR tc qd=1 an=0 ns=NS");
    expect(summary(ask(query("x.wide.example.", "A", opt())))).to.equal("NOERROR qd=1 an=0 ns=NS ar=40 opt");
    expect(summary(ask(query("x.apart.example.", "A")))).to.equal("NOERROR qd=1 an=0 ns=NS");
  });

  it("is read by dns-packet as it is by us", () => {
    for (const [name, type] of ROWS) {
      if (name.includes("\\")) continue;
      const reply = ask(query(name, type, opt()), { transport: TRANSPORT.tcp }) ?? new Uint8Array(0);
      const ours = parsed(reply);
      const theirs = dnsPacket.decode(Buffer.from(reply));
      expect(theirs.answers?.length, name).to.equal(ours.answers.length);
      expect(theirs.authorities?.length, name).to.equal(ours.authorities.length);
      expect(theirs.additionals?.length, name).to.equal(ours.additionals.length + 1);
    }
  });
});
