import { expect } from "chai";
import { describe, it } from "mocha";
import { formatName, nameOf, ROOT } from "../../../src/dns/name.ts";
import { TYPE } from "../../../src/dns/types.ts";
import { ParserState } from "../../../src/zone/parser-state.ts";
import { PlainLines } from "../../../src/zone/plain-lines.ts";
import { NONE, RecordTable } from "../../../src/zone/record-table.ts";
import { draftZone } from "../../../src/zone/zone-draft.ts";
import { parse, places } from "./parse.ts";

/** Appends a record at line 1, column 1; its number. */
function append(table: RecordTable, owner: string, type: number, rdata: Uint8Array): number {
  const name = table.names.intern(nameOf(owner));
  const at = table.rdataRoom(rdata.length);
  table.rdata.set(rdata, at);
  table.append(name, type, 300, rdata.length, 1, 1, 1, 1);
  return table.recordCount - 1;
}

describe("RecordTable", () => {
  it("gives back what was appended, far places too", () => {
    const table = new RecordTable(0);
    const owner = table.names.intern(nameOf("a.b."));
    const appended = [
      {
        type: 65_535,
        ttlSeconds: 0x7fff_ffff,
        octets: 65_535,
        line: 1,
        column: 1,
        rdataLine: 1,
        rdataColumn: 9,
      },
      { type: 1, ttlSeconds: 0, octets: 0, line: 2, column: 0x7fff, rdataLine: 2, rdataColumn: 0x8000 },
      { type: 2, ttlSeconds: 1, octets: 1, line: 3, column: 70_000, rdataLine: 3, rdataColumn: 2 },
      { type: 3, ttlSeconds: 2, octets: 2, line: 4, column: 1, rdataLine: 90_000_000, rdataColumn: 1 },
    ];
    table.beginFile("one");
    appended.forEach(({ type, ttlSeconds, octets, line, column, rdataLine, rdataColumn }, index) => {
      if (index === 2) for (const file of ["empty", "two"]) table.beginFile(file);
      const at = table.rdataRoom(octets);
      table.rdata.fill(index + 1, at, at + octets);
      table.append(owner, type, ttlSeconds, octets, line, column, rdataLine, rdataColumn);
    });
    appended.forEach(({ type, ttlSeconds, octets, line, column, rdataLine, rdataColumn }, record) => {
      const file = record < 2 ? "one" : "two";
      expect(table.ownerOf(record)).to.equal(owner);
      expect([table.typeOf(record), table.ttlSecondsOf(record)]).to.deep.equal([type, ttlSeconds]);
      expect(table.rdataOf(record)).to.deep.equal(new Uint8Array(octets).fill(record + 1));
      expect(table.positionOf(record)).to.deep.equal({ file, line, column });
      expect(table.rdataPositionOf(record)).to.deep.equal({ file, line: rdataLine, column: rdataColumn });
    });
  });

  it("finds any of a node's many RRsets, and keeps them in order", () => {
    const table = new RecordTable(0);
    const rrsets = Array.from({ length: 300 }, (_, type) => {
      const record = append(table, "a.", type + 1000, Uint8Array.of(type & 0xff));
      table.makeNode(0);
      table.addRRset(0, record);
      return record;
    });
    expect(rrsets.map((_, type) => table.rrsetOf(0, type + 1000))).to.deep.equal(rrsets);
    expect([table.rrsetOf(0, 1), table.rrsetOf(1, 1000)]).to.deep.equal([NONE, NONE]);
    const chain: number[] = [];
    for (let rrset = table.firstRRset(0); rrset !== NONE; rrset = table.nextRRset(rrset)) chain.push(rrset);
    expect(chain).to.deep.equal(rrsets);
  });

  it("remembers who wrote an owner in other letters", () => {
    const table = new RecordTable(0);
    append(table, "www.a.", TYPE.A, new Uint8Array(4));
    append(table, "WWW.a.", TYPE.AAAA, new Uint8Array(16));
    table.respell(nameOf("WWW.a."));
    append(table, "www.a.", TYPE.TXT, new Uint8Array(1));
    expect([0, 1, 2].map((record) => formatName(table.ownerNameOf(record)))).to.deep.equal([
      "www.a.",
      "WWW.a.",
      "www.a.",
    ]);
  });
});

describe("parseZoneFile()", () => {
  const spellings: [string, string][] = [
    ["Www A 192.0.2.1\nwww A 192.0.2.2", "Www"],
    ["WWW A bad\nWww A 192.0.2.1\nwww A 192.0.2.2", "Www"],
    ["WWW A bad\nWww ( A 192.0.2.1 )\nwww A 192.0.2.2", "Www"],
    ["WWW POLICY p\nWww A 192.0.2.1", "Www"],
    ["WWW A bad\nWww POLICY p\nwww POLICY p", "Www"],
    ["Www POLICY p\nwww POLICY p", "Www"],
  ];
  for (const [text, owner] of spellings) {
    it(`writes the owner ${owner} that is written so first: ${JSON.stringify(text)}`, () => {
      const { records } = parse(`$TTL 5\n${text}`);
      const name = records.names.find(nameOf("www.example.com."), 0, 17);
      expect(formatName(records.names.nameOf(name))).to.equal(`${owner}.example.com.`);
    });
  }
});

describe("draftZone()", () => {
  it("refuses a zone of more names than a table holds, empty non-terminals included", () => {
    for (const [names, codes] of [
      [7, []],
      [6, ["a.zone:1:1 zone-too-large"]],
    ] as const) {
      const records = new RecordTable(0, { records: 10, names, octets: 1000 });
      append(records, "a.", TYPE.SOA, new Uint8Array(22));
      append(records, "x.y.z.a.", TYPE.A, new Uint8Array(4));
      append(records, "w.v.u.a.", TYPE.A, new Uint8Array(4));
      const syntax = parse("");
      const found: string[] = [];
      draftZone({ ...syntax, file: "a.zone", records }, ({ file, line, column, code }) => {
        found.push(`${file}:${line}:${column} ${code}`);
      });
      expect(found).to.deep.equal(codes);
    }
  });
});

describe("ParserState", () => {
  for (const limits of [
    { records: 2, names: 9, octets: 1000 },
    { records: 10, names: 9, octets: 7 },
  ]) {
    it(`refuses a zone of more than ${limits.records} records or ${limits.octets} octets, and says so once`, () => {
      const records = new RecordTable(0, limits);
      const state = new ParserState({
        zoneFolder: "",
        readFile: () => undefined,
        file: "a.zone",
        origin: ROOT,
        records,
        definitionFiles: new Map(),
        readerOf: (octets, parser) => new PlainLines(octets, parser),
      });
      const owner = records.names.intern(nameOf("a."));
      for (let line = 1; line <= 5; line++) {
        state.addRecord(owner, TYPE.A, 1, new Uint8Array(4), { line, column: 1 }, { line, column: 5 });
      }
      expect(places(state.diagnostics)).to.deep.equal(["3:1 zone-too-large"]);
      expect([state.faultCount, records.recordCount]).to.deep.equal([3, 2]);
    });
  }
});
