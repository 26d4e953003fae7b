import { expect } from "chai";
import { describe, it } from "mocha";
import { TRANSPORT } from "../../../src/answer/answer.ts";
import { nameOf } from "../../../src/dns/name.ts";
import { createAsker, NSID } from "../../support/answering.ts";
import { join, opt, option, packet, parsed, query, question, summary, u16 } from "../../support/packets.ts";
import { sampleImage } from "../../support/sample-zones.ts";
import { SHA256_KEY, signedQuery } from "../../support/tsig.ts";

const image = sampleImage();
const { ask } = createAsker(() => image);

const WWW = question("www.example.", "A");
const A_RECORD = join(
  Uint8Array.of(0xc0, 12),
  u16(1),
  u16(1),
  u16(0),
  u16(60),
  u16(4),
  Uint8Array.of(1, 2, 3, 4),
);
const TSIG = signedQuery(query(".", "A"), { ...SHA256_KEY, name: nameOf("k.") }, 0).octets.subarray(17);
/** ECS: family, source prefix, scope prefix, address. */
const ecs = (family: number, source: number, scope: number, ...address: number[]): Uint8Array =>
  option(8, 0, family, source, scope, ...address);
const withOptions = (...options: Uint8Array[]): Uint8Array => query("www.example.", "A", opt({ options }));
const longName = (octets: number): Uint8Array => {
  const labels = [63, 63, 63, octets - 194].map((length) =>
    join(Uint8Array.of(length), new Uint8Array(length).fill(0x61)),
  );
  return join(...labels, Uint8Array.of(0), u16(1), u16(1));
};

const WHOLE = "NOERROR aa qd=1 an=2";
const WHOLE_OPT = `${WHOLE} opt`;

