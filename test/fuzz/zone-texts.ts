/** Zone files that are almost right: those of the fixtures, shuffled together, words swapped, a few octets changed. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { loadZones } from "../../src/zone/load.ts";
import type { LoadResult } from "../../src/zone/model.ts";

const FOLDERS = ["valid", "invalid"].map((name) => join(import.meta.dirname, "../zones", name));
/** A long one proves no more, and takes its time. */
const MAX_CHARACTERS = 10_000;
const CHANGES = 6;

/** Texts of latin1 characters, the same ones for the same numbers. */
export function createZoneTextSource(random: () => number): () => string {
  const texts = FOLDERS.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith(".zone"))
      .sort()
      .map((name) => readFileSync(join(folder, name), "latin1")),
  ).filter((text) => text.length < MAX_CHARACTERS);
  const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(random() * items.length)];
  return () => {
    const lines = (pick(texts) ?? "").split("\n");
    for (let change = 0; change < CHANGES; change++) {
      const at = Math.floor(random() * lines.length);
      const kind = random();
      const words = (lines[at] ?? "").split(" ");
      const donor = (pick((pick(texts) ?? "").split("\n")) ?? "").split(" ");
      if (kind < 0.3) lines.splice(at, 0, donor.join(" "));
      else if (kind < 0.4) lines.splice(at, 1);
      else if (kind < 0.8) words[Math.floor(random() * words.length)] = pick(donor) ?? "";
      else words[Math.floor(random() * words.length)] = String.fromCharCode(Math.floor(random() * 256));
      if (kind >= 0.4) lines[at] = words.join(" ");
    }
    return lines.join("\n");
  };
}

/** Loads it; throws where it is neither served nor faulty, or a fault has no place in it. It includes itself. */
export function checkedZoneText(octets: Uint8Array): LoadResult {
  const loaded = loadZones([{ path: "garbage.zone", octets }], () => octets);
  const { set, diagnostics } = loaded;
  const isFaulty = diagnostics.some(({ severity }) => severity === "error");
  if ((set === undefined) !== isFaulty) throw new Error(`served: ${set !== undefined}, faulty: ${isFaulty}`);
  const lines = Buffer.from(octets).toString("latin1").split("\n").length;
  const misplaced = diagnostics.find(({ line, column }) => line < 1 || line > lines || column < 1);
  if (misplaced !== undefined) throw new Error(`has no such place: ${JSON.stringify(misplaced)}`);
  return loaded;
}
