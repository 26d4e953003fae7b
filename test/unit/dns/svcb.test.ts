import { expect } from "chai";
import { describe, it } from "mocha";
import { nameOf } from "../../../src/dns/name.ts";
import { formatRdata, parseRdata, readRdata } from "../../../src/dns/rdata.ts";
import { TYPE } from "../../../src/dns/types.ts";
import { fromHex, hex, tokensOf } from "./tokens.ts";

const ORIGIN = nameOf("example.com.");
const FOO_COM = "03666f6f 076578616d706c65 03636f6d 00";
const FOO_ORG = "03666f6f 076578616d706c65 036f7267 00";

/** The test vectors of RFC 9460 Appendix D.1 and D.2, then ours. */
const VALID: readonly [what: string, text: string, wire: string, formatted: string][] = [
  ["AliasMode", "0 foo.example.com.", `0000 ${FOO_COM}`, "0 foo.example.com."],
  ["its own name", "1 .", "0001 00", "1 ."],
  ["port", "16 foo.example.com. port=53", `0010 ${FOO_COM} 0003 0002 0035`, "16 foo.example.com. port=53"],
  [
    "an unknown key",
    "1 foo.example.com. key667=hello",
    `0001 ${FOO_COM} 029b 0005 68656c6c6f`,
    '1 foo.example.com. key667="hello"',
  ],
  [
    "an unknown key with an escape",
    '1 foo.example.com. key667="hello\\210qoo"',
    `0001 ${FOO_COM} 029b 0009 68656c6c6f d2 716f6f`,
    '1 foo.example.com. key667="hello\\210qoo"',
  ],
  [
    "two IPv6 hints",
    '1 foo.example.com. ipv6hint="2001:db8::1,2001:db8::53:1"',
    `0001 ${FOO_COM} 0006 0020 20010db8000000000000000000000001 20010db8000000000000000000530001`,
    "1 foo.example.com. ipv6hint=2001:db8::1,2001:db8::53:1",
  ],
  [
    "an IPv6 hint with an embedded IPv4 address",
    '1 example.com. ipv6hint="2001:db8:122:344::192.0.2.33"',
    "0001 076578616d706c6503636f6d00 0006 0010 20010db80122034400000000c0000221",
    "1 example.com. ipv6hint=2001:db8:122:344::c000:221",
  ],
  [
    "keys in any order",
    "16 foo.example.org. alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1",
    `0010 ${FOO_ORG} 0000 0004 0001 0004 0001 0009 026832 0568332d3139 0004 0004 c0000201`,
    '16 foo.example.org. mandatory=alpn,ipv4hint alpn="h2,h3-19" ipv4hint=192.0.2.1',
  ],
  [
    "alpn with escapes of both kinds, quoted",
    '16 foo.example.org. alpn="f\\\\\\\\oo\\\\,bar,h2"',
    `0010 ${FOO_ORG} 0001 000c 08665c6f6f2c626172 026832`,
    '16 foo.example.org. alpn="f\\\\\\\\oo\\\\,bar,h2"',
  ],
  [
    "alpn with escapes of both kinds, bare",
    "16 foo.example.org. alpn=f\\\\\\092oo\\092,bar,h2",
    `0010 ${FOO_ORG} 0001 000c 08665c6f6f2c626172 026832`,
    '16 foo.example.org. alpn="f\\\\\\\\oo\\\\,bar,h2"',
  ],
  [
    "no-default-alpn and ech",
    "1 . ech=AEj+DQ== no-default-alpn alpn=h3",
    "0001 00 0001 0003 026833 0002 0000 0005 0004 0048fe0d",
    '1 . alpn="h3" no-default-alpn ech=AEj+DQ==',
  ],
  ["a known key by its number", '1 . key3="\\000\\080"', "0001 00 0003 0002 0050", "1 . port=80"],
  ["an unknown key without a value", "1 . key65000", "0001 00 fde8 0000", "1 . key65000"],
];

