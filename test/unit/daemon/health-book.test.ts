import { expect } from "chai";
import { beforeEach, describe, it } from "mocha";
import { createHealthBook, GONE_KEPT_MS, type HealthBook } from "../../../src/daemon/health-book.ts";
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
