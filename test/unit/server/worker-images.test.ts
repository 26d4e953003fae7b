import { expect } from "chai";
import { describe, it } from "mocha";
import {
  Counters,
  CounterWriter,
  openImage,
  type PublishedImage,
  TRANSPORT,
} from "../../../src/answer/answer.ts";
import { WorkerImages } from "../../../src/server/worker-images.ts";
import { sampleImage } from "../../support/sample-zones.ts";

const TYPE_A = 1;

/** A worker's side of it: counts queries for the first zone. */
function count(published: PublishedImage, queries: number): void {
  const writer = new CounterWriter();
  writer.meet(openImage(published));
  for (let done = 0; done < queries; done++) writer.countResponse(0, TYPE_A, TRANSPORT.udp, 0);
}

const total = (counters: Counters): number => counters.queries().reduce((sum, { value }) => sum + value, 0);

describe("WorkerImages", () => {
  it("hands each worker the same bytes, and a block of its own that stays while the zones do", () => {
    const first = sampleImage();
    let image = first;
    const images = new WorkerImages(new Counters(), () => image);
    const one = images.imageOf(0, 0);
    const other = images.imageOf(1, 0);
    expect(one.zoneBytes).to.equal(other.zoneBytes);
    expect(one.decisionBytes).to.equal(other.decisionBytes);
    expect(one.counterBlock).not.to.equal(other.counterBlock);
    expect(images.imageOf(0, 0).counterBlock).to.equal(one.counterBlock);
    image = sampleImage({}, 2);
    expect(images.imageOf(0, 0).counterBlock).not.to.equal(one.counterBlock);
  });

  it("loses no count when the zones change, whenever a worker moves on", () => {
    const counters = new Counters();
    let image = sampleImage();
    const images = new WorkerImages(counters, () => image);
    const before = [images.imageOf(0, 0), images.imageOf(1, 0)] as const;
    for (const published of before) count(published, 10);
    image = sampleImage({}, 2);
    const after = [images.imageOf(0, 0), images.imageOf(1, 0)] as const;
    // The first has moved on, the second is still busy with a batch from the image before.
    count(after[0], 5);
    count(before[1], 3);
    expect(total(counters)).to.equal(28);
    images.imageOf(0, 0);
    images.imageOf(1, 1);
    count(before[1], 2);
    expect(total(counters)).to.equal(30);
    images.imageOf(1, 0);
    expect(total(counters)).to.equal(30);
  });
});
