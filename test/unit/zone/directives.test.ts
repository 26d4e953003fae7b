import { expect } from "chai";
import { describe, it } from "mocha";
import { formatName } from "../../../src/dns/name.ts";
import { messages, parse, places, recordsOf } from "./parse.ts";

/** Rows of a text and the faults that it must give, as `line:column code`. */
type Refusals = readonly (readonly [text: string, ...faults: string[]])[];

function refuses(rows: Refusals): void {
  for (const [text, ...faults] of rows) {
    it(`refuses ${text.replaceAll("\n", "⏎")}`, () => {
      expect(places(parse(text).diagnostics)).to.deep.equal(faults);
    });
  }
}

describe("$ORIGIN, $TTL", () => {
  it("$ORIGIN completes relative names, and may be relative itself", () => {
    const syntax = parse("$origin a\n$TTL 5\nw A 192.0.2.1\n$ORIGIN b.\nw A 192.0.2.1\n  A 192.0.2.2");
    const owners = ["w.a.example.com.", "w.b.", "w.b."];
    expect(recordsOf(syntax).map(({ owner }) => formatName(owner))).to.deep.equal(owners);
  });
  refuses([
    ["$ORIGIN", "1:1 missing-argument"],
    ["$ORIGIN a..b", "1:9 bad-name"],
    ["$ORIGIN a b", "1:11 unexpected-argument"],
    ["$TTL", "1:1 missing-argument"],
    ["$TTL 1y", "1:6 bad-ttl"],
    ["$TTL 2147483648", "1:6 bad-ttl"],
    ["$TTL x\na A 192.0.2.1", "1:6 bad-ttl"],
    ["$TTL 5 6", "1:8 unexpected-argument"],
    ["$FOO x\n  nothing here\nw 5 A 192.0.2.1", "1:1 unknown-directive"],
    ["  $TTL 5\nw A 192.0.2.1", "1:3 indented-directive"],
    ["$ORGIN foo.\nw 5 A 192.0.2.1", "1:1 unknown-directive"],
  ]);
});

describe("$MONITOR", () => {
  it("reads keys, and where they stand", () => {
    const text =
      '$MONITOR m http path=/a header.X-Y="a b" body="\\"ok\\" \\195\\164" ( every=3s\n timeout=1s )';
    const [entry] = parse(text).monitors;
    expect(entry?.monitor).to.include({ path: "/a", body: '"ok" ä', everyMs: 3000, timeoutMs: 1000 });
    expect(entry?.monitor.headers.get("x-y") ?? entry?.monitor.headers.get("X-Y")).to.equal("a b");
    expect(entry?.keyPositions.get("timeout")).to.include({ line: 2, column: 2 });
  });
  refuses([
    ["$MONITOR", "1:1 missing-argument"],
    ["$MONITOR m", "1:10 missing-argument"],
    ["$MONITOR none tcp port=1", "1:10 bad-name"],
    ["$MONITOR a,b tcp port=1", "1:10 bad-name"],
    ["$MONITOR 2of tcp port=1", "1:10 bad-name"],
    ["$MONITOR m htpp", "1:12 unknown-monitor-kind"],
    ["$MONITOR m gopher port=x", "1:12 unknown-monitor-kind"],
    ["$MONITOR m tcp prt=1", "1:16 unknown-key"],
    ["$MONITOR m tcp", "1:10 missing-key"],
    ["$MONITOR m tcp port=x", "1:21 bad-value"],
    ["$MONITOR m tcp port=", "1:21 bad-value"],
    ["$MONITOR m tcp port=1 port=2", "1:23 duplicate-key"],
    ["$MONITOR m tcp port=1 path=/", "1:23 misplaced-key"],
    ["$MONITOR m tcp port=1 80", "1:23 expected-key"],
    ["$MONITOR m http every=1s timeout=2s", "1:26 conflict"],
    ["$MONITOR m http body-regex=(a|b)", "1:28 unquoted-parenthesis"],
  ]);
  it("warns of a single backslash in a pattern", () => {
    const { diagnostics, monitors } = parse(
      '$MONITOR m http body-regex="^\\d$"\n$MONITOR n http body-regex="^\\\\d$"',
    );
    expect(diagnostics.map(({ severity }) => severity)).to.deep.equal(["warning"]);
    expect(monitors.map(({ monitor }) => monitor.bodyRegex)).to.deep.equal(["^d$", "^\\d$"]);
  });
  it("names the nearest key and kind", () => {
    expect(messages(parse("$MONITOR m htps host=a tiemout=1s").diagnostics)).to.deep.equal([
      "1:12 Unknown monitor kind 'htps': expected one of http, https, tcp, tls, dns, grpc, exec; did you mean 'https'?",
      "1:24 Unknown key \"tiemout\" of https monitors; did you mean 'timeout'?",
    ]);
  });
  it("remembers what a faulty monitor was to be called", () => {
    expect([...parse("$MONITOR m tcp").damage.monitors]).to.deep.equal(["m"]);
  });
});

