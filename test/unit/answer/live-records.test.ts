import { expect } from "chai";
import { describe, it } from "mocha";
import { TRANSPORT } from "../../../src/answer/answer.ts";
import { compileDecisions, compileZones, type Image, makeImage } from "../../../src/image/image.ts";
import { createAsker } from "../../support/answering.ts";
import { answersOf, opt, option, query, summary } from "../../support/packets.ts";
import { type HealthWord, snapshot } from "../../support/policies.ts";
import { zoneSetOf } from "../../support/zones.ts";

const OTHER_ZONE = `
$TTL 300
@       3600 SOA ns1 hostmaster ( 1 3600 600 86400 60 )
@            NS  ns1
ns1          A   192.0.2.53
back    20/5 POLICY back
back         HTTPS 1 . port=444
mail         MX 10 back health-aware=on
mail         MX 20 front.example. health-aware=on
`;

const many = Array.from(
  { length: 20 },
  (_, at) => `    m${at} 203.0.113.${at + 100} 2001:db8:9::${at.toString(16)}`,
).join("\n");

const ZONE = `
$TTL 300
@       3600 SOA ns1 hostmaster ( 1 3600 600 86400 60 )
@            NS  ns1
ns1          A   192.0.2.53
$MONITOR m tcp port=80
$POOL front monitor=m
    a 203.0.113.1 2001:db8:1::1
$POOL back monitor=m
    b 203.0.113.2 2001:db8:2::1
$POOL old monitor=m
    c 203.0.113.3
$POOL new monitor=m
    d 2001:db8:4::1
$POOL pair monitor=m answers=2 min-up=1
    p 203.0.113.21 2001:db8:21::1
    q 203.0.113.22 2001:db8:22::1
$POOL named monitor=m
    n lb.example.net. as=cname
$POOL many monitor=m answers=all min-up=1
${many}

front   30/10  POLICY front
back    30/10  POLICY back
strict  30/10  POLICY back when-down=servfail
sip            CNAME front
static         A 192.0.2.9
_sip._tcp      SRV 10 60 5060 front health-aware=on
_sip._tcp      SRV 20 60 5060 back  health-aware=on
_sip._udp      SRV 10 60 5060 sip   health-aware=on
_sip._udp      SRV 20 60 5060 static
_far._tcp 600  SRV 10 60 5060 back.other. health-aware=on
_far._tcp 600  SRV 20 60 5060 front
_off._tcp      SRV 10 60 5060 front health-aware=off
_off._tcp      SRV 20 60 5060 back
mail           MX 10 front health-aware=on
mail           MX 20 back  health-aware=on
mail           MX 30 static
mail 300       TXT "health-aware=on"
*.wild         MX 10 front health-aware=on
*.wild         MX 20 back  health-aware=on
tomail         CNAME mail

www     30/10  POLICY failover ( front back )
www            HTTPS 1 . alpn=h2,h3
www            HTTPS 2 front.example. alpn=h2
www            HTTPS 3 elsewhere.test. alpn=h2
www            SVCB  1 www port=8443 ech=AAAA
web            CNAME www
cross          CNAME back.other.
*.any   30/10  POLICY front
*.any          HTTPS 1 .
alias   30/10  POLICY front
alias          HTTPS 0 www.example.
named   30/10  POLICY named
renamed 30/10  POLICY front
renamed        HTTPS 1 named
own     30/10  POLICY front
own            HTTPS 1 . ipv4hint=192.0.2.77
four    30/10  POLICY old
four           HTTPS 1 .
six     30/10  POLICY new
six            HTTPS 1 . key65280=x
both    30/10  POLICY pair
both           HTTPS 1 .
lots    30/10  POLICY many
lots           HTTPS 1 .
full    30/10  POLICY many
full           HTTPS 1 .
full           HTTPS 2 .
quiet   30/10  POLICY old when-down=nodata
quiet          HTTPS 1 .
shy     30/10  POLICY back when-down=servfail
shy            HTTPS 1 .
near    30/10  POLICY geo ( net:10.0.0.0/8=front *=back )
near           HTTPS 1 .
plain          HTTPS 1 . alpn=h2
`;

