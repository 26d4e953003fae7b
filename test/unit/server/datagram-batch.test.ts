import { createSocket } from "node:dgram";
import { once } from "node:events";
import { expect } from "chai";
import { describe, it } from "mocha";
import {
  type AnswerInPlace,
  BATCH_DATAGRAMS,
  type BatchDrop,
  DatagramBatch,
} from "../../../src/server/datagram-batch.ts";
import { loadLibc } from "../../../src/server/libc.ts";
import { UDP_SLOT_OCTETS } from "../../../src/server/udp-limits.ts";
import { openUdpSocket } from "../../../src/server/udp-socket.ts";
import { seededRandom } from "../../support/answering.ts";
import { type FakeDatagram, FakeKernel, type SendOutcome } from "../../support/fake-kernel.ts";

const FD = 3;

/** The first octet says what becomes of a query: 0 no answer, else an answer of so many octets of that value. */
const byFirstOctet: AnswerInPlace = (slots, offset, length) => {
  const answer = length === 0 ? 0 : (slots[offset] ?? 0);
  slots.fill(answer, offset, offset + answer);
  return answer;
};

function serveOnce(kernel: FakeKernel, answer: AnswerInPlace = byFirstOctet) {
  const drops: BatchDrop[] = [];
  const batch = new DatagramBatch(kernel.libc, (reason) => drops.push(reason));
  const turn = (): number => {
    const received = batch.receive(FD);
    if (received <= 0) return received;
    const answers = batch.answer(received, answer);
    if (answers > 0) batch.send(FD, answers);
    batch.makeReady(received);
    return received;
  };
  return { batch, drops, turn };
}

const asking = (first: number, port = 1_000 + first): FakeDatagram => ({
  octets: Uint8Array.of(first, 0, 0),
  port,
});

