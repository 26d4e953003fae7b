/** Octets of every length, the same ones for the same seed: who must get a reply gets one that can be read, and no one else. */

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { expect } from "chai";
import { before, describe, it } from "mocha";
import { loadLibc } from "../../../src/server/libc.ts";
import { UDP_SLOT_OCTETS } from "../../../src/server/udp-limits.ts";
import { seededRandom } from "../../support/answering.ts";
import { join, parsed, query } from "../../support/packets.ts";
import { sampleImage } from "../../support/sample-zones.ts";
import {
  connectTcp,
  framed,
  type Listeners,
  readMessages,
  startListeners,
  UDP_TRANSPORTS,
} from "../../support/servers.ts";

const SEED = 20_261_122;
const HEADER_OCTETS = 12;
const FLAG_QR = 0x80;
const MAX_UDP_ANSWER_OCTETS = 1_232;
/** In the air at once: few enough for any receive buffer. */
const BURST = 32;
const LONGEST = UDP_SLOT_OCTETS + BURST;
/** Over TCP a message may be longer; these are steps to the longest. */
const LONG_LENGTHS = [4_095, 4_096, 16_384, 32_767, 32_768, 65_534, 65_535];

const random = seededRandom(SEED);
const image = sampleImage();
const question = query("www.example.", "A");

/** Random octets behind a header, or behind a question; the identifier is the length. */
function packetOf(length: number): Uint8Array {
  const octets = Uint8Array.from({ length }, () => Math.floor(random() * 256));
  const kept = random() < 0.5 ? question.length : HEADER_OCTETS;
  octets.set(question.subarray(0, Math.min(kept, length)));
  if (length >= 2) octets.set([length >> 8, length & 0xff]);
  if (length > 2 && random() < 0.1) octets[2] = FLAG_QR;
  return octets;
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
    this.timeout(60_000);

    before(async function () {
      if (udpTransport === "batch" && !(await loadLibc()).ok) this.skip();
    });

    it(`takes every length from 0 to ${LONGEST}`, () =>
      whileServing({ udpTransport }, async ({ udp }) => {
        const socket = createSocket("udp4");
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
        for (let from = 0; from <= LONGEST; from += BURST) {
          const packets = Array.from({ length: BURST }, (_, index) => packetOf(from + index));
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
      }));
  });
}

describe("TCP", function () {
  this.timeout(60_000);

  it(`takes every length from ${HEADER_OCTETS} to ${LONGEST}, and some up to 65535`, () =>
    whileServing({}, async ({ tcp }) => {
      const lengths = Array.from(
        { length: LONGEST - HEADER_OCTETS + 1 },
        (_, index) => index + HEADER_OCTETS,
      );
      const packets = [...lengths, ...LONG_LENGTHS].map(packetOf).filter(deservesReply);
      for (let from = 0; from < packets.length; from += BURST) {
        const burst = packets.slice(from, from + BURST);
        const socket = await connectTcp(tcp);
        socket.write(join(...burst.map(framed)));
        const replies = await readMessages(socket, burst.length);
        expect(replies.map((reply) => parsed(reply).id)).to.deep.equal(burst.map(identifierOf));
        socket.destroy();
      }
    }));
});
