import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { formatName } from "../../../src/dns/name.ts";
import { formatRdata } from "../../../src/dns/rdata.ts";
import { formatType } from "../../../src/dns/types.ts";
import { octetsOfLatin1 } from "../../../src/zone/lexer.ts";
import { parseZoneFile } from "../../../src/zone/parser.ts";
import type { ZoneFileSyntax } from "../../../src/zone/syntax.ts";
import { parse, places, recordsOf } from "./parse.ts";

/** Owners without the origin of the tests. */
function shown(syntax: ZoneFileSyntax): string[] {
  return recordsOf(syntax).map(({ owner, ttlSeconds, type, rdata }) => {
    const name = formatName(owner).replace(/\.example\.com\.$/, "");
    return `${name} ${ttlSeconds} ${formatType(type)} ${formatRdata(type, rdata)}`;
  });
}

describe("records", () => {
  const valid: [string, string[]][] = [
    ["w 5 A 192.0.2.1", ["w 5 A 192.0.2.1"]],
    ["w 5 IN A 192.0.2.1\nx in 1h30m a 192.0.2.1", ["w 5 A 192.0.2.1", "x 5400 A 192.0.2.1"]],
    ["w CLASS1 5 TYPE1 \\# 4 c0000201", ["w 5 A 192.0.2.1"]],
    ["w 5 TYPE65280 \\# 2 ab cd", ["w 5 TYPE65280 \\# 2 ABCD"]],
    [
      "$TTL 7\nw A 192.0.2.1\n  A 192.0.2.2\n\n; c\n\tAAAA ::1",
      ["w 7 A 192.0.2.1", "w 7 A 192.0.2.2", "w 7 AAAA ::1"],
    ],
    // RFC 1035 §5.1: an omitted TTL is the last one stated; RFC 2308 §4: $TTL comes before that.
    [
      "a 5 A 192.0.2.1\nb A 192.0.2.1\n$TTL 9\nc A 192.0.2.1",
      ["a 5 A 192.0.2.1", "b 5 A 192.0.2.1", "c 9 A 192.0.2.1"],
    ],
    [
      "a SOA b c 1 2 3 4 77\na NS b",
      ["a 77 SOA b.example.com. c.example.com. 1 2 3 4 77", "a 77 NS b.example.com."],
    ],
    ["( w 5 A\n192.0.2.1 )", ["w 5 A 192.0.2.1"]],
    ["5 5 A 192.0.2.1", ["5 5 A 192.0.2.1"]],
    ["in 5 IN A 192.0.2.1", ["in 5 A 192.0.2.1"]],
    ['w 5 TXT "a ; b" c\\;d ( "(" )', ['w 5 TXT "a ; b" "c;d" "("']],
    ["a\\.b 5 A 192.0.2.1", ["a\\.b 5 A 192.0.2.1"]],
    ["w 0 A 192.0.2.1", ["w 0 A 192.0.2.1"]],
  ];
  for (const [text, records] of valid) {
    it(`reads ${text.replaceAll("\n", "⏎")}`, () => {
      const syntax = parse(text);
      expect(places(syntax.diagnostics)).to.deep.equal([]);
      expect(shown(syntax)).to.deep.equal(records);
    });
  }

  const invalid: [string, ...string[]][] = [
    [" 5 A 192.0.2.1", "1:2 missing-owner"],
    ["w", "1:1 missing-type"],
    ["w 5 IN", "1:5 missing-type"],
    ["w A 192.0.2.1\nw A 192.0.2.2", "1:3 missing-ttl"],
    ["w POLICY a", "1:3 missing-ttl"],
    ["w 5x A 192.0.2.1", "1:3 bad-ttl"],
    ["w 2147483648 A 192.0.2.1", "1:3 bad-ttl"],
    ["w 5 6 A 192.0.2.1", "1:5 duplicate-ttl"],
    ["w 30/10 A 192.0.2.1", "1:3 bad-ttl"],
    ["w 5 CH A 192.0.2.1", "1:5 class-not-in"],
    ["w 5 CLASS3 A 192.0.2.1", "1:5 class-not-in"],
    ["w 5 IN IN A 192.0.2.1", "1:8 duplicate-class"],
    ["w 5 AAA 192.0.2.1", "1:5 unknown-type"],
    ["w 5 ANY x", "1:5 meta-type"],
    ["w 5 OPT x", "1:5 meta-type"],
    ["w 5 TYPE0 \\# 0", "1:5 meta-type"],
    ["a..b 5 A 192.0.2.1\n A 192.0.2.256", "1:1 bad-name", "2:4 bad-rdata"],
    ["w 5 A 192.0.2.256", "1:7 bad-rdata"],
    ["w 5 MX 10", "1:8 bad-rdata"],
    ["w 5 A", "1:5 bad-rdata"],
    ['w 5 "A" 192.0.2.1', "1:5 unknown-type"],
    ['w 5 TXT "a\nx 5 A 192.0.2.256', "1:9 unclosed-quote", "2:7 bad-rdata"],
    ["w 5 A ( 192.0.2.256\nx 5 A 192.0.2.256", "1:7 unclosed-parenthesis", "2:7 bad-rdata"],
  ];
  for (const [text, ...faults] of invalid) {
    it(`refuses ${text.replaceAll("\n", "⏎")}`, () => {
      expect(places(parse(text).diagnostics)).to.deep.equal(faults);
    });
  }

  it("remembers what a faulty record was to be", () => {
    const { damage } = parse("a 5 A x\nb 5 POLICY failover\nc 5 FOO\n");
    expect(damage.records.map(({ type }) => type)).to.deep.equal([1, "POLICY", undefined]);
  });
});

