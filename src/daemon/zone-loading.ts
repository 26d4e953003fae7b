/**
 * Zones for serving: from the files, or from the last accepted set where the files are faulty at a start.
 */

import type { PlaceOf } from "../geo/client.ts";
import type { Diagnostic } from "../zone/diagnostic.ts";
import type { JudgedFile } from "../zone/judge.ts";
import { loadZones } from "../zone/load.ts";
import type { LoadResult, SourceFile, ZoneSet } from "../zone/model.ts";
import { type AcceptedSet, readAcceptedSet } from "./accepted-set.ts";
import type { Log } from "./log.ts";
import { digestOf, readIncluded, readZoneFiles } from "./zone-files.ts";

export type LoadedZones =
  | {
      readonly ok: true;
      readonly set: ZoneSet;
      /** What the next load may take over. */
      readonly judged: readonly JudgedFile[];
      readonly roots: readonly string[];
      /** Every file with its octets: to be kept on disk, and let go. */
      readonly sources: readonly SourceFile[];
      /** Warnings. */
      readonly diagnostics: readonly Diagnostic[];
    }
  | {
      readonly ok: false;
      /** In one line: «3 errors in the zones», «Cannot read zones: …». */
      readonly message: string;
      readonly diagnostics: readonly Diagnostic[];
    };

/** Reads and judges the files and folders of `paths`; what is unchanged is taken over from `earlier`. */
export function loadFromFiles(
  paths: readonly string[],
  earlier: readonly JudgedFile[] = [],
  placeOf?: PlaceOf,
): LoadedZones {
  const read = readZoneFiles(paths);
  if (!read.ok) return { ok: false, message: read.message, diagnostics: [] };
  return accept(loadZones(read.files, readIncluded, { digestOf, earlier }, placeOf), read.files);
}

export type StartingZones =
  | {
      readonly ok: true;
      readonly loaded: Extract<LoadedZones, { ok: true }>;
      /** Where the files are faulty and the last accepted set stands in for them. */
      readonly faulty: { readonly diagnostics: readonly Diagnostic[] } | undefined;
    }
  | { readonly ok: false; readonly message: string; readonly diagnostics: readonly Diagnostic[] };

/** From the files, or else what was served last. */
export async function loadForStart(
  paths: readonly string[],
  stateFolder: string,
  log: Log,
  placeOf?: PlaceOf,
): Promise<StartingZones> {
  const loaded = loadFromFiles(paths, [], placeOf);
  if (loaded.ok) return { ok: true, loaded, faulty: undefined };
  const { message, diagnostics } = loaded;
  const { set: kept, damaged } = await readAcceptedSet(stateFolder);
  if (damaged > 0) log.warn({ damaged }, "accepted sets in the state folder are damaged");
  if (kept === undefined) {
    return {
      ok: false,
      message: `${message}, and ${stateFolder} holds no accepted set to serve`,
      diagnostics,
    };
  }
  const standIn = loadFromAccepted(kept, placeOf);
  if (!standIn.ok) {
    const why = `the accepted set in ${stateFolder} is refused by this version (${standIn.message})`;
    return { ok: false, message: `${message}, and ${why}`, diagnostics };
  }
  const savedAt = new Date(kept.savedAtMs).toISOString();
  log.error({ event: "stand-in", reason: message, savedAt }, "serving the last accepted set");
  return { ok: true, loaded: standIn, faulty: { diagnostics } };
}

/** Judges a kept set again, as this version does: it may have been kept by another one. */
export function loadFromAccepted(kept: AcceptedSet, placeOf?: PlaceOf): LoadedZones {
  const octetsOf = new Map(kept.files.map(({ path, octets }) => [path, octets]));
  const roots = kept.files.filter(({ path }) => kept.roots.includes(path));
  return accept(
    loadZones(roots, (path) => octetsOf.get(path), { digestOf, earlier: [] }, placeOf),
    roots,
  );
}

function accept(result: LoadResult, roots: readonly SourceFile[]): LoadedZones {
  const { diagnostics } = result;
  const errors = diagnostics.filter(({ severity }) => severity === "error").length;
  if (result.set === undefined || errors > 0) {
    return { ok: false, message: `${errors} ${errors === 1 ? "error" : "errors"} in the zones`, diagnostics };
  }
  if (result.set.zones.length === 0) {
    return { ok: false, message: "there is no zone in the files", diagnostics };
  }
  const { set, judged, sources } = result;
  return { ok: true, set, judged, roots: roots.map(({ path }) => path), sources, diagnostics };
}
