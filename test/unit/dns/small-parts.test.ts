import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { formatIp, parseIp, parseIpv4, parseIpv6 } from "../../../src/dns/address.ts";
import { decodeBase64, decodeHex, formatBase64, formatHex } from "../../../src/dns/encodings.ts";
import { decodeCharacterString, decodeEscapes, formatCharacterString } from "../../../src/dns/text.ts";
import { looksLikeTtl, parseSeconds, parseTtl } from "../../../src/dns/ttl.ts";
import { formatRcode, formatType, parseType, TYPE, typeNames } from "../../../src/dns/types.ts";
import { fromHex, hex } from "./tokens.ts";

describe("parseType()", () => {
  it("reads every mnemonic in any case, and formatType() writes it", () => {
    for (const [mnemonic, code] of Object.entries(TYPE)) {
      expect(parseType(mnemonic.toLowerCase())).to.equal(code);
      expect(formatType(code)).to.equal(mnemonic);
    }
    expect(typeNames()).to.include("HTTPS");
  });
  it("reads TYPEnnn up to 65535", () => {
    expect(parseType("TYPE1")).to.equal(TYPE.A);
    expect(parseType("type65280")).to.equal(65_280);
    expect(formatType(65_280)).to.equal("TYPE65280");
    for (const text of ["TYPE65536", "TYPE", "TYPE-1", "TYPE1x", "", "POLICY", "constructor"]) {
      expect(parseType(text), text).to.equal(undefined);
    }
  });
  it("has names for response codes", () => {
    expect([0, 3, 23, 4000].map(formatRcode)).to.deep.equal([
      "NOERROR",
      "NXDOMAIN",
      "BADCOOKIE",
      "RCODE4000",
    ]);
  });
});

describe("parseTtl()", () => {
  const valid: readonly [string, number][] = [
    ["0", 0],
    ["300", 300],
    ["1h30m", 5400],
    ["1W2d3H4m5S", 788_645],
    ["2147483647", 2_147_483_647],
  ];
  for (const [text, seconds] of valid) {
    it(`reads ${text} as ${seconds}`, () => {
      expect(parseTtl(text)).to.deep.equal({ ok: true, seconds });
      expect(looksLikeTtl(text)).to.equal(true);
    });
  }
  const invalid: readonly [string, string][] = [
    ["", "TTL is empty"],
    ["2147483648", "TTL '2147483648' exceeds 2147483647 seconds"],
    ["99999999999w", "TTL '99999999999w' exceeds 2147483647 seconds"],
    ["1h30", "TTL '1h30' is not a number of seconds or a time like 1h30m"],
    ["-1", "TTL '-1' is not a number of seconds or a time like 1h30m"],
    ["h", "TTL 'h' is not a number of seconds or a time like 1h30m"],
    ["1y", "TTL '1y' is not a number of seconds or a time like 1h30m"],
  ];
  for (const [text, message] of invalid) {
    it(`refuses '${text}'`, () => expect(parseTtl(text)).to.deep.equal({ ok: false, message }));
  }
  it("has a form for other times, with their own limit", () => {
    expect(parseSeconds("4294967295", "expire", 0xffffffff)).to.deep.equal({
      ok: true,
      seconds: 4_294_967_295,
    });
  });
});

