/**
 * What is being served: the current image, and the view of it that the admin plane reads. A set of zones comes in with
 * a reload, health with every verdict; both end in `publish`, which is the only place where a generation is born.
 *
 * Changes of one instant are one build: `healthChanged` only asks for one at the end of the tick. What the passing of time
 * changes, as grace ends or a slow start goes on, is built when it is due. Where this thread has stood still for a while,
 * timers go off before the verdicts that came meanwhile are read; so a build never follows from a timer at once, or an
 * endpoint would be withdrawn at the end of a grace within which it had come back.
 */

import type { PolicyView, ServingState, ZoneView } from "../admin/source.ts";
import type { GeoDatabase } from "../geo/database.ts";
import type { ForcedStates } from "../health/override.ts";
import {
  asksForPlaces,
  compileDecisions,
  compilePlaces,
  compileZones,
  type Image,
  makeImage,
  type PlacePart,
  type ZonePart,
} from "../image/image.ts";
import type { Definitions } from "../policy/model.ts";
import { reachOf } from "../policy/reach.ts";
import { slowestDetection } from "../zone/detection.ts";
import type { Zone, ZoneSet } from "../zone/model.ts";
import type { HealthBook } from "./health-book.ts";

const MS_PER_SECOND = 1000;
const LONGEST_WAIT_MS = 60_000;

/**
 * After a build the main thread rests from building for so many times as long as it took: where thousands of endpoints
 * die within seconds, builds take a fifth of its time at most, and a withdrawal waits for four builds more. Builds of a
 * millisecond wait for nobody.
 */
const REST_FACTOR = 4;
/** However slow the machine is at the moment. */
const LONGEST_REST_MS = 200;

export interface Clock {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds, never going backwards. */
  readonly monotonic: () => number;
}

export interface Publication {
  readonly before: ServingState | undefined;
  readonly after: ServingState;
}

export interface Serving {
  /** Compiles `set` and publishes it with the health that the book has. */
  install(set: ZoneSet): void;
  /** Publishes what is served with another geo database, where policies ask for places. */
  geoChanged(): void;
  /** Asks for a build at the end of this tick, or of the rest after the latest one. */
  healthChanged(): void;
  /** `undefined` until the first set is installed. */
  image(): Image | undefined;
  state(): ServingState | undefined;
  /** Builds nothing any more. */
  stop(): void;
}

export interface ServingOptions {
  readonly book: HealthBook;
  /** What operators force endpoints to, at a moment. */
  readonly forcedAt: (definitions: Definitions, atMs: number) => ForcedStates;
  readonly clock: Clock;
  /** Asked for where a policy asks for places; `undefined`: there is none. */
  readonly geo: () => GeoDatabase | undefined;
  /** After each publication, with what was served before it. */
  readonly onPublish: (publication: Publication, image: Image) => void;
}

