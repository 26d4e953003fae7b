import { createServer, type TLSSocket } from "node:tls";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { createProbe } from "../../../src/probe/kinds.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { monitorOf, PATIENCE_MS, patienceFor, targetOf } from "./monitors.ts";
import { listen, rawServer } from "./servers.ts";

const DAY_MS = 86_400_000;

describe("probeTls()", () => {
  let certificates: Certificates;

  before(() => {
    certificates = makeCertificates();
  });

  after(() => {
    certificates.remove();
  });

  type Keys = Readonly<Record<string, string>>;
  const HOST = { host: "www.example.com", ca: "CA" };
  const ROWS: readonly (readonly [string, (socket: TLSSocket) => void, Keys, string])[] = [
    ["accepts", () => undefined, HOST, "connected"],
    ["greets", (socket) => socket.write("220 ready\r\n"), { ...HOST, receive: "220" }, "received '220'"],
    [
      "echoes",
      (socket) => socket.pipe(socket),
      { ...HOST, send: "PING", receive: "PING" },
      "received 'PING'",
    ],
    ["is silent", () => undefined, { ...HOST, receive: "220" }, "waiting for '220' timed out after 1 s"],
    ["closes", (socket) => socket.end(), { ...HOST, receive: "220" }, "connection closed before '220' came"],
    [
      "accepts",
      () => undefined,
      { host: "www.example.com" },
      "TLS certificate is issued by an authority that is not trusted",
    ],
    ["accepts", () => undefined, { verify: "off" }, "connected"],
  ];
  for (const [what, onConnection, keys, reason] of ROWS) {
    it(`of a server that ${what} with ${JSON.stringify(keys)} says ${reason}`, async () => {
      const server = await listen(createServer({ ...certificates.good }, onConnection));
      const ca = keys["ca"] === undefined ? {} : { ca: certificates.caFile };
      const timeoutMs = patienceFor(reason);
      const monitor = monitorOf("tls", { timeout: `${timeoutMs}ms`, every: "20s", ...keys, ...ca });
      const target = targetOf(monitor, "127.0.0.1", server.port);
      const verdict = await createProbe()(target, AbortSignal.timeout(timeoutMs));
      await server.close();
      expect(verdict).to.include({ ok: reason === "connected" || reason.startsWith("received"), reason });
    });
  }

  it("tells what is no TLS", async () => {
    const server = await listen(rawServer((socket) => socket.once("data", () => socket.end("220 mail\r\n"))));
    const target = targetOf(monitorOf("tls", { verify: "off" }), "127.0.0.1", server.port);
    const verdict = await createProbe()(target, AbortSignal.timeout(PATIENCE_MS));
    await server.close();
    expect(verdict.reason).to.match(/^TLS handshake failed: /);
  });

  it("warns of a certificate that is about to expire, and never fails for it", async () => {
    const expiresAtMs = Math.floor(Date.now() / 1_000) * 1_000 + 9 * DAY_MS;
    const end = new Date(expiresAtMs).toISOString();
    const stamp = end.slice(0, 19).replaceAll(/[-:T]/g, "");
    const identity = certificates.issue("nine-days", "20200101000000Z", `${stamp}Z`);
    const server = await listen(createServer({ ...identity }));
    /** cert-expiry → whether that is soon */
    const rows: readonly (readonly [Keys, boolean])[] = [
      [{}, false],
      [{ "cert-expiry": "8d" }, false],
      [{ "cert-expiry": "10d" }, true],
    ];
    for (const [keys, expiresSoon] of rows) {
      const monitor = monitorOf("tls", { host: "www.example.com", ca: certificates.caFile, ...keys });
      const target = targetOf(monitor, "127.0.0.1", server.port);
      const verdict = await createProbe()(target, AbortSignal.timeout(PATIENCE_MS));
      expect(verdict).to.deep.include({ ok: true, certificate: { expiresAtMs, expiresSoon } });
      const warning = `; TLS certificate expires ${end.slice(0, 10)}`;
      expect(verdict.reason).to.equal(expiresSoon ? `connected${warning}` : "connected");
    }
    await server.close();
  });

  it("tells the expiry of a certificate that it does not accept as well", async () => {
    const server = await listen(createServer({ ...certificates.expired }));
    const monitor = monitorOf("tls", { host: "www.example.com", ca: certificates.caFile });
    const target = targetOf(monitor, "127.0.0.1", server.port);
    const verdict = await createProbe()(target, AbortSignal.timeout(PATIENCE_MS));
    await server.close();
    expect(verdict).to.include({ ok: false, reason: "TLS certificate expired 2020-11-01" });
    expect(verdict.certificate?.expiresAtMs).to.equal(Date.UTC(2020, 10, 1));
  });
});