describe("POLICY records", () => {
  it("read TTL ranges and options", () => {
    const text =
      "$TTL 60\na 30/10 IN POLICY p when-down=nodata rto=90s demand=2.5 dry-run\nb IN 5 POLICY ( p\n dry-run )\nc policy p";
    const { policyRecords, diagnostics } = parse(text);
    expect(diagnostics).to.deep.equal([]);
    const rows = policyRecords.map((record) => {
      const { maxSeconds, minSeconds, whenDown, rtoMs, demand, dryRun } = record;
      return [maxSeconds, minSeconds, whenDown, rtoMs, demand, dryRun];
    });
    expect(rows).to.deep.equal([
      [30, 10, "nodata", 90_000, 2.5, true],
      [5, 5, "open", undefined, undefined, true],
      [60, 60, "open", undefined, undefined, false],
    ]);
    expect([...(policyRecords[0]?.optionPositions.keys() ?? [])]).to.deep.equal([
      "when-down",
      "rto",
      "demand",
      "dry-run",
    ]);
  });
  const invalid: [string, ...string[]][] = [
    ["w 10/30 POLICY p", "1:3 bad-ttl"],
    ["w 30/x POLICY p", "1:6 bad-ttl"],
    ["w 5 POLICY p when-down=close", "1:24 bad-value"],
    ["w 5 POLICY p rto=90", "1:18 bad-value"],
    ["w 5 POLICY p demand=0", "1:21 bad-value"],
    ["w 5 POLICY p dry-run=on", "1:14 bad-value"],
    ["w 5 POLICY p dryrun", "1:14 expected-key"],
    ["w 5 POLICY p rto=1s rto=2s", "1:21 duplicate-key"],
    ["w 5 POLICY p tro=1s", "1:14 unknown-key"],
    ["w 5 POLICY p q", "1:14 expected-key"],
    ["w 5 POLCY p", "1:5 unknown-type"],
  ];
  for (const [text, ...faults] of invalid) {
    it(`refuses ${text}`, () => {
      const { diagnostics, policyRecords } = parse(text);
      expect(places(diagnostics)).to.deep.equal(faults);
      expect(policyRecords).to.deep.equal([]);
    });
  }
});

