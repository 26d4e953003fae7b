/**
 * Forced state, live: what operators, the file of overrides and the windows of the zones say, and what follows from it at
 * any moment. `health/override` holds the rule of precedence, `policy/forcing` what speaks against a change; here both are
 * asked, the journal is written, and the record is kept.
 *
 *     command, API ──→ in turn: judge → journal (on disk) → in force → event
 *     file ──────────→ in turn: judge → accepted copy (on disk) → in force → events
 *     windows, time ─→ settle: what has ended, what opens ─→ events
 *
 * Whatever asks for the forced states hands the time in, so what has ended is out of force at that very millisecond, whether
 * the timer that tidies up has fired or not.
 */

import type { OverrideRefusal, OverridesSource, OverrideView, SetOutcome } from "../admin/override-source.ts";
import {
  type ForcedStates,
  forcedStatesAt,
  isInForce,
  type Override,
  withForcedStates,
} from "../health/override.ts";
import { refMatches } from "../health/ref.ts";
import type { Snapshot } from "../health/snapshot.ts";
import type { Forced } from "../health/verdict.ts";
import { type Objection, type OwnedPolicy, objectionsTo } from "../policy/forcing.ts";
import type { Definitions } from "../policy/model.ts";
import { endpointsOf } from "../policy/resolved.ts";
import type { ZoneSet } from "../zone/model.ts";
import { didYouMean } from "../zone/suggest.ts";
import { createMaintenance, type WindowChange } from "./maintenance.ts";
import type { OverrideJournal } from "./override-journal.ts";

/** Of operators, in all; each costs a comparison for every endpoint whenever something changes. */
export const OVERRIDES_LIMIT = 1_000;

/** What is served, as far as it can be forced. */
export interface Served {
  readonly set: ZoneSet;
  /** Those of the set, with the addresses that host names stand for now. */
  readonly definitions: Definitions;
  readonly policies: readonly OwnedPolicy[];
  readonly snapshot: Snapshot;
}

/** A change of what somebody says of endpoints; `null` for nothing. */
export interface OverrideEvent {
  readonly kind: "override" | "window";
  readonly ref: string;
  readonly from: Forced | null;
  readonly to: Forced | null;
  /** Of a `to`; else why it ended. */
  readonly reason: string;
  readonly owner: string;
  /** What spoke against a window, which is not in force for it. */
  readonly refused?: string;
}

export interface OverridesParts {
  readonly now: () => number;
  readonly newId: () => string;
  /** `undefined` until something is served. */
  readonly served: () => Served | undefined;
  /** Forced states may be others now. */
  readonly onChange: () => void;
  readonly onEvent: (event: OverrideEvent) => void;
  /** What could not be written down, and is tried again. */
  readonly onFault: (error: unknown) => void;
}

export interface Overrides extends Omit<OverridesSource, "file"> {
  /** Puts in force what the journal and the accepted copy of the file hold. */
  begin(journal: OverrideJournal, fromFile: readonly Override[]): void;
  /** What endpoints are forced to at a moment. */
  readonly forcedAt: (definitions: Definitions, atMs: number) => ForcedStates;
  /** Takes leave of what has ended, and opens windows. To be called at `nextChangeMs`, and after every publication. */
  settle(): void;
  /** When something ends or opens. */
  nextChangeMs(): number | undefined;
  /** Whether a window waits for something to change. */
  hasRefusedWindow(): boolean;
  fromFile(): readonly Override[];
  /** Whether what an operator set under this id is in force. */
  readonly holds: (id: string) => boolean;
  /**
   * Takes these in place of all that the file said, once `keep` has them on disk. `forced`: the REFs that may leave a policy
   * nothing. Returns what speaks against it.
   */
  replaceFile(
    next: readonly Override[],
    forced: ReadonlySet<string>,
    keep: () => Promise<void>,
  ): Promise<string | undefined>;
}