/** One endpoint, so that the pool is whole. */
const ENDPOINT = "\n e 192.0.2.1";

describe("$POOL", () => {
  const valid: [string, Record<string, unknown>][] = [
    ["", { answers: 1, failback: { kind: "auto" }, slowStartMs: 0, graceMs: 0 }],
    ["monitor=none", { "monitor.use": { kind: "none" } }],
    ["monitor=a", { "monitor.use": { kind: "at-least", count: 1, monitors: ["a"] } }],
    ["monitor=a,b", { "monitor.use": { kind: "at-least", count: 2, monitors: ["a", "b"] } }],
    ["monitor=any(a,b)", { "monitor.use": { kind: "at-least", count: 1, monitors: ["a", "b"] } }],
    [
      "monitor=any ( a, b ) grace=1s",
      { "monitor.use": { kind: "at-least", count: 1, monitors: ["a", "b"] }, graceMs: 1000 },
    ],
    ["monitor=2of(a,b,\n c)", { "monitor.use": { kind: "at-least", count: 2, monitors: ["a", "b", "c"] } }],
    ["( monitor=a\n grace=35s )", { graceMs: 35_000 }],
    ["monitor=a ( grace=35s )", { graceMs: 35_000 }],
    ["location=de", { location: { kind: "region", country: "DE", subdivision: undefined } }],
    ["location=US-VA", { location: { kind: "region", country: "US", subdivision: "VA" } }],
    ["location=-50.11,+8.68", { location: { kind: "coordinates", latitude: -50.11, longitude: 8.68 } }],
    ["min-up=2", { minUp: { kind: "count", count: 2 } }],
    ["min-up=50%", { minUp: { kind: "percent", percent: 50 } }],
    ["answers=2", { answers: 2 }],
    ["answers=all", { answers: Number.POSITIVE_INFINITY }],
    ["failback=manual", { failback: { kind: "manual" } }],
    ["failback=after:10m", { failback: { kind: "after", afterMs: 600_000 } }],
    ["slow-start=5m", { slowStartMs: 300_000 }],
    ["capacity=1.5", { capacity: 1.5 }],
  ];
  for (const [keys, expected] of valid) {
    it(`reads ${keys.replaceAll("\n", "⏎")}`, () => {
      const { pools, diagnostics } = parse(`$POOL p ${keys}${ENDPOINT}`);
      expect(places(diagnostics)).to.deep.equal([]);
      const [pool] = pools;
      expect({ ...pool, "monitor.use": pool?.monitor?.use }).to.deep.include(expected);
    });
  }

  const keyFaults: [string, ...string[]][] = [
    ["monitr=a", "1:9 unknown-key"],
    ["weight=1", "1:9 unknown-key"],
    ["monitor=a monitor=b", "1:19 duplicate-key"],
    ["clb", "1:9 expected-key"],
    ['"grace=1s"', "1:9 expected-key"],
    ["monitor=", "1:17 bad-value"],
    ["monitor=any()", "1:17 bad-value"],
    ["monitor=any", "1:17 bad-value"],
    ["monitor=some(a,b)", "1:17 bad-value"],
    ["monitor=3of(a,b)", "1:17 bad-value"],
    ["monitor=0of(a)", "1:17 bad-value"],
    ["monitor=a,,b", "1:17 bad-value"],
    ["monitor=a,a", "1:17 bad-value"],
    ["monitor=none,a", "1:17 bad-value"],
    ["location=UK", "1:18 bad-value"],
    ["location=Germany", "1:18 bad-value"],
    ["location=91,0", "1:18 bad-value"],
    ["location=1,2,3", "1:18 bad-value"],
    ["min-up=0", "1:16 bad-value"],
    ["min-up=101%", "1:16 bad-value"],
    ["min-up=1.5", "1:16 bad-value"],
    ["answers=0", "1:17 bad-value"],
    ["answers=al", "1:17 bad-value"],
    ["failback=after", "1:18 bad-value"],
    ["failback=after:10", "1:18 bad-value"],
    ["failback=atuo", "1:18 bad-value"],
    ["slow-start=5", "1:20 bad-value"],
    ["grace=", "1:15 bad-value"],
    ["capacity=0", "1:18 bad-value"],
    ["capacity=-1 grace=x", "1:18 bad-value", "1:27 bad-value"],
  ];
  for (const [keys, ...faults] of keyFaults) {
    it(`refuses ${keys}`, () => {
      const { pools, diagnostics, damage } = parse(`$POOL p ${keys}${ENDPOINT}`);
      expect(places(diagnostics).sort()).to.deep.equal(faults.sort());
      expect(pools).to.have.lengthOf(1);
      expect([...damage.names]).to.deep.equal(["p"]);
    });
  }

  refuses([
    ["$POOL\n e 192.0.2.1", "1:1 missing-argument"],
    ["$POOL failover\n e 192.0.2.1", "1:7 bad-name"],
    ["$POOL a/b\n e 192.0.2.1", "1:7 bad-name"],
    [`$POOL ${"p".repeat(64)}\n e 192.0.2.1`, "1:7 bad-name"],
    ["$POOL p", "1:7 empty-pool"],
    ["$POOL p\n; only a comment\n\n$POOL q\n e 192.0.2.1", "1:7 empty-pool"],
    ["$POOLS p\n e 192.0.2.1", "1:1 unknown-directive"],
    ["$POOL p\n e 192.0.2.1\n$TTL 5\n A 192.0.2.1", "4:2 missing-owner"],
  ]);

  it("owns the indented lines up to the next that begins in column 1", () => {
    const text =
      "$TTL 5\nw A 192.0.2.9\n$POOL p\n e1 192.0.2.1\n\n; comment\n   ; comment\n\te2 192.0.2.2\nw A 192.0.2.1\n A 192.0.2.2";
    const { pools, records, diagnostics } = parse(text);
    expect(diagnostics).to.deep.equal([]);
    expect(pools[0]?.endpoints.map(({ name }) => name)).to.deep.equal(["e1", "e2"]);
    expect(records.recordCount).to.equal(3);
  });
});

