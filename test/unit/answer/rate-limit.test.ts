import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { TRANSPORT } from "../../../src/answer/answer.ts";
import { createClientAddress, setClientAddress } from "../../../src/answer/client-address.ts";
import {
  createRateTable,
  RATE_VERDICT,
  RateLimit,
  type RateVerdict,
} from "../../../src/answer/rate-limit.ts";
import { Reply } from "../../../src/answer/reply.ts";
import type { RateLimitSettings } from "../../../src/answer/settings.ts";
import { parseIp } from "../../../src/dns/address.ts";
import { createAsker, NOW_MS, SETTINGS } from "../../support/answering.ts";
import { opt, option, packet, parsed, query, summary } from "../../support/packets.ts";
import { sampleImage } from "../../support/sample-zones.ts";

const settingsWith = (changes: Partial<RateLimitSettings> = {}): RateLimitSettings => ({
  responsesPerSecond: 10,
  windowSeconds: 5,
  slip: 2,
  ipv4PrefixBits: 24,
  ipv6PrefixBits: 56,
  exempt: [],
  table: createRateTable(1_024),
  seed: 0x1234_5678,
  ...changes,
});

/** A limiter with answers of one record; `judge` asks for an address at a time. */
function limiter(changes: Partial<RateLimitSettings> = {}) {
  const limit = new RateLimit(settingsWith(changes));
  const reply = new Reply();
  reply.answerCount = 1;
  const client = createClientAddress();
  return (from: string, nowMs: number): RateVerdict => {
    setClientAddress(client, from);
    return limit.judge(reply, client, nowMs);
  };
}

/** How many of `count` queries in a row, spread evenly over `ms`, come to each verdict. */
function flood(judge: ReturnType<typeof limiter>, from: string, startMs: number, count: number, ms: number) {
  const verdicts = [0, 0, 0];
  for (let index = 0; index < count; index++) {
    const verdict = judge(from, Math.floor(startMs + (index * ms) / count));
    verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
  }
  return {
    pass: verdicts[RATE_VERDICT.pass],
    drop: verdicts[RATE_VERDICT.drop],
    slip: verdicts[RATE_VERDICT.slip],
  };
}

