/** Whatever stands in the files, loading returns: with a set, or with faults that have a place in them. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { loadZones } from "../../../src/zone/load.ts";
import { seededRandom } from "../../support/zone-generator.ts";

const FOLDERS = ["valid", "invalid"].map((name) => join(import.meta.dirname, "../../zones", name));
const SEED = 20_261_122;
const ROUNDS = 600;

const TEXTS = FOLDERS.flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".zone"))
    .map((name) => readFileSync(join(folder, name), "latin1")),
).filter((text) => text.length < 10_000);

/** Lines of several files shuffled together, words swapped, a few octets changed. */
function mutate(random: () => number): string {
  const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(random() * items.length)];
  const one = pick(TEXTS) ?? "";
  const lines = one.split("\n");
  for (let change = 0; change < 6; change++) {
    const at = Math.floor(random() * lines.length);
    const kind = random();
    const words = (lines[at] ?? "").split(" ");
    const donor = (pick((pick(TEXTS) ?? "").split("\n")) ?? "").split(" ");
    if (kind < 0.3) lines.splice(at, 0, donor.join(" "));
    else if (kind < 0.4) lines.splice(at, 1);
    else if (kind < 0.8) words[Math.floor(random() * words.length)] = pick(donor) ?? "";
    else words[Math.floor(random() * words.length)] = String.fromCharCode(Math.floor(random() * 256));
    if (kind >= 0.4) lines[at] = words.join(" ");
  }
  return lines.join("\n");
}

describe("loadZones() on mutilated files", () => {
  it(`returns and places its faults (seed ${SEED})`, function () {
    this.timeout(20_000);
    const random = seededRandom(SEED);
    for (let round = 0; round < ROUNDS; round++) {
      const text = mutate(random);
      const octets = Uint8Array.from(text, (character) => character.charCodeAt(0));
      const { set, diagnostics } = loadZones([{ path: "garbage.zone", octets }], () => octets);
      const isFaulty = diagnostics.some(({ severity }) => severity === "error");
      expect(set === undefined, text).to.equal(isFaulty);
      const lines = text.split("\n").length;
      const misplaced = diagnostics.filter(({ line, column }) => line < 1 || line > lines || column < 1);
      expect(misplaced, text).to.deep.equal([]);
    }
  });
});