/** DNS-BEHAVIOUR.md, row by row: what it calls accepted, and of that the first. */
const ROWS: readonly (readonly [row: string, octets: Uint8Array, expected: string])[] = [
  ["0-byte datagram", new Uint8Array(0), "drop"],
  ["11-byte datagram", new Uint8Array(11), "drop"],
  ["header only, QDCOUNT=0", packet({}), "FORMERR qd=0 an=0"],
  ["QR=1", packet({ flags: 0x8000, question: WWW }), "drop"],
  ["header only, QDCOUNT=1", packet({ counts: [1, 0, 0, 0] }), "FORMERR qd=0 an=0"],
  ["QDCOUNT=2", packet({ counts: [2, 0, 0, 0], question: join(WWW, WWW) }), "FORMERR qd=0 an=0"],
  [
    "QNAME = pointer to itself",
    packet({ question: Uint8Array.of(0xc0, 12, 0, 1, 0, 1) }),
    "FORMERR qd=0 an=0",
  ],
  ["QNAME pointer past end", packet({ question: Uint8Array.of(0xc1, 0, 0, 1, 0, 1) }), "FORMERR qd=0 an=0"],
  [
    "QNAME label then pointer to itself",
    packet({ question: Uint8Array.of(1, 0x61, 0xc0, 14, 0, 1, 0, 1) }),
    "FORMERR qd=0 an=0",
  ],
  ["label type 0x40", packet({ question: Uint8Array.of(0x41, 0, 0, 1, 0, 1) }), "FORMERR qd=0 an=0"],
  ["label type 0x80", packet({ question: Uint8Array.of(0x81, 0, 0, 1, 0, 1) }), "FORMERR qd=0 an=0"],
  ["QNAME 257 octets", packet({ question: longName(257) }), "FORMERR qd=0 an=0"],
  ["question cut before QCLASS", packet({ question: WWW.subarray(0, -2) }), "FORMERR qd=0 an=0"],
  ["question cut inside QNAME", packet({ question: WWW.subarray(0, 3) }), "FORMERR qd=0 an=0"],
  ["4 bytes of garbage after question", join(packet({ question: WWW }), u16(1), u16(2)), "FORMERR qd=1 an=0"],
  [
    "ANCOUNT=1 with an A RR",
    join(packet({ question: WWW, counts: [1, 1, 0, 0] }), A_RECORD),
    "FORMERR qd=1 an=0",
  ],
  ["ARCOUNT=1 but no RR follows", packet({ question: WWW, counts: [1, 0, 0, 1] }), "FORMERR qd=1 an=0"],
  [
    "ANCOUNT=65535, nothing follows",
    packet({ question: WWW, counts: [1, 65535, 0, 0] }),
    "FORMERR qd=1 an=0",
  ],
  ["two OPT RRs", query("www.example.", "A", opt(), opt()), "FORMERR qd=1 an=0 opt"],
  [
    "OPT owner not root",
    query("www.example.", "A", opt({ owner: Uint8Array.of(1, 0x61, 0) })),
    "FORMERR qd=1 an=0",
  ],
  [
    "OPT RDLEN past end",
    query("www.example.", "A", join(opt().subarray(0, -2), u16(9))),
    "FORMERR qd=1 an=0",
  ],
  [
    "option length past RDLEN",
    query("www.example.", "A", opt({ options: [join(u16(3), u16(9), Uint8Array.of(1))] })),
    "FORMERR qd=1 an=0 opt",
  ],
  ["TSIG with unknown key", query("www.example.", "A", TSIG), "NOTAUTH qd=1 an=0 ar=1"],
  ["TSIG before another record", query("www.example.", "A", TSIG, opt()), "FORMERR qd=1 an=0"],
  ...[1, 2, 3, 7, 15].map(
    (opcode) =>
      [`opcode ${opcode}`, packet({ flags: opcode << 11, question: WWW }), "NOTIMP qd=1 an=0"] as const,
  ),
  ["NOTIFY", packet({ flags: 0x2400, question: question("example.", "SOA") }), "NOTIMP qd=1 an=0"],
  ["UPDATE", packet({ flags: 0x2800, question: question("example.", "SOA") }), "NOTIMP qd=1 an=0"],
  ["DSO over UDP", packet({ flags: 6 << 11 }), "drop"],
  ["Z bit set", packet({ flags: 0x0040, question: WWW }), WHOLE],
  ["AD+CD set", packet({ flags: 0x0030, question: WWW }), WHOLE],
  ["TC+AA+RCODE set", packet({ flags: 0x0605, question: WWW }), WHOLE],
  ["EDNS0", query("www.example.", "A", opt()), WHOLE_OPT],
  ["EDNS version 1", query("www.example.", "A", opt({ version: 1 })), "BADVERS qd=1 an=0 opt"],
  [
    "EDNS version 255 + unknown option",
    query("www.example.", "A", opt({ version: 255, options: [option(65001, 1)] })),
    "BADVERS qd=1 an=0 opt",
  ],
  ["unknown option 65001", withOptions(option(65001, 1, 2, 3)), WHOLE_OPT],
  ["EDNS size 0", query("www.example.", "A", opt({ size: 0 })), WHOLE_OPT],
  ["no OPT in query", query("www.example.", "A"), WHOLE],
  ["REFUSED with OPT", query("www.elsewhere.test.", "A", opt()), "REFUSED qd=1 an=0 opt"],
  ["client cookie", withOptions(option(10, 1, 2, 3, 4, 5, 6, 7, 8)), WHOLE_OPT],
  ["7-byte cookie", withOptions(option(10, 1, 2, 3, 4, 5, 6, 7)), "FORMERR qd=1 an=0 opt"],
  ["8+1 byte cookie", withOptions(option(10, 1, 2, 3, 4, 5, 6, 7, 8, 9)), "FORMERR qd=1 an=0 opt"],
  ["41-byte cookie", withOptions(option(10, ...new Uint8Array(41))), "FORMERR qd=1 an=0 opt"],
  ["bad server cookie", withOptions(option(10, ...new Uint8Array(16))), WHOLE_OPT],
  ["ECS 192.0.2.0/24", withOptions(ecs(1, 24, 0, 192, 0, 2)), WHOLE_OPT],
  ["ECS scope!=0 in query", withOptions(ecs(1, 24, 8, 192, 0, 2)), "FORMERR qd=1 an=0 opt"],
  ["ECS source prefix 33 for IPv4", withOptions(ecs(1, 33, 0, 192, 0, 2, 0, 0)), "FORMERR qd=1 an=0 opt"],
  ["ECS bits past the prefix", withOptions(ecs(1, 23, 0, 192, 0, 3)), "FORMERR qd=1 an=0 opt"],
  ["ECS address too long", withOptions(ecs(1, 24, 0, 192, 0, 2, 0)), "FORMERR qd=1 an=0 opt"],
  ["ECS family 3", withOptions(ecs(3, 0, 0)), "FORMERR qd=1 an=0 opt"],
  ["ECS family 0 with prefix 0, as dig sends", withOptions(ecs(0, 0, 0)), WHOLE_OPT],
  ["ECS cut short", withOptions(option(8, 0, 1, 24)), "FORMERR qd=1 an=0 opt"],
  ["1.6 kB answer, no EDNS", query("big.example.", "A"), "NOERROR aa tc qd=1 an=0"],
  ["1.6 kB answer, EDNS 1232", query("big.example.", "A", opt()), "NOERROR aa tc qd=1 an=0 opt"],
  [
    "1.6 kB answer, EDNS 4096",
    query("big.example.", "A", opt({ size: 4096 })),
    "NOERROR aa tc qd=1 an=0 opt",
  ],
  ["500..1232-byte answer, EDNS 1232", query("mid.example.", "A", opt()), "NOERROR aa qd=1 an=30 opt"],
  ["CH TXT version.bind", packet({ question: question("version.bind.", "TXT", 3) }), "REFUSED qd=1 an=0"],
  ["CH TXT id.server", packet({ question: question("id.server.", "TXT", 3) }), "REFUSED qd=1 an=0"],
  ...[0, 4, 255].map(
    (qclass) =>
      [
        `class ${qclass}`,
        packet({ question: question("www.example.", "A", qclass) }),
        "REFUSED qd=1 an=0",
      ] as const,
  ),
  ["ANY", query("www.example.", "ANY"), "NOERROR aa qd=1 an=1"],
  ["AXFR over UDP", query("example.", "AXFR"), "REFUSED qd=1 an=0"],
  ["IXFR over UDP", query("example.", "IXFR"), "REFUSED qd=1 an=0"],
  ["QTYPE MAILA", query("www.example.", "MAILA"), "NOTIMP qd=1 an=0"],
  ["QTYPE 0", query("www.example.", 0), "FORMERR qd=1 an=0"],
  ["QTYPE OPT", query("www.example.", "OPT"), "FORMERR qd=1 an=0"],
  ["255-octet QNAME under wildcard", packet({ question: longName(255) }), "REFUSED qd=1 an=0"],
];

