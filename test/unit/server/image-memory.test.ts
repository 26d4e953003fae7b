import { setTimeout } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect } from "chai";
import { afterEach, before, describe, it } from "mocha";
import { type Image, makeImage } from "../../../src/image/image.ts";
import { loadLibc } from "../../../src/server/libc.ts";
import { query } from "../../support/packets.ts";
import { sampleImage } from "../../support/sample-zones.ts";
import { askUdp, type Listeners, startListeners } from "../../support/servers.ts";

const IMAGES = 24;
const IMAGE_OCTETS = 16 << 20;
/** The system takes memory of this size back as soon as it is freed. */
const LARGE_IMAGE_OCTETS = 64 << 20;
const PATIENCE_MS = 60_000;

/** Other zones, of the same content and many octets. */
function paddedImage(from: Image, generation: number, octets = IMAGE_OCTETS): Image {
  const bytes = new SharedArrayBuffer(octets);
  new Uint8Array(bytes).fill(1).set(new Uint8Array(from.zones.bytes));
  return makeImage(generation, { ...from.zones, id: generation, bytes }, from.decisions);
}

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect === "function") collect();
}

describe("a worker", () => {
  before(async function () {
    if (!(await loadLibc()).ok) this.skip();
  });

  let listeners: Listeners | undefined;
  afterEach(() => listeners?.stop());

  it(`holds on to the latest of ${IMAGES} images, and lets the others go`, async () => {
    const sample = sampleImage();
    let image = paddedImage(sample, 1);
    listeners = await startListeners(() => image, { udpTransport: "batch" });
    const { udp, udpServers } = listeners;
    await askUdp(udp, query("www.example.", "A"));
    collectGarbage();
    const beforeOctets = process.memoryUsage.rss();
    for (let generation = 2; generation < IMAGES + 2; generation++) {
      image = paddedImage(sample, generation);
      udpServers.publish();
      await askUdp(udp, query("www.example.", "A"));
    }
    const grown = (): number => {
      collectGarbage();
      return process.memoryUsage.rss() - beforeOctets;
    };
    const untilMs = performance.now() + PATIENCE_MS;
    while (grown() > 4 * IMAGE_OCTETS && performance.now() < untilMs) await setTimeout(50);
    expect(grown()).to.be.below(4 * IMAGE_OCTETS);
  });

  it("lets go of the image before while nobody asks anything", async () => {
    const sample = sampleImage();
    let image = paddedImage(sample, 1, LARGE_IMAGE_OCTETS);
    listeners = await startListeners(() => image, { udpTransport: "batch" });
    const { udp, udpServers } = listeners;
    await askUdp(udp, query("www.example.", "A"));
    collectGarbage();
    const beforeOctets = process.memoryUsage.rss();
    image = paddedImage(sample, 2, LARGE_IMAGE_OCTETS);
    udpServers.publish();
    const grown = (): number => {
      collectGarbage();
      return process.memoryUsage.rss() - beforeOctets;
    };
    const untilMs = performance.now() + PATIENCE_MS;
    while (grown() > LARGE_IMAGE_OCTETS / 2 && performance.now() < untilMs) await setTimeout(50);
    expect(grown()).to.be.below(LARGE_IMAGE_OCTETS / 2);
  });
});