describe("$INCLUDE", () => {
  it("reads the file in place, and restores origin and owner", () => {
    const text = "$TTL 5\n$ORIGIN a\nw A 192.0.2.1\n$INCLUDE ./sub/../x.inc b\n  A 192.0.2.2\nv A 192.0.2.3";
    const syntax = parse(text, { "x.inc": "$ORIGIN c\nw A 192.0.2.9\n$TTL 7\n" });
    expect(syntax.diagnostics).to.deep.equal([]);
    expect(shown(syntax)).to.deep.equal([
      "w.a 5 A 192.0.2.1",
      "w.c.b.a 5 A 192.0.2.9",
      "w.a 7 A 192.0.2.2",
      "v.a 7 A 192.0.2.3",
    ]);
    expect(syntax.sources.map(({ path }) => path)).to.deep.equal(["zones/example.com.zone", "zones/x.inc"]);
  });
  it("may be repeated, and lists the file once", () => {
    const { sources, monitors } = parse("$INCLUDE m\n$INCLUDE m\n", { m: "$MONITOR m tcp port=1" });
    expect([sources.length, monitors.length]).to.deep.equal([2, 2]);
  });
  it("puts faults into the included file", () => {
    const { diagnostics } = parse("$INCLUDE x.inc", { "x.inc": "\n$FOO" });
    expect(diagnostics[0]).to.include({ file: "zones/x.inc", line: 2, column: 1 });
  });
  it("begins without an owner, and ends an open pool", () => {
    const { diagnostics } = parse("$TTL 5\nw A 192.0.2.1\n$POOL p\n$INCLUDE x", { x: " e 192.0.2.1" });
    expect(places(diagnostics)).to.deep.equal(["3:7 empty-pool", "1:2 missing-owner"]);
  });
  const invalid: [string, ...string[]][] = [
    ["$INCLUDE", "1:1 missing-argument"],
    ["$INCLUDE a b c", "1:14 unexpected-argument"],
    ["$INCLUDE a b..c", "1:12 bad-name"],
    ["$INCLUDE nowhere", "1:10 include-not-found"],
    ["$INCLUDE ../x", "1:10 bad-include-path"],
    ["$INCLUDE a/../../x", "1:10 bad-include-path"],
    ["$INCLUDE /etc/passwd", "1:10 bad-include-path"],
    ['$INCLUDE ""', "1:10 bad-include-path"],
    ["$INCLUDE sub/", "1:10 bad-include-path"],
    ["$INCLUDE example.com.zone", "1:10 include-loop"],
    ["$INCLUDE loop", "1:10 include-loop"],
  ];
  for (const [text, ...faults] of invalid) {
    it(`refuses ${text}`, () => {
      const { diagnostics } = parse(text, { a: "; nothing", loop: "$INCLUDE loop" });
      expect(places(diagnostics)).to.deep.equal(faults);
    });
  }
  it("limits depth and number", () => {
    const chain = Object.fromEntries([...Array(20).keys()].map((n) => [`f${n}`, `$INCLUDE f${n + 1}`]));
    expect(places(parse("$INCLUDE f0", chain).diagnostics)).to.deep.equal(["1:10 include-too-deep"]);
    const many = places(parse("$INCLUDE x\n".repeat(1001), { x: "" }).diagnostics);
    expect(many).to.deep.equal(["1001:10 too-many-includes"]);
  });
});

