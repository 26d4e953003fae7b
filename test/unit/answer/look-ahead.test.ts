import { expect } from "chai";
import { describe, it } from "mocha";
import { LookAhead } from "../../../src/answer/answer.ts";
import { findNode } from "../../../src/image/find.ts";
import type { Image } from "../../../src/image/image.ts";
import { seededRandom } from "../../support/answering.ts";
import { query } from "../../support/packets.ts";
import { imageOf, sampleImage } from "../../support/sample-zones.ts";
import { zoneSetOf } from "../../support/zones.ts";

const QUERIES = 32;
const SLOT_OCTETS = 512;
const HEAD = "@ 300 SOA ns hostmaster ( 1 3600 600 86400 60 )\n@ 300 NS ns.elsewhere.\n";

function imageOfNames(count: number): Image {
  const lines = Array.from({ length: count }, (_, at) => `h${at} 300 A 192.0.2.1\n`);
  return imageOf(zoneSetOf({ "large.test.zone": HEAD + lines.join("") }));
}

describe("LookAhead", () => {
  const large = imageOfNames(20_000);

  it("pays from some 20,000 names on", () => {
    expect(new LookAhead(() => sampleImage(), QUERIES).pays()).to.equal(false);
    expect(new LookAhead(() => imageOfNames(10_000), QUERIES).pays()).to.equal(false);
    expect(new LookAhead(() => large, QUERIES).pays()).to.equal(true);
  });

  it("finds the node of each name that there is, and none of others", () => {
    const ahead = new LookAhead(() => large, QUERIES);
    const slots = new Uint8Array(QUERIES * SLOT_OCTETS);
    const view = new DataView(slots.buffer);
    const names = Array.from(
      { length: QUERIES },
      (_, at) => `${at % 3 === 0 ? "no" : "H"}${at * 7}.Large.test.`,
    );
    const offsets = Int32Array.from(names, (_, at) => ((at * 5) % QUERIES) * SLOT_OCTETS);
    const lengths = new Int32Array(QUERIES);
    names.forEach((name, at) => {
      const octets = query(name, "A");
      slots.set(octets, offsets[at]);
      lengths[at] = octets.length;
    });
    ahead.look(slots, offsets, lengths, QUERIES);
    const expected = names.map((_, at) =>
      findNode(large, view, (offsets[at] ?? 0) + 12, (lengths[at] ?? 0) - 16),
    );
    expect([...ahead.nodes]).to.deep.equal(expected);
    expect(expected.filter((node) => node === 0)).to.have.length(11);
  });

  it("takes any octets of any length, and leaves them as they are", () => {
    const ahead = new LookAhead(() => large, QUERIES);
    const random = seededRandom(9);
    const slots = new Uint8Array(QUERIES * SLOT_OCTETS);
    const offsets = Int32Array.from({ length: QUERIES }, (_, at) => at * SLOT_OCTETS);
    const lengths = new Int32Array(QUERIES);
    for (let longest = 0; longest <= SLOT_OCTETS; longest++) {
      const most = longest % 2 === 0 ? 0x100 : 0x40;
      for (let at = 0; at < slots.length; at++) slots[at] = Math.floor(random() * most);
      for (let at = 0; at < QUERIES; at++) lengths[at] = Math.max(0, longest - at);
      const before = slots.slice();
      ahead.look(slots, offsets, lengths, QUERIES);
      expect(Buffer.compare(before, slots)).to.equal(0);
    }
  });
});