type Health = { readonly [endpointId: string]: HealthWord | readonly HealthWord[] };

function imageOf(health: Health = {}): Image {
  const set = zoneSetOf({ "example.zone": ZONE, "other.zone": OTHER_ZONE });
  const part = compileZones(set);
  return makeImage(1, part, compileDecisions(part, snapshot([...set.definitions.pools.values()], health)));
}

const images = new Map<string, Image>();
function ask(health: Health, name: string, type: string, from?: { readonly client?: string }): Uint8Array {
  const key = JSON.stringify(health);
  const image = images.get(key) ?? imageOf(health);
  images.set(key, image);
  return createAsker(() => image).ask(query(name, type), from) ?? new Uint8Array(0);
}

const FRONT_DOWN: Health = { "front/a": "down" };
const BACK_DOWN: Health = { "back/b": "down" };
const BOTH_DOWN: Health = { ...FRONT_DOWN, ...BACK_DOWN };

describe("SRV and MX that are health-aware", () => {
  const ROWS: readonly (readonly [
    what: string,
    health: Health,
    name: string,
    type: string,
    ttl: number,
    ...(readonly string[]),
  ])[] = [
    ["all up", {}, "_sip._tcp.example.", "SRV", 30, "10 front", "20 back"],
    ["the first down", FRONT_DOWN, "_sip._tcp.example.", "SRV", 10, "20 back"],
    ["the second down", BACK_DOWN, "_sip._tcp.example.", "SRV", 10, "10 front"],
    ["both down: never empty", BOTH_DOWN, "_sip._tcp.example.", "SRV", 10, "10 front", "20 back"],
    ["failing, still up", { "front/a": "failing" }, "_sip._tcp.example.", "SRV", 10, "10 front", "20 back"],
    [
      "up for IPv6 alone",
      { "front/a": ["down", "up"] },
      "_sip._tcp.example.",
      "SRV",
      10,
      "10 front",
      "20 back",
    ],
    ["not yet probed", { "front/a": "unknown" }, "_sip._tcp.example.", "SRV", 10, "20 back"],
    ["through a CNAME", FRONT_DOWN, "_sip._udp.example.", "SRV", 10, "20 static"],
    ["in another zone", BACK_DOWN, "_far._tcp.example.", "SRV", 5, "20 front"],
    ["in another zone, up", {}, "_far._tcp.example.", "SRV", 20, "10 back.other.", "20 front"],
    ["not marked", FRONT_DOWN, "_off._tcp.example.", "SRV", 300, "10 front", "20 back"],
    ["MX", FRONT_DOWN, "mail.example.", "MX", 10, "20 back", "30 static"],
    ["MX without any", BOTH_DOWN, "mail.example.", "MX", 10, "30 static"],
    ["behind a wildcard", FRONT_DOWN, "x.wild.example.", "MX", 10, "20 back"],
    ["of another zone", FRONT_DOWN, "mail.other.", "MX", 10, "10 back.other."],
  ];
  for (const [what, health, name, type, ttl, ...targets] of ROWS) {
    it(`${what}: ${name} ${type} has ${targets.join(", ")} for ${ttl} s`, () => {
      const numbers = type === "SRV" ? " 60 5060" : "";
      const wanted = targets.map((target) => {
        const [preference, host = ""] = target.split(" ");
        const absolute = host.endsWith(".") ? host : `${host}.example.`;
        return `${name} ${ttl} ${type} ${preference}${numbers} ${absolute}`;
      });
      expect(answersOf(ask(health, name, type))).to.deep.equal(wanted);
    });
  }

  it("follows health behind a CNAME too", () => {
    expect(answersOf(ask(FRONT_DOWN, "tomail.example.", "MX"))).to.deep.equal([
      "tomail.example. 300 CNAME mail.example.",
      "mail.example. 10 MX 20 back.example.",
      "mail.example. 10 MX 30 static.example.",
    ]);
  });

  it("reads text that says health-aware as text", () => {
    expect(answersOf(ask(FRONT_DOWN, "mail.example.", "TXT"))).to.deep.equal([
      'mail.example. 300 TXT "health-aware=on"',
    ]);
  });

  it("counts what is left out, by owner and type", () => {
    expect(imageOf(FRONT_DOWN).decisions.live.withheld).to.deep.equal([
      { owner: "_sip._tcp.example.", type: "SRV", records: 1 },
      { owner: "_sip._udp.example.", type: "SRV", records: 1 },
      { owner: "_far._tcp.example.", type: "SRV", records: 0 },
      { owner: "mail.example.", type: "MX", records: 1 },
      { owner: "*.wild.example.", type: "MX", records: 1 },
      { owner: "mail.other.", type: "MX", records: 1 },
    ]);
  });
});

