import { createSecureServer, type ServerHttp2Stream } from "node:http2";
import { createServer as createTlsServer } from "node:tls";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { expect } from "chai";
import { HealthImplementation } from "grpc-health-check";
import { after, before, describe, it } from "mocha";
import type { Verdict } from "../../../src/health/verdict.ts";
import { probeGrpc } from "../../../src/probe/grpc.ts";
import { checkRequest, readMessage, servingStatus } from "../../../src/probe/grpc-message.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { monitorOf, PATIENCE_MS, patienceFor, targetOf } from "./monitors.ts";
import { listen } from "./servers.ts";

type Keys = Readonly<Record<string, string>>;

let certificates: Certificates;

async function probe(keys: Keys, port: number, timeoutMs = PATIENCE_MS): Promise<Verdict> {
  const trusting = {
    host: "www.example.com",
    ca: certificates.caFile,
    timeout: `${timeoutMs}ms`,
    every: "20s",
    ...keys,
  };
  const monitor = monitorOf("grpc", trusting);
  return await probeGrpc(targetOf(monitor, "127.0.0.1", port), AbortSignal.timeout(timeoutMs));
}

before(() => {
  certificates = makeCertificates();
});

after(() => {
  certificates.remove();
});

describe("probeGrpc() of grpc-js and its health service", () => {
  let server: Server;
  let port: number;
  let health: HealthImplementation;

  const credentials = (): ServerCredentials =>
    ServerCredentials.createSsl(null, [
      { private_key: Buffer.from(certificates.good.key), cert_chain: Buffer.from(certificates.good.cert) },
    ]);

  before(async () => {
    server = new Server();
    health = new HealthImplementation({
      "": "SERVING",
      shop: "SERVING",
      "shop.cart": "NOT_SERVING",
      "shop.new": "UNKNOWN",
    });
    health.addToServer(server);
    port = await bind(server, credentials());
  });

  after(() => {
    server.forceShutdown();
  });

  const ROWS: readonly (readonly [Keys, string])[] = [
    [{}, "the server is SERVING"],
    [{ query: "shop" }, "service 'shop' is SERVING"],
    [{ query: "shop.cart" }, "service 'shop.cart' is NOT_SERVING"],
    [{ query: "shop.new" }, "service 'shop.new' is UNKNOWN"],
    [
      { query: "shop.none" },
      "gRPC status 5 (NOT_FOUND, Health status unknown for service shop.none) of service 'shop.none'",
    ],
    [
      { query: "s".repeat(300) },
      `gRPC status 5 (NOT_FOUND, Health status unknown for service ${"s".repeat(26)}…) of service '${"s".repeat(60)}…'`,
    ],
    [{ host: "api.example.com" }, "certificate is for 'www.example.com', '127.0.0.1', not 'api.example.com'"],
    [{ "cert-expiry": "3650d" }, "the server is SERVING"],
  ];
  for (const [keys, reason] of ROWS) {
    it(`says ${reason} with ${JSON.stringify(keys).slice(0, 80)}`, async () => {
      const verdict = await probe(keys, port);
      expect(verdict).to.include({ reason, ok: reason.endsWith(" is SERVING") });
      expect(verdict.certificate).to.deep.equal({ expiresAtMs: Date.UTC(2099, 0, 1), expiresSoon: false });
    });
  }

  it("sees a service change", async () => {
    health.setStatus("shop", "NOT_SERVING");
    expect(await probe({ query: "shop" }, port)).to.include({ ok: false });
    health.setStatus("shop", "SERVING");
    expect(await probe({ query: "shop" }, port)).to.include({ ok: true });
  });

  it("says that there is no health service", async () => {
    const bare = new Server();
    const barePort = await bind(bare, credentials());
    expect((await probe({}, barePort)).reason).to.match(
      /^gRPC status 12 \(UNIMPLEMENTED, .*\) of the server$/,
    );
    bare.forceShutdown();
    expect(await probe({}, barePort)).to.include({ ok: false, reason: "connection refused" });
  });
});

function bind(server: Server, credentials: ServerCredentials): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", credentials, (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
}