describe("endpoints", () => {
  const HEAD = "$POOL p\n ";
  it("reads addresses, a host name, and every key", () => {
    const lines = [
      "a 192.0.2.1 2001:DB8:0::1 weight=0 monitor=any(x,y) probe=db.example.:5432",
      "b Host.example. as=cname",
      "c 2001:db8::1",
      "d host.example. as=addresses weight=5",
      "e ( 192.0.2.1\n 192.0.2.2 )",
    ];
    const { pools, diagnostics } = parse(HEAD + lines.join("\n "));
    expect(diagnostics).to.deep.equal([]);
    const shown = pools[0]?.endpoints.map(({ name, addresses, hostName, answerAs, weight, probe }) =>
      [
        name,
        ...addresses.map(({ text }) => text),
        hostName ?? "-",
        answerAs,
        weight,
        probe?.port ?? "-",
      ].join(" "),
    );
    expect(shown).to.deep.equal([
      "a 192.0.2.1 2001:db8::1 - addresses 0 5432",
      "b Host.example. cname 1 -",
      "c 2001:db8::1 - addresses 1 -",
      "d host.example. addresses 5 -",
      "e 192.0.2.1 192.0.2.2 - addresses 1 -",
    ]);
  });
  refuses([
    [`${HEAD}e`, "2:2 missing-address"],
    [`${HEAD}e weight=1`, "2:2 missing-address"],
    [`${HEAD}open 192.0.2.1`, "2:2 bad-name"],
    [`${HEAD}192.0.2.1 192.0.2.2`, "2:2 bad-name"],
    [`${HEAD}2001:db8::1 192.0.2.2`, "2:2 bad-name"],
    [`${HEAD}e 192.0.2.1\n e 192.0.2.2`, "3:2 duplicate-endpoint"],
    [`${HEAD}e 192.0.2.256`, "2:4 bad-address"],
    [`${HEAD}e 2001:db8::g`, "2:4 bad-address"],
    [`${HEAD}e 192.0.2.0/24`, "2:4 bad-address"],
    [`${HEAD}e 2001:db8::1 2001:db8:0::1`, "2:16 duplicate-address"],
    [`${HEAD}e host.example`, "2:4 relative-host-name"],
    [`${HEAD}e host`, "2:4 relative-host-name"],
    [`${HEAD}e .`, "2:4 bad-address"],
    [`${HEAD}e a..b.`, "2:4 bad-name"],
    [`${HEAD}e a. b.`, "2:7 several-host-names"],
    [`${HEAD}e a. 192.0.2.1`, "2:4 host-name-beside-addresses"],
    [`${HEAD}e 192.0.2.1 as=cname`, "2:14 cname-without-host-name"],
    [`${HEAD}e a. as=cnam`, "2:10 bad-value"],
    [`${HEAD}e 192.0.2.1 weight=-1`, "2:21 bad-value"],
    [`${HEAD}e 192.0.2.1 probe=db`, "2:20 bad-value"],
    [`${HEAD}e 192.0.2.1 monitor=`, "2:22 bad-value"],
    [`${HEAD}e 192.0.2.1 wieght=1`, "2:14 unknown-key"],
    [`${HEAD}e 192.0.2.1 weight=1 weight=2`, "2:23 duplicate-key"],
    [`${HEAD}e 192.0.2.1 weight=1 192.0.2.2`, "2:23 expected-key"],
  ]);
  it("remembers what a faulty endpoint was to be called", () => {
    const { pools, damage } = parse(`${HEAD}e 192.0.2.256\n f 192.0.2.1`);
    expect(pools[0]?.endpoints.map(({ name }) => name)).to.deep.equal(["f"]);
    expect([...damage.names]).to.deep.equal(["p", "p/e"]);
  });
});

