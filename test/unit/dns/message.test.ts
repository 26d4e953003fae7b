import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { buildMessage, type Message, parseMessage, type ResourceRecord } from "../../../src/dns/message.ts";
import { formatName, nameOf } from "../../../src/dns/name.ts";
import { TYPE } from "../../../src/dns/types.ts";
import { readName } from "../../../src/dns/wire-name.ts";
import { caseFolded } from "../../support/packets.ts";
import { arbitraryMessage } from "./arbitraries.ts";
import { fromHex, hex } from "./tokens.ts";

const QUERY: Message = {
  id: 0x1234,
  opcode: 0,
  rcode: 0,
  isResponse: false,
  isAuthoritative: false,
  isTruncated: false,
  recursionDesired: true,
  recursionAvailable: false,
  authenticData: false,
  checkingDisabled: false,
  questions: [{ name: nameOf("www.example."), type: TYPE.A, class: 1 }],
  answers: [],
  authorities: [],
  additionals: [],
  edns: undefined,
};

const QUERY_WIRE = "1234 0100 0001 0000 0000 0000 03777777 076578616d706c65 00 0001 0001";

function record(owner: string, type: number, rdata: string): ResourceRecord {
  return { owner: nameOf(owner), type, class: 1, ttlSeconds: 300, rdata: fromHex(rdata) };
}

function addresses(owner: string, count: number): ResourceRecord[] {
  return Array.from({ length: count }, (_, index) =>
    record(owner, TYPE.A, `c00002${index.toString(16).padStart(2, "0")}`),
  );
}

describe("buildMessage()", () => {
  it("writes a query", () => {
    expect(hex(buildMessage(QUERY))).to.equal(hex(fromHex(QUERY_WIRE)));
  });
  it("is undone by parseMessage()", () => {
    fc.assert(
      fc.property(arbitraryMessage, (message) => {
        expect(parseMessage(buildMessage(message))).to.deep.equal({ ok: true, message });
      }),
    );
  });
  it("makes messages within every limit that hold whole RRsets in order", () => {
    fc.assert(
      fc.property(arbitraryMessage, fc.integer({ min: 3000, max: 5000 }), (message, limit) => {
        const octets = buildMessage(message, limit);
        expect(octets.length).to.be.at.most(limit);
        const parsed = parseMessage(octets);
        if (!parsed.ok) throw new Error(parsed.message);
        expect(parsed.message.answers).to.deep.equal(message.answers.slice(0, parsed.message.answers.length));
      }),
    );
  });
  it("leaves out an RRset whole, and says so by TC in answers and authorities only", () => {
    const answers = [...addresses("www.example.", 10), ...addresses("b.example.", 10)];
    const whole = buildMessage({ ...QUERY, answers });
    const cut = parseMessage(buildMessage({ ...QUERY, answers }, whole.length - 1));
    expect(cut.ok && cut.message.answers.length).to.equal(10);
    expect(cut.ok && cut.message.isTruncated).to.equal(true);
    const additionals = answers;
    const without = parseMessage(buildMessage({ ...QUERY, additionals }, whole.length - 1));
    expect(without.ok && without.message.additionals.length).to.equal(10);
    expect(without.ok && without.message.isTruncated).to.equal(false);
  });
  it("keeps room for OPT", () => {
    // 12 + 17 + 30 × 16 octets are 509: the answers alone would fit, OPT beside them does not.
    const edns = { udpSize: 1232, version: 0, dnssecOk: false, reservedFlags: 0, options: [] };
    const answers = addresses("www.example.", 30);
    const parsed = parseMessage(buildMessage({ ...QUERY, answers, edns, rcode: 16 }, 512));
    if (!parsed.ok) throw new Error(parsed.message);
    expect(parsed.message.isTruncated).to.equal(true);
    expect(parsed.message.edns).to.deep.equal(edns);
    expect(parsed.message.rcode).to.equal(16);
  });
  it("throws where not even the question fits, or an RCODE lacks its OPT", () => {
    expect(() => buildMessage(QUERY, 20)).to.throw("Cannot build message: 20 octets do not hold");
    expect(() => buildMessage({ ...QUERY, rcode: 16 })).to.throw("Cannot build message: RCODE 16 needs EDNS");
  });
});