describe("addresses", () => {
  it("parseIpv4() reads four numbers from 0 to 255 and nothing else", () => {
    expect(parseIpv4("192.0.2.255")).to.deep.equal(Uint8Array.of(192, 0, 2, 255));
    const invalid = [
      "192.0.2.256",
      "192.0.2",
      "192.0.2.1.1",
      "192.0.2.01",
      "00.0.2.1",
      "192..2.1",
      ".0.2.1",
      "192.0.2.",
      "192.0.2.1000",
      "",
      "1.2.3.x",
      " 1.2.3.4",
      "1.2.3.-4",
    ];
    for (const text of invalid) expect(parseIpv4(text), text).to.equal(undefined);
  });
  // The recommendations of RFC 5952 §4 and §5 in order.
  const ipv6: readonly [text: string, formatted: string][] = [
    ["2001:0db8:0:0:0:0:0:0001", "2001:db8::1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:DB8::A", "2001:db8::a"],
    ["::", "::"],
    ["::1", "::1"],
    ["1::", "1::"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
    ["::ffff:192.0.2.1", "::ffff:192.0.2.1"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
  ];
  for (const [text, formatted] of ipv6) {
    it(`parseIpv6() reads ${text} and formatIp() writes ${formatted}`, () => {
      const octets = parseIpv6(text);
      expect(octets && formatIp(octets)).to.equal(formatted);
    });
  }
  it("parseIpv6() refuses everything else", () => {
    const invalid = [
      "",
      ":",
      ":::",
      "1::2::3",
      "1:2:3:4:5:6:7",
      "1:2:3:4:5:6:7:8:9",
      "1:2:3:4::5:6:7:8",
      "12345::",
      "g::",
      "::1.2.3",
      "1.2.3.4::",
      "::1.2.3.4:5",
      "fe80::1%eth0",
      "1:",
      ":1",
    ];
    for (const text of invalid) expect(parseIpv6(text), text).to.equal(undefined);
  });
  it("parseIp() reads back what formatIp() writes", () => {
    const address = fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc
        .array(fc.constantFrom(0, 0, 255, 18), { minLength: 16, maxLength: 16 })
        .map((list) => Uint8Array.from(list)),
    );
    fc.assert(
      fc.property(address, (octets) => {
        expect(parseIp(formatIp(octets))).to.deep.equal(octets);
      }),
    );
  });
  it("formatIp() takes 4 or 16 octets only", () => {
    expect(() => formatIp(new Uint8Array(5))).to.throw("Cannot format address: 5 octets");
  });
});

describe("character-strings", () => {
  it("decodeCharacterString() takes escapes out", () => {
    const decoded = decodeCharacterString('a\\"\\\\\\000\\255\\;');
    expect(decoded.ok && hex(decoded.octets)).to.equal("61225c00ff3b");
  });
  const invalid: readonly [string, string][] = [
    ["\\", "text ends in a lone backslash"],
    ["\\25", "'\\25' is not an octet of three digits, 000 to 255"],
    ["\\999", "'\\999' is not an octet of three digits, 000 to 255"],
    ["\u0100", "text holds a character that is not an octet"],
    ["a".repeat(256), "character-string of 256 octets exceeds 255"],
  ];
  for (const [text, message] of invalid) {
    it(`decodeCharacterString() says: ${message}`, () => {
      expect(decodeCharacterString(text)).to.deep.equal({ ok: false, message });
    });
  }
  it("decodeEscapes() reads back what formatCharacterString() writes", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (octets) => {
        const text = formatCharacterString(octets);
        expect(text).to.match(/^"[\x20-\x7e]*"$/);
        expect(decodeEscapes(text.slice(1, -1))).to.deep.equal({ ok: true, octets });
      }),
    );
  });
});

describe("encodings", () => {
  it("agree with Node's", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (octets) => {
        expect(formatHex(octets)).to.equal(Buffer.from(octets).toString("hex").toUpperCase());
        expect(formatBase64(octets)).to.equal(Buffer.from(octets).toString("base64"));
        expect(decodeHex(formatHex(octets).toLowerCase())).to.deep.equal(octets);
        expect(decodeBase64(formatBase64(octets))).to.deep.equal(octets);
      }),
    );
  });
  it("refuse text that is not theirs", () => {
    for (const text of ["a", "0g", "0x00", "00 00"]) expect(decodeHex(text), text).to.equal(undefined);
    for (const text of ["A", "AAA", "A===", "A=AA", "AB==", "AAB=", "AA-_"]) {
      expect(decodeBase64(text), text).to.equal(undefined);
    }
    expect(decodeHex("")).to.deep.equal(fromHex(""));
  });
});
