import { expect } from "chai";
import { describe, it } from "mocha";
import { SipHash } from "../../../src/answer/sip-hash.ts";

/** The paper's example (Appendix A: 15 octets), and others of the reference implementation: octets 0, 1, 2 … of a length. */
const VECTORS: readonly (readonly [length: number, hash: string])[] = [
  [0, "310e0edd47db6f72"],
  [1, "fd67dc93c539f874"],
  [7, "37d1018bf50002ab"],
  [8, "6224939a79f5f593"],
  [15, "e545be4961ca29a1"],
];

const counting = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => index);

describe("SipHash", () => {
  const sipHash = new SipHash(counting(16));
  for (const [length, hash] of VECTORS) {
    it(`hashes ${length} octets to ${hash}`, () => {
      sipHash.hash(counting(40), length);
      const octets = Buffer.alloc(8);
      octets.writeInt32LE(sipHash.low, 0);
      octets.writeInt32LE(sipHash.high, 4);
      expect(octets.toString("hex")).to.equal(hash);
    });
  }
});
