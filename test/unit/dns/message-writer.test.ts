import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { MessageWriter } from "../../../src/dns/message-writer.ts";
import { formatName, type Name, nameOf, namesEqual } from "../../../src/dns/name.ts";
import { TYPE } from "../../../src/dns/types.ts";
import { readName } from "../../../src/dns/wire-name.ts";
import { arbitraryRelatedName } from "./arbitraries.ts";
import { fromHex, hex } from "./tokens.ts";

function writerOver(size: number, start = 0): { writer: MessageWriter; buffer: Uint8Array } {
  const buffer = new Uint8Array(size);
  const writer = new MessageWriter();
  writer.reset(buffer, start, size);
  return { writer, buffer };
}

function writtenNames(texts: readonly string[]): string {
  const { writer, buffer } = writerOver(500);
  for (const text of texts) writer.writeName(nameOf(text));
  return hex(buffer.subarray(0, writer.length));
}

describe("MessageWriter.writeName()", () => {
  const cases: readonly [what: string, names: string[], wire: string][] = [
    ["writes the root as one octet, never as a pointer", [".", "."], "00 00"],
    ["points to a whole name", ["a.b.", "a.b."], "0161016200 c000"],
    ["points to a suffix", ["a.b.", "c.b."], "0161016200 0163c002"],
    ["points to the longest suffix", ["b.", "a.b.", "c.a.b."], "016200 0161c000 0163c003"],
    ["takes a name of another case for the same", ["a.b.", "A.B."], "0161016200 c000"],
    ["prefers the same octets to another case", ["a.b.", "C.B.", "d.B."], "0161016200 0143c002 0164c002"],
    ["does not take part of a label for a name", ["ab.", "b."], "02616200 016200"],
    ["does not take a label that holds a dot for two", ["a\\.b.", "a.b."], "03612e6200 0161016200"],
  ];
  for (const [what, names, wire] of cases) {
    it(what, () => expect(writtenNames(names)).to.equal(hex(fromHex(wire))));
  }
  it("prefers the same octets where both are remembered", () => {
    const { writer, buffer } = writerOver(100);
    writer.writeOctets(nameOf("X."));
    writer.rememberName(0);
    writer.writeOctets(nameOf("x."));
    writer.rememberName(3);
    writer.writeName(nameOf("x."));
    writer.writeName(nameOf("X."));
    expect(hex(buffer.subarray(6, writer.length))).to.equal("c003c000");
  });
  it("counts pointers from the message's start", () => {
    const { writer, buffer } = writerOver(100, 40);
    writer.skip(12);
    writer.writeName(nameOf("a."));
    writer.writeName(nameOf("a."));
    expect(hex(buffer.subarray(52, writer.position))).to.equal("016100c00c");
    expect(writer.length).to.equal(17);
  });
  it("does not point beyond 14 bits", () => {
    const { writer, buffer } = writerOver(40_000);
    writer.skip(0x3fff);
    writer.writeName(nameOf("a.b."));
    writer.writeName(nameOf("a.b."));
    writer.writeName(nameOf("b."));
    // The first label stands at 0x3fff and can be pointed to, the second at 0x4001 cannot.
    expect(hex(buffer.subarray(0x3fff, writer.length))).to.equal("0161016200ffff016200");
  });
  it("reads names from within a larger source", () => {
    const { writer, buffer } = writerOver(100);
    const source = fromHex("ffff 0161 00 ff");
    expect(writer.writeName(source, 2)).to.equal(true);
    expect(hex(buffer.subarray(0, writer.length))).to.equal("016100");
  });
  it("writes names that are read back as they were", () => {
    fc.assert(
      fc.property(
        fc.array(arbitraryRelatedName(["a", "A", "ns1", "example", "EXAMPLE"]), { maxLength: 60 }),
        (names) => {
          const { writer, buffer } = writerOver(4096);
          const starts = names.map((name) => {
            const start = writer.position;
            expect(writer.writeName(name)).to.equal(true);
            return start;
          });
          for (const [index, name] of names.entries()) {
            const read = readName(buffer, starts[index] ?? 0, writer.length);
            expect(read && namesEqual(read.name, name), formatName(name)).to.equal(true);
            expect(read?.next).to.equal(starts[index + 1] ?? writer.length);
          }
        },
      ),
    );
  });
  it("goes on right when it remembers no more suffixes", () => {
    const { writer, buffer } = writerOver(20_000);
    const names = Array.from({ length: 400 }, (_, index) => nameOf(`h${index}.example.`));
    const starts = names.map((name) => {
      const start = writer.position;
      writer.writeName(name);
      return start;
    });
    for (const [index, start] of starts.entries()) {
      const read = readName(buffer, start, writer.length);
      expect(read && formatName(read.name)).to.equal(`h${index}.example.`);
    }
  });
});

