import { once } from "node:events";
import type { Socket } from "node:net";
import { expect } from "chai";
import { describe, it } from "mocha";
import { TYPE } from "../../../src/dns/types.ts";
import type { TransferMessages } from "../../../src/server/transfer-handler.ts";
import { asksForTransfer } from "../../../src/server/transfer-handler.ts";
import { join, packet, query, question, summary } from "../../support/packets.ts";
import { eventually } from "../../support/peers/program.ts";
import { sampleImage } from "../../support/sample-zones.ts";
import { askUdp, framed, type ListenerChanges, type Listeners, readMessages } from "../../support/servers.ts";
import { useListeners } from "./use-listeners.ts";

const WWW = query("www.example.", "A");
const BIG = query("big.example.", "A");
const WHOLE = "NOERROR aa qd=1 an=2";

describe("limits of connections", () => {
  const image = sampleImage();
  const { serve, open } = useListeners(() => image);
  const metOf = ({ streamCounts }: Listeners): Record<string, number> =>
    Object.fromEntries(
      streamCounts
        .limits()
        .filter(({ value }) => value > 0)
        .map(({ labels, value }) => [`${labels.transport} ${labels.limit}`, value]),
    );
  const closes: [what: string, changes: ListenerChanges, sent: Uint8Array, limit: string][] = [
    ["says nothing", { idleMs: 200 }, new Uint8Array(0), "idle-timeout"],
    ["says nothing more", { idleMs: 200 }, framed(WWW), "idle-timeout"],
    ["never comes to an end", { limits: { messageMs: 200 } }, framed(WWW).subarray(0, 9), "message-timeout"],
    ["sends half a length", { limits: { messageMs: 200 } }, Uint8Array.of(0), "message-timeout"],
  ];
  for (const [what, changes, sent, limit] of closes) {
    it(`closes on a client that ${what}`, async () => {
      const servers = await serve(changes);
      const socket = await open(servers);
      const ended = once(socket, "end");
      socket.write(sent);
      socket.resume();
      await ended;
      expect(metOf(servers)).to.deep.equal({ [`tcp ${limit}`]: 1 });
      expect(summary(await askUdp(servers.udp, WWW))).to.equal(WHOLE);
    });
  }

  it("does not take a client for slow that sends octets of one message after the other", async () => {
    const servers = await serve({ limits: { messageMs: 700 } });
    const socket = await open(servers);
    for (let round = 0; round < 3; round++) {
      for (const part of [framed(WWW).subarray(0, 20), framed(WWW).subarray(20)]) {
        socket.write(part);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      expect((await readMessages(socket, 1)).map(summary)).to.deep.equal([WHOLE]);
    }
    expect(metOf(servers)).to.deep.equal({});
  });

  it("lets the connection that has been idle the longest yield to a new one, whosoever it is", async () => {
    const servers = await serve({ limits: { connections: 2 } });
    const [first, second] = [await open(servers), await open(servers)];
    first.write(framed(WWW));
    await readMessages(first, 1);
    const yielded = once(second.resume(), "end");
    const third = await open(servers);
    await yielded;
    for (const socket of [first, third]) {
      socket.write(framed(WWW));
      expect((await readMessages(socket, 1)).map(summary)).to.deep.equal([WHOLE]);
    }
    expect(metOf(servers)).to.deep.equal({ "tcp connections": 1 });
    expect(servers.streamCounts.openNow()[0]?.value).to.equal(2);
  });

  for (const [limit, limits, asked] of [
    ["in-flight", { inFlight: 4 }, WWW],
    ["write-backlog", { writeBacklogOctets: 3_000 }, BIG],
  ] as const) {
    it(`answers all queries of a client that asks beyond ${limit}, later`, async () => {
      const servers = await serve({ limits });
      const socket = await open(servers);
      socket.end(join(...Array.from({ length: 50 }, () => framed(asked))));
      expect(await readMessages(socket, 51)).to.have.lengthOf(50);
      expect(Object.keys(metOf(servers))).to.deep.equal([`tcp ${limit}`]);
    });
  }

  it("cuts off who takes nothing, by the write timeout", async () => {
    const servers = await serve({ limits: { writeMs: 300 } });
    const socket = await open(servers);
    socket.pause();
    const batch = join(...Array.from({ length: 500 }, () => framed(BIG)));
    for (let count = 0; count < 40; count++) socket.write(batch);
    const cut = (): number | undefined => metOf(servers)["tcp write-timeout"];
    expect(await eventually(cut, 10_000, () => "never cut off")).to.equal(1);
  });
});

describe("transfers", () => {
  const image = sampleImage();
  const AXFR = packet({ id: 9, question: question("example.", TYPE.AXFR) });
  const { serve: listen, open } = useListeners(() => image);
  const serve = async (messages: () => TransferMessages, changes: ListenerChanges = {}): Promise<Socket> =>
    open(await listen({ transfers: messages, ...changes }));
  const numbered = (count: number, octets: number): Uint8Array[] =>
    Array.from({ length: count }, (_, index) => new Uint8Array(octets).fill(index));

  it("asksForTransfer() tells queries for AXFR and IXFR from all others", () => {
    const cases: [asked: Uint8Array, is: boolean][] = [
      [AXFR, true],
      [packet({ question: question("example.", TYPE.IXFR) }), true],
      [packet({ question: question(".", TYPE.AXFR) }), true],
      [WWW, false],
      [packet({ flags: 0x8000, question: question("example.", TYPE.AXFR) }), false],
      [packet({ flags: 0x2000, question: question("example.", TYPE.AXFR) }), false],
      [AXFR.subarray(0, AXFR.length - 3), false],
      [new Uint8Array(11), false],
    ];
    for (const [asked, is] of cases) expect(asksForTransfer(asked, 0, asked.length)).to.equal(is);
  });

  it("are written message by message, in their place among other answers", async () => {
    const socket = await serve(() => numbered(3, 20));
    socket.end(join(framed(WWW), framed(AXFR), framed(WWW)));
    const replies = await readMessages(socket, 6);
    expect(replies.map((reply) => (reply.length === 20 ? reply[0] : "answer"))).to.deep.equal([
      "answer",
      0,
      1,
      2,
      "answer",
    ]);
    expect(socket.readableEnded).to.equal(true);
  });

  it("count as one query and one response each, in the zone that they are of", async () => {
    const refusal = packet({ flags: 0x8005, question: question("other.test.", TYPE.IXFR) });
    const answers = [numbered(3, 20), [refusal]];
    const listeners = await listen({ transfers: () => answers.shift() ?? [] });
    const socket = await open(listeners);
    socket.end(join(framed(AXFR), framed(packet({ question: question("other.test.", TYPE.IXFR) }))));
    await readMessages(socket, 4);
    expect(listeners.counters.queries()).to.have.deep.members([
      { zone: "example.", qtype: "AXFR", transport: "tcp", value: 1 },
      { zone: "none", qtype: "IXFR", transport: "tcp", value: 1 },
    ]);
    expect(listeners.counters.responses()).to.have.deep.members([
      { zone: "example.", rcode: "NOERROR", value: 1 },
      { zone: "none", rcode: "REFUSED", value: 1 },
    ]);
  });

  it("make no more messages than the client takes, and are let go where it goes", async () => {
    let made = 0;
    let returned: (() => void) | undefined;
    const over = new Promise<void>((resolve) => {
      returned = resolve;
    });
    const socket = await serve(async function* endless() {
      try {
        for (;;) {
          made++;
          yield new Uint8Array(60_000);
        }
      } finally {
        returned?.();
      }
    });
    socket.pause();
    socket.write(framed(AXFR));
    let before = -1;
    while (before !== made) {
      before = made;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect(made * 60_000).to.be.below(32 << 20);
    socket.destroy();
    await over;
  });

  it("that fail cost the client its connection, and are reported", async () => {
    const servers = await listen({
      *transfers() {
        yield new Uint8Array(20);
        throw new Error("a bug");
      },
    });
    const socket = await open(servers);
    socket.write(join(framed(AXFR), framed(WWW)));
    expect((await readMessages(socket, 3)).length).to.be.below(2);
    expect(servers.faults.map(({ kind, error }) => [kind, error.message])).to.deep.equal([
      ["answer", "a bug"],
    ]);
  });
});
