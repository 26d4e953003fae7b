import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import type { Verdict } from "../../../src/health/verdict.ts";
import { probeHttp } from "../../../src/probe/http.ts";
import { monitorOf, PATIENCE_MS, patienceFor, targetOf } from "./monitors.ts";
import { listen, type Running, rawServer } from "./servers.ts";

async function probe(
  keys: Readonly<Record<string, string>>,
  port: number,
  host = "127.0.0.1",
  timeoutMs = PATIENCE_MS,
): Promise<Verdict> {
  const monitor = monitorOf("http", { timeout: `${timeoutMs}ms`, every: "20s", ...keys });
  return await probeHttp(targetOf(monitor, host, port), AbortSignal.timeout(timeoutMs));
}

/** What each path answers. */
const PAGES: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => void>> = {
  "/": (_request, response) => response.end("all is well\n"),
  "/empty": (_request, response) => response.writeHead(204).end(),
  "/503": (_request, response) => response.writeHead(503).end("sorry"),
  "/moved": (_request, response) => response.writeHead(302, { location: "/" }).end(),
  "/hang": () => undefined,
  "/endless": (_request, response) => {
    // As much as is taken at once, then the next `drain`: how much that is differs between versions of Node.
    const more = (): void => {
      while (!response.destroyed && response.write("x".repeat(16_384)));
    };
    response.on("drain", more);
    response.write("begin");
    more();
  },
  "/drip": (_request, response) => {
    response.writeHead(200, { "content-length": "1000" });
    const timer = setInterval(() => response.write("x"), 20);
    response.on("close", () => clearInterval(timer));
  },
  "/cut": (_request, response) => {
    response.writeHead(200, { "content-length": "1000" });
    response.write("x", () => response.destroy());
  },
  "/late": (_request, response) => response.end(`${"x".repeat(70_000)}here`),
  "/evil": (_request, response) => response.end("a".repeat(50)),
  "/echo": (request, response) =>
    response.end(`${request.method} ${request.url} ${JSON.stringify(request.headers)}`),
  "/echo?q=1": (request, response) => response.end(`${request.method} ${request.url}`),
  "/utf-8": (_request, response) => response.end("grün"),
};

