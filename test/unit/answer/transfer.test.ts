import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { answerTransfer, TRANSFER_MESSAGE_OCTETS, type TransferRules } from "../../../src/answer/transfer.ts";
import { formatName, type Name, nameKey, nameOf } from "../../../src/dns/name.ts";
import { formatRdata } from "../../../src/dns/rdata.ts";
import type { RRset } from "../../../src/dns/rrset.ts";
import { verifyResponse } from "../../../src/dns/tsig-verify.ts";
import { formatType, TYPE } from "../../../src/dns/types.ts";
import { keyedHash } from "../../../src/server/keyed-hash.ts";
import { join, opt, packet, parsed, query, question, summary, u16 } from "../../support/packets.ts";
import { KEYS, SHA256_KEY, signedQuery } from "../../support/tsig.ts";

const NOW = 1_795_000_000;
const APEX = nameOf("example.");
const CLIENT = Uint8Array.of(127, 0, 0, 1);
const STRANGER = Uint8Array.of(192, 0, 2, 1);

const u32 = (value: number): Uint8Array => join(u16(value >>> 16), u16(value & 0xffff));
const soaRdata = (serial: number): Uint8Array =>
  join(nameOf("ns.example."), nameOf("h.example."), u32(serial), u32(1), u32(2), u32(3), u32(4));
const SOA: RRset = { owner: APEX, type: TYPE.SOA, ttlSeconds: 300, rdatas: [soaRdata(10)] };
const records = (count: number): RRset[] =>
  Array.from({ length: count }, (_, index) => ({
    owner: nameOf(`n${index}.example.`),
    type: TYPE.A,
    ttlSeconds: 60,
    rdatas: [Uint8Array.of(192, 0, index >> 8, index & 0xff)],
  }));

function rulesFor(rrsets: readonly RRset[], changes: Partial<TransferRules> = {}): TransferRules {
  return {
    keys: KEYS,
    hash: keyedHash,
    nowSeconds: () => NOW,
    mayTransfer: (client) => client[0] === 127,
    zoneAt: (apex: Name) =>
      nameKey(apex) === nameKey(APEX) ? { serial: 10, soa: SOA, rrsets: () => [SOA, ...rrsets] } : undefined,
    hasRoom: () => true,
    ...changes,
  };
}

/** An IXFR query with the SOA that its sender has. */
function ixfr(serial: number): Uint8Array {
  const rdata = soaRdata(serial);
  const soa = join(APEX, u16(TYPE.SOA), u16(1), u32(0), u16(rdata.length), rdata);
  return packet({ counts: [1, 0, 1, 0], question: join(question("example.", "IXFR"), soa) });
}

const signed = (message: Uint8Array): Uint8Array => signedQuery(message, SHA256_KEY, NOW).octets;
const AXFR = query("example.", "AXFR");

