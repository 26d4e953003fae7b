import { expect } from "chai";
import { describe, it } from "mocha";
import { nameOf } from "../../../src/dns/name.ts";
import { RDATA_TYPES } from "../../../src/dns/rdata/registry.ts";
import { formatRdata, namesInRdata, parseRdata, readRdata } from "../../../src/dns/rdata.ts";
import { formatType, parseType, TYPE } from "../../../src/dns/types.ts";
import { fromHex, hex, tokensOf } from "./tokens.ts";

const ORIGIN = nameOf("example.");
/** example. */
const E = "076578616d706c6500";

/** Text as an operator writes it, the octets, and the text that we write (where it is another). */
const VALID: readonly [type: string, text: string, wire: string, formatted?: string][] = [
  ["A", "192.0.2.1", "c0000201"],
  ["A", "\\# 4 C000 0201", "c0000201", "192.0.2.1"],
  ["AAAA", "2001:DB8::1", "20010db8000000000000000000000001", "2001:db8::1"],
  ["NS", "ns1", `036e7331${E}`, "ns1.example."],
  ["CNAME", "@", E, "example."],
  ["DNAME", "other.", "056f7468657200"],
  ["PTR", ".", "00"],
  ["MX", "10 mail", `000a046d61696c${E}`, "10 mail.example."],
  ["MX", "0 .", "000000"],
  [
    "SOA",
    "ns1 hostmaster\\.dns 2026112201 1h 10m 2w 30",
    `036e7331${E}0e686f73746d61737465722e646e73${E}78c404c900000e100000025800127500 0000001e`,
    "ns1.example. hostmaster\\.dns.example. 2026112201 3600 600 1209600 30",
  ],
  ["SOA", ". . 4294967295 0 0 0 4294967295", "0000ffffffff000000000000000000000000ffffffff"],
  ["TXT", '"a b" c', "036120620163", '"a b" "c"'],
  ["TXT", '""', "00"],
  ["TXT", '\\"\\255', "0222ff", '"\\"\\255"'],
  ["TXT", '"\\\\#" 4', "025c230134", '"\\\\#" "4"'],
  ["SPF", '"v=spf1 -all"', "0b763d73706631202d616c6c"],
  ["HINFO", 'RFC8482 ""', "075246433834383200", '"RFC8482" ""'],
  ["RP", "admin .", `0561646d696e${E}00`, "admin.example. ."],
  ["SRV", "0 5 5060 sip", `0000000513c403736970${E}`, "0 5 5060 sip.example."],
  [
    "NAPTR",
    '100 10 u E2U+sip "!^.*$!sip:info@example.com!" .',
    "0064000a01750745 32552b7369701b215e2e2a24217369703a696e666f406578616d706c652e636f6d2100",
    '100 10 "u" "E2U+sip" "!^.*$!sip:info@example.com!" .',
  ],
  ["CAA", '0 issue "ca.example; policy=ev"', "0005697373756563612e6578616d706c653b20706f6c6963793d6576"],
  ["CAA", '0 ISSUE ";"', "000549535355453b"],
  ["CAA", "128 tbs x", "800374627378", '128 tbs "x"'],
  ["SSHFP", `4 200 ab CD`, "04c8abcd", "4 200 ABCD"],
  ["SSHFP", `1 1 ${"ab".repeat(20)}`, `0101${"ab".repeat(20)}`, `1 1 ${"AB".repeat(20)}`],
  [
    "TLSA",
    `DANE-EE spki SHA2-256 ${"00".repeat(32)}`,
    `030101${"00".repeat(32)}`,
    `3 1 1 ${"00".repeat(32)}`,
  ],
  ["TLSA", "3 0 0 30", "03000030"],
  [
    "DS",
    `60485 ECDSAP256SHA256 2 ${"AA".repeat(32)}`,
    `ec450d02${"aa".repeat(32)}`,
    `60485 13 2 ${"AA".repeat(32)}`,
  ],
  [
    "URI",
    '10 1 "ftp://ftp1.example.com/public"',
    "000a00016674703a2f2f667470312e6578616d706c652e636f6d2f7075626c6963",
  ],
  // RFC 1876 §4: the first of its examples, in its own words.
  [
    "LOC",
    "42 21 54 N 71 06 18 W -24m 30m",
    "00331613 89172dd0 70be15f0 00988d20",
    "42 21 54.000 N 71 6 18.000 W -24.00m 30.00m 10000.00m 10.00m",
  ],
  [
    "LOC",
    "0 s 0 e 0",
    "001216138000000080000000 00989680",
    "0 0 0.000 N 0 0 0.000 E 0.00m 1.00m 10000.00m 10.00m",
  ],
  [
    "LOC",
    "90 S 180 W -100000 0.01m 90000000m 1234.56",
    "00109915 6cb02700 59604e00 00000000",
    "90 0 0.000 S 180 0 0.000 W -100000.00m 0.01m 90000000.00m 1000.00m",
  ],
  ["TYPE65280", "\\# 3 ab cd 01", "abcd01", "\\# 3 ABCD01"],
  ["TYPE65280", "\\# 0", "", "\\# 0"],
  ["DNSKEY", "\\# 1 00", "00", "\\# 1 00"],
];