describe("probeHttp()", () => {
  let server: Running;

  before(async () => {
    const handler = (request: IncomingMessage, response: ServerResponse): void => {
      (PAGES[request.url ?? ""] ?? ((_request, none) => none.writeHead(404).end()))(request, response);
    };
    server = await listen(createServer(handler));
  });

  after(async () => {
    await server.close();
  });

  /** keys → reason; a status that is expected passes. */
  const ROWS: readonly (readonly [Readonly<Record<string, string>>, string])[] = [
    [{}, "status 200"],
    [{ path: "/empty" }, "status 204"],
    [{ path: "/none" }, "status 404, expected 200–299"],
    [{ path: "/none", expect: "200-299,404" }, "status 404"],
    [{ path: "/503" }, "status 503, expected 200–299"],
    [{ path: "/503", expect: "200,301-302" }, "status 503, expected 200, 301–302"],
    [{ path: "/moved" }, "status 302, expected 200–299"],
    [{ path: "/moved", expect: "302" }, "status 302"],
    [{ path: "/", body: "is well" }, "status 200"],
    [{ path: "/", body: "is ill" }, "'is ill' is not in the body"],
    [{ path: "/", "body-regex": "^all .* well\\s$" }, "status 200"],
    [{ path: "/", "body-regex": "^well" }, "the body does not match /^well/"],
    [{ path: "/", method: "HEAD" }, "status 200"],
    [{ path: "/endless" }, "status 200"],
    [{ path: "/endless", body: "begin" }, "status 200"],
    [{ path: "/endless", body: "end" }, "'end' is not in the first 64 KiB of the body"],
    [{ path: "/late", body: "here" }, "'here' is not in the first 64 KiB of the body"],
    [{ path: "/utf-8", body: Buffer.from("grün").toString("latin1") }, "status 200"],
    [{ path: "/evil", "body-regex": "^(a+)+$b" }, "body-regex /^(a+)+$b/ could not be decided within 20 ms"],
    [{ path: "/hang" }, "response timed out after 1 s"],
    [{ path: "/drip" }, "body timed out after 1 s"],
    [{ path: "/cut" }, "connection closed within the body"],
    [{ path: "/echo?q=1", "body-regex": "^GET /echo\\?q=1$" }, "status 200"],
    [{ path: "/echo", method: "POST", "body-regex": '^POST .*"user-agent":"fairlead"' }, "status 200"],
    [{ path: "/echo", method: "PUT", "body-regex": "^PUT " }, "status 200"],
    [{ path: "/echo", method: "OPTIONS", "body-regex": "^OPTIONS " }, "status 200"],
    [{ path: "/echo", host: "www.example.com", body: '"host":"www.example.com"' }, "status 200"],
    [{ path: "/echo", "header.X-Probe": "a b", body: '"x-probe":"a b"' }, "status 200"],
    [{ path: "/echo", "header.User-Agent": "own", body: '"user-agent":"own"' }, "status 200"],
    [{ path: "/echo", body: "accept-encoding" }, "'accept-encoding' is not in the body"],
    [{ path: "/echo", body: '"connection":"close"' }, "status 200"],
  ];
  for (const [keys, reason] of ROWS) {
    it(`probeHttp() with ${JSON.stringify(keys)} says ${reason}`, async () => {
      const timeoutMs = patienceFor(reason);
      const verdict = await probe(keys, server.port, "127.0.0.1", timeoutMs);
      expect(verdict).to.include({ ok: /^status \d+$/.test(reason), reason });
      expect(verdict.elapsedMs).to.be.within(timeoutMs === PATIENCE_MS ? 0 : timeoutMs - 1, PATIENCE_MS);
      expect(verdict.atMs).to.be.closeTo(Date.now(), 1_000);
    });
  }

  /** What a server does with the connection → reason. */
  const FAULTS: readonly (readonly [string, (socket: Socket) => void, string | RegExp])[] = [
    ["closes at once", (socket) => socket.end(), "connection closed before the response"],
    ["resets at once", (socket) => socket.resetAndDestroy(), /^connection (reset|closed)/],
    [
      "resets after the request",
      (socket) => socket.once("data", () => socket.resetAndDestroy()),
      "connection reset before the response",
    ],
    [
      "closes after the request",
      (socket) => socket.once("data", () => socket.end()),
      "connection closed before the response",
    ],
    [
      "speaks another protocol",
      (socket) => socket.once("data", () => socket.end("220 mail.example.com ESMTP\r\n")),
      /^not an HTTP response \(HPE_/,
    ],
    [
      "ends within the headers",
      (socket) => socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nServ")),
      /^connection closed|^not an HTTP/,
    ],
    [
      "sends endless headers",
      (socket) => socket.once("data", () => socket.write(`HTTP/1.1 200 OK\r\nX: ${"x".repeat(100_000)}`)),
      "response headers are too large",
    ],
    [
      "switches protocols",
      (socket) =>
        socket.once("data", () =>
          socket.write("HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
        ),
      "status 101, expected 200–299",
    ],
    [
      "closes within a chunked body",
      (socket) =>
        socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab")),
      "connection closed within the body",
    ],
    ["never reads", (socket) => socket.pause(), "response timed out after 1 s"],
  ];
  for (const [what, onConnection, reason] of FAULTS) {
    it(`probeHttp() of a server that ${what} says ${String(reason)}`, async () => {
      const faulty = await listen(rawServer(onConnection));
      const verdict = await probe({}, faulty.port, "127.0.0.1", patienceFor(reason));
      await faulty.close();
      expect(verdict.ok).to.equal(false);
      expect(verdict.reason).to.match(reason instanceof RegExp ? reason : new RegExp(`^${reason}$`));
    });
  }

  it("probeHttp() takes a body without a length to its end", async () => {
    const plain = await listen(
      rawServer((socket) => socket.once("data", () => socket.end("HTTP/1.0 200 OK\r\n\r\nuntil the end"))),
    );
    expect(await probe({ body: "the end" }, plain.port)).to.include({ ok: true });
    await plain.close();
  });

  it("probeHttp() says that nobody listens", async () => {
    const gone = await listen(createServer());
    await gone.close();
    expect(await probe({}, gone.port)).to.include({ ok: false, reason: "connection refused" });
  });

  it("probeHttp() says so when it was stopped before or within", async () => {
    const monitor = monitorOf("http", { path: "/hang" });
    const target = targetOf(monitor, "127.0.0.1", server.port);
    expect(await probeHttp(target, AbortSignal.abort())).to.include({
      ok: false,
      reason: "connect was stopped",
    });
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 50);
    expect(await probeHttp(target, controller.signal)).to.include({
      ok: false,
      reason: "response was stopped",
    });
  });

  it("probeHttp() speaks IPv6, and shows the address as the host", async () => {
    const echo = (request: IncomingMessage, response: ServerResponse) => response.end(request.headers.host);
    const six = await listen(createServer(echo), "::1");
    const four = await listen(createServer(echo), "127.0.0.9");
    expect(await probe({ body: `[::1]:${six.port}` }, six.port, "::1")).to.include({ ok: true });
    expect(await probe({ body: `127.0.0.9:${four.port}` }, four.port, "127.0.0.9")).to.include({ ok: true });
    await six.close();
    await four.close();
  });

  it("probeHttp() leaves no connection behind", async () => {
    const closed: Promise<unknown>[] = [];
    const counting = rawServer((socket) => {
      closed.push(once(socket, "close"));
      socket.once("data", () => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"));
    });
    const running = await listen(counting);
    await Promise.all(Array.from({ length: 20 }, () => probe({}, running.port)));
    // The server never closes one itself: this ends only if the probes do.
    await Promise.all(closed);
    expect(closed).to.have.length(20);
    await running.close();
  });
});