export function createOverrides(parts: OverridesParts): Overrides {
  const { now, served, onEvent } = parts;
  let journal: OverrideJournal | undefined;
  let operators: readonly Override[] = [];
  let fromFile: readonly Override[] = [];
  const maintenance = createMaintenance();
  let usedSet: ZoneSet | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  /** The states are worked out once for all the time in which nothing changes. */
  let known: { definitions: Definitions; fromMs: number; untilMs: number; forced: ForcedStates } | undefined;

  /** Of several that match an endpoint the last one counts. */
  const layers = (): Override[] => inOrder(maintenance.inForce(), operators, fromFile);

  const changed = (): void => {
    known = undefined;
    parts.onChange();
  };

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = queue.then(work);
    queue = done.catch(() => undefined);
    return done;
  };

  const forcedBy = (overrides: readonly Override[], definitions: Definitions): ForcedStates =>
    forcedStatesAt(overrides, endpointsOf(definitions), now());

  const objections = (
    next: readonly Override[],
    { set, definitions, policies, snapshot }: Served,
  ): Objection[] => {
    const { rules } = set;
    const before = withForcedStates(snapshot, forcedBy(layers(), definitions));
    const after = withForcedStates(snapshot, forcedBy(next, definitions));
    return objectionsTo({ policies, rules, definitions }, before, after);
  };

  const viewOf = (override: Override, source: OverrideView["source"]): OverrideView => {
    const definitions = served()?.definitions;
    const { ref } = override;
    const endpoints = definitions === undefined ? [] : endpointsOf(definitions);
    const matches = endpoints.filter(({ pool, name }) => refMatches(ref, pool, name)).length;
    return { ...override, source, matches };
  };

  const expire = (atMs: number): boolean => {
    const ended = [...operators, ...fromFile].filter((override) => !isInForce(override, atMs));
    if (ended.length === 0) return false;
    const ids = operators.filter((override) => !isInForce(override, atMs)).map(({ id }) => id);
    operators = operators.filter((override) => isInForce(override, atMs));
    fromFile = fromFile.filter((override) => isInForce(override, atMs));
    for (const override of ended) onEvent(ending(override, "its end has come"));
    if (ids.length > 0) void journal?.append({ kind: "clear", ids }).catch(parts.onFault);
    void journal?.compact(atMs).catch(parts.onFault);
    return true;
  };

  const stepWindows = (atMs: number): boolean => {
    const current = served();
    if (current === undefined) return false;
    if (usedSet !== current.set) maintenance.use(current.set.windows);
    usedSet = current.set;
    const changes = maintenance.step(atMs, (inForce, next) => {
      const all = inOrder([...inForce, next], operators, fromFile);
      const against = objections(all, current);
      return against.length === 0 ? undefined : describe(against);
    });
    for (const change of changes) onEvent(eventOf(change));
    return changes.some(({ kind }) => kind !== "refused");
  };

  return {
    begin(opened, accepted) {
      journal = opened;
      operators = opened.overrides();
      fromFile = accepted;
      known = undefined;
      expire(now());
    },
    forcedAt(definitions, atMs) {
      if (known?.definitions === definitions && atMs >= known.fromMs && atMs < known.untilMs)
        return known.forced;
      const overrides = layers();
      const ends = overrides.map(({ untilMs }) => untilMs).filter((untilMs) => untilMs > atMs);
      const forced = forcedStatesAt(overrides, endpointsOf(definitions), atMs);
      known = { definitions, fromMs: atMs, untilMs: Math.min(...ends), forced };
      return forced;
    },
    settle() {
      const atMs = now();
      const expired = expire(atMs);
      if (stepWindows(atMs) || expired) changed();
    },
    nextChangeMs() {
      const times = [...operators, ...fromFile].map(({ untilMs }) => untilMs);
      const next = Math.min(...times, maintenance.nextChangeMs() ?? Number.POSITIVE_INFINITY);
      return next === Number.POSITIVE_INFINITY ? undefined : next;
    },
    hasRefusedWindow: () => maintenance.hasRefused(),
    list: () => [
      ...maintenance.inForce().map((override) => viewOf(override, "window")),
      ...inOrder([], operators, fromFile)
        .filter((override) => isInForce(override, now()))
        .map((override) => viewOf(override, operators.includes(override) ? "operator" : "file")),
    ],
    windows: () => maintenance.views(),
    fromFile: () => fromFile,
    holds: (id) => operators.some((override) => override.id === id && isInForce(override, now())),
    set: (wish) =>
      inTurn(async (): Promise<SetOutcome> => {
        const current = served();
        if (current === undefined || journal === undefined) return unavailable("it serves nothing yet");
        const { ref, state, reason, owner } = wish;
        const unknown = faultOfRef(ref, current.definitions);
        if (unknown !== undefined) return { ok: false, kind: "unknown", message: unknown };
        const fromMs = now();
        const untilMs = fromMs + wish.forMs;
        const id = wish.id ?? parts.newId();
        const override: Override = { id, ref, state, reason, owner, fromMs, untilMs };
        const before = operators.find((other) => other.ref === ref && isInForce(other, fromMs));
        const next = [...operators.filter((other) => other.ref !== ref), override];
        if (next.length > OVERRIDES_LIMIT) return refused(`there are ${OVERRIDES_LIMIT} overrides already`);
        const against = objections(inOrder(maintenance.inForce(), next, fromFile), current);
        const weighing = wish.force ? against.filter(({ kind }) => kind === "rule") : against;
        if (weighing.length > 0)
          return refused(`Cannot force ${ref} ${state}: ${describe(weighing)}${hintOf(weighing)}`);
        try {
          await journal.append({ kind: "set", override });
        } catch (error) {
          return unavailable(messageOf(error));
        }
        // What has ended while it was written down was taken leave of already.
        operators = [...operators.filter((other) => other.ref !== ref), override];
        onEvent({ kind: "override", ref, from: before?.state ?? null, to: state, reason, owner });
        changed();
        void journal.compact(fromMs).catch(parts.onFault);
        return { ok: true, override: viewOf(override, "operator") };
      }),
    clear: (which) =>
      inTurn(async () => {
        if (journal === undefined) return unavailable("it serves nothing yet");
        const isMeant = (override: Override): boolean =>
          "id" in which ? override.id === which.id : override.ref === which.ref;
        const meant = operators.filter((override) => isMeant(override) && isInForce(override, now()));
        if (meant.length === 0) {
          const window = maintenance.inForce().find(isMeant);
          return notOurs(
            which,
            window?.owner ?? (fromFile.some(isMeant) ? "the file of overrides" : undefined),
          );
        }
        try {
          await journal.append({ kind: "clear", ids: meant.map(({ id }) => id) });
        } catch (error) {
          return unavailable(messageOf(error));
        }
        const views = meant.map((override) => viewOf(override, "operator"));
        const cleared = operators.filter((override) => meant.includes(override));
        operators = operators.filter((override) => !meant.includes(override));
        // What has ended while it was written down was taken leave of already.
        for (const override of cleared) onEvent(ending(override, "cleared"));
        changed();
        return { ok: true, cleared: views };
      }),
    replaceFile: (next, forced, keep) =>
      inTurn(async () => {
        const current = served();
        if (current === undefined) return "the node serves nothing yet";
        const isNew = ({ id }: Override): boolean => !fromFile.some((other) => other.id === id);
        for (const { ref } of next.filter(isNew)) {
          const unknown = faultOfRef(ref, current.definitions);
          if (unknown !== undefined) return unknown;
        }
        // What is forced up empties nothing, and others may rest on it.
        const unforced = next.filter(({ ref, state }) => state === "up" || !forced.has(ref));
        const all = (file: readonly Override[]): Override[] =>
          inOrder(maintenance.inForce(), operators, file);
        const against = [
          ...objections(all(next), current).filter(({ kind }) => kind === "rule"),
          ...objections(all(unforced), current).filter(({ kind }) => kind === "emptied"),
        ];
        if (against.length > 0) return describe(against);
        await keep();
        const before = fromFile;
        fromFile = next;
        for (const override of before) {
          if (!next.some(({ ref }) => ref === override.ref))
            onEvent(ending(override, "taken out of the file"));
        }
        for (const override of next.filter(({ id }) => !before.some((other) => other.id === id))) {
          const { ref, state, reason, owner } = override;
          const from = before.find((other) => other.ref === ref)?.state ?? null;
          onEvent({ kind: "override", ref, from, to: state, reason, owner });
        }
        changed();
        return undefined;
      }),
  };
}