/** `index` is that of the token at fault. */
const INVALID: readonly [type: string, text: string, index: number, message: string][] = [
  ["A", "192.0.2.256", 0, "IPv4 address '192.0.2.256' is not four numbers from 0 to 255"],
  ["A", "", 0, "A record ends before its IPv4 address"],
  ["A", "192.0.2.1 192.0.2.2", 1, "A record goes on after its last field: '192.0.2.2'"],
  ["A", '"192.0.2.1"', 0, "IPv4 address '192.0.2.1' may not be quoted"],
  ["A", "\\# 3 c00002", 2, "rdata is not that of A"],
  ["A", "\\#", 1, "'\\#' is not followed by the number of octets"],
  ["A", "\\# 4 c000020", 2, "rdata has an odd number of hexadecimal digits"],
  ["A", "\\# 5 c0000201", 1, "rdata length '5' is not that of the 4 octets that follow"],
  ["A", "\\# x c0000201", 1, "rdata length 'x' is not a number from 0 to 65535"],
  ["A", "\\# 4 c000 02zz", 3, "rdata '02zz' is not hexadecimal"],
  ["AAAA", "192.0.2.1", 0, "IPv6 address '192.0.2.1' is not up to eight groups of hexadecimal digits"],
  ["NS", "a..b", 0, "Cannot parse name server: name 'a..b' has an empty label"],
  ["NS", "\\# 2 c000", 2, "rdata is not that of NS"],
  ["SOA", `\\# 25 016100 c000 ${"00".repeat(20)}`, 2, "rdata is not that of SOA"],
  ["MX", "10", 1, "MX record ends before its exchange"],
  ["MX", "65536 mail", 0, "preference '65536' is not a number from 0 to 65535"],
  ["MX", "mail 10", 0, "preference 'mail' is not a number from 0 to 65535"],
  ["SOA", "a b 1 2 3 4", 6, "SOA record ends before its minimum"],
  ["SOA", "a b 4294967296 1 1 1 1", 2, "serial '4294967296' is not a number from 0 to 4294967295"],
  ["SOA", "a b 1 1y 1 1 1", 3, "refresh '1y' is not a number of seconds or a time like 1h30m"],
  ["TXT", "", 0, "TXT record ends before its text"],
  ["TXT", `a ${"b".repeat(256)}`, 1, "Cannot parse text: character-string of 256 octets exceeds 255"],
  ["TXT", "a \\300", 1, "Cannot parse text: '\\300' is not an octet of three digits, 000 to 255"],
  ["HINFO", "PC", 1, "HINFO record ends before its operating system"],
  ["CAA", '256 issue "x"', 0, "flags '256' is not a number from 0 to 255"],
  ["CAA", '0 iss-ue "x"', 2, "CAA tag 'iss-ue' is not of letters and digits"],
  ["SSHFP", "1 1 abcd", 2, "SSHFP fingerprint of type 1 has 20 octets, not 2"],
  ["SSHFP", "1 3 ab zz", 3, "fingerprint 'zz' is not hexadecimal"],
  ["TLSA", "3 1 1 abc", 3, "certificate association data has an odd number of hexadecimal digits"],
  ["TLSA", "DANE 1 1 ab", 0, "certificate usage 'DANE' is not a number from 0 to 255"],
  ["DS", "1 8 2 abcd", 3, "DS digest of type 2 has 32 octets, not 2"],
  ["URI", '1 1 ""', 2, "URI target is empty"],
  ["LOC", "91 N 0 E 0", 0, "LOC latitude '91' is not a number of degrees from 0 to 90"],
  ["LOC", "90 0 0.001 N 0 E 0", 3, "LOC latitude exceeds 90 degrees"],
  ["LOC", "42 60 N 0 E 0", 1, "LOC latitude '60' is not a number of minutes from 0 to 59"],
  ["LOC", "42 1 1 1 N 0 E 0", 3, "LOC latitude has '1' where N or S is expected"],
  ["LOC", "42 1 1.0001 N 0 E 0", 2, "LOC latitude '1.0001' is not a number of seconds from 0 to 59.999"],
  ["LOC", "42 N 71", 3, "LOC longitude ends before its E or W"],
  ["LOC", "42 N 71 W", 4, "LOC record ends before its altitude"],
  [
    "LOC",
    "42 N 71 W high",
    4,
    "LOC altitude 'high' is not a number of metres from -100000.00 to 42849672.95",
  ],
  ["LOC", "42 N 71 W 0 -1", 5, "LOC size '-1' is not a number of metres from 0.00 to 90000000.00"],
  ["LOC", "42 N 71 W 0 1 1 1 1", 8, "LOC record goes on after its last field: '1'"],
  ["TYPE65280", "abc", 0, "TYPE65280 record's data must be written '\\# length hexadecimal' (RFC 3597)"],
  ["DNSKEY", "257 3 8 AwEA", 0, "DNSKEY record's data must be written '\\# length hexadecimal' (RFC 3597)"],
];