export function createServing({ book, forcedAt, clock, geo, onPublish }: ServingOptions): Serving {
  let zones: InstalledZones | undefined;
  let image: Image | undefined;
  let state: ServingState | undefined;
  let asked = false;
  let stopped = false;
  let restUntilMs = 0;
  let timer: NodeJS.Timeout | undefined;
  let due: NodeJS.Immediate | undefined;

  const publish = (installed: InstalledZones, startedMs: number): void => {
    const { part, places } = installed;
    const atMs = clock.now();
    const definitions = book.definitions() ?? part.set.definitions;
    const snapshot = book.snapshot(forcedAt(definitions, atMs), atMs);
    const decisions = compileDecisions(part, snapshot, definitions, places, image?.decisions);
    const next = makeImage((image?.generation ?? 0) + 1, part, decisions);
    const before = state;
    image = next;
    const buildSeconds = (clock.monotonic() - startedMs) / MS_PER_SECOND;
    const after = {
      generation: next.generation,
      buildSeconds,
      zones: zoneViews(next, installed),
      withheld: decisions.live.withheld,
      definitions,
      snapshot,
    };
    state = after;
    onPublish({ before, after }, next);
    const endedMs = clock.monotonic();
    restUntilMs = endedMs + Math.min((endedMs - startedMs) * REST_FACTOR, LONGEST_REST_MS);
    awaitTime(installed);
  };

  /** Time alone is looked at again at least once in `LONGEST_WAIT_MS`, as the clock may be set. */
  const awaitTime = (installed: InstalledZones): void => {
    clearTimeout(timer);
    clearImmediate(due);
    const dueMs = book.nextChangeMs();
    if (dueMs === undefined || stopped) return;
    const waitMs = Math.min(Math.max(1, dueMs - clock.now()), LONGEST_WAIT_MS);
    timer = setTimeout(() => {
      due = setImmediate(() => {
        if (clock.now() >= dueMs) publish(installed, clock.monotonic());
        else awaitTime(installed);
      });
    }, waitMs);
    timer.unref();
  };

  return {
    install(set) {
      const startedMs = clock.monotonic();
      asked = false;
      const installed = installedZones(set, (zones?.part.id ?? 0) + 1);
      zones = { ...installed, places: placesOf(installed.part, geo) };
      publish(zones, startedMs);
    },
    geoChanged() {
      if (zones === undefined || stopped || !asksForPlaces(zones.part)) return;
      const startedMs = clock.monotonic();
      asked = false;
      zones = { ...zones, places: placesOf(zones.part, geo) };
      publish(zones, startedMs);
    },
    healthChanged() {
      if (asked) return;
      asked = true;
      const build = (): void => {
        // An installation in between has taken the change along.
        if (!asked || stopped) return;
        asked = false;
        if (zones !== undefined) publish(zones, clock.monotonic());
      };
      const restMs = restUntilMs - clock.monotonic();
      if (restMs <= 0) setImmediate(build);
      else setTimeout(() => setImmediate(build), restMs).unref();
    },
    image: () => image,
    state: () => state,
    stop() {
      stopped = true;
      clearTimeout(timer);
      clearImmediate(due);
    },
  };
}

function placesOf(part: ZonePart, geo: () => GeoDatabase | undefined): PlacePart | undefined {
  const database = asksForPlaces(part) ? geo() : undefined;
  return database && compilePlaces(part, database);
}

/** What follows from the zones, and from the geo database, worked out once a load. */
interface InstalledZones {
  readonly part: ZonePart;
  readonly places: PlacePart | undefined;
  /** By policy number. */
  readonly worstRecoverySeconds: readonly (number | undefined)[];
}

function installedZones(set: ZoneSet, id: number): Omit<InstalledZones, "places"> {
  const part = compileZones(set, id);
  const worstRecoverySeconds = part.policies.map(({ policy }) => {
    const reach = reachOf(policy.expression, set.definitions);
    const slowest = slowestDetection(reach, set.definitions, set.monitors);
    return slowest && slowest.totalMs / MS_PER_SECOND + policy.ttl.maxSeconds;
  });
  return { part, worstRecoverySeconds };
}

function zoneViews(image: Image, { part, worstRecoverySeconds }: InstalledZones): ZoneView[] {
  const policies = new Map<Zone, PolicyView[]>();
  part.policies.forEach(({ owner, zone, policy }, number) => {
    const evaluations = image.decisions.evaluations[number];
    if (evaluations === undefined) throw new Error(`policy ${number} of the image was not evaluated`);
    const views = policies.get(zone) ?? [];
    policies.set(zone, views);
    views.push({ owner, policy, evaluations, worstRecoverySeconds: worstRecoverySeconds[number] });
  });
  return part.zones.map(({ name, zone, rrsetCount }) => ({
    name,
    file: zone.file,
    serial: zone.serial,
    rrsetCount,
    policies: policies.get(zone) ?? [],
  }));
}