describe("RateLimit", () => {
  it("lets a second's worth pass, then holds back, one in slip of it cut short", () => {
    expect(flood(limiter(), "192.0.2.1", NOW_MS, 50, 1)).to.deep.equal({ pass: 10, drop: 20, slip: 20 });
    expect(flood(limiter({ slip: 0 }), "192.0.2.1", NOW_MS, 50, 1)).to.deep.equal({
      pass: 10,
      drop: 40,
      slip: 0,
    });
    expect(flood(limiter({ slip: 1 }), "192.0.2.1", NOW_MS, 50, 1)).to.deep.equal({
      pass: 10,
      drop: 0,
      slip: 40,
    });
    expect(flood(limiter({ slip: 4 }), "192.0.2.1", NOW_MS, 50, 1)).to.deep.equal({
      pass: 10,
      drop: 30,
      slip: 10,
    });
  });

  it("lets pass for ever what stays at the rate, or below", () => {
    expect(flood(limiter(), "192.0.2.1", NOW_MS, 600, 60_000)).to.deep.equal({ pass: 600, drop: 0, slip: 0 });
    expect(flood(limiter({ responsesPerSecond: 1 }), "192.0.2.1", NOW_MS, 60, 60_000).pass).to.equal(60);
  });

  it("lets next to nothing pass while a flood goes on, as DNS-BEHAVIOUR has it: 6,000 in 3 s at 200/s", () => {
    const { pass, drop, slip } = flood(
      limiter({ responsesPerSecond: 200 }),
      "192.0.2.1",
      NOW_MS,
      6_000,
      3_000,
    );
    expect(pass).to.be.within(200, 399);
    expect(Math.abs((drop ?? 0) - (slip ?? 0))).to.be.at.most(1);
  });

  it("answers again once the flood has paused for the window", () => {
    const judge = limiter();
    flood(judge, "192.0.2.1", NOW_MS, 10_000, 10_000);
    expect(flood(judge, "192.0.2.1", NOW_MS + 10_000 + 3_900, 1, 1).pass).to.equal(0);
    expect(flood(judge, "192.0.2.1", NOW_MS + 10_000 + 5_000, 10, 1).pass).to.be.at.least(9);
  });

  const NEIGHBOURS: readonly (readonly [one: string, other: string, share: boolean])[] = [
    ["192.0.2.1", "192.0.2.254", true],
    ["192.0.2.1", "192.0.3.1", false],
    ["2001:db8:0:ff00::1", "2001:db8:0:ffff::1", true],
    ["2001:db8:0:ff00::1", "2001:db8:0:fe00::1", false],
    ["0.0.0.0", "::", false],
  ];
  for (const [one, other, share] of NEIGHBOURS) {
    it(`${share ? "counts" : "does not count"} ${one} and ${other} together`, () => {
      const judge = limiter();
      flood(judge, one, NOW_MS, 50, 1);
      expect(flood(judge, other, NOW_MS, 1, 1).pass).to.equal(share ? 0 : 1);
    });
  }

  it("passes those who are exempt", () => {
    const octets = parseIp("198.51.100.0") ?? new Uint8Array(0);
    const judge = limiter({ exempt: [{ octets, prefixBits: 23 }] });
    expect(flood(judge, "198.51.101.7", NOW_MS, 100, 1).pass).to.equal(100);
    expect(flood(judge, "198.51.102.7", NOW_MS, 100, 1).pass).to.equal(10);
  });

  it("shares one table between threads", () => {
    const settings = settingsWith();
    const one = limiter(settings);
    const other = limiter(settings);
    flood(one, "192.0.2.1", NOW_MS, 10, 1);
    expect(flood(other, "192.0.2.1", NOW_MS, 1, 1).pass).to.equal(0);
  });

  it("goes on where the clock is set back, and where hours go by", () => {
    const judge = limiter();
    flood(judge, "192.0.2.1", NOW_MS, 100, 1);
    expect(flood(judge, "192.0.2.1", NOW_MS - 3_600_000, 1, 1).pass).to.equal(1);
    for (const hours of [1, 2, 3, 5, 24, 1_000]) {
      const at = NOW_MS + hours * 3_600_000;
      expect(flood(judge, "192.0.2.1", at, 10, 1).pass, `after ${hours} h`).to.equal(10);
      flood(judge, "192.0.2.1", at, 100, 1);
    }
  });

  it("never passes more than a second's worth and the rate, whatever the times are", () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(gaps, fc.integer({ min: 1, max: 50 }), (steps, responsesPerSecond) => {
        const judge = limiter({ responsesPerSecond });
        let nowMs = NOW_MS;
        let passed = 0;
        for (const step of steps) {
          nowMs += step;
          if (judge("192.0.2.1", nowMs) === RATE_VERDICT.pass) passed++;
        }
        const most = responsesPerSecond + ((nowMs - NOW_MS) * responsesPerSecond) / 1_000;
        expect(passed).to.be.at.most(Math.ceil(most * 1.001) + 1);
      }),
      { seed: 20_261_122, numRuns: 300 },
    );
  });

  it("never holds back who stays below the rate, however many others there are in a table that has room", () => {
    const judge = limiter({ table: createRateTable(65_536) });
    for (let second = 0; second < 5; second++) {
      for (let network = 0; network < 1_000; network++) {
        const from = `10.${network >> 8}.${network & 255}.1`;
        for (let count = 0; count < 5; count++)
          expect(judge(from, NOW_MS + second * 1_000)).to.equal(RATE_VERDICT.pass);
      }
    }
  });

  it("gives a place in a full table to who comes, and takes it from who was quiet for longest", () => {
    const judge = limiter({ table: createRateTable(4) });
    for (let network = 0; network < 4; network++) judge(`10.0.${network}.1`, NOW_MS + network);
    flood(judge, "10.0.3.1", NOW_MS + 10, 50, 1);
    judge("10.0.9.1", NOW_MS + 20);
    expect(judge("10.0.3.1", NOW_MS + 30)).not.to.equal(RATE_VERDICT.pass);
  });
});

