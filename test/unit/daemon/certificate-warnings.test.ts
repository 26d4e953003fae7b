import { expect } from "chai";
import { describe, it } from "mocha";
import { pino } from "pino";
import { createCertificateWarnings } from "../../../src/daemon/certificate-warnings.ts";
import type { Verdict } from "../../../src/health/verdict.ts";
import { monitorOf, targetOf } from "../probe/monitors.ts";

const DAY_MS = 86_400_000;

describe("createCertificateWarnings()", () => {
  it("writes one line a day for each monitor and date, however many endpoints show it", () => {
    const lines: string[] = [];
    let nowMs = 0;
    const log = pino({ base: null, timestamp: false }, { write: (line: string) => void lines.push(line) });
    const warn = createCertificateWarnings(log, () => nowMs);
    const seen = (day: number, expiresSoon: boolean): Verdict => ({
      ok: true,
      reason: "connected",
      elapsedMs: 1,
      atMs: 0,
      certificate: { expiresAtMs: Date.UTC(2026, 10, day), expiresSoon },
    });
    const monitor = monitorOf("tls", { host: "www.example.com", "cert-expiry": "14d" }, "clb");
    const one = targetOf(monitor, "192.0.2.1", 443);
    const other = targetOf(monitor, "192.0.2.2", 443);
    warn(one, { ok: true, reason: "connected", elapsedMs: 1, atMs: 0 });
    warn(one, seen(1, false));
    expect(lines).to.deep.equal([]);
    warn(one, seen(1, true));
    warn(other, seen(1, true));
    warn(one, seen(1, true));
    warn(other, seen(2, true));
    nowMs += DAY_MS;
    warn(one, seen(1, true));
    expect(lines.map((line) => JSON.parse(line) as unknown)).to.deep.equal(
      ["2026-11-01", "2026-11-02", "2026-11-01"].map((day, index) => ({
        level: 40,
        event: "certificate-expiry",
        monitor: "clb",
        host: index === 1 ? "192.0.2.2" : "192.0.2.1",
        port: 443,
        expires: `${day}T00:00:00.000Z`,
        msg: "a TLS certificate is about to expire",
      })),
    );
  });
});