describe("$POLICY, $RULE", () => {
  it("$POLICY names an expression", () => {
    const { namedPolicies } = parse("$POLICY a failover ( b c )\n$POLICY ( d\n weighted ( b=2 c ) )");
    expect(namedPolicies.map(({ name, expression }) => `${name} ${expression.kind}`)).to.deep.equal([
      "a failover",
      "d weighted",
    ]);
  });
  it("$RULE counts and lists", () => {
    const [entry] = parse("$RULE at-least 2 of (a b/c d)").rules;
    expect(entry?.rule).to.deep.include({ atLeast: 2, refs: ["a", "b/c", "d"] });
    expect(entry?.refs[1]?.position.column).to.equal(24);
  });
  refuses([
    ["$POLICY", "1:1 missing-argument"],
    ["$POLICY a", "1:9 missing-expression"],
    ["$POLICY nodata b", "1:9 bad-name"],
    ["$POLICY a b c", "1:13 unexpected-argument"],
    ["$POLICY a b when-down=open", "1:13 unexpected-argument"],
    ["$POLICY a fialover ( b )", "1:11 unknown-policy-kind"],
    ["$RULE", "1:1 missing-argument"],
    ["$RULE at-least 1 of", "1:18 missing-argument"],
    ["$RULE atleast 1 of ( a )", "1:7 unexpected-argument"],
    ["$RULE at-least 1 fo ( a )", "1:18 unexpected-argument"],
    ["$RULE at-least 1 of a b", "1:21 unexpected-argument"],
    ["$RULE at-least 0 of ( a )", "1:16 bad-value"],
    ["$RULE at-least 2 of ( a )", "1:16 bad-value"],
    ["$RULE at-least 1 of ( a a )", "1:25 duplicate-ref"],
    ["$RULE at-least 1 of ( a/b/c )", "1:23 bad-ref"],
    ["$RULE at-least 1 of ( a ) b", "1:27 unexpected-argument"],
  ]);
});

