/** Zone files for tests: loaded from text, or from a folder of fixtures. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { formatDiagnostic } from "../../src/zone/diagnostic.ts";
import { loadZones } from "../../src/zone/load.ts";
import type { LoadResult, SourceFile, ZoneSet } from "../../src/zone/model.ts";

/** Loads files given as text, by path; `$INCLUDE` finds those that are not `*.zone` among them. */
export function loadTexts(texts: Readonly<Record<string, string>>): LoadResult {
  const files = Object.entries(texts).map(
    ([path, text]): SourceFile => ({ path, octets: new TextEncoder().encode(text) }),
  );
  return loadZones(
    files.filter(({ path }) => path.endsWith(".zone")),
    (path) => files.find((file) => file.path === path)?.octets,
  );
}

/** The set of texts that are meant to be right; what is wrong with them fails the test. */
export function zoneSetOf(texts: Readonly<Record<string, string>>): ZoneSet {
  const { set, diagnostics } = loadTexts(texts);
  if (set === undefined) throw new Error(diagnostics.map(formatDiagnostic).join("\n"));
  return set;
}

/** Loads some files of a folder, named as they stand in it. */
export function loadFolder(folder: string, names: readonly string[]): LoadResult {
  const files = names.map((path): SourceFile => ({ path, octets: readFileSync(join(folder, path)) }));
  return loadZones(files, (path) => {
    const whole = join(folder, path);
    return existsSync(whole) ? readFileSync(whole) : undefined;
  });
}

export function zoneFilesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".zone"))
    .sort();
}
