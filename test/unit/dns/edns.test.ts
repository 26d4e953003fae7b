import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { type Edns, optRecord, readOpt } from "../../../src/dns/edns.ts";
import { decodeOption, type EdnsOption, encodeOption } from "../../../src/dns/edns-option.ts";
import { arbitraryEdns } from "./arbitraries.ts";
import { fromHex, hex } from "./tokens.ts";

const COOKIE = "0102030405060708";

const OPTIONS: readonly [what: string, code: number, octets: string, option: EdnsOption][] = [
  ["NSID asked", 3, "", { kind: "nsid", octets: fromHex("") }],
  ["NSID told", 3, "6e31", { kind: "nsid", octets: fromHex("6e31") }],
  [
    "an IPv4 subnet",
    8,
    "0001 18 00 c00002",
    { kind: "client-subnet", address: fromHex("c0000200"), sourcePrefixBits: 24, scopePrefixBits: 0 },
  ],
  [
    "an IPv4 subnet within an octet",
    8,
    "0001 13 10 c000e0",
    { kind: "client-subnet", address: fromHex("c000e000"), sourcePrefixBits: 19, scopePrefixBits: 16 },
  ],
  [
    "an IPv6 subnet",
    8,
    "0002 38 30 20010db8000100",
    {
      kind: "client-subnet",
      address: fromHex("20010db8000100000000000000000000"),
      sourcePrefixBits: 56,
      scopePrefixBits: 48,
    },
  ],
  [
    "no subnet at all",
    8,
    "0001 00 00",
    { kind: "client-subnet", address: fromHex("00000000"), sourcePrefixBits: 0, scopePrefixBits: 0 },
  ],
  ["a client cookie", 10, COOKIE, { kind: "cookie", client: fromHex(COOKIE), server: undefined }],
  [
    "both cookies",
    10,
    COOKIE + "ff".repeat(8),
    { kind: "cookie", client: fromHex(COOKIE), server: fromHex("ff".repeat(8)) },
  ],
  ["keepalive asked", 11, "", { kind: "keepalive", timeoutMs: undefined }],
  ["keepalive told", 11, "0064", { kind: "keepalive", timeoutMs: 10_000 }],
  ["padding", 12, "000000", { kind: "padding", octetCount: 3 }],
  ["an extended error", 15, "0012 c3a9", { kind: "extended-error", infoCode: 18, text: "é" }],
  ["an option we do not know", 65_001, "01", { kind: "unknown", code: 65_001, octets: fromHex("01") }],
];

const MALFORMED: readonly [what: string, code: number, octets: string][] = [
  ["a subnet of family 3", 8, "0003 00 00"],
  ["a subnet of family 0", 8, "0000 00 00"],
  ["a source prefix of 33", 8, "0001 21 00 c000020100"],
  ["a scope prefix of 33", 8, "0001 18 21 c00002"],
  ["an address that is too short", 8, "0001 18 00 c000"],
  ["an address that is too long", 8, "0001 18 00 c0000200"],
  ["address bits beyond the prefix", 8, "0001 13 00 c000f0"],
  ["a subnet that is cut off", 8, "0001 18"],
  ["a cookie of 7 octets", 10, "01020304050607"],
  ["a server cookie of 1 octet", 10, `${COOKIE}ff`],
  ["a server cookie of 33 octets", 10, COOKIE + "ff".repeat(33)],
  ["a keepalive of 1 octet", 11, "00"],
  ["an extended error of 1 octet", 15, "00"],
];

describe("EDNS options", () => {
  for (const [what, code, octets, option] of OPTIONS) {
    it(`decodeOption() reads ${what} and encodeOption() writes it`, () => {
      expect(decodeOption(code, fromHex(octets))).to.deep.equal(option);
      expect(encodeOption(option)).to.deep.equal({ code, octets: fromHex(octets) });
    });
  }
  for (const [what, code, octets] of MALFORMED) {
    it(`decodeOption() keeps ${what} as malformed`, () => {
      const option: EdnsOption = { kind: "malformed", code, octets: fromHex(octets) };
      expect(decodeOption(code, fromHex(octets))).to.deep.equal(option);
      expect(encodeOption(option)).to.deep.equal({ code, octets: fromHex(octets) });
    });
  }
  it("encodeOption() blanks address bits beyond the prefix", () => {
    const address = fromHex("c00002ff");
    const { octets } = encodeOption({
      kind: "client-subnet",
      address,
      sourcePrefixBits: 20,
      scopePrefixBits: 0,
    });
    expect(hex(octets)).to.equal("00011400c00000");
  });
});

describe("readOpt()", () => {
  it("keeps the byte order mark of an extended error's text", () => {
    const record = { class: 1232, ttlSeconds: 0, rdata: fromHex("000f 0006 0000 efbbbf61") };
    const read = readOpt(record);
    expect(read?.edns.options).to.deep.equal([{ kind: "extended-error", infoCode: 0, text: "\ufeffa" }]);
    expect(read && optRecord(read.edns, 0).rdata).to.deep.equal(record.rdata);
  });
  it("takes class and TTL apart as RFC 6891 §6.1.3 draws them", () => {
    const record = { class: 1232, ttlSeconds: 0x01_02_80_05, rdata: fromHex("000a 0008 0102030405060708") };
    expect(readOpt(record)).to.deep.equal({
      extendedRcode: 1,
      edns: {
        udpSize: 1232,
        version: 2,
        dnssecOk: true,
        reservedFlags: 5,
        options: [{ kind: "cookie", client: fromHex(COOKIE), server: undefined }],
      },
    });
  });
  it("refuses an option that reaches beyond the rdata", () => {
    for (const rdata of ["00", "000300", "00030001"]) {
      expect(readOpt({ class: 512, ttlSeconds: 0, rdata: fromHex(rdata) }), rdata).to.equal(undefined);
    }
  });
  it("reads back what optRecord() makes", () => {
    fc.assert(
      fc.property(arbitraryEdns, fc.nat({ max: 255 }), (edns: Edns, extendedRcode) => {
        expect(readOpt(optRecord(edns, extendedRcode))).to.deep.equal({ edns, extendedRcode });
      }),
    );
  });
});
