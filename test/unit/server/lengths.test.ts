/**
 * Octets of every length that a transport can carry, the same ones for the same seed: who must get a reply gets one that
 * can be read, and no one else; nothing throws. The longest datagram is what IP leaves room for (RFC 768; RFC 8200 §4.5
 * has no jumbograms on loopback); a batch is shown the lengths above as the kernel would cut them.
 */

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { expect } from "chai";
import { before, describe, it } from "mocha";
import { TRANSPORT } from "../../../src/answer/answer.ts";
import { BATCH_DATAGRAMS, DatagramBatch } from "../../../src/server/datagram-batch.ts";
import { loadLibc } from "../../../src/server/libc.ts";
import { UDP_SLOT_OCTETS } from "../../../src/server/udp-limits.ts";
import { createAsker, seededRandom } from "../../support/answering.ts";
import { FakeKernel } from "../../support/fake-kernel.ts";
import { join, parsed, query } from "../../support/packets.ts";
import { sampleImage } from "../../support/sample-zones.ts";
import {
  connectTcp,
  type Listeners,
  readMessages,
  startListeners,
  UDP_TRANSPORTS,
} from "../../support/servers.ts";

const SEED = 20_261_122;
const FD = 3;
const HEADER_OCTETS = 12;
const FLAG_QR = 0x80;
const MAX_UDP_ANSWER_OCTETS = 1_232;
const LONGEST_MESSAGE = 65_535;
const LONGEST_DATAGRAM = { "127.0.0.1": 65_507, "::1": 65_527 } as const;
/** In the air at once: few enough for any receive buffer. */
const BURST_PACKETS = 32;
const BURST_OCTETS = 100_000;

const random = seededRandom(SEED);
const image = sampleImage();
const question = query("www.example.", "A");
const noise = Uint8Array.from({ length: LONGEST_MESSAGE * 2 }, () => Math.floor(random() * 256));

/** Random octets behind a header, or behind a question; the identifier is the length. */
function packetOf(length: number): Uint8Array {
  const from = Math.floor(random() * LONGEST_MESSAGE);
  const octets = noise.slice(from, from + length);
  const kept = random() < 0.5 ? question.length : HEADER_OCTETS;
  octets.set(question.subarray(0, Math.min(kept, length)));
  if (length >= 2) octets.set([length >> 8, length & 0xff]);
  if (length > 2 && random() < 0.1) octets[2] = FLAG_QR;
  return octets;
}

/** Packets of every length from `first` to `last`, a burst at a time. */
function* bursts(first: number, last: number): Generator<Uint8Array[]> {
  let burst: Uint8Array[] = [];
  let octets = 0;
  for (let length = first; length <= last; length++) {
    burst.push(packetOf(length));
    octets += length;
    if (burst.length < BURST_PACKETS && octets < BURST_OCTETS && length < last) continue;
    yield burst;
    burst = [];
    octets = 0;
  }
}

function deservesReply(octets: Uint8Array): boolean {
  return octets.length >= HEADER_OCTETS && ((octets[2] ?? 0) & FLAG_QR) === 0;
}

function identifierOf(octets: Uint8Array): number {
  return ((octets[0] ?? 0) << 8) | (octets[1] ?? 0);
}

async function whileServing(
  changes: Parameters<typeof startListeners>[1],
  use: (listeners: Listeners) => Promise<void>,
): Promise<void> {
  const listeners = await startListeners(() => image, changes);
  try {
    await use(listeners);
    expect(listeners.faults).to.deep.equal([]);
  } finally {
    await listeners.stop();
  }
}

for (const udpTransport of UDP_TRANSPORTS) {
  describe(`UDP by ${udpTransport}`, function () {
    this.timeout(120_000);

    before(async function () {
      if (udpTransport === "batch" && !(await loadLibc()).ok) this.skip();
    });

    const takes = (address: keyof typeof LONGEST_DATAGRAM, first: number): Promise<void> =>
      whileServing({ udpTransport, address }, async ({ udp }) => {
        const socket = createSocket(address === "::1" ? "udp6" : "udp4");
        const answered = new Set<number>();
        let arrived = (): void => undefined;
        socket.on("message", (reply) => {
          parsed(reply);
          expect(reply.length).to.be.at.most(MAX_UDP_ANSWER_OCTETS);
          answered.add(identifierOf(reply));
          arrived();
        });
        socket.connect(udp.port, udp.address);
        await once(socket, "connect");
        for (const packets of bursts(first, LONGEST_DATAGRAM[address])) {
          const expected = packets.filter(deservesReply).map(identifierOf);
          const all = new Promise<void>((resolve) => {
            arrived = () => {
              if (answered.size >= expected.length) resolve();
            };
          });
          for (const octets of packets) socket.send(octets);
          if (expected.length > 0) await all;
          expect([...answered].toSorted((one, other) => one - other)).to.deep.equal(expected);
          answered.clear();
        }
        socket.close();
      });

    it(`takes every length from 0 to ${LONGEST_DATAGRAM["127.0.0.1"]}`, () => takes("127.0.0.1", 0));
    it(`takes what is longer, up to ${LONGEST_DATAGRAM["::1"]}, over IPv6`, () =>
      takes("::1", LONGEST_DATAGRAM["127.0.0.1"]));
  });
}

describe("DatagramBatch", function () {
  this.timeout(120_000);

  it(`leaves the slots around a datagram as they are, whatever its length from 0 to ${LONGEST_MESSAGE}`, () => {
    const kernel = new FakeKernel();
    const { answer } = createAsker(() => image);
    const batch = new DatagramBatch(kernel.libc, () => undefined);
    // A response gets no reply, so its slot holds for good what came in it.
    const guard = noise.slice(0, UDP_SLOT_OCTETS);
    guard[2] = FLAG_QR;
    const guards = Buffer.concat(Array.from({ length: BATCH_DATAGRAMS }, () => guard));
    for (let length = 0; length <= LONGEST_MESSAGE; length++) {
      const place = length % BATCH_DATAGRAMS;
      const octets = packetOf(length);
      for (let index = 0; index < BATCH_DATAGRAMS; index++) {
        kernel.arrived.push({ octets: index === place ? octets : guard, port: 1_000 });
      }
      const received = batch.receive(FD);
      const offsets: number[] = [];
      const answers = batch.answer(received, (slots, offset, cut, client) => {
        offsets.push(offset);
        return answer(slots, offset, cut, client, TRANSPORT.udp, image);
      });
      expect(answers, `length ${length}`).to.equal(Number(deservesReply(octets)));
      const own = offsets[place] ?? 0;
      const behind = own + UDP_SLOT_OCTETS;
      const { slots } = batch;
      expect(guards.compare(slots, 0, own, 0, own), `before length ${length}`).to.equal(0);
      expect(guards.compare(slots, behind, undefined, behind), `behind length ${length}`).to.equal(0);
      batch.makeReady(received);
    }
  });
});

describe("TCP", function () {
  this.timeout(120_000);

  it(`takes every length from ${HEADER_OCTETS} to ${LONGEST_MESSAGE}`, () =>
    whileServing({}, async ({ tcp }) => {
      for (const burst of bursts(HEADER_OCTETS, LONGEST_MESSAGE)) {
        const packets = burst.filter(deservesReply);
        const socket = await connectTcp(tcp);
        for (const octets of packets)
          socket.write(join(Uint8Array.of(octets.length >> 8, octets.length & 0xff), octets));
        const replies = await readMessages(socket, packets.length);
        expect(replies.map((reply) => parsed(reply).id)).to.deep.equal(packets.map(identifierOf));
        socket.destroy();
      }
    }));
});