describe("parseMessage()", () => {
  const HEADER = "0000 0000";
  const OPT = "00 0029 04d0 00000000 0000";
  const invalid: readonly [what: string, octets: string, fault: string, offset: number][] = [
    ["nothing", "", "header", 0],
    ["eleven octets", "00".repeat(11), "header", 0],
    ["a question that is not there", `${HEADER} 0001 0000 0000 0000`, "question", 12],
    ["a question without class", `${HEADER} 0001 0000 0000 0000 00 0001 00`, "question", 12],
    ["a name that points to itself", `${HEADER} 0001 0000 0000 0000 c00c 0001 0001`, "question", 12],
    ["a count of records that are not there", `${HEADER} 0000 ffff 0000 0000`, "record", 12],
    [
      "an RDLENGTH beyond the end",
      `${HEADER} 0000 0001 0000 0000 00 0001 0001 00000000 0004 c000`,
      "record",
      12,
    ],
    [
      "an A record of three octets",
      `${HEADER} 0000 0000 0001 0000 00 0001 0001 00000000 0003 c00002`,
      "rdata",
      23,
    ],
    ["octets behind the end", `${HEADER} 0000 0000 0000 0000 00`, "trailing octets", 12],
    ["two OPT records", `${HEADER} 0000 0000 0000 0002 ${OPT} ${OPT}`, "opt", 12],
    ["an OPT that is not the root's", `${HEADER} 0000 0000 0000 0001 0161 ${OPT}`, "opt", 12],
    [
      "an option beyond RDLEN",
      `${HEADER} 0000 0000 0000 0001 00 0029 04d0 00000000 0004 00030001`,
      "opt",
      12,
    ],
  ];
  for (const [what, octets, fault, offset] of invalid) {
    it(`refuses ${what}`, () => {
      const parsed = parseMessage(fromHex(octets));
      expect(!parsed.ok && [parsed.fault, parsed.offset]).to.deep.equal([fault, offset]);
    });
  }
  it("never throws, and what it reads can be built and read again", () => {
    const mutated = fc.tuple(
      arbitraryMessage,
      fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 3 }),
    );
    const octets = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      mutated.map(([message, changes]) => {
        const wire = buildMessage(message);
        for (const [at, octet] of changes) wire[at % wire.length] = octet;
        return wire;
      }),
    );
    fc.assert(
      fc.property(octets, fc.nat(), (wire, cut) => {
        parseMessage(wire.subarray(0, cut % (wire.length + 1)));
        const parsed = parseMessage(wire);
        if (!parsed.ok) return;
        // Compression may give a name the case of an earlier one that equals it (RFC 4343 §4.1).
        expect(caseFolded(parseMessage(buildMessage(parsed.message)))).to.deep.equal(caseFolded(parsed));
      }),
      { numRuns: 300 },
    );
  });
});

describe("readName()", () => {
  const cases: readonly [what: string, octets: string, at: number, expected: [string, number] | undefined][] =
    [
      ["a name in place", "0161 00 ff", 0, ["a.", 3]],
      ["a label and a pointer", "0161 00 0162 c000", 3, ["b.a.", 7]],
      ["pointers to pointers", "0161 00 c000 c003", 5, ["a.", 7]],
      ["a pointer forwards", "c002 00", 0, undefined],
      ["a pointer to itself", "c000", 0, undefined],
      ["two pointers in a ring", "0161 c004 0162 c000", 4, undefined],
      ["half a pointer", "00 c0", 1, undefined],
      ["label type 01", "41 61", 0, undefined],
      ["label type 10", "81 61", 0, undefined],
      ["no end", "0161", 0, undefined],
    ];
  for (const [what, octets, at, expected] of cases) {
    it(`${expected === undefined ? "refuses" : "reads"} ${what}`, () => {
      const message = fromHex(octets);
      const read = readName(message, at, message.length);
      expect(read && [formatName(read.name), read.next]).to.deep.equal(expected);
    });
  }
  it("refuses more than 255 octets put together by pointers", () => {
    // Each name is one label of 63 octets and a pointer to the one before.
    const label = `3f${"61".repeat(63)}`;
    const message = fromHex(`${label}00 ${label}c000 ${label}c041 ${label}c083`);
    expect(readName(message, 0x83, message.length)?.name.length).to.equal(64 * 3 + 1);
    expect(readName(message, 0xc5, message.length)).to.equal(undefined);
  });
});
