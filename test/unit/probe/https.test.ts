import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import type { Verdict } from "../../../src/health/verdict.ts";
import { probeHttp } from "../../../src/probe/http.ts";
import { type Certificates, type Identity, makeCertificates } from "./certificates.ts";
import { monitorOf, PATIENCE_MS, patienceFor, targetOf } from "./monitors.ts";
import { listen, type Running, rawServer } from "./servers.ts";

async function probe(
  keys: Readonly<Record<string, string>>,
  port: number,
  timeoutMs = PATIENCE_MS,
): Promise<Verdict> {
  const monitor = monitorOf("https", { timeout: `${timeoutMs}ms`, every: "20s", ...keys });
  return await probeHttp(targetOf(monitor, "127.0.0.1", port), AbortSignal.timeout(timeoutMs));
}

describe("probeHttp() over TLS", () => {
  let certificates: Certificates;
  let requests = 0;
  const running = new Map<string, Running>();

  const serve = async (name: string, identity: Identity): Promise<void> => {
    const handler = (request: IncomingMessage, response: ServerResponse): void => {
      requests++;
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- an https server's sockets are these
      const socket = request.socket as TLSSocket;
      response.end(
        `sni=${String(Reflect.get(socket, "servername"))} host=${request.headers.host} reused=${socket.isSessionReused()}`,
      );
    };
    running.set(name, await listen(createServer({ ...identity }, handler)));
  };

  before(async () => {
    certificates = makeCertificates();
    await serve("good", certificates.good);
    await serve("expired", certificates.expired);
    await serve("future", certificates.future);
    await serve("self-signed", certificates.selfSigned);
    running.set(
      "plain",
      await listen(rawServer((socket) => socket.once("data", () => socket.end("HTTP/1.1 400 No\r\n\r\n")))),
    );
    running.set("silent", await listen(rawServer(() => undefined)));
    running.set("closing", await listen(rawServer((socket) => socket.once("data", () => socket.end()))));
    running.set(
      "resetting",
      await listen(rawServer((socket) => socket.once("data", () => socket.resetAndDestroy()))),
    );
  });

  after(async () => {
    await Promise.all([...running.values()].map((server) => server.close()));
    certificates.remove();
  });

  const port = (name: string): number => running.get(name)?.port ?? 0;

  /** server, keys (`CA` stands for the own authority's file), reason */
  const ROWS: readonly (readonly [string, Readonly<Record<string, string>>, string | RegExp])[] = [
    ["good", { host: "www.example.com", ca: "CA" }, "status 200"],
    ["good", { host: "127.0.0.1", ca: "CA" }, "status 200"],
    [
      "good",
      { host: "api.example.com", ca: "CA" },
      "certificate is for 'www.example.com', '127.0.0.1', not 'api.example.com'",
    ],
    ["good", { host: "www.example.com" }, "TLS certificate is issued by an authority that is not trusted"],
    ["expired", { host: "www.example.com", ca: "CA" }, "TLS certificate expired 2020-11-01"],
    ["expired", { host: "api.example.com", ca: "CA" }, "TLS certificate expired 2020-11-01"],
    ["future", { host: "www.example.com", ca: "CA" }, "TLS certificate is not valid before 2098-01-01"],
    ["self-signed", { host: "www.example.com" }, "TLS certificate is self-signed"],
    ["expired", { verify: "off" }, "status 200"],
    ["self-signed", { verify: "off" }, "status 200"],
    [
      "good",
      { host: "api.example.com", verify: "off", body: "sni=api.example.com host=api.example.com" },
      "status 200",
    ],
    ["good", { host: "www.example.com", ca: "CA", body: "sni=www.example.com" }, "status 200"],
    ["good", { host: "www.example.com", ca: "CA", expect: "204" }, "status 200, expected 204"],
    ["plain", { verify: "off" }, /^TLS handshake failed: /],
    ["silent", { verify: "off" }, "TLS handshake timed out after 1 s"],
    ["closing", { verify: "off" }, "connection closed within the TLS handshake"],
    ["resetting", { verify: "off" }, "connection closed within the TLS handshake"],
    [
      "good",
      { host: "www.example.com", ca: "MISSING" },
      /^ca file .*missing\.pem cannot be read \(ENOENT\)$/,
    ],
    ["good", { host: "www.example.com", ca: "BROKEN" }, /^ca file .*ca\.key holds no certificate$/],
  ];
  for (const [name, keys, reason] of ROWS) {
    it(`probeHttp() of ${name} with ${JSON.stringify(keys)} says ${String(reason)}`, async () => {
      const files: Record<string, string> = {
        CA: certificates.caFile,
        MISSING: join(certificates.folder, "missing.pem"),
        BROKEN: join(certificates.folder, "ca.key"),
      };
      const file = files[keys["ca"] ?? ""];
      const verdict = await probe(
        file === undefined ? keys : { ...keys, ca: file },
        port(name),
        patienceFor(reason),
      );
      expect(verdict.reason).to.match(reason instanceof RegExp ? reason : new RegExp(`^${reason}$`));
      expect(verdict.ok).to.equal(reason === "status 200");
    });
  }

  it("probeHttp() sends no request to a server whose certificate it does not accept", async () => {
    const before = requests;
    await probe({ host: "api.example.com", ca: certificates.caFile }, port("good"));
    await probe({ host: "www.example.com", ca: certificates.caFile }, port("expired"));
    expect(requests).to.equal(before);
  });

  it("probeHttp() makes a full handshake each time, so that a certificate is seen each time", async () => {
    for (let attempt = 0; attempt < 3; attempt++) {
      const keys = { host: "www.example.com", ca: certificates.caFile, body: "reused=false" };
      expect(await probe(keys, port("good"))).to.include({ ok: true });
    }
  });
});
