import { once } from "node:events";
import type { Socket } from "node:net";
import { expect } from "chai";
import { afterEach, before, describe, it } from "mocha";
import type { Image } from "../../../src/answer/answer.ts";
import { loadLibc } from "../../../src/server/libc.ts";
import type { StreamPlace } from "../../../src/server/stream-servers.ts";
import { packet, parsed, query, question, summary } from "../../support/packets.ts";
import { eventually } from "../../support/peers/program.ts";
import { sampleImage } from "../../support/sample-zones.ts";
import { connectTcp, framed, readMessages } from "../../support/servers.ts";
import { typescriptThread } from "../../support/threads.ts";
import { useListeners } from "./use-listeners.ts";

const WWW = query("www.example.", "A");
const WHOLE = "NOERROR aa qd=1 an=2";
const STALL_MS = 2_000;
const FAULTY = typescriptThread(new URL("../../support/faulty-stream-worker.ts", import.meta.url));

for (const place of ["thread", "main"] satisfies StreamPlace[]) {
  describe(`connections, served on ${place === "main" ? "the main thread" : "a thread of their own"}`, () => {
    before(async function () {
      if (place === "thread" && !(await loadLibc()).ok) this.skip();
    });

    let image: Image = sampleImage();
    const { serve, open } = useListeners(() => image, { streamPlace: place });
    afterEach(() => {
      image = sampleImage();
    });
    const ask = async (socket: Socket, asked = WWW): Promise<string[]> => {
      socket.write(framed(asked));
      return (await readMessages(socket, 1)).map(summary);
    };

    it("are answered, counted, and gone after the stop", async () => {
      const servers = await serve();
      expect(servers.streams.place).to.equal(place);
      const socket = await open(servers);
      expect(await ask(socket)).to.deep.equal([WHOLE]);
      expect(servers.counters.queries()).to.deep.equal([
        { zone: "example.", qtype: "A", transport: "tcp", value: 1 },
      ]);
      expect(servers.streamCounts.openNow()[0]?.value).to.equal(1);
      const closed = once(socket.resume(), "close");
      socket.allowHalfOpen = false;
      await servers.stop();
      await closed;
      expect(servers.streamCounts.openNow()[0]?.value).to.equal(0);
      expect(await connectTcp(servers.tcp).catch(() => "refused")).to.equal("refused");
    });

    it("are answered from the image that was published last, at once", async () => {
      const servers = await serve();
      const socket = await open(servers);
      const strict = query("strict.example.", "A");
      expect(await ask(socket, strict)).to.deep.equal(["NOERROR aa qd=1 an=1"]);
      image = sampleImage({ "four/a": "down" }, 2);
      servers.streams.publish();
      expect(await ask(socket, strict)).to.deep.equal(["SERVFAIL qd=1 an=0"]);
      expect(servers.streams.behind()).to.equal(0);
    });
  });
}

describe("a thread that holds connections", () => {
  before(async function () {
    if (!(await loadLibc()).ok) this.skip();
  });

  const image = sampleImage();
  const { serve, open } = useListeners(() => image, { streamPlace: "thread" });

  it("answers while the main thread is stalled, connections that are new then too", async () => {
    const { tcp } = await serve();
    // The client is a thread as well: this one is the main thread, and stalls.
    const { Worker } = await import("node:worker_threads");
    const shared = new Int32Array(new SharedArrayBuffer(8));
    const client = new Worker(
      `const { workerData } = require("node:worker_threads");
       const { connect } = require("node:net");
       const { port, framed, shared } = workerData;
       (function ask() {
         if (Atomics.load(shared, 1) !== 0) return;
         const socket = connect(port, "127.0.0.1", () => socket.write(framed));
         socket.once("data", () => { Atomics.add(shared, 0, 1); socket.destroy(); ask(); });
       })();`,
      { eval: true, workerData: { port: tcp.port, framed: framed(WWW), shared } },
    );
    await eventually(
      () => (Atomics.load(shared, 0) > 0 ? true : undefined),
      5_000,
      () => "no answer at all",
    );
    const before = Atomics.load(shared, 0);
    const until = performance.now() + STALL_MS;
    while (performance.now() < until);
    const during = Atomics.load(shared, 0) - before;
    Atomics.store(shared, 1, 1);
    await once(client, "exit");
    expect(during).to.be.above(100);
  });

  it("is replaced where it dies: who connects meanwhile waits, counts go on, and it is told", async () => {
    const servers = await serve({ streamEntry: FAULTY });
    const first = await open(servers);
    first.write(framed(WWW));
    expect((await readMessages(first, 1)).map(summary)).to.deep.equal([WHOLE]);
    const closed = once(first.resume(), "close");
    first.allowHalfOpen = false;
    // What the faulty thread dies of.
    first.write(framed(packet({ id: 0xdead, question: question("www.example.", "A") })));
    await closed;
    const next = await open(servers);
    next.write(framed(packet({ id: 7, question: question("www.example.", "A") })));
    const replies = await readMessages(next, 1, 15_000);
    expect(replies.map((reply) => parsed(reply).id)).to.deep.equal([7]);
    expect(servers.streams.restarts()).to.equal(1);
    expect(servers.faults.map(({ kind, listener }) => [kind, listener])).to.deep.equal([
      ["worker", "streams"],
    ]);
    expect(servers.streamCounts.openedSoFar()[0]?.value).to.equal(2);
    expect(servers.streamCounts.openNow()[0]?.value).to.equal(1);
    const counted = servers.counters.queries().map(({ value }) => value);
    expect(counted).to.deep.equal([2]);
  });

  it("that cannot begin leaves connections to the main thread", async () => {
    const none = new URL("data:text/javascript,throw new Error('no such program')");
    const refused = await serve({ streamEntry: none }).catch((error: Error) => error.message);
    expect(refused).to.equal("the thread cannot start: no such program");
  });
});