describe("probeGrpc() of a server that misbehaves", () => {
  const SERVING = Buffer.from([0, 0, 0, 0, 2, 8, 1]);
  const TRAILERS = { "grpc-status": "0" };
  const answer =
    (body: Buffer, trailers: Record<string, string> = TRAILERS) =>
    (stream: ServerHttp2Stream) => {
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.once("wantTrailers", () => stream.sendTrailers(trailers));
      stream.end(body);
    };
  const ROWS: readonly (readonly [string, (stream: ServerHttp2Stream) => void, string])[] = [
    ["serves", answer(SERVING), "the server is SERVING"],
    ["adds fields", answer(Buffer.from([0, 0, 0, 0, 6, 0x12, 2, 0x41, 0x42, 8, 1])), "the server is SERVING"],
    ["says nothing of its status", answer(Buffer.from([0, 0, 0, 0, 0])), "the server is UNKNOWN"],
    ["has a status of its own", answer(Buffer.from([0, 0, 0, 0, 2, 8, 9])), "the server is status 9"],
    [
      "answers 503",
      (stream) => stream.respond({ ":status": 503 }, { endStream: true }),
      "HTTP status 503 in place of a gRPC answer",
    ],
    ["sends no message", answer(Buffer.alloc(0)), "the gRPC answer has no message"],
    [
      "compresses",
      answer(Buffer.from([1, 0, 0, 0, 2, 8, 1])),
      "the gRPC answer is compressed, which nobody asked for",
    ],
    ["sends half a message", answer(SERVING.subarray(0, 6)), "the gRPC answer is not one whole message"],
    [
      "sends garbage",
      answer(Buffer.from([0, 0, 0, 0, 2, 0xff, 0xff])),
      "the gRPC answer is no HealthCheckResponse",
    ],
    ["sends too much", answer(Buffer.alloc(100_000)), "gRPC answer is longer than 64 KiB"],
    ["sends no status", answer(SERVING, {}), "the gRPC answer has no status"],
    [
      "fails in strange words",
      answer(SERVING, { "grpc-status": "14", "grpc-message": "a%0Ab%20c%E2%82%AC" }),
      "gRPC status 14 (UNAVAILABLE, a%0Ab c%E2%82%AC) of the server",
    ],
    ["is silent", () => undefined, "gRPC answer timed out after 1 s"],
    ["resets the stream", (stream) => stream.close(8), "gRPC call closed without an answer"],
    ["drops the connection", (stream) => stream.session?.destroy(), "gRPC call closed without an answer"],
  ];
  for (const [what, onStream, reason] of ROWS) {
    it(`says '${reason}' of one that ${what}`, async () => {
      const server = createSecureServer({ ...certificates.good });
      server.on("stream", onStream);
      server.on("sessionError", () => undefined);
      const running = await listen(server);
      const verdict = await probe({}, running.port, patienceFor(reason));
      await running.close();
      expect(verdict).to.include({ reason, ok: reason === "the server is SERVING" });
    });
  }

  it("says that a server speaks TLS without HTTP/2", async () => {
    const running = await listen(createTlsServer({ ...certificates.good, ALPNProtocols: ["http/1.1"] }));
    expect((await probe({}, running.port)).ok).to.equal(false);
    await running.close();
    const without = await listen(createTlsServer({ ...certificates.good }));
    expect((await probe({}, without.port)).reason).to.equal("does not speak h2 over TLS");
    await without.close();
  });
});

describe("gRPC messages", () => {
  it("checkRequest() frames the service's name, and nothing for the server as a whole", () => {
    expect([...checkRequest("")]).to.deep.equal([0, 0, 0, 0, 0]);
    expect([...checkRequest("ab")]).to.deep.equal([0, 0, 0, 0, 4, 0x0a, 2, 0x61, 0x62]);
    expect([...checkRequest("x".repeat(200)).subarray(0, 8)]).to.deep.equal([0, 0, 0, 0, 203, 0x0a, 0xc8, 1]);
  });

  it("servingStatus() of any octets is a status or nothing, and never an exception", () => {
    for (let first = 0; first < 256; first++) {
      for (const rest of [[], [1], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], [9, 8, 1]]) {
        const octets = Buffer.from([first, ...rest]);
        expect(servingStatus(octets) ?? "").to.be.a("string");
        expect(readMessage(octets)).to.have.property("ok");
      }
    }
  });
});
