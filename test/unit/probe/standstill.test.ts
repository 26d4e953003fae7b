/** A thread that stands still while it probes: its deadlines have passed before it reads what has arrived. */

import { once } from "node:events";
import { MessageChannel, Worker } from "node:worker_threads";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { Verdict } from "../../../src/health/verdict.ts";
import { createProbe } from "../../../src/probe/kinds.ts";
import type { Probe } from "../../../src/probe/probe.ts";
import { runProbe } from "../../../src/probe/run-probe.ts";
import { createProbeWheel } from "../../../src/probe/wheel.ts";
import { monitorOf, targetOf } from "./monitors.ts";

/** On a thread of its own, which goes on meanwhile. Greets, and closes on whoever says nothing for so long. */
const SERVER = `
  const { createServer } = require("node:net");
  const { parentPort, workerData } = require("node:worker_threads");
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => socket.end("pong"));
    socket.setTimeout(workerData.patienceMs, () => socket.resetAndDestroy());
  });
  server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));
`;

const PATIENCE_MS = 300;

/** Long enough for either. */
const STANDSTILL_MS = 1_500;

function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

describe("a wheel whose thread stands still", () => {
  let server: Worker;
  let port = 0;
  beforeEach(async () => {
    server = new Worker(SERVER, { eval: true, workerData: { patienceMs: PATIENCE_MS } });
    [port] = await once(server, "message");
  });
  afterEach(() => server.terminate());

  /** Once; the thread stands still when the first attempt has begun. */
  const verdictOf = async (timeout: string): Promise<Verdict | undefined> => {
    const monitor = monitorOf("tcp", {
      port: String(port),
      send: "ping",
      receive: "pong",
      every: "1m",
      timeout,
    });
    let verdict: Verdict | undefined;
    let attempts = 0;
    const own = createProbe(undefined);
    const probe: Probe = (target, signal) => {
      if (attempts++ === 0) setImmediate(() => standStill(STANDSTILL_MS));
      return own(target, signal);
    };
    const wheel = createProbeWheel({
      probe,
      concurrency: 1,
      commandConcurrency: 1,
      now: () => performance.now(),
      random: () => 0,
      onVerdict: (_, found) => {
        verdict = found;
      },
    });
    wheel.setTargets([targetOf(monitor, "127.0.0.1", port)]);
    await wheel.runRound(20_000);
    await wheel.stop();
    return verdict;
  };

  it("finds what it probed well although the deadline passed meanwhile", async () => {
    expect(await verdictOf("1s")).to.include({ ok: true, reason: "received 'pong'" });
  });

  it("finds what it probed well although the server gave up on it meanwhile", async () => {
    expect(await verdictOf("10s")).to.include({ ok: true, reason: "received 'pong'" });
  });
});

describe("runProbe()", () => {
  it("reads what has arrived before it finds that the deadline has passed", async () => {
    const { port1, port2 } = new MessageChannel();
    const probe: Probe = (_target, signal) =>
      new Promise((resolve) => {
        port1.once("message", () => resolve({ ok: true, reason: "it came", elapsedMs: 0, atMs: 0 }));
        signal.addEventListener("abort", () => {
          resolve({ ok: false, reason: "nothing came", elapsedMs: 0, atMs: 0 });
        });
        setImmediate(() => {
          port2.postMessage("it", []);
          standStill(1_100);
        });
      });
    const { verdict } = runProbe(probe, targetOf(monitorOf("tcp", { port: "1", timeout: "1s" })));
    expect((await verdict)?.reason).to.equal("it came");
    port1.close();
  });
});
