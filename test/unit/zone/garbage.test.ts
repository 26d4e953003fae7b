/** Whatever stands in the files, loading returns: with a set, or with faults that have a place in them. */

import { describe, it } from "mocha";
import { checkedZoneText, createZoneTextSource } from "../../fuzz/zone-texts.ts";
import { seededRandom } from "../../support/answering.ts";

const SEED = 20_261_122;
const ROUNDS = 600;

describe("loadZones() on mutilated files", () => {
  it(`returns and places its faults (seed ${SEED})`, () => {
    const next = createZoneTextSource(seededRandom(SEED));
    for (let round = 0; round < ROUNDS; round++) checkedZoneText(Buffer.from(next(), "latin1"));
  });
});
