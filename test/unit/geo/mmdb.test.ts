import { expect } from "chai";
import { describe, it } from "mocha";
import { buildGeoDatabase } from "../../../src/geo/database.ts";
import { openMmdb } from "../../../src/geo/mmdb.ts";
import { MmdbSection, readMmdbValue } from "../../../src/geo/mmdb-data.ts";
import { networkOf } from "../../../src/geo/network.ts";
import { writeMmdb } from "../../support/mmdb.ts";

const read = (hex: string, at = 0) => readMmdbValue(Buffer.from(hex.replaceAll(" ", ""), "hex"), 0, at);

describe("readMmdbValue()", () => {
  const rows: readonly [what: string, hex: string, expected: unknown][] = [
    ["a text", "43 616263", "abc"],
    ["an empty text", "40", ""],
    ["a double", "68 3ff8000000000000", 1.5],
    ["a float", "04 08 3fc00000", 1.5],
    ["16 bits", "a2 0102", 0x102],
    ["32 bits in fewer octets", "c3 010203", 0x10203],
    ["no octets at all are 0", "c0", 0],
    ["a negative number", "04 01 fffffffe", -2],
    ["64 bits", "08 02 0000000100000000", 2 ** 32],
    ["a truth", "01 07", true],
    ["a falsehood", "00 07", false],
    ["octets, which nobody asks for", "82 0102", null],
    ["a list", "02 04 4161 4162", ["a", "b"]],
    ["a text of 29 octets and more", `5d 01 ${"61".repeat(30)}`, "a".repeat(30)],
    ["a text of 285 octets and more", `5e 0001 ${"61".repeat(286)}`, "a".repeat(286)],
    ["a text of 65,821 octets and more", `5f 000001 ${"61".repeat(65_822)}`, "a".repeat(65_822)],
    ["nothing", "", undefined],
    ["a text that ends too soon", "43 6162", undefined],
    ["a size that ends too soon", "5e 00", undefined],
    ["a map without its last value", "e1 4161", undefined],
    ["a map with a number for a key", "e1 c101 4161", undefined],
    ["a list that is longer than all", "1f 04 ffffff", undefined],
    ["a double of four octets", "64 3ff80000", undefined],
    ["a kind that there is not", "00 09", undefined],
    ["a pointer to a pointer", "2002 2000", undefined],
    ["a pointer to itself", "2000", undefined],
    ["a list that holds itself", "01 04 2000", undefined],
    ["a pointer behind the end", "27ff", undefined],
  ];
  for (const [what, hex, expected] of rows) {
    it(`reads ${what}`, () => {
      expect(read(hex)).to.deep.equal(expected);
    });
  }

  it("reads maps, and goes on behind a pointer", () => {
    const found = read("e2 4161 2009 4162 c102 4178");
    expect(found).to.have.all.keys("a", "b").and.include({ a: "x", b: 2 });
  });

  it("follows pointers of every size", () => {
    const section = Buffer.alloc(700_000);
    const targets: readonly [at: number, pointer: string][] = [
      [0x345, "2345"],
      [2_048 + 0x1_2345, "29 2345"],
      [526_336 + 0x0_1234, "30 001234"],
      [0x9_0000, "38 00090000"],
    ];
    for (const [index, [at, pointer]] of targets.entries()) {
      section.set([0x41, 0x61 + index], at);
      section.set(Buffer.from(pointer.replace(" ", ""), "hex"), 16 + index * 8);
    }
    const found = targets.map((_, index) => readMmdbValue(section, 0, 16 + index * 8));
    expect(found).to.deep.equal(["a", "b", "c", "d"]);
  });

  it("gives up on what pointers make larger than any record", () => {
    // Each list holds the one before it 20 times: 20^12 texts.
    const parts: number[] = [0x41, 0x61];
    let before = 0;
    let last = 0;
    for (let level = 0; level < 12; level++) {
      last = parts.length;
      parts.push(20, 4);
      for (let count = 0; count < 20; count++) parts.push(0x20 | (before >>> 8), before & 0xff);
      before = last;
    }
    expect(readMmdbValue(Uint8Array.from(parts), 0, last)).to.equal(undefined);
  });
});

describe("MmdbSection", () => {
  it("reads nothing more of a file that leads to the same again and again", () => {
    // A list of 64 texts and of what is none, and behind it a text that is sound.
    const octets = Buffer.from(`1d 04 24 ${"40 ".repeat(64)} 00 09 41 61`.replaceAll(" ", ""), "hex");
    const section = new MmdbSection(octets, 0);
    const sound = octets.length - 2;
    expect(section.read(sound)).to.equal("a");
    for (let time = 0; time < 5; time++) expect(section.read(0)).to.equal(undefined);
    expect(section.read(sound)).to.equal(undefined);
  });

  it("reads the keys that are asked for, whatever stands between them", () => {
    const hex = "e3 4178 e1 4161 02 04 c101 2000 4161 c107 4162 0107".replaceAll(" ", "");
    const octets = Buffer.from(hex, "hex");
    expect(new MmdbSection(octets, 0, new Set(["a"])).read(0))
      .to.have.all.keys("a")
      .and.include({ a: 7 });
    expect(new MmdbSection(octets, 0, new Set(["b"])).read(0))
      .to.have.all.keys("b")
      .and.include({ b: true });
    for (let length = 0; length < octets.length; length++) {
      expect(new MmdbSection(octets.subarray(0, length), 0, new Set(["b"])).read(0)).to.equal(undefined);
    }
  });
});

describe("openMmdb()", () => {
  it("refuses or reads every file that is cut off, or has one octet changed, without an exception", () => {
    const record = { country: { iso_code: "DE" }, location: { latitude: 51.2, longitude: 9.5 } };
    const network = networkOf(Uint8Array.of(192, 0, 2, 0), 24);
    const file = writeMmdb([{ network, record }], 4, undefined, { recordBits: 28, pointers: true });
    let opened = 0;
    const open = (octets: Uint8Array): void => {
      const result = openMmdb(octets);
      if (!result.ok) return;
      opened++;
      buildGeoDatabase(result.file);
    };
    for (let length = 0; length < file.length; length++) open(file.subarray(0, length));
    for (let at = 0; at < file.length; at++) open(file.with(at, (file[at] ?? 0) ^ 0xff));
    expect(opened).to.be.within(100, file.length);
  });
});
