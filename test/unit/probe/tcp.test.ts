import type { Socket } from "node:net";
import { expect } from "chai";
import { describe, it } from "mocha";
import { createProbe } from "../../../src/probe/kinds.ts";
import { monitorOf, PATIENCE_MS, patienceFor, targetOf } from "./monitors.ts";
import { listen, rawServer } from "./servers.ts";

const greet = (text: string) => (socket: Socket) => void socket.write(text);

describe("probeTcp()", () => {
  /** what the server does, keys, reason; those that begin with `connected` or `received` pass */
  const ROWS: readonly (readonly [
    string,
    (socket: Socket) => void,
    Readonly<Record<string, string>>,
    string,
  ])[] = [
    ["accepts", () => undefined, {}, "connected"],
    ["closes at once", (socket) => socket.end(), {}, "connected"],
    ["greets", greet("220 ready\r\n"), { receive: "220" }, "received '220'"],
    ["echoes", (socket) => socket.pipe(socket), { send: "PING\r\n", receive: "PING" }, "received 'PING'"],
    [
      "echoes lines",
      (socket) => socket.pipe(socket),
      { send: "PING\r\n", receive: "PING\r\n" },
      "received 'PING\\013\\010'",
    ],
    [
      "greets wrongly",
      (socket) => socket.end("421 busy\r\n"),
      { receive: "220" },
      "connection closed before '220' came",
    ],
    ["closes", (socket) => socket.end(), { receive: "220" }, "connection closed before '220' came"],
    [
      "resets",
      (socket) => socket.once("data", () => socket.resetAndDestroy()),
      { send: "x", receive: "220" },
      "connection reset before '220' came",
    ],
    ["is silent", () => undefined, { receive: "220" }, "waiting for '220' timed out after 1 s"],
    [
      "talks too much",
      greet("x".repeat(100_000)),
      { receive: "220" },
      "'220' is not in the first 64 KiB received",
    ],
    [
      "drips",
      (socket) => {
        const octets = "abc220".split("");
        const timer = setInterval(() => socket.write(octets.shift() ?? "z"), 10);
        socket.once("close", () => clearInterval(timer));
      },
      { receive: "220" },
      "received '220'",
    ],
  ];
  for (const [what, onConnection, keys, reason] of ROWS) {
    it(`probeTcp() of a server that ${what} with ${JSON.stringify(keys)} says ${reason}`, async () => {
      const server = await listen(rawServer(onConnection));
      const timeoutMs = patienceFor(reason);
      const monitor = monitorOf("tcp", { port: "1", timeout: `${timeoutMs}ms`, every: "20s", ...keys });
      const target = targetOf(monitor, "127.0.0.1", server.port);
      const verdict = await createProbe()(target, AbortSignal.timeout(timeoutMs));
      await server.close();
      expect(verdict).to.include({ ok: reason === "connected" || reason.startsWith("received"), reason });
    });
  }

  it("probeTcp() speaks IPv6, and says that nobody listens", async () => {
    const server = await listen(
      rawServer(() => undefined),
      "::1",
    );
    const monitor = monitorOf("tcp", { port: "1" });
    const target = targetOf(monitor, "::1", server.port);
    expect(await createProbe()(target, AbortSignal.timeout(PATIENCE_MS))).to.include({ ok: true });
    await server.close();
    expect(await createProbe()(target, AbortSignal.timeout(PATIENCE_MS))).to.include({
      ok: false,
      reason: "connection refused",
    });
  });
});