describe("answer() to odd packets", () => {
  for (const [row, octets, expected] of ROWS) {
    it(`${row}: ${expected}`, () => expect(summary(ask(octets))).to.equal(expected));
  }

  it("copies RD and the identifier, and clears RA, Z, AD and CD", () => {
    const reply = ask(packet({ id: 0xbeef, flags: 0x0170, question: WWW }));
    expect(Array.from(reply?.subarray(0, 4) ?? [])).to.deep.equal([0xbe, 0xef, 0x85, 0x00]);
  });

  it("keeps the opcode of what it does not implement", () => {
    expect(parsed(ask(packet({ flags: 0x2400, question: WWW })) ?? WWW).opcode).to.equal(4);
  });

  it("copies DO, clears the other EDNS flags, and says 1232", () => {
    const { edns } = parsed(ask(query("www.example.", "A", opt({ flags: 0xffff }))) ?? WWW);
    expect(edns?.dnssecOk).to.equal(true);
    expect(edns?.reservedFlags).to.equal(0);
    expect(edns?.udpSize).to.equal(1232);
  });

  it("repeats the question byte for byte", () => {
    const mixed = question("wWw.eXAMple.", "A");
    const reply = ask(packet({ question: mixed })) ?? new Uint8Array(0);
    expect([...reply.subarray(12, 12 + mixed.length)]).to.deep.equal([...mixed]);
    expect([...reply.subarray(12 + mixed.length, 14 + mixed.length)]).to.deep.equal([0xc0, 12]);
  });

  it("says its NSID where asked, and only then", () => {
    const options = (...asked: Uint8Array[]) => parsed(ask(withOptions(...asked)) ?? WWW).edns?.options;
    expect(options(option(3))).to.deep.equal([{ kind: "nsid", octets: NSID }]);
    expect(options()).to.deep.equal([]);
  });

  it("answers keepalive over TCP and ignores it over UDP", () => {
    const over = (transport: 0 | 1) =>
      parsed(ask(withOptions(option(11)), { transport }) ?? WWW).edns?.options;
    expect(over(TRANSPORT.udp)).to.deep.equal([]);
    expect(over(TRANSPORT.tcp)).to.deep.equal([{ kind: "keepalive", timeoutMs: 10_000 }]);
  });

  it("gives all 100 records over TCP", () => {
    const reply = ask(query("big.example.", "A"), { transport: TRANSPORT.tcp });
    expect(summary(reply)).to.equal("NOERROR aa qd=1 an=100");
  });

  it("keeps within their EDNS size, and that is at least 512", () => {
    const sizes = [0, 100, 512, 600, 1231, 65_535];
    for (const size of sizes) {
      const reply = ask(query("mid.example.", "A", opt({ size })));
      expect(reply?.length, `size ${size}`).to.be.at.most(Math.max(512, Math.min(size, 1232)));
    }
    expect(summary(ask(query("mid.example.", "A", opt({ size: 530 }))))).to.equal(
      "NOERROR aa qd=1 an=30 opt",
    );
    expect(summary(ask(query("mid.example.", "A", opt({ size: 511 }))))).to.equal(
      "NOERROR aa tc qd=1 an=0 opt",
    );
  });
});