describe("MessageWriter", () => {
  const name: Name = nameOf("mail.example.");
  const soa = fromHex(`${hex(nameOf("ns.example."))}${hex(nameOf("admin.example."))}${"00000001".repeat(5)}`);
  const mx = fromHex(`000a${hex(name)}`);
  const methods: readonly [what: string, octets: number, write: (writer: MessageWriter) => boolean][] = [
    ["writeUint8", 1, (writer) => writer.writeUint8(255)],
    ["writeUint16", 2, (writer) => writer.writeUint16(0xfffe)],
    ["writeUint32", 4, (writer) => writer.writeUint32(0xfffefdfc)],
    ["writeOctets", 3, (writer) => writer.writeOctets(Uint8Array.of(1, 2, 3, 4, 5), 1, 4)],
    ["skip", 5, (writer) => writer.skip(5)],
    ["writeName", 14, (writer) => writer.writeName(name)],
    ["writeRdata", 18, (writer) => writer.writeRdata(TYPE.MX, mx)],
    ["writeRecord", 28, (writer) => writer.writeRecord(name, 0, TYPE.MX, 1, 300, mx)],
  ];
  for (const [what, octets, write] of methods) {
    it(`${what}() fits exactly, and else leaves everything as it was`, () => {
      const fitting = writerOver(octets + 4);
      fitting.writer.reset(fitting.buffer, 2, octets + 2);
      expect(write(fitting.writer)).to.equal(true);
      expect(fitting.writer.length).to.equal(octets);
      for (let limit = 2; limit < octets + 2; limit++) {
        const { writer, buffer } = writerOver(octets + 4);
        buffer.fill(0xee);
        writer.reset(buffer, 2, limit);
        expect(write(writer), `limit ${limit}`).to.equal(false);
        expect(writer.length).to.equal(0);
        expect(hex(buffer.subarray(limit))).to.equal("ee".repeat(buffer.length - limit));
        // Nothing of the name is remembered: the same name is written whole once there is room.
        writer.setLimit(buffer.length);
        if (what.startsWith("writeName")) expect(writer.writeName(name) && writer.length).to.equal(14);
      }
    });
  }
  it("writes numbers in network order", () => {
    const { writer, buffer } = writerOver(7);
    writer.writeUint8(1);
    writer.writeUint16(0x0203);
    writer.writeUint32(0xf4050607);
    expect(hex(buffer)).to.equal("010203f4050607");
  });
  it("compresses the names in rdata of RFC 1035's types, and RDLENGTH counts what is written", () => {
    const { writer, buffer } = writerOver(200);
    writer.writeName(nameOf("example."));
    writer.writeRdata(TYPE.SOA, soa);
    writer.writeRdata(TYPE.MX, mx);
    const expected = `076578616d706c6500 0021 026e73c000 0561646d696ec000 ${"00000001".repeat(5)} 0009 000a046d61696cc000`;
    expect(hex(buffer.subarray(0, writer.length))).to.equal(hex(fromHex(expected)));
  });
  it("leaves the names in other rdata alone (RFC 3597 §4)", () => {
    const { writer, buffer } = writerOver(200);
    writer.writeName(nameOf("example."));
    for (const type of [TYPE.SRV, TYPE.DNAME, TYPE.SVCB, TYPE.RP, 65_280]) {
      const start = writer.position;
      writer.writeRdata(type, nameOf("example."));
      expect(hex(buffer.subarray(start, writer.position))).to.equal("0009076578616d706c6500");
    }
  });
  it("rollback() forgets the names written since the mark", () => {
    const { writer, buffer } = writerOver(200);
    writer.writeName(nameOf("a."));
    const mark = writer.mark();
    writer.writeName(nameOf("b."));
    writer.rollback(mark);
    writer.writeName(nameOf("c."));
    writer.writeName(nameOf("b."));
    writer.writeName(nameOf("a."));
    expect(hex(buffer.subarray(0, writer.length))).to.equal("016100016300016200c000");
  });
  it("reset() begins anew with another buffer", () => {
    const { writer } = writerOver(10);
    writer.writeName(nameOf("a."));
    const buffer = new Uint8Array(10);
    writer.reset(buffer, 0, 10);
    writer.writeName(nameOf("a."));
    expect(hex(buffer)).to.equal("01610000000000000000");
    expect(writer.length).to.equal(3);
  });
  it("rememberName() lets later names point into what was there before", () => {
    const buffer = new Uint8Array(40);
    buffer.set(nameOf("www.Example."), 12);
    const writer = new MessageWriter();
    writer.reset(buffer, 0, 40);
    writer.skip(12 + 13);
    writer.rememberName(12);
    writer.writeName(nameOf("ns.example."));
    expect(hex(buffer.subarray(25, writer.position))).to.equal("026e73c010");
  });
});
