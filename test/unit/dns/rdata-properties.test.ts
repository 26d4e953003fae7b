import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { nameOf, ROOT } from "../../../src/dns/name.ts";
import { compressibleNameCount, octetsBeforeNames } from "../../../src/dns/rdata/compression.ts";
import { RDATA_TYPES } from "../../../src/dns/rdata/registry.ts";
import { formatRdata, namesInRdata, parseRdata, readRdata } from "../../../src/dns/rdata.ts";
import { formatType } from "../../../src/dns/types.ts";
import { ARBITRARY_RDATA } from "./arbitraries.ts";
import { tokensOf } from "./tokens.ts";

describe("every type's rdata", () => {
  it("has a generator here", () => {
    expect([...ARBITRARY_RDATA.keys()]).to.have.members(RDATA_TYPES.map((entry) => entry.type));
  });
  for (const [type, arbitrary] of ARBITRARY_RDATA) {
    it(`${formatType(type)}: text and wire lead back to the same octets`, () => {
      fc.assert(
        fc.property(arbitrary, (rdata) => {
          const text = formatRdata(type, rdata);
          expect(text).to.match(/^[\x20-\x7e]+$/);
          expect(text, "its own text").not.to.match(/^\\# /);
          expect(parseRdata(type, tokensOf(text), ROOT)).to.deep.equal({ ok: true, rdata });
          expect(readRdata(type, rdata, 0, rdata.length)).to.deep.equal(rdata);
        }),
      );
    });
    it(`${formatType(type)}: what is read from random octets is stable and has a text`, () => {
      const fragments = fc.oneof(
        fc.uint8Array({ maxLength: 40 }),
        // Valid rdata with one octet changed, which gets further into a reader than noise does.
        fc.tuple(arbitrary, fc.nat(), fc.nat({ max: 255 })).map(([rdata, at, octet]) => {
          const changed = rdata.slice();
          if (changed.length > 0) changed[at % changed.length] = octet;
          return changed;
        }),
      );
      fc.assert(
        fc.property(fragments, fc.nat({ max: 10 }), (octets, start) => {
          const rdata = readRdata(type, octets, Math.min(start, octets.length), octets.length);
          formatRdata(type, octets);
          namesInRdata(type, octets);
          if (rdata === undefined) return;
          expect(readRdata(type, rdata, 0, rdata.length)).to.deep.equal(rdata);
          const again = parseRdata(type, tokensOf(formatRdata(type, rdata)), ROOT);
          expect(again).to.deep.equal({ ok: true, rdata });
        }),
      );
    });
    it(`${formatType(type)}: random tokens are read or refused with a token's index`, () => {
      const word = fc.oneof(
        fc.string({ maxLength: 8 }),
        fc.constantFrom("0", "1", "300", "a.b.", "@", "N", "E", "\\#", "alpn=h2", "mandatory=alpn", "ab"),
      );
      const token = fc.record({ text: word, quoted: fc.boolean() });
      fc.assert(
        fc.property(fc.array(token, { maxLength: 10 }), (tokens) => {
          const parsed = parseRdata(type, tokens, nameOf("example."));
          if (!parsed.ok) expect(parsed.tokenIndex).to.be.within(0, tokens.length);
        }),
      );
    });
  }
  it("is compressed exactly where RFC 1035 defines the type", () => {
    for (const { type, fields } of RDATA_TYPES) {
      const count = compressibleNameCount(type);
      if (count === 0) continue;
      const sizes: Readonly<Record<string, number>> = { preference: 2 };
      const firstName = fields.findIndex((field) => field.isName);
      const before = fields.slice(0, firstName).reduce((sum, field) => sum + (sizes[field.what] ?? 99), 0);
      expect(before, formatType(type)).to.equal(octetsBeforeNames(type));
      expect(fields.slice(firstName, firstName + count).every((field) => field.isName)).to.equal(true);
      expect(fields.filter((field) => field.isName).length).to.equal(count);
    }
    const compressed = RDATA_TYPES.filter(({ type }) => compressibleNameCount(type) > 0);
    expect(compressed.map(({ type }) => formatType(type))).to.have.members([
      "NS",
      "CNAME",
      "PTR",
      "MX",
      "SOA",
    ]);
  });
});