describe("DatagramBatch", () => {
  it("answers each query to its sender, with what it was answered", () => {
    const kernel = new FakeKernel();
    const { turn } = serveOnce(kernel);
    const numbers = Array.from({ length: BATCH_DATAGRAMS + 5 }, (_, index) => index + 1);
    kernel.arrived.push(...numbers.map((number) => asking(number)));
    expect([turn(), turn(), turn()]).to.deep.equal([BATCH_DATAGRAMS, 5, 0]);
    expect(kernel.sent.map(({ octets, port }) => [port, octets.length, octets[0]])).to.deep.equal(
      numbers.map((number) => [1_000 + number, number, number]),
    );
  });

  it("moves answers together where queries get none, batch after batch", () => {
    const kernel = new FakeKernel();
    const { turn } = serveOnce(kernel);
    const random = seededRandom(3);
    for (let round = 0; round < 200; round++) {
      kernel.sent.length = 0;
      const numbers = Array.from({ length: 1 + Math.floor(random() * BATCH_DATAGRAMS) }, () =>
        random() < 0.4 ? 0 : 1 + Math.floor(random() * 250),
      );
      kernel.arrived.push(...numbers.map((number, index) => asking(number, 2_000 + index)));
      turn();
      const expected = numbers.flatMap((number, index) => (number === 0 ? [] : [[2_000 + index, number]]));
      expect(kernel.sent.map(({ octets, port }) => [port, octets.length])).to.deep.equal(expected);
    }
  });

  const refusals: readonly [what: string, SendOutcome[], sent: number[], drops: BatchDrop[]][] = [
    ["takes all", [], [1, 2, 3, 4], []],
    ["takes some at a time", [{ takes: 1 }, { takes: 2 }], [1, 2, 3, 4], []],
    ["refuses the first", [{ errno: 1 }], [2, 3, 4], ["send-failed"]],
    ["refuses one in the middle", [{ takes: 2 }, { errno: 90 }], [1, 2, 4], ["send-failed"]],
    ["has no room", [{ takes: 3 }, { errno: 11 }], [1, 2, 3], ["send-queue-full"]],
    ["has no memory", [{ errno: 105 }], [2, 3, 4], ["send-queue-full"]],
    ["is interrupted", [{ errno: 4 }, { takes: 2 }, { errno: 4 }], [1, 2, 3, 4], []],
    ["refuses everything", Array.from({ length: 4 }, () => ({ errno: 1 })), [], Array(4).fill("send-failed")],
  ];
  for (const [what, outcomes, sent, dropped] of refusals) {
    it(`send() goes on where the kernel ${what}`, () => {
      const kernel = new FakeKernel();
      const { turn, drops } = serveOnce(kernel);
      kernel.outcomes.push(...outcomes);
      kernel.arrived.push(...[1, 2, 3, 4].map((number) => asking(number)));
      turn();
      expect(kernel.sent.map(({ octets }) => octets[0])).to.deep.equal(sent);
      expect(drops).to.deep.equal(dropped);
    });
  }

  it("shows who looks ahead where each query lies, whatever slots the batch before has left", () => {
    const kernel = new FakeKernel();
    const { batch } = serveOnce(kernel);
    const random = seededRandom(5);
    for (let round = 0; round < 50; round++) {
      const numbers = Array.from({ length: 1 + Math.floor(random() * BATCH_DATAGRAMS) }, () =>
        Math.floor(random() * 3),
      );
      kernel.arrived.push(...numbers.map((number) => asking(number, 2_000)));
      const received = batch.receive(FD);
      const seen: number[][] = [];
      batch.lookAhead(received, {
        pays: () => true,
        look(slots, offsets, lengths, count) {
          for (let index = 0; index < count; index++) {
            seen.push([slots[offsets[index] ?? -1] ?? -1, lengths[index] ?? -1]);
          }
        },
      });
      expect(seen).to.deep.equal(numbers.map((number) => [number, 3]));
      batch.answer(received, byFirstOctet);
      batch.makeReady(received);
    }
  });

  it("drops what comes from port 0, and counts it", () => {
    const kernel = new FakeKernel();
    const { turn, drops } = serveOnce(kernel);
    kernel.arrived.push(asking(1, 0), asking(2));
    turn();
    expect(kernel.sent.map(({ octets }) => octets[0])).to.deep.equal([2]);
    expect(drops).to.deep.equal(["port-zero"]);
  });

  it("hands over the client's address, of either family", () => {
    const kernel = new FakeKernel();
    const seen: number[][] = [];
    const { turn } = serveOnce(kernel, (_slots, _offset, _length, { octets, length }) => {
      seen.push([...octets.subarray(0, length)]);
      return 0;
    });
    const ipv4 = [192, 0, 2, 7];
    const ipv6 = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9];
    kernel.arrived.push(
      { ...asking(1), address: ipv4 },
      { ...asking(2), address: ipv6 },
      { ...asking(3), address: ipv4 },
    );
    turn();
    expect(seen).to.deep.equal([ipv4, ipv6, ipv4]);
  });

  it("knows the end of a socket that was shut down from a query without octets", () => {
    const kernel = new FakeKernel();
    const { batch, turn, drops } = serveOnce(kernel);
    kernel.arrived.push({ octets: new Uint8Array(), port: 7 });
    turn();
    expect(batch.exhausted).to.equal(false);
    kernel.shutDown = true;
    kernel.arrived.push(asking(9));
    turn();
    expect(batch.exhausted).to.equal(true);
    expect(kernel.sent.map(({ octets }) => octets[0])).to.deep.equal([9]);
    expect(drops).to.deep.equal([]);
  });

  /** A control message (cmsg(3)): its length, level 0 or 41, type, data. */
  const control = (level: number, type: number, ...data: number[]): Uint8Array => {
    const octets = new Uint8Array(16 + data.length);
    const view = new DataView(octets.buffer);
    view.setBigUint64(0, BigInt(octets.length), true);
    view.setInt32(8, level, true);
    view.setInt32(12, type, true);
    octets.set(data, 16);
    return octets;
  };
  const linkLocal = [0xfe, 0x80, ...Array<number>(13).fill(0), 1];
  const global = [0x20, 1, ...Array<number>(13).fill(0), 1];
  const infos: readonly [what: string, came: Uint8Array, goes: Uint8Array][] = [
    [
      "IPv4",
      control(0, 8, 5, 0, 0, 0, 127, 0, 0, 9, 127, 0, 0, 9),
      control(0, 8, 0, 0, 0, 0, 127, 0, 0, 9, 127, 0, 0, 9),
    ],
    ["IPv6", control(41, 50, ...global, 5, 0, 0, 0), control(41, 50, ...global, 0, 0, 0, 0)],
    ["link-local IPv6", control(41, 50, ...linkLocal, 5, 0, 0, 0), control(41, 50, ...linkLocal, 5, 0, 0, 0)],
    ["no", new Uint8Array(), new Uint8Array()],
  ];
  for (const [what, came, goes] of infos) {
    it(`sends ${what} packet info back with the answer`, () => {
      const kernel = new FakeKernel();
      const { turn } = serveOnce(kernel);
      kernel.arrived.push({ ...asking(1), control: came });
      turn();
      expect(kernel.sent.map((datagram) => datagram.control)).to.deep.equal([goes]);
    });
  }

  it("leaves every octet beside a query and its answer as it was, whatever the length", async function () {
    const loaded = await loadLibc();
    if (!loaded.ok) return this.skip();
    const { libc } = loaded;
    const random = seededRandom(20_261_122);
    const { fd, port } = openUdpSocket(libc, "127.0.0.1", 0, "shareFirst");
    const client = createSocket("udp4");
    client.bind(0, "127.0.0.1");
    await once(client, "listening");
    const GUARD = 0xa5;
    /** By slot: how far it was written. */
    const written = new Map<number, number>();
    const batch = new DatagramBatch(libc, () => undefined);
    const lengths = Array.from({ length: UDP_SLOT_OCTETS + 40 }, (_, index) => index);
    const answer: AnswerInPlace = (slots, offset, length) => {
      expect(length).to.equal(Math.min(UDP_SLOT_OCTETS, lengths[received++] ?? 0));
      const answered = length === 0 ? 0 : 1 + Math.floor(random() * 1_232);
      slots.fill(1, offset, offset + answered);
      written.set(offset / UDP_SLOT_OCTETS, Math.max(length, answered));
      return answered;
    };
    let received = 0;
    for (let sent = 0; sent < lengths.length; ) {
      const burst = lengths.slice(sent, sent + 1 + Math.floor(random() * BATCH_DATAGRAMS));
      sent += burst.length;
      await Promise.all(
        burst.map(
          (length) =>
            new Promise<void>((resolve) => {
              client.send(new Uint8Array(length), port, "127.0.0.1", () => resolve());
            }),
        ),
      );
      batch.slots.fill(GUARD);
      written.clear();
      const count = batch.receive(fd);
      expect(count).to.equal(burst.length);
      batch.send(fd, batch.answer(count, answer));
      batch.makeReady(count);
      for (let slot = 0; slot < BATCH_DATAGRAMS; slot++) {
        const end = (slot + 1) * UDP_SLOT_OCTETS;
        for (let at = slot * UDP_SLOT_OCTETS + (written.get(slot) ?? 0); at < end; at++) {
          if (batch.slots[at] !== GUARD) expect.fail(`octet ${at} of slot ${slot} has changed`);
        }
      }
    }
    expect(received).to.equal(lengths.length);
    client.close();
    libc.close(fd);
  });
});
