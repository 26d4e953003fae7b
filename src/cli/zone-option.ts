/** `--zones DIR`, for the commands that work on files alone. */

import { Option } from "commander";
import { readIncluded, readZoneFiles } from "../daemon/zone-files.ts";
import type { PlaceOf } from "../geo/client.ts";
import { EXPECTATION_FAILED, formatDiagnostic } from "../zone/diagnostic.ts";
import { loadZones } from "../zone/load.ts";
import type { LoadResult, ZoneSet } from "../zone/model.ts";
import { CommandFailure, EXIT } from "./outcome.ts";

const DEFAULT_ZONE_FOLDER = "zones";

export function zonesOption(): Option {
  return new Option("--zones <dir>", "folder of *.zone files, or one zone file").default(DEFAULT_ZONE_FOLDER);
}

/** `[zones...]`, as `serve` takes them; where there are none, `--zones` says. */
export const ZONES_ARGUMENT = [
  "[zones...]",
  "zone files and folders of *.zone files, in place of --zones",
] as const;

/** What loading made of files and folders. Those that cannot be read at all are wrong usage. */
export function loadZonePaths(paths: readonly string[], placeOf: PlaceOf): LoadResult {
  const read = readZoneFiles(paths);
  if (!read.ok) throw new CommandFailure(EXIT.usage, read.message);
  return loadZones(read.files, readIncluded, undefined, placeOf);
}

/** The set of files and folders before its expectations are tried: a failed one is a reason to look, not to be silent. */
export function loadUntried(paths: readonly string[], purpose: string, placeOf: PlaceOf): ZoneSet {
  const result = loadZonePaths(paths, placeOf);
  const fault = result.diagnostics.find(
    ({ severity, code }) => severity === "error" && code !== EXPECTATION_FAILED,
  );
  if (result.untried !== undefined && fault === undefined) return result.untried;
  const first = fault === undefined ? "" : `: ${formatDiagnostic(fault)}`;
  throw new CommandFailure(EXIT.no, `Cannot ${purpose}, the zones are faulty${first}`);
}
