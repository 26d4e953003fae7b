import { expect } from "chai";
import { describe, it } from "mocha";
import { parse, places, showExpression } from "./parse.ts";

/** The column of the expression's first octet. */
const PREFIX = "w 5 POLICY ";

function read(text: string): { shown: string | undefined; faults: string[] } {
  const { policyRecords, diagnostics } = parse(PREFIX + text);
  const [record] = policyRecords;
  return { shown: record && showExpression(record.expression), faults: places(diagnostics) };
}

describe("parseExpression()", () => {
  const valid: [string, string][] = [
    ["frankfurt", "frankfurt"],
    ["frankfurt/fra-1", "frankfurt/fra-1"],
    ["failover ( a b c )", "failover(a b c)"],
    ["failover(a b)", "failover(a b)"],
    ["failover(a\n b ; comment\n c)", "failover(a b c)"],
    ["weighted ( a=70 b=30 c )", "weighted(a=70 b=30 c=1)"],
    ["weighted(a=0 b=1000000)", "weighted(a=0 b=1000000)"],
    ["sticky ( a=1 b=1 )", "sticky(a=1 b=1)"],
    ["nearest ( a b )", "nearest(a b)"],
    ["spill ( a b )", "spill(a b)"],
    ["all ( a b=2 )", "all(a=1 b=2)"],
    ["weighted ( failover ( a b )=70 c=30 )", "weighted(failover(a b)=70 c=30)"],
    ["weighted(failover(a b)=70 c=30)", "weighted(failover(a b)=70 c=30)"],
    ["weighted ( failover ( a b ) =70 c )", "weighted(failover(a b)=70 c=1)"],
    [
      "failover ( weighted ( a=1 sticky ( b c )=2 ) all(d) )",
      "failover(weighted(a=1 sticky(b=1 c=1)=2) all(d=1))",
    ],
    ["geo ( *=a )", "geo(any=a)"],
    ["geo ( country:US=a *=nodata )", "geo(country:US=a any=nodata)"],
    ["geo(country:us-ca=a continent:eu=b *=c)", "geo(subdivision:US:CA=a continent:EU=b any=c)"],
    ["geo(asn:64500=b *=failover(a b))", "geo(asn:64500=b any=failover(a b))"],
    [
      "geo ( net:192.0.2.0/24=a net:2001:db8::/32=b *=c )",
      "geo(net:192.0.2.0/24=a net:2001:db8::/32=b any=c)",
    ],
    ["geo ( country:DE=geo ( *=a ) *=b )", "geo(country:DE=geo(any=a) any=b)"],
    ["( failover ( a b ) )", "failover(a b)"],
    ["( frankfurt )", "frankfurt"],
    [`${"failover ( ".repeat(32)}a${" )".repeat(32)}`, `${"failover(".repeat(32)}a${")".repeat(32)}`],
  ];
  for (const [text, shown] of valid) {
    it(`reads ${text.replaceAll("\n", "⏎").slice(0, 60)}`, () => {
      expect(read(text)).to.deep.equal({ shown, faults: [] });
    });
  }

  // Columns count from the expression's beginning, which is column 12.
  const invalid: [string, string[]][] = [
    ["", ["1:5 missing-expression"]],
    ["failover", ["1:12 missing-parenthesis"]],
    ["failover ( )", ["1:12 empty-expression"]],
    ["failovr ( a b )", ["1:12 unknown-policy-kind"]],
    ["frankfurt ( b c=2 ) dry-run", ["1:12 unknown-policy-kind"]],
    ["failover ( a ( b ) )", ["1:23 unknown-policy-kind"]],
    ["failover ( ( a b ) c )", ["1:23 missing-policy-kind"]],
    ["a=70", ["1:13 misplaced-weight"]],
    ["failover ( a )=70", ["1:26 misplaced-weight"]],
    ["failover ( a=1 b )", ["1:24 misplaced-weight"]],
    ["nearest ( weighted ( a=1 )=2 )", ["1:38 misplaced-weight"]],
    [
      "weighted ( a= b=x c=1.5 d=1000001 )",
      ["1:25 bad-weight", "1:28 bad-weight", "1:32 bad-weight", "1:38 bad-weight"],
    ],
    ["weighted ( a=failover ( b c )=5 d )", ["1:24 misplaced-weight"]],
    ["weighted ( failover=5 ( b c ) d )", ["1:31 misplaced-weight"]],
    ["weighted ( =5 a )", ["1:23 misplaced-weight"]],
    ["weighted ( a, b )", ["1:23 bad-ref"]],
    ["failover ( a/b/c a? nodata )", ["1:23 bad-ref", "1:29 bad-ref", "1:32 bad-ref"]],
    ['failover ( "a b" )', ["1:23 bad-ref"]],
    ["geo ( country:DE=a )", ["1:12 missing-geo-default"]],
    ["geo ( )", ["1:12 missing-geo-default"]],
    ["geo ( *=a *=b )", ["1:22 duplicate-geo-match"]],
    ["geo ( country:DE=a country:de=b *=c )", ["1:31 duplicate-geo-match"]],
    ["geo ( net:10.0.0.0/8=a net:10.0.0.0/8=b *=c )", ["1:35 duplicate-geo-match"]],
    ["geo ( country:DE=nodata *=c )", ["1:29 misplaced-nodata"]],
    ["geo ( country:DE=a=5 *=c )", ["1:30 misplaced-weight"]],
    ["geo ( country:DE=failover(a b)=5 *=c )", ["1:42 misplaced-weight"]],
    ["geo ( a *=c )", ["1:18 bad-geo-entry"]],
    ["geo ( failover ( a b ) *=c )", ["1:18 bad-geo-entry"]],
    ["geo ( *=( a b ) )", ["1:20 missing-policy-kind"]],
    ["geo ( cuntry:DE=a *=c )", ["1:18 bad-geo-match"]],
    [
      "geo ( country:XX=a country:UK=b country:D=c country:US-VIRG=d *=c )",
      ["1:18 bad-geo-match", "1:31 bad-geo-match", "1:44 bad-geo-match", "1:56 bad-geo-match"],
    ],
    ["geo ( continent:XX=a *=c )", ["1:18 bad-geo-match"]],
    [
      "geo ( asn:0=a asn:AS1=b asn:4294967296=c *=c )",
      ["1:18 bad-geo-match", "1:26 bad-geo-match", "1:36 bad-geo-match"],
    ],
    [
      "geo ( net:10.0.0.1/8=a net:10.0.0.0/33=b net:10.0.0=c net:::/129=d *=c )",
      ["1:18 bad-geo-match", "1:35 bad-geo-match", "1:53 bad-geo-match", "1:66 bad-geo-match"],
    ],
    [`${"failover ( ".repeat(33)}a${" )".repeat(33)}`, ["1:364 nested-too-deep"]],
    [
      "failovr ( a=1 wieghted ( a=x ) ) when-dwn=open",
      [
        "1:12 unknown-policy-kind",
        "1:23 misplaced-weight",
        "1:26 unknown-policy-kind",
        "1:39 bad-weight",
        "1:45 unknown-key",
      ],
    ],
  ];
  for (const [text, faults] of invalid) {
    it(`refuses '${text.slice(0, 60)}'`, () => {
      const result = read(text);
      expect(result.faults).to.deep.equal(faults);
      expect(result.shown).to.equal(undefined);
    });
  }

  it("names the nearest policy kind and match", () => {
    const text = "w 5 POLICY failovr ( geo ( cuntry:DE=a *=b ) )";
    expect(parse(text).diagnostics.map(({ message }) => message)).to.deep.equal([
      "Unknown policy kind 'failovr'; did you mean 'failover'?",
      "Cannot parse geo match: 'cuntry:DE' is none of net:…, asn:…, country:…, continent:… and *; " +
        "did you mean 'country:DE'?",
    ]);
  });

  it("marks the place of every REF and node", () => {
    const [record] = parse("w 5 POLICY geo ( country:DE=a/b\n *=nearest ( c ) )").policyRecords;
    const expression = record?.expression;
    if (expression?.kind !== "geo") throw new Error("no geo");
    const [german, any] = expression.entries;
    expect(german?.expression).to.nested.include({ "ref.position.line": 1, "ref.position.column": 29 });
    expect(any?.expression).to.nested.include({ "position.line": 2, "position.column": 4 });
    expect(expression.position.column).to.equal(12);
  });
});