describe("$WINDOW", () => {
  it("reads its keys", () => {
    const [entry] = parse('$WINDOW virginia drain cron="0 2 * * 0" for=2h tz=America/New_York').windows;
    expect(entry?.window).to.deep.include({
      ref: "virginia",
      state: "drain",
      cron: "0 2 * * 0",
      forMs: 7_200_000,
      timeZone: "America/New_York",
    });
  });
  const crons = ["* * * * *", "*/15 0-23/2 1,15 jan-mar mon-fri", "0 2 * * SUN", "59 23 31 12 7"];
  for (const cron of crons) {
    it(`accepts cron="${cron}"`, () => {
      expect(places(parse(`$WINDOW a down cron="${cron}" for=1h`).diagnostics)).to.deep.equal([]);
    });
  }
  const notCrons = [
    "* * * *",
    "* * * * * *",
    "60 * * * *",
    "* 24 * * *",
    "* * 0 * *",
    "* * * 13 *",
    "* * * * 8",
    "*/0 * * * *",
    "5-1 * * * *",
    "1,,2 * * * *",
    "1-2-3 * * * *",
    "1/2/3 * * * *",
    "* * * * funday",
    "@daily",
  ];
  for (const cron of notCrons) {
    it(`refuses cron="${cron}"`, () => {
      expect(places(parse(`$WINDOW a down cron="${cron}" for=1h`).diagnostics)).to.deep.equal([
        "1:21 bad-value",
      ]);
    });
  }
  refuses([
    ["$WINDOW a", "1:9 missing-argument"],
    ["$WINDOW a up cron=x", "1:11 unknown-state", "1:19 bad-value"],
    ["$WINDOW a* down", "1:9 bad-ref"],
    ["$WINDOW a down", "1:1 missing-key", "1:1 missing-key"],
    ['$WINDOW a down cron="* * * * *" fro=1h', "1:33 unknown-key"],
    ['$WINDOW a down cron="* * * * *" for=0s', "1:37 bad-value"],
    ['$WINDOW a down cron="* * * * *" for=2', "1:37 bad-value"],
    ['$WINDOW a down cron="* * * * *" for=2h tz=Mars/Base', "1:43 bad-value"],
  ]);
});

