import { expect } from "chai";
import * as fc from "fast-check";
import { describe, it } from "mocha";
import { DueHeap } from "../../../src/probe/due-heap.ts";

describe("DueHeap", () => {
  it("DueHeap gives back what it holds in the order of time", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50 })), (times) => {
        const heap = new DueHeap<{ dueMs: number }>();
        heap.replace(times.map((dueMs) => ({ dueMs })));
        const popped: number[] = [];
        for (let next = heap.pop(); next !== undefined; next = heap.pop()) {
          popped.push(next.dueMs);
        }
        expect(popped).to.deep.equal([...times].sort((one, other) => one - other));
        expect(heap.size).to.equal(0);
      }),
    );
  });
});