describe("HTTPS and SVCB at a policy's owner", () => {
  const ROWS: readonly (readonly [
    what: string,
    health: Health,
    name: string,
    type: string,
    ttl: number,
    ...(readonly string[]),
  ])[] = [
    [
      "each of several records has the hints of its target's policy",
      {},
      "www.example.",
      "HTTPS",
      30,
      '1 . alpn="h2,h3" ipv4hint=203.0.113.1 ipv6hint=2001:db8:1::1',
      '2 front.example. alpn="h2" ipv4hint=203.0.113.1 ipv6hint=2001:db8:1::1',
      '3 elsewhere.test. alpn="h2"',
    ],
    [
      "hints move with health, and the TTL is the least of all",
      FRONT_DOWN,
      "www.example.",
      "HTTPS",
      10,
      '1 . alpn="h2,h3" ipv4hint=203.0.113.2 ipv6hint=2001:db8:2::1',
      '2 front.example. alpn="h2" ipv4hint=203.0.113.1 ipv6hint=2001:db8:1::1',
      '3 elsewhere.test. alpn="h2"',
    ],
    [
      "keys ascend around what is written",
      {},
      "www.example.",
      "SVCB",
      30,
      "1 www.example. port=8443 ipv4hint=203.0.113.1 ech=AAAA ipv6hint=2001:db8:1::1",
    ],
    [
      "behind a wildcard",
      {},
      "x.any.example.",
      "HTTPS",
      30,
      "1 . ipv4hint=203.0.113.1 ipv6hint=2001:db8:1::1",
    ],
    [
      "in another zone",
      {},
      "back.other.",
      "HTTPS",
      20,
      "1 . port=444 ipv4hint=203.0.113.2 ipv6hint=2001:db8:2::1",
    ],
    ["an endpoint that is answered as CNAME", {}, "renamed.example.", "HTTPS", 30, "1 named.example."],
    ["AliasMode stays", {}, "alias.example.", "HTTPS", 300, "0 www.example."],
    ["written hints stay, and are not joined", {}, "own.example.", "HTTPS", 300, "1 . ipv4hint=192.0.2.77"],
    ["a policy without IPv6", {}, "four.example.", "HTTPS", 30, "1 . ipv4hint=203.0.113.3"],
    ["a policy without IPv4", {}, "six.example.", "HTTPS", 30, '1 . ipv6hint=2001:db8:4::1 key65280="x"'],
    [
      "one family of the endpoint is down",
      { "front/a": ["up", "down"], "back/b": "up" },
      "www.example.",
      "SVCB",
      10,
      "1 www.example. port=8443 ipv4hint=203.0.113.1 ech=AAAA",
    ],
    [
      "the last resort is the same",
      BOTH_DOWN,
      "www.example.",
      "SVCB",
      10,
      "1 www.example. port=8443 ipv4hint=203.0.113.1 ech=AAAA ipv6hint=2001:db8:1::1",
    ],
    ["when-down=nodata", { "old/c": "down" }, "quiet.example.", "HTTPS", 10, "1 ."],
    ["when-down=servfail", BACK_DOWN, "shy.example.", "HTTPS", 10, "1 ."],
    ["no policy at the owner", {}, "plain.example.", "HTTPS", 300, '1 . alpn="h2"'],
  ];
  for (const [what, health, name, type, ttl, ...rdatas] of ROWS) {
    it(`${what}: ${name} ${type}`, () => {
      expect(answersOf(ask(health, name, type))).to.deep.equal(
        rdatas.map((rdata) => `${name} ${ttl} ${type} ${rdata}`),
      );
    });
  }

  it("follows a CNAME to them", () => {
    expect(answersOf(ask({}, "web.example.", "SVCB"))).to.deep.equal([
      "web.example. 300 CNAME www.example.",
      "www.example. 30 SVCB 1 www.example. port=8443 ipv4hint=203.0.113.1 ech=AAAA ipv6hint=2001:db8:1::1",
    ]);
  });

  it("follows a CNAME into another zone", () => {
    expect(answersOf(ask({}, "cross.example.", "HTTPS"))).to.deep.equal([
      "cross.example. 300 CNAME back.other.",
      "back.other. 20 HTTPS 1 . port=444 ipv4hint=203.0.113.2 ipv6hint=2001:db8:2::1",
    ]);
  });

  it("gives several endpoints in drawn order, the same in both hints", () => {
    const seen = new Set<string>();
    const image = imageOf();
    const { ask: askBoth } = createAsker(() => image);
    for (let count = 0; count < 50; count++) {
      seen.add(answersOf(askBoth(query("both.example.", "HTTPS")) ?? new Uint8Array(0)).join());
    }
    expect([...seen].sort()).to.deep.equal([
      "both.example. 30 HTTPS 1 . ipv4hint=203.0.113.21,203.0.113.22 ipv6hint=2001:db8:21::1,2001:db8:22::1",
      "both.example. 30 HTTPS 1 . ipv4hint=203.0.113.22,203.0.113.21 ipv6hint=2001:db8:22::1,2001:db8:21::1",
    ]);
  });

  it("holds no more than 16 addresses of a family", () => {
    const [answer = ""] = answersOf(ask({}, "lots.example.", "HTTPS"));
    const [, ipv4 = "", ipv6 = ""] = /ipv4hint=(\S*) ipv6hint=(\S*)$/.exec(answer) ?? [];
    expect(ipv4.split(",")).to.have.length(16);
    expect(ipv6.split(",")).to.have.length(16);
  });

  it("is cut short with TC where it does not fit, whole over TCP", () => {
    const image = imageOf();
    const { ask: askFull } = createAsker(() => image);
    const octets = query("full.example.", "HTTPS");
    expect(summary(askFull(octets) ?? new Uint8Array(0))).to.equal("NOERROR aa tc qd=1 an=0");
    const whole = askFull(octets, { transport: TRANSPORT.tcp }) ?? new Uint8Array(0);
    expect(summary(whole)).to.equal("NOERROR aa qd=1 an=2");
    const [one = "", other = ""] = answersOf(whole).map((line) => line.replace(/^.* \. /, ""));
    expect(one, "records of one policy share its draw").to.equal(other);
  });

  it("tells clients apart as the policy does, with its scope", () => {
    const hintFor = (client: string): string =>
      answersOf(ask({}, "near.example.", "HTTPS", { client }))[0] ?? "";
    expect(hintFor("10.1.2.3")).to.include("ipv4hint=203.0.113.1 ");
    expect(hintFor("192.0.2.1")).to.include("ipv4hint=203.0.113.2 ");
    const image = imageOf();
    const { ask: askNear } = createAsker(() => image);
    const subnet = opt({ options: [option(8, 0, 1, 24, 0, 10, 1, 2)] });
    const scopes = ["A", "HTTPS"].map((type) => askNear(query("near.example.", type, subnet))?.at(-4));
    expect(scopes).to.deep.equal([8, 8]);
  });

  it("counts no hint as an answer", () => {
    const image = imageOf();
    const asker = createAsker(() => image);
    asker.ask(query("www.example.", "HTTPS"));
    expect(asker.counters.answers()).to.deep.equal([]);
    asker.ask(query("www.example.", "A"));
    expect(asker.counters.answers()).to.have.length(1);
  });
});
