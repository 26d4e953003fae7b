/** Both ways through a file, the fast one for plain lines and the full one, give the same. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { octetsOfLatin1 } from "../../../src/zone/lexer.ts";
import { parseZoneFile } from "../../../src/zone/parser.ts";
import type { LineReader, ParserState } from "../../../src/zone/parser-state.ts";
import { PlainLines } from "../../../src/zone/plain-lines.ts";
import type { ZoneFileSyntax } from "../../../src/zone/syntax.ts";
import { recordsOf } from "./parse.ts";

const FOLDERS = ["valid", "invalid"].map((name) => join(import.meta.dirname, "../../zones", name));
const TEXTS = FOLDERS.flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".zone"))
    .map((name) => readFileSync(join(folder, name), "latin1")),
).filter((text) => text.length < 10_000);

/** Leaves every line to the parser. */
class NoLines implements LineReader {
  at = 0;
  line = 1;
  read(at: number, line: number): void {
    this.at = at;
    this.line = line;
  }
}

/** Counts the lines that it spares the parser, blank ones and comments too. */
class CountingLines extends PlainLines {
  static lines = 0;
  override read(at: number, line: number): void {
    super.read(at, line);
    CountingLines.lines += this.line - line;
  }
}

const PATH = "zones/example.com.zone";
const INCLUDED = octetsOfLatin1("Inner A 192.0.2.9\n\t60 IN A 192.0.2.10\n$ORIGIN deep\nx TXT a\n");

function parseWith(
  text: string,
  readerOf: (octets: Uint8Array, state: ParserState) => LineReader,
): ZoneFileSyntax {
  return parseZoneFile(PATH, octetsOfLatin1(text), () => INCLUDED, { readerOf });
}

/** What a file comes to, places and all. */
function shown(syntax: ZoneFileSyntax): unknown {
  const { records: _, ...rest } = syntax;
  return {
    ...rest,
    records: recordsOf(syntax),
    owners: recordsOf(syntax).map((_record, at) => syntax.records.ownerNameOf(at)),
  };
}

function compare(text: string): void {
  const fast = parseWith(text, (octets, state) => new PlainLines(octets, state));
  const full = parseWith(text, () => new NoLines());
  expect(shown(fast), JSON.stringify(text)).to.deep.equal(shown(full));
}

/** How many lines of a text were plain. */
function plainLinesOf(text: string): number {
  CountingLines.lines = 0;
  parseWith(`$TTL 9\n@ A 192.0.2.1\n${text}\n`, (octets, state) => new CountingLines(octets, state));
  return CountingLines.lines - 1;
}

const word = (...words: (string | string[])[]): fc.Arbitrary<string> => fc.constantFrom(...words.flat());
const blank = fc.oneof(
  { weight: 8, arbitrary: word(" ", "\t", "  ") },
  { weight: 1, arbitrary: word("\r", " \t ", "", "\x0b", " ( ", " ) ", ";", "\\ ", "\n ") },
);
const owner = word(
  [
    "www",
    "WWW",
    "w.x",
    "@",
    "",
    "*",
    "*.wild",
    "a.example.net.",
    "_srv._tcp",
    "0",
    "12",
    "in",
    "A",
    "a_b",
    "10/8",
  ],
  [".", "..", "a..b", "a.", "$x", "a\\.b", "a\\046", '"q"', "\xe9", "x".repeat(63), "x".repeat(64)],
  [
    `${"x".repeat(60)}.${"y".repeat(60)}.${"z".repeat(60)}.${"w".repeat(58)}`,
    `${"x.".repeat(121)}x`,
    `${"x.".repeat(122)}x`,
  ],
  ["x.".repeat(127), "x.".repeat(128), "a(b", "a;b", "#", "a=b", "-"],
);
const prelude = word(
  [
    "",
    "",
    "",
    "60",
    "IN",
    "in",
    "60 IN",
    "IN 60",
    "In\t60",
    "0",
    "2147483647",
    "2147483648",
    "99999999999",
    "1h",
  ],
  ["60 60", "IN IN", "60/30", "CH", "CLASS1", "060", "60 IN 60", '"60"', "1x"],
);
const data = fc.oneof(
  {
    weight: 6,
    arbitrary: word(
      "A 192.0.2.1",
      "a 0.0.0.0",
      "A 255.255.255.255",
      "AAAA 2001:db8::1",
      "aaaa ::",
      "AAAA 1:2:3:4:5:6:7:8",
    ),
  },
  {
    weight: 6,
    arbitrary: word(
      "NS ns",
      "CNAME @",
      "PTR a.b.example.",
      "MX 10 mail",
      "Mx 0 .",
      "SRV 0 5 443 www",
      "TXT a b",
      'TXT "x y" z',
    ),
  },
  {
    weight: 3,
    arbitrary: word(
      [
        "A 192.0.2",
        "A 192.0.2.1.1",
        "A 192.0.2.256",
        "A 192.0.02.1",
        "A 1234.0.0.1",
        "A",
        "A 192.0.2.1 x",
        "A 192..2.1",
        "A .1.2.3",
      ],
      [
        "A 192.0.2.1.",
        "A \\# 4 c0000201",
        "A 192.0.2.1\r",
        "A (192.0.2.1)",
        "A 192.0.2.1;x",
        'A "192.0.2.1"',
        "AAAAA ::",
        "AA ::",
      ],
      [
        "AAAA ::1::",
        "AAAA 1::2::3",
        "AAAA :1",
        "AAAA 1:",
        "AAAA 1:2:3:4:5:6:7::",
        "AAAA ::2:3:4:5:6:7:8",
        "AAAA 1::2:3:4:5:6:7:8",
      ],
      [
        "AAAA 12345::",
        "AAAA ::ffff:192.0.2.1",
        "AAAA ::g",
        "AAAA fe80::1%eth0",
        "AAAA 1:2:3:4:5:6:7:8:9",
        "AAAA :::",
        "AAAA ABCD::Ef",
      ],
    ),
  },
  {
    weight: 3,
    arbitrary: word(
      [
        "MX mail",
        "MX 65536 mail",
        "MX 00010 mail",
        "MX 10",
        "MX 10 mail x",
        "MX -1 m",
        "SRV 1 2 www",
        "SRV 1 2 3",
        "SRV 1 2 65535 @",
      ],
      [
        "TXT",
        'TXT ""',
        'TXT "a',
        'TXT "a"b',
        'TXT a"b"',
        'TXT "a\\"b"',
        "TXT a\\;b",
        'TXT "a\\b"',
        'TXT "a\\" b',
        "TXT a;b",
        "TXT \xe9\x01",
        'TXT "\x00\xff"',
        "TXT a(b",
      ],
      [
        `TXT ${"x".repeat(255)}`,
        `TXT ${"x".repeat(256)}`,
        `TXT "${"x".repeat(255)}" "${"y".repeat(256)}"`,
        `TXT ${"x ".repeat(2500)}`,
      ],
      [
        'TXT ="a"',
        "TXT \\# 2 0161",
        "TYPE1 \\# 4 c0000201",
        "TYPE65280 \\# 0",
        "SOA ns host 1 2 3 4 5",
        "POLICY p",
        "NAPTR 1 1 a b c .",
        "$x",
        "AXFR x",
      ],
    ),
  },
);
const record = fc
  .tuple(owner, blank, prelude, blank, data, word("", "", " ", "\r", " ; c", ";(", "\t"))
  .map((parts) => parts.join(""));
