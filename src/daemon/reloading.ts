/**
 * Reload: the files are read, judged and installed as one, or the running set stays. Calls that come while one reload
 * runs share the next one, so that a change is never missed and work never piles up; a person who wishes to overrule
 * something (`admin/load`) has a reload of his own.
 *
 * | the files                     | a check refuses | a person says                | next                                           |
 * | ----------------------------- | --------------- | ---------------------------- | ---------------------------------------------- |
 * | are faulty                    | any             | anything                     | the running set stays                          |
 * | are sound                     | no              | anything                     | they are served                                |
 * | are sound                     | yes             | despite it, and why          | they are served, the consent is kept with them |
 * | are sound                     | yes             | nothing, or of another check | the running set stays                          |
 * | are those served despite it   | yes             | nothing                      | they are served: the consent was to these      |
 */

import type { Consent, LoadCheck, LoadRefusal, ReloadWish } from "../admin/load.ts";
import type { LoadOutcome, ReloadOutcome } from "../admin/source.ts";
import type { ServeOptions } from "../config/options.ts";
import type { PlaceOf } from "../geo/client.ts";
import { type Diagnostic, formatDiagnostic } from "../zone/diagnostic.ts";
import type { JudgedFile } from "../zone/judge.ts";
import type { ZoneSet } from "../zone/model.ts";
import { keepAcceptedSet } from "./accepted-set.ts";
import type { Recorder } from "./events.ts";
import type { Log } from "./log.ts";
import { describeMove } from "./max-shift.ts";
import type { ServiceManager } from "./service-manager.ts";
import type { Clock } from "./serving.ts";
import { digestOf, readIncluded, readZoneFiles } from "./zone-files.ts";
import { type LoadedSet, loadFromFiles, type StartingZones } from "./zone-loading.ts";

export { LOAD_CHECKS, type LoadCheck, type ReloadWish, unknownCheck } from "../admin/load.ts";

/** A set of a thousand faults has one cause; the first ones tell it. */
const MAX_LOGGED_DIAGNOSTICS = 20;

export interface ReloadingParts {
  readonly options: Pick<ServeOptions, "zones" | "state" | "node">;
  /** Where the clients of expectations are. */
  readonly placeOf: PlaceOf;
  readonly clock: Clock;
  readonly log: Log;
  readonly record: Recorder;
  readonly serviceManager: ServiceManager;
  /** What `max-shift` says of the second set in place of the first one; `undefined`: nothing against it. */
  readonly judgeShift: (before: ZoneSet, after: ZoneSet) => Promise<LoadRefusal | undefined>;
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
  readonly reload: (wish?: ReloadWish) => Promise<ReloadOutcome>;
  /** As `reload`, unless the files are those that are served already. */
  readonly reloadIfChanged: () => Promise<ReloadOutcome | undefined>;
  /** Installs what was loaded at the start: from the files, or (`faulty`) the last accepted set in their place. */
  begin(start: Extract<StartingZones, { ok: true }>): Promise<void>;
  readonly outcome: () => LoadOutcome;
}

interface Served {
  readonly set: ZoneSet;
  readonly judged: readonly JudgedFile[];
  readonly despite: Consent | undefined;
}

type Judged =
  | {
      readonly ok: true;
      readonly loaded: LoadedSet;
      readonly despite: Consent | undefined;
      /** What was overruled at this very load, in words. */
      readonly overruled: readonly string[];
    }
  | { readonly ok: false; readonly refusal: LoadRefusal; readonly diagnostics: readonly Diagnostic[] };

const NOT_LOADED: LoadOutcome = {
  success: false,
  loadedAtMs: undefined,
  diagnostics: [],
  refusal: undefined,
  despite: undefined,
};