describe("$GENERATE", () => {
  const valid: [string, string[]][] = [
    ["1-3 h$ A 192.0.2.$", ["h1 5 A 192.0.2.1", "h2 5 A 192.0.2.2", "h3 5 A 192.0.2.3"]],
    ["0-4/2 h$ 9 IN A 192.0.2.$", ["h0 9 A 192.0.2.0", "h2 9 A 192.0.2.2", "h4 9 A 192.0.2.4"]],
    ["7-7 h${0,3} CNAME x${-7,2,d}.y", ["h007 5 CNAME x00.y.example.com."]],
    ["255-255 ${0,4,x}.${0,0,X}.${0,0,o} NS n", ["00ff.FF.377 5 NS n.example.com."]],
    // Widths and dots as named-compilezone has them.
    ["10-10 ${0,5,n} PTR h$.", ["a.0.0 5 PTR h10."]],
    ["254-254 ${0,6,N}x PTR h$.", ["E.F.0.x 5 PTR h254."]],
    ["254-254 ${0,1,n} PTR h$.", ["e.f 5 PTR h254."]],
    ["1-1 h$ MX 10 m$", ["h1 5 MX 10 m1.example.com."]],
    ['1-1 h$ MX "10 m$"', ["h1 5 MX 10 m1.example.com."]],
    ['1-1 h$ TXT "a $" "b $"', ['h1 5 TXT "a 1" "b 1"']],
    ["1-1 h\\$$ A 192.0.2.1", ["h\\$1 5 A 192.0.2.1"]],
    ["1-1 @ TXT $$", ['example.com. 5 TXT "$"']],
  ];
  for (const [text, records] of valid) {
    it(`makes records of ${text}`, () => {
      const syntax = parse(`$TTL 5\n$GENERATE ${text}`);
      expect(places(syntax.diagnostics)).to.deep.equal([]);
      expect(shown(syntax)).to.deep.equal(records);
    });
  }
  it("makes POLICY records", () => {
    const { policyRecords } = parse("$GENERATE 1-2 w$ 5 POLICY failover ( p$ q )");
    expect(policyRecords.map(({ expression }) => expression.kind)).to.deep.equal(["failover", "failover"]);
    const quoted = parse('$GENERATE 1-2 w$ 5 POLICY "weighted ( p$=$ q ) when-down=nodata"');
    expect(quoted.diagnostics).to.deep.equal([]);
    expect(quoted.policyRecords.map(({ whenDown }) => whenDown)).to.deep.equal(["nodata", "nodata"]);
  });
  const invalid: [string, ...string[]][] = [
    ["$GENERATE 1-2 h$ A", "1:18 missing-argument"],
    ["$GENERATE 2-1 h$ 5 A 192.0.2.$", "1:11 bad-range"],
    ["$GENERATE 1-2/0 h$ 5 A 192.0.2.$", "1:11 bad-range"],
    ["$GENERATE x h$ 5 A 192.0.2.$", "1:11 bad-range"],
    ["$GENERATE 0-1000000 h$ 5 A 192.0.2.$", "1:11 bad-range"],
    ["$GENERATE 0-2147483648 h$ 5 A 192.0.2.$", "1:11 bad-range"],
    ["$GENERATE 1-2 h${ 5 A 192.0.2.${x}", "1:15 bad-template", "1:23 bad-template"],
    ["$GENERATE 1-2 h${-2} 5 A 192.0.2.1", "1:15 bad-template"],
    ["$GENERATE 200-300 h$ 5 A 192.0.2.$", "1:26 bad-rdata"],
  ];
  for (const [text, ...faults] of invalid) {
    it(`refuses ${text}`, () => {
      expect(places(parse(text).diagnostics)).to.deep.equal(faults);
    });
  }
});

describe("parseZoneFile()", () => {
  it("takes the root for the origin of '.zone', and reports a name that is none", () => {
    const read = (path: string) => parseZoneFile(path, octetsOfLatin1(""), () => undefined);
    expect(formatName(read(".zone").origin)).to.equal(".");
    expect(formatName(read("a/b/example.org.zone").origin)).to.equal("example.org.");
    expect(places(read("a/x..y.zone").diagnostics)).to.deep.equal(["1:1 bad-file-name"]);
  });

  const word = fc.constantFrom(
    ..."$ORIGIN $TTL $INCLUDE $GENERATE $MONITOR $POOL $POLICY $RULE $WINDOW $EXPECT @ a a/b 5 30/10 IN CH A SOA".split(
      " ",
    ),
    ...'POLICY failover weighted geo * *= =70 a=70 ( ) ( ) [ " \\ ; , 192.0.2.1 ::1 monitor=any monitor='.split(
      " ",
    ),
    ...'at-least of from when is nodata country:US=a net:::/0=b dry-run cron=" ${0,3,x} 1-3 key= x.inc \\# \\999'.split(
      " ",
    ),
  );
  const separator = fc.constantFrom(" ", " ", " ", "", "\n", "\n", "\n  ", "\t");
  const texts = fc.oneof(
    fc.array(fc.tuple(word, separator), { maxLength: 60 }).map((pairs) => pairs.flat().join("")),
    fc.uint8Array({ maxLength: 300 }).map((octets) => String.fromCharCode(...octets)),
  );

  it("never throws and always ends, and every fault lies within the text", () => {
    fc.assert(
      fc.property(texts, texts, (text, included) => {
        const { diagnostics } = parse(text, { "x.inc": included });
        for (const { file, line, column, message } of diagnostics) {
          const lines = (file.endsWith("x.inc") ? included : text).split("\n");
          expect(line).to.be.within(1, lines.length);
          expect(column).to.be.within(1, (lines[line - 1] ?? "").length + 1);
          expect(message).to.not.equal("");
        }
      }),
      { numRuns: 2000 },
    );
  });
});
