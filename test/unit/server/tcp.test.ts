import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { expect } from "chai";
import { describe, it } from "mocha";
import { DEFAULT_STREAM_LIMITS } from "../../../src/server/stream-limits.ts";
import { join, packet, parsed, query, question, summary } from "../../support/packets.ts";
import { dig } from "../../support/peers/dig.ts";
import { sampleImage } from "../../support/sample-zones.ts";
import { askUdp, framed, readMessages } from "../../support/servers.ts";
import { useListeners } from "./use-listeners.ts";

const WWW = query("www.example.", "A");
const WHOLE = "NOERROR aa qd=1 an=2";

describe("DNS over TCP", () => {
  const image = sampleImage();
  const { serve, open } = useListeners(() => image);

  it("answers dig with all 100 records", async () => {
    const { tcp } = await serve();
    const answer = await dig(tcp, "big.example.", "A", "+tcp");
    expect(answer.answer.length).to.equal(100);
    expect(answer.flags).not.to.include("tc");
  });

  it("answers 64 pipelined queries, each with its identifier", async () => {
    const socket = await open(await serve());
    const queries = Array.from({ length: 64 }, (_, id) =>
      framed(packet({ id, question: question("www.example.", "A") })),
    );
    socket.write(join(...queries));
    const replies = await readMessages(socket, 64);
    expect(replies.map((reply) => parsed(reply).id)).to.deep.equal(queries.map((_, id) => id));
  });

  it("answers a query that comes one octet at a time", async () => {
    const socket = await open(await serve());
    for (const octet of framed(WWW)) {
      socket.write(Uint8Array.of(octet));
      await setTimeout(1);
    }
    expect((await readMessages(socket, 1)).map(summary)).to.deep.equal([WHOLE]);
  });

  it("answers what came before a half-close, then ends", async () => {
    const socket = await open(await serve());
    socket.end(join(framed(WWW), framed(WWW)));
    expect((await readMessages(socket, 3)).map(summary)).to.deep.equal([WHOLE, WHOLE]);
    expect(socket.readableEnded).to.equal(true);
  });

  for (const [what, octets] of [
    ["a length of 0", Uint8Array.of(0, 0)],
    ["a 5-octet message", framed(new Uint8Array(5))],
    ["a response", framed(packet({ flags: 0x8000 }))],
  ] as const) {
    it(`closes on ${what}, after what came before`, async () => {
      const socket = await open(await serve());
      socket.write(join(framed(WWW), octets, framed(WWW)));
      expect((await readMessages(socket, 2)).map(summary)).to.deep.equal([WHOLE]);
    });
  }

  it("lets the longest idle connection of a client yield to its next one, and serves on", async () => {
    const servers = await serve();
    const first = await open(servers);
    first.write(framed(WWW).subarray(0, 3));
    const ended = once(first, "end");
    first.resume();
    for (let count = 0; count < DEFAULT_STREAM_LIMITS.connectionsPerClient + 50; count++) {
      const stuck = await open(servers);
      stuck.write(framed(WWW).subarray(0, 3));
    }
    await ended;
    const met = servers.streamCounts.limits().filter(({ value }) => value > 0);
    expect(met.map(({ labels }) => labels.limit)).to.deep.equal(["connections-per-client"]);
    const socket = await open(servers);
    socket.write(framed(WWW));
    expect((await readMessages(socket, 1)).map(summary)).to.deep.equal([WHOLE]);
    expect(summary(await askUdp(servers.udp, WWW))).to.equal(WHOLE);
  });

  it("does not read on from a client that does not read, cuts it off, and keeps little for it", async function () {
    this.timeout(DEFAULT_STREAM_LIMITS.writeMs + 10_000);
    const servers = await serve();
    const socket = await open(servers);
    socket.pause();
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    const big = framed(query("big.example.", "A"));
    const batch = join(...Array.from({ length: 500 }, () => big));
    const before = process.memoryUsage().arrayBuffers;
    for (let count = 0; count < 400 && !socket.destroyed; count++) socket.write(batch);
    const startedMs = performance.now();
    while (!socket.destroyed && performance.now() - startedMs < DEFAULT_STREAM_LIMITS.writeMs + 5_000) {
      await Promise.race([closed, setTimeout(100)]);
    }
    expect(socket.destroyed).to.equal(true);
    const answered = servers.counters.responses().reduce((sum, { value }) => sum + value, 0);
    expect(answered).to.be.below(400 * 500);
    expect(process.memoryUsage().arrayBuffers - before).to.be.below(
      DEFAULT_STREAM_LIMITS.writeBacklogOctets * 64,
    );
  });

  it("lives through 50 resets", async () => {
    const servers = await serve();
    for (let count = 0; count < 50; count++) {
      const socket = await open(servers);
      socket.write(framed(WWW));
      socket.resetAndDestroy();
    }
    const socket = await open(servers);
    socket.write(framed(WWW));
    expect((await readMessages(socket, 1)).map(summary)).to.deep.equal([WHOLE]);
  });

  it("stop() answers what has arrived, and is over at its deadline", async () => {
    const servers = await serve();
    const busy = await open(servers);
    const stuck = await open(servers);
    stuck.write(framed(WWW).subarray(0, 3));
    stuck.resume();
    busy.write(join(framed(WWW), framed(WWW)));
    const replies = readMessages(busy, 2);
    const startedMs = performance.now();
    await servers.tcp.stop(500);
    expect(performance.now() - startedMs).to.be.below(9_000);
    expect((await replies).map(summary)).to.deep.equal([WHOLE, WHOLE]);
  });
});