describe("$EXPECT", () => {
  const valid: [string, string][] = [
    ["w A is a", "ipv4 [] a=100"],
    ["w aaaa is a/b", "ipv6 [] a/b=100"],
    ["w A is a=33.3% b=66.70%", "ipv4 [] a=33.3.1 b=66.7.2"],
    ["w A is nodata", "ipv4 [] nodata"],
    ["w A is servfail", "ipv4 [] servfail"],
    ["w A when a=up b/c=down */d-?=drain *=up is a", "ipv4 [a=up b/c=down */d-?=drain *=up] a=100"],
    ["w A from 192.0.2.1 is a", "ipv4 32 [] a=100"],
    ["w A from 2001:db8::/32 when a=down is a", "ipv4 32 [a=down] a=100"],
    ["w A from country:us-ca is a", "ipv4 US-CA NA [] a=100"],
    ["w A from continent:eu is a", "ipv4 EU [] a=100"],
    ["w A ( is a=50%\n b=50% )", "ipv4 [] a=50 b=50"],
  ];
  for (const [text, shown] of valid) {
    it(`reads ${text.replaceAll("\n", "⏎")}`, () => {
      const { expectations, diagnostics } = parse(`$EXPECT ${text}`);
      expect(places(diagnostics)).to.deep.equal([]);
      const [entry] = expectations;
      const { place, network } = entry?.client ?? {};
      const country = [place?.country, place?.subdivision].filter((part) => part !== undefined).join("-");
      const suppositions = entry?.suppositions.map(({ ref, state }) => `${ref.text}=${state}`).join(" ");
      const outcome = entry?.outcome;
      const shares = outcome?.kind === "shares" ? outcome.shares : [];
      const expected = shares.map(
        ({ ref, percent, decimals }) => `${ref}=${percent}${decimals > 0 ? `.${decimals}` : ""}`,
      );
      const parts = [
        entry?.family,
        network === undefined ? "" : String(network.prefixBits),
        country,
        place?.continent,
        `[${suppositions}]`,
        outcome?.kind === "shares" ? expected.join(" ") : outcome?.kind,
      ];
      expect(parts.filter((part) => part !== undefined && part !== "").join(" ")).to.equal(shown);
    });
  }
  refuses([
    ["$EXPECT", "1:1 missing-argument"],
    ["$EXPECT w", "1:9 missing-argument"],
    ["$EXPECT w A", "1:11 missing-clause"],
    ["$EXPECT w A a", "1:13 unknown-clause", "1:13 missing-clause"],
    ["$EXPECT a..b A is a", "1:9 bad-name"],
    ["$EXPECT w MX is a", "1:11 bad-expected-type"],
    ["$EXPECT w A is", "1:13 missing-argument"],
    ["$EXPECT w A is a=50", "1:18 bad-share"],
    ["$EXPECT w A is a=101%", "1:18 bad-share"],
    ["$EXPECT w A is a=% b", "1:18 bad-share"],
    ["$EXPECT w A is a a", "1:18 duplicate-ref"],
    ["$EXPECT w A is a* b", "1:16 bad-ref"],
    ["$EXPECT w A is nodata a", "1:23 unexpected-argument"],
    ["$EXPECT w A is a nodata", "1:18 bad-ref"],
    ["$EXPECT w A from is a", "1:13 missing-argument"],
    ["$EXPECT w A from x is a", "1:18 bad-client"],
    ["$EXPECT w A from country:UK is a", "1:18 bad-client"],
    ["$EXPECT w A from continent:XX is a", "1:18 bad-client"],
    ["$EXPECT w A from 10.0.0.1/8 is a", "1:18 bad-client"],
    ["$EXPECT w A from 10.0.0.0/8 10.0.0.1 is a", "1:29 unexpected-argument"],
    ["$EXPECT w A from ::1 from ::2 is a", "1:22 duplicate-clause"],
    ["$EXPECT w A when is a", "1:13 missing-argument"],
    ["$EXPECT w A when a is a", "1:18 unknown-state"],
    ["$EXPECT w A when a=dwn is a", "1:20 unknown-state"],
    ["$EXPECT w A when a=up a=down is a", "1:23 duplicate-ref"],
    ["$EXPECT w A when a/b/c=up is a", "1:18 bad-ref"],
    ["$EXPECT w A whn a=up is a", "1:13 unknown-clause"],
  ]);
});