const line = fc.oneof(
  { weight: 12, arbitrary: record },
  {
    weight: 3,
    arbitrary: word(
      [
        "",
        "  ",
        "; c",
        " ; c",
        "\r",
        "$TTL 300",
        "$TTL",
        "$ORIGIN sub",
        "$ORIGIN example.org.",
        " $TTL 5",
        "$INCLUDE x.inc",
        "$INCLUDE x.inc in",
      ],
      [
        "$POOL p monitor=none",
        "    a 192.0.2.1",
        "$GENERATE 1-3 h$ A 192.0.2.$",
        "$NONSENSE x",
        "www (",
        ")",
        "p POLICY p",
        '$POLICY q "',
        "\\",
      ],
    ),
  },
);
const text = fc
  .tuple(fc.array(line, { maxLength: 12 }), word("", "$TTL 60\n"), word("\n", "\n", "\r\n"), word("", "\n"))
  .map(([lines, head, separator, end]) => head + lines.join(separator) + end);

describe("PlainLines", () => {
  it("reads the fixtures as the parser alone does", () => {
    for (const fixture of TEXTS) compare(fixture);
  });

  it("leaves the parser where it would stand itself", () => {
    const pool = "$POOL p monitor=none\n    e 192.0.2.1\n";
    for (const sequence of [
      `${pool}w A 192.0.2.1\n$GENERATE 1-2 h$ A 192.0.2.$\n  A 192.0.2.9`,
      `${pool}  f 192.0.2.2\n\n; comment\n  g 192.0.2.3\nw A 192.0.2.1\n  A 192.0.2.9`,
      "$NONSENSE\n  A 192.0.2.1\nw A 192.0.2.1\n  A 192.0.2.9",
      "Www A 192.0.2.1\nwWw A 192.0.2.2\n  A 192.0.2.3\nwww ( A 192.0.2.4 )\n  A 192.0.2.5\nWWW A 192.0.2.6",
      "x..y A 192.0.2.1\n  A 192.0.2.2\nw A 192.0.2.3\nx..y A 192.0.2.4\nx..y A 192.0.2.5",
      "w A 192.0.2.1\n$ORIGIN a\n  A 192.0.2.2\nw A 192.0.2.3\n$INCLUDE x.inc\n  A 192.0.2.4\nw A 192.0.2.5",
      "\xef\xbb\xbfw 5 A 192.0.2.1\nw A 192.0.2.2",
      "w ( A 192.0.2.1\nw A 192.0.2.2\nv A 192.0.2.3\n$TTL 5\nu A 192.0.2.4",
      "w A 192.0.2.1\nw SOA ns h 1 2 3 4 5\nw A 192.0.2.2",
    ]) {
      compare(sequence);
      compare(`$TTL 60\n${sequence}`);
    }
  });

  it("reads generated lines as the parser alone does", () => {
    fc.assert(fc.property(text, compare), { numRuns: 4000 });
  });

  it("spares the parser what is plain", () => {
    const plain = [
      "www A 192.0.2.1",
      "www 60 IN A 192.0.2.1 ; comment",
      "www IN 60 AAAA 2001:db8::1\r",
      '\t\tTXT one "two words" v=spf1',
      "@ MX 10 mail.example.net.",
      "_sip._tcp SRV 0 5 5060 sip",
      "*.a CNAME @",
      "1.2.0 PTR www",
      "sub NS ns.sub",
      "",
      '  ; comment ( "',
    ];
    for (const one of plain) expect(plainLinesOf(one), one).to.equal(1);
    for (const one of [
      "www A ( 192.0.2.1 )",
      "www 1h A 192.0.2.1",
      "$TTL 5",
      "www A 192.0.2.256",
      "a\\.b A 192.0.2.1",
    ]) {
      expect(plainLinesOf(one), one).to.equal(0);
    }
  });
});
