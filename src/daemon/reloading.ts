/**
 * Reload: the files are read, judged and installed as one, or the running set stays. Calls that come while one reload
 * runs share the next one, so that a change is never missed and work never piles up.
 */

import type { LoadOutcome, ReloadOutcome } from "../admin/source.ts";
import type { PlaceOf } from "../geo/client.ts";
import { type Diagnostic, formatDiagnostic } from "../zone/diagnostic.ts";
import type { JudgedFile } from "../zone/judge.ts";
import type { ZoneSet } from "../zone/model.ts";
import { keepAcceptedSet } from "./accepted-set.ts";
import type { Recorder } from "./events.ts";
import type { Log } from "./log.ts";
import type { ServiceManager } from "./service-manager.ts";
import { digestOf, readIncluded, readZoneFiles } from "./zone-files.ts";
import { type LoadedZones, loadFromFiles } from "./zone-loading.ts";

/** A set of a thousand faults has one cause; the first ones tell it. */
export const MAX_LOGGED_DIAGNOSTICS = 20;

export type LoadedSet = Extract<LoadedZones, { ok: true }>;

export interface ReloadingParts {
  /** The zone files and folders. */
  readonly paths: readonly string[];
  readonly stateFolder: string;
  /** Where the clients of expectations are. */
  readonly placeOf: PlaceOf;
  readonly now: () => number;
  readonly log: Log;
  readonly record: Recorder;
  /** `--node`. */
  readonly node: string;
  readonly serviceManager: ServiceManager;
  /** Has ready what a set needs before it is served. */
  readonly prepare: (set: ZoneSet) => Promise<void>;
  /** Makes a set the one that is served. */
  readonly install: (set: ZoneSet) => void;
  /** Told how every load ended: whether what is served is what the files hold. */
  readonly noteLoad: (success: boolean) => void;
  /** Of what is served now. */
  readonly generation: () => number;
  /** Called after a reload, when nothing of it is needed any more. */
  readonly tidy: () => void;
}

export interface Reloading {
  /** Takes the files as they are now; waits for `begin`. Never rejects for what they say. */
  readonly reload: () => Promise<ReloadOutcome>;
  /** As `reload`, unless the files are those that are served already. */
  readonly reloadIfChanged: () => Promise<ReloadOutcome | undefined>;
  /** Installs what was loaded at the start: from the files, or (`faulty`) the last accepted set in their place. */
  begin(
    loaded: LoadedSet,
    faulty: { readonly diagnostics: readonly Diagnostic[] } | undefined,
  ): Promise<void>;
  readonly outcome: () => LoadOutcome;
}

export function createReloading(parts: ReloadingParts): Reloading {
  const { paths, log, now } = parts;
  let outcome: LoadOutcome = { success: false, loadedAtMs: undefined, diagnostics: [] };
  /** Without the octets of its files, which are on disk. */
  let served: { readonly set: ZoneSet; readonly judged: readonly JudgedFile[] } | undefined;
  let begun = (): void => undefined;
  let running: Promise<unknown> = new Promise<void>((resolve) => {
    begun = resolve;
  });
  let next: Promise<ReloadOutcome> | undefined;

  const accept = async (loaded: LoadedSet): Promise<void> => {
    const { set, judged, roots, sources, diagnostics } = loaded;
    await parts.prepare(set);
    parts.install(set);
    served = { set, judged };
    outcome = { success: true, loadedAtMs: now(), diagnostics };
    parts.noteLoad(true);
    logDiagnostics(diagnostics, log);
    try {
      await keepAcceptedSet(parts.stateFolder, { savedAtMs: now(), roots, files: sources });
    } catch (error) {
      log.error({ error: messageOf(error) }, "cannot keep the accepted set in the state folder");
    }
  };

  const reloadNow = async (): Promise<ReloadOutcome> => {
    void parts.serviceManager.tell("RELOADING=1", "reloading the zones");
    const loaded = loadFromFiles(paths, served?.judged, parts.placeOf);
    if (loaded.ok) {
      await accept(loaded);
      // By then this function has let go of what was loaded.
      setImmediate(parts.tidy);
      const reason = `${loaded.set.zones.length} zones, generation ${parts.generation()}`;
      parts.record({ kind: "reload", ref: parts.node, from: null, to: "accepted", reason });
    } else {
      const { message, diagnostics } = loaded;
      outcome = { ...outcome, success: false, diagnostics };
      parts.noteLoad(false);
      logDiagnostics(diagnostics, log);
      parts.record({ kind: "reload", ref: parts.node, from: null, to: "refused", reason: message });
    }
    void parts.serviceManager.tell(
      "READY=1",
      loaded.ok ? "zones reloaded" : `reload refused: ${loaded.message}`,
    );
    const { ok, diagnostics } = loaded;
    return { ok, generation: parts.generation(), diagnostics };
  };

  const reload = (): Promise<ReloadOutcome> => {
    next ??= (async () => {
      await Promise.allSettled([running]);
      if (next !== undefined) running = next;
      next = undefined;
      return reloadNow();
    })();
    return next;
  };

  return {
    reload,
    reloadIfChanged() {
      const unchanged = outcome.success && served !== undefined && isUnchanged(served.set, paths);
      return unchanged ? Promise.resolve(undefined) : reload();
    },
    async begin(loaded, faulty) {
      if (faulty === undefined) {
        await accept(loaded);
      } else {
        parts.install(loaded.set);
        served = { set: loaded.set, judged: loaded.judged };
        outcome = { success: false, loadedAtMs: undefined, diagnostics: faulty.diagnostics };
        parts.noteLoad(false);
        logDiagnostics(faulty.diagnostics, log);
      }
      begun();
    },
    outcome: () => outcome,
  };
}

function isUnchanged(served: ZoneSet, paths: readonly string[]): boolean {
  const read = readZoneFiles(paths);
  if (!read.ok) return false;
  const octetsOf = new Map(read.files.map(({ path, octets }) => [path, octets]));
  const known = new Set(served.files.map(({ path }) => path));
  return (
    read.files.every(({ path }) => known.has(path)) &&
    served.files.every(({ path, digest }) => {
      const found = octetsOf.get(path) ?? readIncluded(path);
      return found !== undefined && digestOf(found) === digest;
    })
  );
}

function logDiagnostics(diagnostics: readonly Diagnostic[], log: Log): void {
  for (const diagnostic of diagnostics.slice(0, MAX_LOGGED_DIAGNOSTICS)) {
    const level = diagnostic.severity === "error" ? "error" : "warn";
    log[level]({ event: "diagnostic", ...diagnostic }, formatDiagnostic(diagnostic));
  }
  const unsaid = diagnostics.length - MAX_LOGGED_DIAGNOSTICS;
  if (unsaid > 0) log.warn({ event: "diagnostic", unsaid }, `${unsaid} more; 'fairlead check' prints all`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