/** Appendix D.3 and ours. `index` is that of the token at fault. */
const INVALID: readonly [text: string, index: number, message: string][] = [
  ["1 foo. key123=abc key123=def", 3, "SvcParamKey 'key123' is there twice"],
  ["1 foo. mandatory", 2, "mandatory key '' is not a SvcParamKey"],
  ["1 foo. alpn", 2, "alpn has an empty protocol identifier"],
  ["1 foo. port", 2, "port '' is not a number from 0 to 65535"],
  ["1 foo. ipv4hint", 2, "ipv4hint '' is not an IPv4 address"],
  ["1 foo. ipv6hint", 2, "ipv6hint '' is not an IPv6 address"],
  ["1 foo. no-default-alpn=abc", 2, "no-default-alpn takes no value"],
  ["1 foo. mandatory=key123", 2, "mandatory names key123, which is not there"],
  ["1 foo. mandatory=mandatory", 2, "mandatory may not name itself"],
  ["1 foo. mandatory=key123,key123 key123=abc", 2, "mandatory names 'key123' twice"],
  ["1 foo. no-default-alpn", 2, "no-default-alpn needs alpn beside it"],
  ["0 foo. port=1", 2, "AliasMode (priority 0) takes no parameters"],
  ["1 foo. port=65536", 2, "port '65536' is not a number from 0 to 65535"],
  ["1 foo. port=1 ipv4hint=1.2.3.4,5", 3, "ipv4hint '5' is not an IPv4 address"],
  ["1 foo. ech=a", 2, "ech 'a' is not base 64"],
  ["1 foo. alpn=h2,,h3", 2, "alpn has an empty protocol identifier"],
  ["1 foo. alpn=a\\\\b", 2, "alpn has a backslash before neither a comma nor a backslash"],
  [`1 foo. alpn=${"a".repeat(256)}`, 2, "alpn protocol identifier of 256 octets exceeds 255"],
  ["1 foo. key3=abc", 2, "value of key3 is not that of port"],
  [
    "1 foo. alpm=h2",
    2,
    "SvcParamKey 'alpm' is not one of mandatory, alpn, no-default-alpn, port, ipv4hint, ech, ipv6hint or keyNNN",
  ],
  [
    "1 foo. key65536=a",
    2,
    "SvcParamKey 'key65536' is not one of mandatory, alpn, no-default-alpn, port, ipv4hint, ech, ipv6hint or keyNNN",
  ],
  ["1", 1, "SVCB record ends before its target"],
];

/** Parameters that are malformed on the wire, behind priority 1 and the root as target. */
const MALFORMED: readonly [what: string, params: string][] = [
  ["keys out of order", "0003 0002 0001 0001 0003 026832"],
  ["a key twice", "0003 0002 0001 0003 0002 0001"],
  ["a value that is cut off", "0003 0002 00"],
  ["a header that is cut off", "0003 00"],
  ["a port of one octet", "0003 0001 00"],
  ["an empty alpn", "0001 0000"],
  ["an alpn identifier of no octets", "0001 0001 00"],
  ["an alpn identifier that is cut off", "0001 0002 0268"],
  ["half an address", "0004 0003 c00002"],
  ["a value of no-default-alpn", "0002 0001 00"],
  ["mandatory keys out of order", "0000 0004 0004 0001"],
  ["mandatory naming itself", "0000 0002 0000"],
];

describe("SVCB and HTTPS", () => {
  for (const [what, text, wire, formatted] of VALID) {
    it(`read ${what}: ${text}`, () => {
      for (const type of [TYPE.SVCB, TYPE.HTTPS]) {
        const parsed = parseRdata(type, tokensOf(text), ORIGIN);
        if (!parsed.ok) throw new Error(parsed.message);
        expect(hex(parsed.rdata)).to.equal(hex(fromHex(wire)));
        expect(formatRdata(type, parsed.rdata)).to.equal(formatted);
        expect(readRdata(type, parsed.rdata, 0, parsed.rdata.length)).to.deep.equal(parsed.rdata);
      }
    });
  }
  for (const [text, tokenIndex, message] of INVALID) {
    it(`refuse ${text.slice(0, 40)}: ${message}`, () => {
      expect(parseRdata(TYPE.SVCB, tokensOf(text), ORIGIN)).to.deep.equal({ ok: false, tokenIndex, message });
    });
  }
  for (const [what, params] of MALFORMED) {
    it(`refuse ${what} on the wire`, () => {
      const octets = fromHex(`0001 00 ${params}`);
      expect(readRdata(TYPE.HTTPS, octets, 0, octets.length)).to.equal(undefined);
    });
  }
  it("keep parameters of an AliasMode record from the wire, which are to be ignored (RFC 9460 §2.4.2)", () => {
    const octets = fromHex("0000 00 0003 0002 0001");
    expect(readRdata(TYPE.SVCB, octets, 0, octets.length)).to.deep.equal(octets);
  });
});