describe("answerTransfer()", () => {
  const cases: readonly (readonly [string, Uint8Array, string, Uint8Array?, Partial<TransferRules>?])[] = [
    ["a good query", signed(AXFR), "NOERROR aa qd=1 an=4 ar=1"],
    ["with EDNS", signed(query("example.", "AXFR", opt())), "NOERROR aa qd=1 an=4 ar=1 opt"],
    ["no signature", AXFR, "REFUSED qd=1 an=0"],
    ["a network that may not", signed(AXFR), "REFUSED qd=1 an=0 ar=1", STRANGER],
    ["neither", AXFR, "REFUSED qd=1 an=0", STRANGER],
    ["a key that we do not have", signed(AXFR), "NOTAUTH qd=1 an=0 ar=1", CLIENT, { keys: [] }],
    [
      "a clock that is wrong",
      signed(AXFR),
      "NOTAUTH qd=1 an=0 ar=1",
      CLIENT,
      { nowSeconds: () => NOW + 301 },
    ],
    ["no apex of ours", signed(query("www.example.", "AXFR")), "NOTAUTH qd=1 an=0 ar=1"],
    [
      "another class",
      signed(packet({ question: question("example.", "AXFR", 3) })),
      "REFUSED qd=1 an=0 ar=1",
    ],
    ["EDNS version 1", signed(query("example.", "AXFR", opt({ version: 1 }))), "BADVERS qd=1 an=0 ar=1 opt"],
    ["no room", signed(AXFR), "SERVFAIL qd=1 an=0 ar=1", CLIENT, { hasRoom: () => false }],
    ["octets behind it", join(signed(AXFR), u16(0)), "FORMERR qd=0 an=0"],
    ["IXFR without a SOA", signed(query("example.", "IXFR")), "FORMERR qd=1 an=0 ar=1"],
    ["IXFR from an older serial", signed(ixfr(9)), "NOERROR aa qd=1 an=4 ar=1"],
    ["IXFR from the same serial", signed(ixfr(10)), "NOERROR aa qd=1 an=1 ar=1"],
    ["IXFR from a newer serial", signed(ixfr(11)), "NOERROR aa qd=1 an=1 ar=1"],
    ["IXFR from before the serials wrapped around", signed(ixfr(0xffff_fff0)), "NOERROR aa qd=1 an=4 ar=1"],
  ];
  for (const [what, message, reply, client = CLIENT, changes = {}] of cases) {
    it(`${what}: ${reply}`, () => {
      const { messages } = answerTransfer(message, client, rulesFor(records(2), changes));
      expect([...messages].map(summary)).to.deep.equal([reply]);
    });
  }

  it("answers whatever it is asked with messages that can be read, and gives no record without a signature", () => {
    const starts = [AXFR, signed(AXFR), ixfr(9), signed(ixfr(9)), signed(query("example.", "AXFR", opt()))];
    const changes = fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 3 });
    const start = fc.oneof(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 64 }));
    fc.assert(
      fc.property(start, changes, (octets, changed) => {
        const message = Uint8Array.from(octets);
        for (const [at, octet] of changed) if (at < message.length) message[at] = octet;
        const { messages, key } = answerTransfer(message, CLIENT, rulesFor(records(2)));
        for (const reply of [...messages].map(parsed)) {
          if (key === undefined) expect(reply.answers).to.deep.equal([]);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it("signs its first message over the query's signature", () => {
    const { octets, mac } = signedQuery(AXFR, SHA256_KEY, NOW);
    const [first] = answerTransfer(octets, CLIENT, rulesFor([])).messages;
    if (first === undefined) throw new Error("no message");
    expect(verifyResponse(first, SHA256_KEY, mac, keyedHash, NOW).kind).to.equal("valid");
  });

  it("sends every record once, between two SOAs, in messages that are nearly full", () => {
    const rrsets = records(5_000);
    const messages = [...answerTransfer(signed(AXFR), CLIENT, rulesFor(rrsets)).messages];
    const answers = messages.flatMap((message) => parsed(message).answers);
    const texts = answers.map(
      ({ owner, type, rdata }) => `${formatName(owner)} ${formatType(type)} ${formatRdata(type, rdata)}`,
    );
    const soa = `example. SOA ${formatRdata(TYPE.SOA, soaRdata(10))}`;
    const expected = rrsets.map(
      ({ owner, rdatas: [rdata = u16(0)] }) => `${formatName(owner)} A ${formatRdata(1, rdata)}`,
    );
    expect(texts).to.deep.equal([soa, ...expected, soa]);
    for (const message of messages) expect(message.length).to.be.at.most(TRANSFER_MESSAGE_OCTETS);
    for (const message of messages.slice(0, -1)) {
      expect(message.length).to.be.above(TRANSFER_MESSAGE_OCTETS - 64);
    }
    expect(parsed(messages[1] ?? AXFR).questions).to.deep.equal([]);
  });

  it("gives a record that is longer than a message one of its own", () => {
    const long = (octets: number): RRset => ({
      owner: nameOf("long.example."),
      type: 65_280,
      ttlSeconds: 1,
      rdatas: [new Uint8Array(octets)],
    });
    const lengthsOf = (octets: number): number[] => {
      const rrsets = [...records(1), long(octets), ...records(1)];
      return [...answerTransfer(signed(AXFR), CLIENT, rulesFor(rrsets)).messages].map(
        (message) => parsed(message).answers.length,
      );
    };
    expect(lengthsOf(30_000)).to.deep.equal([2, 1, 2]);
    // No message at all could hold it.
    expect(lengthsOf(65_500)).to.deep.equal([2, 2]);
  });

  it("makes no message before it is asked for", () => {
    let made = 0;
    function* counted(): Generator<RRset, void> {
      for (const rrset of records(5_000)) {
        made++;
        yield rrset;
      }
    }
    const zone = { serial: 10, soa: SOA, rrsets: counted };
    const messages = answerTransfer(signed(AXFR), CLIENT, rulesFor([], { zoneAt: () => zone })).messages;
    const iterator = messages[Symbol.iterator]();
    iterator.next();
    expect(made).to.be.within(1, 1_000);
  });
});