function codeOf(type: string): number {
  const code = parseType(type);
  if (code === undefined) throw new Error(`no type ${type}`);
  return code;
}

describe("parseRdata()", () => {
  for (const [type, text, wire, formatted = text] of VALID) {
    it(`reads ${type} ${text}`, () => {
      const parsed = parseRdata(codeOf(type), tokensOf(text), ORIGIN);
      if (!parsed.ok) throw new Error(parsed.message);
      expect(hex(parsed.rdata)).to.equal(hex(fromHex(wire)));
      expect(formatRdata(codeOf(type), parsed.rdata)).to.equal(formatted);
      expect(readRdata(codeOf(type), parsed.rdata, 0, parsed.rdata.length)).to.deep.equal(parsed.rdata);
    });
  }
  for (const [type, text, tokenIndex, message] of INVALID) {
    it(`refuses ${type} ${text.slice(0, 40)}: ${message}`, () => {
      expect(parseRdata(codeOf(type), tokensOf(text), ORIGIN)).to.deep.equal({
        ok: false,
        tokenIndex,
        message,
      });
    });
  }
  it("refuses more rdata than a record holds", () => {
    const strings = Array.from({ length: 257 }, () => "a".repeat(255)).join(" ");
    expect(parseRdata(TYPE.TXT, tokensOf(strings), ORIGIN)).to.deep.equal({
      ok: false,
      tokenIndex: 0,
      message: "rdata of 65792 octets exceeds 65535",
    });
  });
  it("has a valid and an invalid case for every type", () => {
    const inTables = new Set([...VALID, ...INVALID].map(([type]) => type));
    const missing = RDATA_TYPES.map(({ type }) => formatType(type)).filter((type) => !inTables.has(type));
    expect(missing).to.have.members(["SVCB", "HTTPS"], "those have svcb.test.ts");
  });
});

