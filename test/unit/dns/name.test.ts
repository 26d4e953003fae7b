import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import {
  formatName,
  isAtOrBelow,
  joinLabels,
  labelCount,
  labelsOf,
  nameKey,
  nameOf,
  namesEqual,
  parentOf,
  parseName,
  ROOT,
  readUncompressedName,
} from "../../../src/dns/name.ts";
import { arbitraryName } from "./arbitraries.ts";
import { fromHex, hex } from "./tokens.ts";

const ORIGIN = nameOf("example.com.");
const LABEL_63 = "a".repeat(63);
/** 4 × 63 octets with their lengths would be 257 with the root; this one is 255. */
const NAME_255 = `${LABEL_63}.${LABEL_63}.${LABEL_63}.${"a".repeat(61)}.`;

const VALID: readonly [text: string, wire: string, formatted: string][] = [
  [".", "00", "."],
  ["@", "076578616d706c6503636f6d00", "example.com."],
  ["www", "0377777707 6578616d706c6503636f6d00", "www.example.com."],
  ["WwW.Org.", "03577757034f726700", "WwW.Org."],
  ["a\\.b.", "03612e6200", "a\\.b."],
  ["\\000\\255.", "0200ff00", "\\000\\255."],
  ["\\097\\(x.", "0361287800", "a\\(x."],
  ["\\032.", "012000", "\\032."],
  ["*.", "012a00", "*."],
  ["_sip._tcp.", "045f736970045f74637000", "_sip._tcp."],
  ["\\@.", "014000", "\\@."],
  ["a'b?.", "0461276 23f00", "a\\039b\\063."],
];

const INVALID: readonly [text: string, message: string][] = [
  ["", "name is empty"],
  ["a..b.", "name 'a..b.' has an empty label"],
  [".a", "name '.a' has an empty label"],
  [`${LABEL_63}a.`, "label of 64 octets exceeds 63"],
  [`${LABEL_63}a`, "label of 64 octets exceeds 63"],
  [NAME_255.replace(/\.$/, "a."), "name of 256 octets exceeds 255"],
  ["a\\", "name ends in a lone backslash"],
  ["a\\25.", "'\\25.' is not an octet of three digits, 000 to 255"],
  ["a\\256.", "'\\256' is not an octet of three digits, 000 to 255"],
  ["\u0100.", "name holds a character that is not an octet"],
  ["\\\u0100.", "name holds a character that is not an octet"],
];

describe("parseName()", () => {
  for (const [text, wire, formatted] of VALID) {
    it(`reads ${text} and formatName() writes ${formatted}`, () => {
      const parsed = parseName(text, ORIGIN);
      if (!parsed.ok) throw new Error(parsed.message);
      expect(hex(parsed.name)).to.equal(hex(fromHex(wire)));
      expect(formatName(parsed.name)).to.equal(formatted);
    });
  }
  for (const [text, message] of INVALID) {
    it(`refuses '${text.slice(0, 20)}': ${message}`, () => {
      expect(parseName(text, ROOT)).to.deep.equal({ ok: false, message });
    });
  }
  it("accepts a name of 255 octets and refuses to complete it beyond", () => {
    const parsed = parseName(NAME_255);
    expect(parsed.ok && parsed.name.length).to.equal(255);
    expect(parseName(NAME_255.slice(0, -1), ORIGIN).ok).to.equal(false);
  });
  it("needs an origin for a relative name and for @", () => {
    expect(parseName("www")).to.deep.equal({
      ok: false,
      message: "name 'www' is relative and there is no origin",
    });
    expect(parseName("@")).to.deep.equal({ ok: false, message: "'@' has no origin to stand for" });
  });
  it("reads back whatever formatName() writes", () => {
    fc.assert(
      fc.property(arbitraryName(), (name) => {
        expect(parseName(formatName(name))).to.deep.equal({ ok: true, name });
      }),
    );
  });
  it("never throws", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        parseName(text, ORIGIN);
      }),
    );
  });
});

describe("readUncompressedName()", () => {
  const cases: readonly [octets: string, offset: number, expected: string | undefined][] = [
    ["00", 0, "."],
    ["ff016100", 1, "a."],
    ["0161", 0, undefined],
    ["", 0, undefined],
    ["c000", 0, undefined],
    ["40", 0, undefined],
    ["0361", 0, undefined],
  ];
  for (const [octets, offset, expected] of cases) {
    it(`takes ${expected ?? "nothing"} out of '${octets}' at ${offset}`, () => {
      const name = readUncompressedName(fromHex(octets), offset);
      expect(name && formatName(name)).to.equal(expected);
    });
  }
  it("refuses 256 octets", () => {
    const octets = Uint8Array.from({ length: 256 }, (_, index) =>
      index % 2 === 0 && index < 254 ? 1 : 0x61,
    );
    octets[254] = 1;
    expect(readUncompressedName(Uint8Array.of(...octets, 0), 0)).to.equal(undefined);
  });
});

describe("names", () => {
  it("are equal without regard to ASCII case, and to nothing else", () => {
    expect(namesEqual(nameOf("WWW.Example."), nameOf("www.eXAMPLE."))).to.equal(true);
    expect(nameKey(nameOf("WWW."))).to.equal(nameKey(nameOf("www.")));
    expect(namesEqual(nameOf("\\193."), nameOf("\\225."))).to.equal(false);
    expect(namesEqual(nameOf("a\\.b."), nameOf("a.b."))).to.equal(false);
    expect(namesEqual(nameOf("[."), nameOf("{."))).to.equal(false);
  });
  it("lie at or below an ancestor by labels", () => {
    const cases: readonly [string, string, boolean][] = [
      ["www.example.com.", "example.com.", true],
      ["EXAMPLE.com.", "example.COM.", true],
      ["wwwexample.com.", "example.com.", false],
      ["com.", "example.com.", false],
      ["a.b.", ".", true],
      // The octets of the ancestor stand inside of a label here.
      ["x\\007example\\003com.", "example.com.", false],
    ];
    for (const [name, ancestor, expected] of cases) {
      expect(isAtOrBelow(nameOf(name), nameOf(ancestor)), `${name} below ${ancestor}`).to.equal(expected);
    }
  });
  it("have labels and parents, and take labels in front", () => {
    const name = nameOf("*.a.b.");
    expect(labelsOf(name).map(hex)).to.deep.equal(["2a", "61", "62"]);
    expect(labelCount(name)).to.equal(3);
    const parent = parentOf(name);
    expect(parent && formatName(parent)).to.equal("a.b.");
    expect(parentOf(ROOT)).to.equal(undefined);
    expect(joinLabels([Uint8Array.of(0x2a)], nameOf("a.b."))).to.deep.equal(name);
    expect(joinLabels([Uint8Array.of(0x2a)], nameOf(NAME_255))).to.equal(undefined);
    expect(joinLabels([Uint8Array.of(0x2e)], ROOT)).to.deep.equal(nameOf("\\.."));
  });
});
