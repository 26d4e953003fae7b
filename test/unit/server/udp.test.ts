import { createSocket } from "node:dgram";
import { once } from "node:events";
import { expect } from "chai";
import DNS from "dns2";
import { afterEach, before, describe, it } from "mocha";
import { loadLibc } from "../../../src/server/libc.ts";
import type { UdpTransport } from "../../../src/server/udp-servers.ts";
import { opt, packet, query, question, summary } from "../../support/packets.ts";
import { dig } from "../../support/peers/dig.ts";
import { sampleImage } from "../../support/sample-zones.ts";
import {
  askUdp,
  type ListenerChanges,
  type Listeners,
  startListeners,
  UDP_TRANSPORTS,
} from "../../support/servers.ts";
import { typescriptThread } from "../../support/threads.ts";

const FAULTY_WORKER = typescriptThread(new URL("../../support/faulty-worker.ts", import.meta.url));

for (const udpTransport of UDP_TRANSPORTS) describe(`UDP by ${udpTransport}`, () => holds(udpTransport));

function holds(udpTransport: UdpTransport): void {
  before(async function () {
    if (udpTransport === "batch" && !(await loadLibc()).ok) this.skip();
  });
  let listeners: Listeners | undefined;
  afterEach(() => listeners?.stop());

  const image = sampleImage();
  const serve = async (changes: ListenerChanges = {}, current = () => image): Promise<Listeners> => {
    listeners = await startListeners(current, { udpTransport, ...changes });
    return listeners;
  };

  it("answers dig, and dns2 reads the reply", async () => {
    const { udp } = await serve();
    const answer = await dig(udp, "fail.example.", "A");
    expect(answer.status).to.equal("NOERROR");
    expect(answer.flags).to.include("aa");
    expect(answer.answer.map(({ ttlSeconds, rdata }) => [ttlSeconds, rdata])).to.deep.equal([
      [30, "203.0.113.1"],
    ]);
    const reply = await askUdp(udp, query("fail.example.", "A"));
    const { answers } = DNS.Packet.parse(Buffer.from(reply));
    expect(answers.map(({ name, ttl, address }) => [name, ttl, address])).to.deep.equal([
      ["fail.example", 30, "203.0.113.1"],
    ]);
  });

  it("answers over IPv6", async () => {
    const { udp } = await serve({ address: "::1" });
    expect(summary(await askUdp(udp, query("www.example.", "AAAA")))).to.equal("NOERROR aa qd=1 an=1");
  });

  it("truncates, and dig comes again over TCP", async () => {
    const { udp } = await serve();
    const answer = await dig(udp, "big.example.", "A", "+ignore");
    expect(answer.flags).to.include("tc");
  });

  it("takes a new image from the next query on", async () => {
    let current = sampleImage();
    const { udp, udpServers } = await serve({}, () => current);
    const first = await askUdp(udp, query("fail.example.", "A"));
    current = sampleImage({ "one/a": "down" }, 2);
    udpServers.publish();
    const second = await askUdp(udp, query("fail.example.", "A"));
    expect([first.at(-1), second.at(-1)]).to.deep.equal([1, 21]);
  });

  it("cuts a datagram that exceeds its slot, and answers on", async () => {
    const { udp } = await serve();
    const huge = new Uint8Array(9_000);
    huge.set(packet({ question: question("www.example.", "A") }));
    expect(summary(await askUdp(udp, huge))).to.equal("FORMERR qd=1 an=0");
    expect(summary(await askUdp(udp, query("www.example.", "A", opt())))).to.equal(
      "NOERROR aa qd=1 an=2 opt",
    );
  });

  it("answers SERVFAIL where the answer path throws, reports it and goes on", async () => {
    const { udp, counters, faults } = await serve({
      answer: () => {
        throw new Error("a bug");
      },
      workerEntry: FAULTY_WORKER,
    });
    const reply = await askUdp(
      udp,
      packet({ id: 0xbeef, flags: 0x0100, question: question("www.example.", "A") }),
    );
    expect(summary(reply)).to.equal("SERVFAIL qd=0 an=0");
    expect([...reply.subarray(0, 3)]).to.deep.equal([0xbe, 0xef, 0x81]);
    await askUdp(udp, query("www.example.", "A"));
    expect(faults.map(({ kind, error }) => [kind, error.message])).to.deep.equal([["answer", "a bug"]]);
    expect(counters.dropped()).to.deep.include({ reason: "internal-error", value: 2 });
  });

  it("counts how long answers took", async () => {
    const { udp, counters } = await serve();
    await askUdp(udp, query("www.example.", "A"));
    const { counts, sumSeconds } = counters.responseSeconds();
    expect(Array.from(counts).reduce((sum, count) => sum + count, 0)).to.equal(1);
    expect(sumSeconds).to.be.greaterThan(0);
  });

  it("rejects an address that is taken", async () => {
    const { udp, udpServers } = await serve();
    const again = udpServers.bind(udp.address, udp.port);
    expect(await again.catch((error: NodeJS.ErrnoException) => error.code)).to.equal("EADDRINUSE");
  });

  it("stop() answers what has arrived", async () => {
    const { udp } = await serve();
    const socket = createSocket("udp4");
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    let replies = 0;
    const done = new Promise<void>((resolve) => {
      socket.on("message", () => {
        if (++replies === 20) resolve();
      });
    });
    const sends = Array.from(
      { length: 20 },
      () =>
        new Promise<void>((resolve) => {
          socket.send(query("www.example.", "A"), udp.port, udp.address, () => resolve());
        }),
    );
    await Promise.all(sends);
    await udp.stop(1_000);
    await done;
    socket.close();
    await listeners?.tcp.stop(1_000);
  });
}
