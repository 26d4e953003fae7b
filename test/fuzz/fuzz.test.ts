/**
 * Seeded fuzz at every decoder and at running nodes with everything switched on, the same packets each time. The last
 * line of the run counts them. `npm run fuzz` goes on with other seeds for as long as it is told to.
 */

import { expect } from "chai";
import { after, describe, it } from "mocha";
import type { UdpTransport } from "../../src/server/udp-servers.ts";
import { FuzzedNode } from "./node-run.ts";
import { FuzzSession } from "./session.ts";

const SEED = 20_261_122;
const INPUTS_OF_A_DECODER = 2_000;
/** TCP is served alike whichever way UDP goes, so most packets go the way that most systems have. */
const PACKETS: readonly (readonly [UdpTransport, number])[] = [
  ["batch", 84_000],
  ["dgram", 16_000],
];
const LIMIT_MS = 300_000;

describe("fuzz", function () {
  this.timeout(LIMIT_MS);
  const session = new FuzzSession();

  after(() => {
    process.stdout.write(`${session.line()}\n`);
  });

  it(`every decoder takes ${INPUTS_OF_A_DECODER} inputs, and what it has read leads back to them`, async () => {
    await session.runDecoders(SEED, INPUTS_OF_A_DECODER);
    expect(session.failures.join("\n\n")).to.equal("");
  });

  for (const [udpTransport, packets] of PACKETS) {
    it(`a node, its UDP by ${udpTransport}, answers or drops ${packets} packets`, async () => {
      const before = session.failures.length;
      const node = await FuzzedNode.start(udpTransport);
      try {
        session.addNode(await node.run(SEED, packets));
      } finally {
        await node.stop();
      }
      expect(session.failures.slice(before).join("\n\n")).to.equal("");
    });
  }
});