describe("answer() where responses are limited", () => {
  const image = sampleImage();
  const COOKIE = option(10, 1, 2, 3, 4, 5, 6, 7, 8);

  function asker(changes: Partial<RateLimitSettings> = {}) {
    const rateLimit = settingsWith({ slip: 1, ...changes });
    const cookieSecrets = [new Uint8Array(16)];
    return createAsker(() => image, { settings: { current: { ...SETTINGS, rateLimit, cookieSecrets } } });
  }

  /** The reply to the eleventh query of a kind. */
  function afterTen(octets: Uint8Array, { ask }: ReturnType<typeof asker>): Uint8Array | undefined {
    for (let count = 0; count < 10; count++) ask(octets);
    return ask(octets);
  }

  const ROWS: readonly (readonly [what: string, octets: Uint8Array, expected: string])[] = [
    ["an answer", query("www.example.", "A", opt()), "NOERROR aa tc qd=1 an=0 opt"],
    ["a policy's", query("fail.example.", "A"), "NOERROR aa tc qd=1 an=0"],
    ["NODATA", query("www.example.", "MX"), "NOERROR aa tc qd=1 an=0"],
    ["NXDOMAIN", query("missing.example.", "A"), "NOERROR aa tc qd=1 an=0"],
    ["a referral", query("x.sub.example.", "A"), "NOERROR tc qd=1 an=0"],
    ["REFUSED", query("no.test.", "A"), "REFUSED tc qd=1 an=0"],
    ["FORMERR", packet({}), "FORMERR tc qd=0 an=0"],
    [
      "an answer, to who can have a cookie",
      query("www.example.", "A", opt({ options: [COOKIE] })),
      "BADCOOKIE qd=1 an=0 opt",
    ],
  ];
  for (const [what, octets, expected] of ROWS) {
    it(`${what}: ${expected}`, () => expect(summary(afterTen(octets, asker()))).to.equal(expected));
  }

  it("limits each kind by itself", () => {
    const { ask } = asker();
    for (let count = 0; count < 20; count++) ask(query("www.example.", "A"));
    expect(summary(ask(query("missing.example.", "A")))).to.equal("NXDOMAIN aa qd=1 an=0 ns=SOA");
  });

  it("answers good cookies, and whoever comes over a connection", () => {
    const { ask } = asker();
    const edns = parsed(
      ask(query("www.example.", "A", opt({ options: [COOKIE] }))) ?? new Uint8Array(0),
    ).edns;
    const cookie = edns?.options.find(({ kind }) => kind === "cookie");
    const server = cookie?.kind === "cookie" ? (cookie.server ?? []) : [];
    const good = query(
      "www.example.",
      "A",
      opt({ options: [option(10, 1, 2, 3, 4, 5, 6, 7, 8, ...server)] }),
    );
    for (let count = 0; count < 30; count++) {
      expect(summary(ask(good))).to.equal("NOERROR aa qd=1 an=2 opt");
      for (const transport of [TRANSPORT.tcp, TRANSPORT.tls, TRANSPORT.https]) {
        expect(summary(ask(query("www.example.", "A"), { transport }))).to.equal("NOERROR aa qd=1 an=2");
      }
    }
  });

  it("counts what it does", () => {
    const { ask, counters } = asker({ slip: 2 });
    for (let count = 0; count < 16; count++) ask(query("www.example.", "A"));
    for (let count = 0; count < 4; count++) ask(query("www.example.", "A", opt({ options: [COOKIE] })));
    expect(counters.rateLimited()).to.deep.equal([
      { action: "drop", value: 5 },
      { action: "slip", value: 3 },
      { action: "badcookie", value: 2 },
    ]);
    expect(counters.dropped()).to.deep.include({ reason: "rate-limited", value: 5 });
    expect(counters.queries()).to.deep.equal([{ zone: "example.", qtype: "A", transport: "udp", value: 20 }]);
    expect(counters.responses().reduce((sum, { value }) => sum + value, 0)).to.equal(15);
  });

  it("counts as a policy's answers only those that were sent", () => {
    const { ask, counters } = asker({ slip: 2 });
    const answered = (): number => counters.answers().reduce((sum, { value }) => sum + value, 0);
    for (let count = 0; count < 40; count++) ask(query("fail.example.", "A"));
    expect(answered()).to.equal(10);
    for (let count = 0; count < 5; count++) ask(query("fail.example.", "A"), { transport: TRANSPORT.tcp });
    expect(answered()).to.equal(15);
  });
});
