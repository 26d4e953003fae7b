import { expect } from "chai";
import { beforeEach, describe, it } from "mocha";
import { createHealthBook, type HealthBook } from "../../../src/daemon/health-book.ts";
import { GONE_KEPT_MS } from "../../../src/daemon/pool-returns.ts";
import type { Verdict } from "../../../src/health/verdict.ts";
import { loadText } from "./loaded-zones.ts";

const MONITOR = "$MONITOR m tcp port=80 every=5s timeout=1s fall=2 rise=3\n";
const USE = "www 30 POLICY failover ( near far )\n";
const ONE = `${MONITOR}$POOL near monitor=m\n  n 192.0.2.1 2001:db8::1\n$POOL far monitor=none\n  f 192.0.2.9\n${USE}`;

const PASS: Verdict = { ok: true, reason: "connected", elapsedMs: 2, atMs: 10 };
const FAIL: Verdict = { ok: false, reason: "connection refused", elapsedMs: 3, atMs: 20 };

describe("HealthBook", () => {
  let book: HealthBook;
  beforeEach(() => {
    book = createHealthBook();
  });

  const keyOf = (host: string): string => {
    const target = book.targets().find((one) => one.host === host);
    if (target === undefined) throw new Error(`nobody probes ${host}`);
    return target.key;
  };
  const observed = (id: string): string[] =>
    (book.snapshot(new Map(), 0).endpoints.get(id)?.addresses ?? []).map(
      (health) => `${health.observed} ${health.passing}`,
    );

  it("probes each address and nobody who is not monitored", () => {
    book.use(loadText(ONE), 0);
    expect(book.targets().map(({ host, port }) => `${host} ${port}`)).to.deep.equal([
      "192.0.2.1 80",
      "2001:db8::1 80",
    ]);
    expect(observed("near/n")).to.deep.equal(["unknown false", "unknown false"]);
    expect(observed("far/f")).to.deep.equal(["up true"]);
  });

  it("lets the first verdict decide at a start, either way", () => {
    book.use(loadText(ONE), 0);
    expect(book.record(keyOf("192.0.2.1"), PASS)).to.equal(true);
    expect(book.record(keyOf("2001:db8::1"), FAIL)).to.equal(true);
    expect(observed("near/n")).to.deep.equal(["up true", "down false"]);
  });

  it("tells whether a verdict changed anything", () => {
    book.use(loadText(ONE), 0);
    book.record(keyOf("192.0.2.1"), PASS);
    expect(book.record(keyOf("192.0.2.1"), { ...PASS, atMs: 11 })).to.equal(false);
    expect(book.record("nobody", PASS)).to.equal(false);
  });

  it("keeps states across a reload, and takes in what is new after rise passes", () => {
    book.use(loadText(ONE), 0);
    for (const host of ["192.0.2.1", "2001:db8::1"]) book.record(keyOf(host), PASS);
    book.use(
      loadText(ONE.replace("  n ", "  new 192.0.2.2\n  n ").replace("monitor=m", "monitor=m min-up=1")),
      100,
    );
    expect(observed("near/n")).to.deep.equal(["up true", "up true"]);
    expect(observed("near/new")).to.deep.equal(["unknown false"]);
    const passes = ["unknown true", "unknown true", "up true"];
    for (const after of passes) {
      book.record(keyOf("192.0.2.2"), PASS);
      expect(observed("near/new")).to.deep.equal([after]);
    }
  });

  it("lets the first verdict after a start decide of what was new in the last run's reload, too", () => {
    book.use(loadText(ONE.replace("n 192.0.2.1 2001:db8::1", "old 192.0.2.2")), 0);
    book.use(loadText(ONE), 100);
    book.record(keyOf("192.0.2.1"), PASS);
    const kept = book.keep();
    book = createHealthBook();
    book.restore(kept);
    book.use(loadText(ONE), 200);
    expect(observed("near/n")).to.deep.equal(["unknown false", "unknown false"]);
    book.record(keyOf("192.0.2.1"), PASS);
    expect(observed("near/n")).to.deep.equal(["up true", "unknown false"]);
  });

  it("keeps the state where the monitor only has another name, and not where it asks something else as well", () => {
    book.use(loadText(ONE), 0);
    book.record(keyOf("192.0.2.1"), PASS);
    book.record(keyOf("2001:db8::1"), FAIL);
    const renamed = ONE.replace("$MONITOR m", "$MONITOR load-balancer").replace(/=m$/m, "=load-balancer");
    const foreseen = book.foresee(loadText(renamed), new Map(), 100).endpoints.get("near/n")?.addresses;
    expect(foreseen?.map((health) => health.observed)).to.deep.equal(["up", "down"]);
    book.use(loadText(renamed), 100);
    expect(observed("near/n")).to.deep.equal(["up true", "down false"]);
    book.use(
      loadText(ONE.replace("$MONITOR m tcp port=80", "$MONITOR n tcp port=81").replace(/=m$/m, "=n")),
      200,
    );
    expect(observed("near/n")).to.deep.equal(["unknown false", "unknown false"]);
  });

  it("keeps the state where the monitor only asks in another way", () => {
    book.use(loadText(ONE), 0);
    book.record(keyOf("192.0.2.1"), PASS);
    book.use(loadText(ONE.replace("port=80", "port=81")), 100);
    expect(book.targets()[0]?.port).to.equal(81);
    expect(observed("near/n")[0]).to.equal("up true");
  });

  it("remembers for a while what a set dropped, and then forgets it", () => {
    const without = ONE.replace(" 2001:db8::1", "");
    book.use(loadText(ONE), 0);
    book.record(keyOf("2001:db8::1"), PASS);
    book.use(loadText(without), 100);
    expect(book.forgetGone(100 + GONE_KEPT_MS - 1)).to.equal(0);
    book.use(loadText(ONE), 200);
    expect(observed("near/n")[1]).to.equal("up true");
    book.use(loadText(without), 300);
    expect(book.forgetGone(300 + GONE_KEPT_MS)).to.equal(1);
    book.use(loadText(ONE), 400 + GONE_KEPT_MS);
    expect(observed("near/n")[1]).to.equal("unknown false");
  });

  it("makes equal probes once, and counts them for each endpoint", () => {
    const twice = `${MONITOR}${MONITOR.replace(" m ", " m2 ").replace("fall=2", "fall=1")}$POOL near monitor=m\n  n 192.0.2.1\n$POOL far monitor=m2\n  f 192.0.2.1\n${USE}`;
    book.use(loadText(twice), 0);
    expect(book.targets()).to.have.length(1);
    for (const verdict of [PASS, FAIL]) book.record(keyOf("192.0.2.1"), verdict);
    expect(observed("near/n")).to.deep.equal(["up false"]);
    expect(observed("far/f")).to.deep.equal(["down false"]);
    const results = [...book.counts.results()].map(
      ({ endpoint, monitor, result, value }) => `${endpoint} ${monitor} ${result} ${value}`,
    );
    expect(results).to.have.members(["n m pass 1", "n m fail 1", "f m2 pass 1", "f m2 fail 1"]);
    const durations = [...book.counts.durations()].map(({ histogram }) => histogram);
    expect(
      durations.map(({ counts }) => Array.from(counts).reduce((sum, count) => sum + count)),
    ).to.deep.equal([2]);
    const transitions = [...book.counts.transitions()].map(
      ({ endpoint, to, value }) => `${endpoint} ${to} ${value}`,
    );
    expect(transitions).to.have.members(["n up 1", "f up 1", "f down 1"]);
  });

  it("probes the place of probe= once, and lets it stand for all addresses", () => {
    book.use(loadText(ONE.replace("2001:db8::1", "2001:db8::1 probe=127.0.0.1:8080")), 0);
    expect(book.targets().map(({ host, port }) => `${host} ${port}`)).to.deep.equal(["127.0.0.1 8080"]);
    book.record(keyOf("127.0.0.1"), FAIL);
    expect(observed("near/n")).to.deep.equal(["down false", "down false"]);
  });

  it("lays forced states over a snapshot and leaves what is observed alone", () => {
    book.use(loadText(ONE), 0);
    const { endpoints } = book.snapshot(
      new Map([
        ["far/f", "drain"],
        ["no/body", "down"],
      ]),
      5,
    );
    expect(endpoints.get("far/f")).to.deep.include({ forced: "drain" });
    expect(endpoints.get("far/f")?.addresses[0]?.observed).to.equal("up");
    expect(endpoints.has("no/body")).to.equal(false);
    expect(book.snapshot(new Map(), 6).endpoints.get("far/f")?.forced).to.equal(undefined);
  });

  describe("of pools that come back", () => {
    const POOLS = `${MONITOR}$POOL near monitor=m failback=after:10m slow-start=100s grace=20s\n  n 192.0.2.1\n$POOL far monitor=none\n  f 192.0.2.9\n${USE}`;
    const pass = (atMs: number): void => void book.record(keyOf("192.0.2.1"), { ...PASS, atMs });
    const fail = (atMs: number): void => void book.record(keyOf("192.0.2.1"), { ...FAIL, atMs });
    const holdAt = (atMs: number) => book.snapshot(new Map(), atMs).holds?.get("near")?.ipv4;

    it("counts grace from the first failed probe, also over passes that do not bring it up", () => {
      book.use(loadText(POOLS), 0);
      pass(1_000);
      fail(6_000);
      fail(11_000);
      pass(16_000);
      fail(17_000);
      const near = book.snapshot(new Map(), 18_000).endpoints.get("near/n")?.addresses[0];
      expect(near?.observed).to.equal("down");
      expect(near?.failingSinceMs).to.equal(6_000);
      expect(book.nextChangeMs()).to.equal(26_000);
      book.snapshot(new Map(), 26_000);
      expect(book.nextChangeMs()).to.equal(undefined);
    });

    it("holds a pool back from the moment it is up again, lets it in step by step, and then has nothing pending", () => {
      book.use(loadText(POOLS), 0);
      pass(1_000);
      expect(holdAt(1_000)).to.equal(undefined);
      fail(6_000);
      fail(11_000);
      expect(holdAt(11_000), "in grace").to.equal(undefined);
      expect(holdAt(26_000), "withdrawn").to.equal(undefined);
      for (const atMs of [31_000, 36_000, 41_000]) pass(atMs);
      expect(holdAt(41_000)).to.deep.equal({ kind: "held", untilMs: 641_000 });
      expect(book.nextChangeMs()).to.equal(641_000);
      expect(holdAt(641_000)).to.deep.equal({ kind: "ramping", part: 1 / 21, untilMs: 741_000 });
      expect(book.nextChangeMs()).to.equal(646_000);
      expect(holdAt(691_000)).to.deep.equal({ kind: "ramping", part: 11 / 21, untilMs: 741_000 });
      expect(holdAt(741_000)).to.equal(undefined);
      expect(book.nextChangeMs()).to.equal(undefined);
    });

    it("lets the end of an override obey failback too, and a forced pool in at once", () => {
      book.use(loadText(POOLS), 0);
      pass(1_000);
      holdAt(1_000);
      book.snapshot(new Map([["near/n", "drain"]]), 2_000);
      expect(holdAt(3_000)).to.deep.equal({ kind: "held", untilMs: 603_000 });
      expect(book.snapshot(new Map([["near/n", "up"]]), 4_000).holds).to.equal(undefined);
      expect(holdAt(5_000), "after the override").to.equal(undefined);
    });

    it("keeps what holds a pool across a reload", () => {
      book.use(loadText(POOLS), 0);
      pass(1_000);
      holdAt(1_000);
      book.snapshot(new Map([["near/n", "down"]]), 2_000);
      expect(holdAt(3_000)?.kind).to.equal("held");
      book.use(loadText(POOLS.replace("f 192.0.2.9", "f 192.0.2.9\n  g 192.0.2.10")), 4_000);
      expect(holdAt(5_000)).to.deep.equal({ kind: "held", untilMs: 603_000 });
    });

    it("holds a pool on that left the zones by mistake, and one no more of which the rules were taken away", () => {
      const held = { kind: "held", untilMs: 603_000 } as const;
      const leave = (): void => {
        pass(1_000);
        holdAt(1_000);
        book.snapshot(new Map([["near/n", "down"]]), 2_000);
        expect(holdAt(3_000)).to.deep.equal(held);
      };
      book.use(loadText(POOLS), 0);
      leave();
      book.use(loadText(ONE.replaceAll("near", "other")), 4_000);
      book.use(loadText(POOLS), 5_000);
      expect(holdAt(6_000)).to.deep.equal(held);
      book.use(loadText(ONE), 7_000);
      book.use(loadText(POOLS), 8_000);
      expect(holdAt(9_000)).to.equal(undefined);
    });

    it("gives an endpoint that is forced the same object while nothing changes", () => {
      book.use(loadText(POOLS), 0);
      const forced = new Map([["near/n", "drain" as const]]);
      const first = book.snapshot(forced, 1).endpoints.get("near/n");
      expect(book.snapshot(forced, 2).endpoints.get("near/n")).to.equal(first);
    });
  });

  it("probes a dependency once for all endpoints, and takes each of them down with it", () => {
    const zone =
      "$MONITOR web tcp port=80 fall=1\n$MONITOR db tcp target=192.0.2.99:5432 fall=1\n" +
      "$POOL near monitor=web,db\n  n 192.0.2.1\n$POOL far monitor=any(web,db)\n  f 192.0.2.9 192.0.2.10\n" +
      "www 30 POLICY failover ( near far )\n";
    book.use(loadText(zone), 0);
    const hosts = ["192.0.2.1", "192.0.2.9", "192.0.2.10", "192.0.2.99"];
    expect(book.targets().map(({ host }) => host)).to.have.members(hosts);
    for (const host of hosts) book.record(keyOf(host), PASS);
    expect([observed("near/n"), observed("far/f")].flat()).to.deep.equal(Array(3).fill("up true"));
    book.record(keyOf("192.0.2.99"), FAIL);
    expect(observed("near/n")).to.deep.equal(["down false"]);
    expect(observed("far/f")).to.deep.equal(["up true", "up true"]);
    book.record(keyOf("192.0.2.9"), FAIL);
    expect(observed("far/f")).to.deep.equal(["down false", "up true"]);
  });

  it("tells of each endpoint's certificates the one that expires first, as last seen", () => {
    const shown = (expiresAtMs: number): Verdict => ({
      ...PASS,
      certificate: { expiresAtMs, expiresSoon: false },
    });
    book.use(loadText(ONE), 0);
    expect([...book.certificates()]).to.deep.equal([]);
    book.record(keyOf("192.0.2.1"), shown(2_000));
    book.record(keyOf("2001:db8::1"), shown(1_000));
    const reading = { pool: "near", endpoint: "n" };
    expect([...book.certificates()]).to.deep.equal([{ ...reading, expiresAtMs: 1_000 }]);
    book.record(keyOf("2001:db8::1"), FAIL);
    expect([...book.certificates()]).to.deep.equal([{ ...reading, expiresAtMs: 1_000 }]);
    book.record(keyOf("2001:db8::1"), shown(3_000));
    expect([...book.certificates()]).to.deep.equal([{ ...reading, expiresAtMs: 2_000 }]);
    book.use(loadText(ONE.replace("  n 192.0.2.1 2001:db8::1", "  n 2001:db8::1")), 1);
    expect([...book.certificates()]).to.deep.equal([{ ...reading, expiresAtMs: 3_000 }]);
  });
});