/** Windows first, then persons, in the order in which they spoke; a clock that was set back turns none of it round. */
function inOrder(
  windows: readonly Override[],
  operators: readonly Override[],
  fromFile: readonly Override[],
): Override[] {
  const persons = [...spokenAt(operators), ...spokenAt(fromFile)];
  persons.sort((one, other) => one.atMs - other.atMs);
  return [...windows, ...persons.map(({ override }) => override)];
}

function spokenAt(overrides: readonly Override[]): { readonly override: Override; readonly atMs: number }[] {
  let atMs = 0;
  return overrides.map((override) => {
    atMs = Math.max(atMs, override.fromMs);
    return { override, atMs };
  });
}

/** Why a REF cannot be forced: it matches nothing. */
export function faultOfRef(ref: string, definitions: Definitions): string | undefined {
  const endpoints = endpointsOf(definitions);
  if (endpoints.some(({ pool, name }) => refMatches(ref, pool, name))) return undefined;
  const names = [...definitions.pools.keys(), ...endpoints.map(({ id }) => id)];
  return `no endpoint matches '${ref}'${didYouMean(ref, names)}`;
}

function describe(against: readonly Objection[]): string {
  return against.map(({ message }) => message).join("; ");
}

function hintOf(against: readonly Objection[]): string {
  return against.some(({ kind }) => kind === "rule")
    ? "; nothing overrules a rule"
    : "; force does it all the same";
}

function refused(message: string): OverrideRefusal {
  return { ok: false, kind: "refused", message };
}

function unavailable(reason: string): OverrideRefusal {
  return { ok: false, kind: "unavailable", message: `Cannot write it down: ${reason}` };
}

/** `place` is where somebody else says it. */
function notOurs(
  which: { readonly id: string } | { readonly ref: string },
  place: string | undefined,
): OverrideRefusal {
  const what = "id" in which ? which.id : which.ref;
  if (place === undefined)
    return { ok: false, kind: "unknown", message: `no override '${what}' is in force` };
  return refused(`Cannot clear '${what}': it stands in ${place}`);
}

function ending({ ref, state, owner }: Override, reason: string): OverrideEvent {
  return { kind: "override", ref, from: state, to: null, reason, owner };
}

function eventOf({ kind, override, objection }: WindowChange): OverrideEvent {
  const { ref, state, reason, owner } = override;
  if (kind === "began") return { kind: "window", ref, from: null, to: state, reason, owner };
  if (kind === "ended")
    return { kind: "window", ref, from: state, to: null, reason: "its end has come", owner };
  return { kind: "window", ref, from: null, to: null, reason, owner, refused: objection ?? "" };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
