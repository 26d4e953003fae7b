/**
 * Zones for serving: from the files, or from the last accepted set where the files are faulty at a start.
 */

import type { Consent, LoadRefusal } from "../admin/load.ts";
import type { ServeOptions } from "../config/options.ts";
import type { PlaceOf } from "../geo/client.ts";
import { type Diagnostic, EXPECTATION_FAILED } from "../zone/diagnostic.ts";
import type { JudgedFile } from "../zone/judge.ts";
import { loadZones } from "../zone/load.ts";
import type { LoadResult, SourceFile, ZoneSet } from "../zone/model.ts";
import { type AcceptedSet, isSameSet, readAcceptedSet } from "./accepted-set.ts";
import type { Log } from "./log.ts";
import { judgeShift } from "./max-shift.ts";
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
      /** Where nothing is wrong but expectations that fail: the set, for whoever may overrule them. */
      readonly despiteExpect?: LoadedSet;
    };

export type LoadedSet = Extract<LoadedZones, { ok: true }>;

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
      readonly loaded: LoadedSet;
      /** What a person overruled for it, whether it is from the files or was accepted before. */
      readonly despite: Consent | undefined;
      /** Where the files are refused and the last accepted set stands in for them. */
      readonly faulty:
        | { readonly refusal: LoadRefusal; readonly diagnostics: readonly Diagnostic[] }
        | undefined;
    }
  | { readonly ok: false; readonly message: string; readonly diagnostics: readonly Diagnostic[] };

export interface StartParts {
  readonly options: Pick<ServeOptions, "zones" | "state" | "maxShift">;
  readonly log: Log;
  readonly placeOf?: PlaceOf;
}

/**
 * From the files, or else what was served last. A consent goes with the files that it was given to. `max-shift` holds the
 * files against the set that was accepted last, with everything up, as nothing is known of health yet; where none was
 * accepted there is nobody who could move.
 */
export async function loadForStart({ options, log, placeOf }: StartParts): Promise<StartingZones> {
  const { zones: paths, state: stateFolder, maxShift } = options;
  const read = loadFromFiles(paths, [], placeOf);
  const { set: kept, damaged } = await readAcceptedSet(stateFolder);
  if (damaged > 0) log.warn({ damaged }, "accepted sets in the state folder are damaged");
  const files = read.ok ? read : read.despiteExpect;
  if (kept !== undefined && files !== undefined && isKept(files, kept)) {
    const { despite } = kept;
    const isGood = read.ok || despite?.checks.includes("expect") === true;
    if (isGood) return { ok: true, loaded: files, despite, faulty: undefined };
  }
  // Nobody asks for it where the files are good and may move whom they like: it would be loaded for nothing.
  const isAsked = !read.ok || maxShift !== undefined;
  const standIn = kept && isAsked ? standInOf(kept, files?.judged, placeOf) : undefined;
  if (read.ok) {
    const refusal = standIn?.ok === true ? shiftAtStart(standIn, read, maxShift) : undefined;
    const { diagnostics } = read;
    if (kept === undefined || standIn?.ok !== true || refusal === undefined)
      return { ok: true, loaded: read, despite: undefined, faulty: undefined };
    return servingInstead(kept, standIn, { refusal, diagnostics }, log);
  }
  const { message, diagnostics } = read;
  if (kept === undefined || standIn === undefined) {
    const why = `${stateFolder} holds no accepted set to serve`;
    return { ok: false, message: `${message}, and ${why}`, diagnostics };
  }
  if (!standIn.ok) {
    const why = `the accepted set in ${stateFolder} is refused by this version (${standIn.message})`;
    return { ok: false, message: `${message}, and ${why}`, diagnostics };
  }
  const check = read.despiteExpect === undefined ? "zones" : "expect";
  return servingInstead(kept, standIn, { refusal: { check, message, moves: [] }, diagnostics }, log);
}

function servingInstead(
  { savedAtMs, despite }: AcceptedSet,
  loaded: LoadedSet,
  faulty: NonNullable<Extract<StartingZones, { ok: true }>["faulty"]>,
  log: Log,
): StartingZones {
  const savedAt = new Date(savedAtMs).toISOString();
  const reason = faulty.refusal.message;
  log.error({ event: "stand-in", reason, savedAt }, "serving the last accepted set");
  return { ok: true, loaded, despite, faulty };
}

function isKept({ roots, sources }: LoadedSet, kept: AcceptedSet): boolean {
  return isSameSet(kept, { roots, files: sources });
}

function shiftAtStart(
  { set: before }: LoadedSet,
  { set: after }: LoadedSet,
  maxShift: number | undefined,
): LoadRefusal | undefined {
  if (maxShift === undefined) return undefined;
  const steps = judgeShift(before, after, maxShift, () => undefined);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

function standInOf(kept: AcceptedSet, earlier: readonly JudgedFile[] = [], placeOf?: PlaceOf): LoadedZones {
  const loaded = loadFromAccepted(kept, placeOf, earlier);
  const isGranted = kept.despite?.checks.includes("expect") === true;
  return (loaded.ok || !isGranted ? undefined : loaded.despiteExpect) ?? loaded;
}

/** Judges a kept set again, as this version does: it may have been kept by another one. */
export function loadFromAccepted(
  kept: Pick<AcceptedSet, "roots" | "files">,
  placeOf?: PlaceOf,
  earlier: readonly JudgedFile[] = [],
): LoadedZones {
  const octetsOf = new Map(kept.files.map(({ path, octets }) => [path, octets]));
  const roots = kept.files.filter(({ path }) => kept.roots.includes(path));
  return accept(
    loadZones(roots, (path) => octetsOf.get(path), { digestOf, earlier }, placeOf),
    roots,
  );
}

function accept(result: LoadResult, roots: readonly SourceFile[]): LoadedZones {
  const { untried, judged, sources, diagnostics } = result;
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  const refusal = (message: string) => ({ ok: false, message, diagnostics }) as const;
  const counted = `${errors.length} ${errors.length === 1 ? "error" : "errors"} in the zones`;
  if (untried === undefined) return refusal(counted);
  if (untried.zones.length === 0) return refusal("there is no zone in the files");
  const loaded = { ok: true, set: untried, judged, roots: roots.map(({ path }) => path), sources } as const;
  if (errors.length === 0) return { ...loaded, diagnostics };
  if (errors.some(({ code }) => code !== EXPECTATION_FAILED)) return refusal(counted);
  return { ...refusal(counted), despiteExpect: { ...loaded, diagnostics: diagnostics.map(asWarning) } };
}

function asWarning({ file, line, column, code, message }: Diagnostic): Diagnostic {
  return { file, line, column, severity: "warning", code, message };
}