export function createReloading(parts: ReloadingParts): Reloading {
  const { options, log } = parts;
  const { zones: paths, node } = options;
  const { now } = parts.clock;
  let outcome = NOT_LOADED;
  /** Without the octets of its files, which are on disk. */
  let served: Served | undefined;
  let begun = (): void => undefined;
  let running: Promise<unknown> = new Promise<void>((resolve) => {
    begun = resolve;
  });
  let next: Promise<ReloadOutcome> | undefined;

  const accept = async (loaded: LoadedSet, despite: Consent | undefined): Promise<void> => {
    const { set, judged, roots, sources, diagnostics } = loaded;
    await parts.prepare(set);
    parts.install(set);
    served = { set, judged, despite };
    outcome = { success: true, loadedAtMs: now(), diagnostics, refusal: undefined, despite };
    parts.noteLoad(true);
    logDiagnostics(diagnostics, log);
    try {
      await keepAcceptedSet(options.state, { savedAtMs: now(), roots, files: sources, despite });
    } catch (error) {
      log.error({ error: messageOf(error) }, "cannot keep the accepted set in the state folder");
    }
  };

  const refuse = (refusal: LoadRefusal, diagnostics: readonly Diagnostic[]): void => {
    outcome = { ...outcome, success: false, diagnostics, refusal };
    parts.noteLoad(false);
    logDiagnostics(diagnostics, log);
    for (const move of refusal.moves) log.error({ event: "shift", ...move }, `${describeMove(move)} moves`);
  };

  const judge = async (wish: ReloadWish | undefined): Promise<Judged> => {
    const read = loadFromFiles(paths, served?.judged, parts.placeOf);
    const loaded = read.ok ? read : read.despiteExpect;
    if (loaded === undefined) return refusedBy("zones", read);
    const { set } = loaded;
    const isServed = served !== undefined && isSameFiles(served.set, set);
    const before = isServed ? served?.despite : undefined;
    const overruled = new Map<LoadCheck, string>();
    const isOverruled = (check: LoadCheck, message: string): boolean => {
      const wished = wish?.despite.includes(check) === true;
      if (wished) overruled.set(check, message);
      return wished || before?.checks.includes(check) === true;
    };
    if (!read.ok && !isOverruled("expect", read.message)) return refusedBy("expect", read);
    const refusal = served === undefined || isServed ? undefined : await parts.judgeShift(served.set, set);
    if (refusal !== undefined && !isOverruled("max-shift", refusal.message)) {
      return { ok: false, refusal, diagnostics: loaded.diagnostics };
    }
    const words = Array.from(overruled, ([check, message]) => `despite ${check} (${message})`);
    if (wish === undefined || overruled.size === 0)
      return { ok: true, loaded, despite: before, overruled: [] };
    const { reason, owner } = wish;
    const checks = [...new Set([...(before?.checks ?? []), ...overruled.keys()])];
    return { ok: true, loaded, despite: { checks, reason, owner, atMs: now() }, overruled: words };
  };

  const reloadNow = async (wish: ReloadWish | undefined): Promise<ReloadOutcome> => {
    void parts.serviceManager.tell("RELOADING=1", "reloading the zones");
    const judged = await judge(wish);
    const by = wish === undefined ? {} : { owner: wish.owner };
    const event = { kind: "reload", ref: node, from: null, ...by } as const;
    if (judged.ok) {
      const { loaded, despite, overruled } = judged;
      await accept(loaded, despite);
      // By then this function has let go of what was loaded.
      setImmediate(parts.tidy);
      const why = overruled.length > 0 ? [`because: ${wish?.reason}`] : [];
      const facts = [`${loaded.set.zones.length} zones`, `generation ${parts.generation()}`];
      parts.record({ ...event, to: "accepted", reason: [...facts, ...overruled, ...why].join(", ") });
    } else {
      refuse(judged.refusal, judged.diagnostics);
      parts.record({ ...event, to: "refused", reason: judged.refusal.message });
    }
    void parts.serviceManager.tell(
      "READY=1",
      judged.ok ? "zones reloaded" : `reload refused: ${judged.refusal.message}`,
    );
    const { diagnostics, refusal, despite } = outcome;
    return { ok: judged.ok, generation: parts.generation(), diagnostics, refusal, despite };
  };

  const inTurn = (work: () => Promise<ReloadOutcome>): Promise<ReloadOutcome> => {
    const done = running.then(work);
    running = done.catch(() => undefined);
    return done;
  };

  const reload: Reloading["reload"] = (wish) => {
    if (wish !== undefined) return inTurn(() => reloadNow(wish));
    next ??= inTurn(() => {
      next = undefined;
      return reloadNow(undefined);
    });
    return next;
  };

  return {
    reload,
    reloadIfChanged() {
      const unchanged = outcome.success && served !== undefined && isUnchanged(served.set, paths);
      return unchanged ? Promise.resolve(undefined) : reload();
    },
    async begin({ loaded, despite, faulty }) {
      if (faulty === undefined) {
        await accept(loaded, despite);
      } else {
        await parts.prepare(loaded.set);
        parts.install(loaded.set);
        served = { set: loaded.set, judged: loaded.judged, despite };
        outcome = { ...outcome, despite };
        refuse(faulty.refusal, faulty.diagnostics);
        const { message } = faulty.refusal;
        parts.record({ kind: "reload", ref: node, from: null, to: "refused", reason: message });
      }
      begun();
    },
    outcome: () => outcome,
  };
}

function refusedBy(
  check: LoadRefusal["check"],
  { message = "", diagnostics }: { readonly message?: string; readonly diagnostics: readonly Diagnostic[] },
): Judged {
  return { ok: false, refusal: { check, message, moves: [] }, diagnostics };
}

function isSameFiles(one: ZoneSet, other: ZoneSet): boolean {
  return (
    one.files.length === other.files.length &&
    one.files.every(({ path, digest }, index) => {
      const file = other.files[index];
      return file?.path === path && file.digest === digest;
    })
  );
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
