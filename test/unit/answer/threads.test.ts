/** An image that crosses to a thread as plain data, and the blocks that threads count in. */

import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { expect } from "chai";
import { describe, it } from "mocha";
import {
  Counters,
  CounterWriter,
  createAnswer,
  openImage,
  publishImage,
  TRANSPORT,
} from "../../../src/answer/answer.ts";
import { createClientAddress } from "../../../src/answer/client-address.ts";
import { SETTINGS, seededRandom } from "../../support/answering.ts";
import { query, summary } from "../../support/packets.ts";
import { sampleImage } from "../../support/sample-zones.ts";

/** Answers from what was published and nothing else, as a thread does. */
function createThread(published: Parameters<typeof openImage>[0]) {
  const counters = new CounterWriter();
  const answer = createAnswer({
    random: seededRandom(3),
    now: () => 0,
    counters,
    settings: { current: SETTINGS },
  });
  const image = openImage(structuredClone(published));
  const buffer = new Uint8Array(4_096);
  const client = createClientAddress();
  return {
    counters,
    ask(octets: Uint8Array): Uint8Array {
      buffer.set(octets);
      return buffer.slice(0, answer(buffer, 0, octets.length, client, TRANSPORT.udp, image));
    },
  };
}

describe("publishImage() and openImage()", () => {
  it("serve elsewhere what makeImage() serves here", () => {
    const counters = new Counters();
    const image = sampleImage();
    const thread = createThread(publishImage(image, counters.createBlock(image.zones)));
    expect(summary(thread.ask(query("www.example.", "A")))).to.equal("NOERROR aa qd=1 an=2");
    expect(summary(thread.ask(query("both.example.", "A")))).to.equal("NOERROR aa qd=1 an=2");
    expect(summary(thread.ask(query("x.sub.example.", "A")))).to.equal("NOERROR qd=1 an=0 ns=NS,NS ar=3");
  });

  it("give a worker the very memory, not a copy of it", async () => {
    const image = sampleImage();
    const { zoneBytes } = publishImage(image, new SharedArrayBuffer(8));
    const code =
      "const { workerData, parentPort } = require('node:worker_threads');" +
      "parentPort.postMessage(new Int32Array(workerData)[0]);";
    const worker = new Worker(code, { eval: true, workerData: zoneBytes });
    const [magic] = await once(worker, "message");
    expect(magic).to.equal(new Int32Array(zoneBytes)[0]);
  });
});

describe("Counters.createBlock() and release()", () => {
  it("sums what threads count, and loses nothing when a block is let go", () => {
    const counters = new Counters();
    const image = sampleImage();
    const blocks = [counters.createBlock(image.zones), counters.createBlock(image.zones)];
    const threads = blocks.map((block) => createThread(publishImage(image, block)));
    for (const thread of threads) {
      thread.ask(query("fail.example.", "A"));
      thread.ask(query("elsewhere.test.", "MX"));
      thread.ask(new Uint8Array(3));
      thread.counters.observeResponse(1);
    }
    const readings = (): unknown => [
      counters.queries(),
      counters.responses(),
      counters.answers(),
      counters.dropped(),
      Array.from(counters.responseSeconds().counts),
      counters.responseSeconds().sumSeconds,
    ];
    const before = readings();
    expect(counters.queries()).to.have.deep.members([
      { zone: "example.", qtype: "A", transport: "udp", value: 2 },
      { zone: "none", qtype: "MX", transport: "udp", value: 2 },
    ]);
    expect(counters.answers()).to.deep.equal([
      { policy: "fail.example.", pool: "one", endpoint: "a", value: 2 },
    ]);
    expect(counters.dropped()).to.deep.include({ reason: "short", value: 2 });
    expect(counters.responseSeconds().sumSeconds).to.equal(2);
    for (const block of blocks) counters.release(block);
    expect(readings()).to.deep.equal(before);
    // A second time is nothing.
    for (const block of blocks) counters.release(block);
    expect(readings()).to.deep.equal(before);
  });
});