describe("formatRdata()", () => {
  const unspeakable: readonly [type: string, wire: string][] = [
    ["A", "c00002"],
    ["NS", "c000"],
    ["TXT", ""],
    ["CAA", "0001 2d 78"],
    ["CAA", "0000"],
    ["SSHFP", "0101ab"],
    ["LOC", "01"],
    ["LOC", "00121613 00000000 80000000 00989680"],
    ["LOC", "000516138000000080000000 00989680"],
    ["LOC", "00a016138000000080000000 00989680"],
    ["SVCB", "0000 00 0003 0002 0001"],
  ];
  for (const [type, wire] of unspeakable) {
    it(`writes what ${type} has no text for by RFC 3597: ${wire}`, () => {
      const octets = fromHex(wire);
      const upper = hex(octets).toUpperCase();
      expect(formatRdata(codeOf(type), octets)).to.equal(`\\# ${octets.length} ${upper}`.trimEnd());
    });
  }
});

describe("readRdata()", () => {
  // example. at 12, rdata from 21 on.
  const HEADER = "00".repeat(12) + E;
  const cases: readonly [what: string, type: string, rdata: string, expected: string | undefined][] = [
    ["follows pointers", "MX", "000a 046d61696c c00c", "10 mail.example."],
    [
      "follows pointers in types that must not be compressed too",
      "SRV",
      "0001000200 03 0161 c00c",
      "1 2 3 a.example.",
    ],
    [
      "reads a SOA of two pointers",
      "SOA",
      `c00c c00c ${"00000001".repeat(5)}`,
      "example. example. 1 1 1 1 1",
    ],
    ["refuses a pointer forwards", "NS", "c015", undefined],
    ["refuses a pointer to itself behind a label", "NS", "0161c015", undefined],
    ["refuses a label type 01", "NS", "4161", undefined],
    ["refuses a name that is cut off", "NS", "036161", undefined],
    ["refuses octets behind the fields", "NS", "c00c00", undefined],
    ["refuses rdata that is cut off", "A", "c00002", undefined],
    ["refuses a character-string that is cut off", "TXT", "0361", undefined],
    ["refuses a TXT without any", "TXT", "", undefined],
  ];
  for (const [what, type, rdata, expected] of cases) {
    it(`${what} (${type})`, () => {
      const message = fromHex(HEADER + rdata);
      const read = readRdata(codeOf(type), message, 21, message.length);
      expect(read && formatRdata(codeOf(type), read)).to.equal(expected);
    });
  }
  it("refuses an end beyond the message", () => {
    expect(readRdata(TYPE.TXT, fromHex("0161"), 0, 3)).to.equal(undefined);
    expect(readRdata(65_280, fromHex("0161"), 0, 3)).to.equal(undefined);
  });
});

describe("namesInRdata()", () => {
  const cases: readonly [type: string, text: string, names: string[]][] = [
    ["MX", "1 mail", ["mail.example."]],
    ["SOA", "a b 1 1 1 1 1", ["a.example.", "b.example."]],
    ["SRV", "1 2 3 t", ["t.example."]],
    ["SVCB", "1 t port=1", ["t.example."]],
    ["NAPTR", '1 1 "" "" "" r', ["r.example."]],
    ["TXT", "a", []],
    ["TYPE65280", "\\# 1 00", []],
  ];
  for (const [type, text, names] of cases) {
    it(`finds ${names.join(" and ") || "none"} in ${type}`, () => {
      const parsed = parseRdata(codeOf(type), tokensOf(text), ORIGIN);
      if (!parsed.ok) throw new Error(parsed.message);
      const expected = names.map((name) => nameOf(name));
      expect(namesInRdata(codeOf(type), parsed.rdata)).to.deep.equal(expected);
    });
  }
});
