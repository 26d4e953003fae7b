import { expect } from "chai";
import { describe, it } from "mocha";
import type { Happening } from "../../../src/admin/events/event.ts";
import { createCertificateWarnings } from "../../../src/daemon/certificate-warnings.ts";
import type { Verdict } from "../../../src/health/verdict.ts";
import { monitorOf, targetOf } from "../probe/monitors.ts";

const DAY_MS = 86_400_000;

describe("createCertificateWarnings()", () => {
  it("records one event a day for each monitor and date, however many endpoints show it", () => {
    const recorded: Happening[] = [];
    let nowMs = 0;
    const warn = createCertificateWarnings(
      (happening) => void recorded.push(happening),
      () => nowMs,
    );
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
    expect(recorded).to.deep.equal([]);
    warn(one, seen(1, true));
    warn(other, seen(1, true));
    warn(one, seen(1, true));
    warn(other, seen(2, true));
    nowMs += DAY_MS;
    warn(one, seen(1, true));
    expect(recorded).to.deep.equal(
      ["2026-11-01", "2026-11-02", "2026-11-01"].map((day, index) => ({
        kind: "certificate",
        ref: index === 1 ? "192.0.2.2:443" : "192.0.2.1:443",
        from: null,
        to: "expires soon",
        reason: `the certificate that monitor clb is shown expires ${day}T00:00:00.000Z`,
      })),
    );
  });
});
