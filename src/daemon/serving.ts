/**
 * What is being served: the current image, and the view of it that the admin plane reads. A set of zones comes in with
 * a reload, health with every verdict; both end in `publish`, which is the only place where a generation is born.
 *
 * Changes of one instant are one build: `healthChanged` only asks for one at the end of the tick. What the passing of time
 * changes, as grace ends or a slow start goes on, is built when it is due. Where this thread has stood still for a while,
 * timers go off before the verdicts that came meanwhile are read; so a build never follows from a timer at once, or an
 * endpoint would be withdrawn at the end of a grace within which it had come back.
 *
 *     snapshot ─→ decisions … … … ─→ image and state ─→ what changed is told … … ─→ rest
 *                                    (published)
 *
 * Where thousands of endpoints die, building and telling are tens of milliseconds of work. So both are done in steps, for
 * `SLICE_MS` in a turn of the event loop, and probes, requests and timers have their turn in between. Nobody sees a half:
 * a build rests on the one snapshot that it began with, image and state are swapped at one moment, and the next build
 * begins when what changed with this one has been told. Zones that are installed wait for nobody: they are built in one
 * piece, a build that is under way is given up for them, and what was still to be told is told before.
 *
 * What policies make of a geo database takes long where it is one of cities: it is compiled in slices before zones are
 * installed, and for the zones that are served when the database is exchanged. What has been overtaken meanwhile, by other
 * zones or a further database, is given up.
 */

import { setImmediate as nextTurn } from "node:timers/promises";
import type { PolicyView, ServingState, ZoneView } from "../admin/source.ts";
import type { GeoDatabase } from "../geo/database.ts";
import type { ForcedStates } from "../health/override.ts";
import type { Snapshot } from "../health/snapshot.ts";
import {
  asksForPlaces,
  compilePlaces,
  compilePlacesInSteps,
  compileZones,
  type Decisions,
  decisionSteps,
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
import { inSlicesWhile, SLICE_MS } from "./slices.ts";

const MS_PER_SECOND = 1000;
const LONGEST_WAIT_MS = 60_000;

/**
 * After a build the main thread rests from building for so many times as long as it worked on it: where thousands of
 * endpoints die within seconds, builds take a fifth of its time at most, and a withdrawal waits for four builds more. Builds
 * of a millisecond wait for nobody.
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
  /** Has compiled what of `set` takes long, and lets what waits have its turn. */
  prepare(set: ZoneSet): Promise<void>;
  /** Publishes `set` with the health that the book has; what was not prepared is compiled at once. */
  install(set: ZoneSet): void;
  /** Publishes what is served with the geo database that there is now, where policies ask for places; done when it is. */
  geoChanged(): Promise<void>;
  /** Asks for a build at the end of this tick, or of the rest after the latest one. */
  healthChanged(): void;
  /** `undefined` until the first set is installed. */
  image(): Image | undefined;
  state(): ServingState | undefined;
  /** The state of the latest publication that has been told whole. */
  told(): ServingState | undefined;
  /** Builds nothing any more; what was published has been told when it returns. */
  stop(): void;
}

export interface ServingOptions {
  readonly book: HealthBook;
  /** What operators force endpoints to, at a moment. */
  readonly forcedAt: (definitions: Definitions, atMs: number) => ForcedStates;
  readonly clock: Clock;
  /** Asked for where a policy asks for places; `undefined`: there is none. */
  readonly geo: () => GeoDatabase | undefined;
  /** At each publication: from now on this image is to be answered from. */
  readonly onPublish: (image: Image) => void;
  /** After it, in steps: what changed with what was served before. */
  readonly tell: (publication: Publication) => Generator<void, void>;
  /** And then. */
  readonly onTold: () => void;
}

export function createServing(options: ServingOptions): Serving {
  return new ServingPlane(options);
}

/** A build, and then the telling of what changed with it. */
interface Work {
  readonly building: Generator<void, Built>;
  /** Once it is published. */
  telling: Generator<void, void> | undefined;
  /** Without what came in between, and without the turn that is under way. */
  workedMs: number;
}

interface Built {
  readonly zones: InstalledZones;
  readonly definitions: Definitions;
  readonly snapshot: Snapshot;
  readonly decisions: Decisions;
}

class ServingPlane implements Serving {
  readonly #options: ServingOptions;
  #zones: InstalledZones | undefined;
  #prepared: InstalledZones | undefined;
  #image: Image | undefined;
  #state: ServingState | undefined;
  #told: ServingState | undefined;
  #asked = false;
  #stopped = false;
  #work: Work | undefined;
  #turnBeganMs = 0;
  #restUntilMs = 0;
  #turn: NodeJS.Immediate | undefined;
  #restTimer: NodeJS.Timeout | undefined;
  #dueTimer: NodeJS.Timeout | undefined;

  constructor(options: ServingOptions) {
    this.#options = options;
  }

  image(): Image | undefined {
    return this.#image;
  }

  state(): ServingState | undefined {
    return this.#state;
  }

  told(): ServingState | undefined {
    return this.#told;
  }

  async prepare(set: ZoneSet): Promise<void> {
    const installed = installedZones(set, (this.#zones?.part.id ?? 0) + 1);
    const places = await this.#compilePlaces(installed.part, () => !this.#stopped);
    this.#prepared = { ...installed, places };
    // Verdicts that came while zones were read are read before anything is decided; the first turn may have begun before.
    await nextTurn();
    await nextTurn();
  }

  install(set: ZoneSet): void {
    if (this.#stopped) return;
    const startedMs = this.#options.clock.monotonic();
    const prepared = this.#prepared?.part.set === set ? this.#prepared : undefined;
    this.#prepared = undefined;
    this.#buildWhole(prepared ?? this.#installedNow(set), startedMs);
    // The database was exchanged since it was prepared.
    void this.geoChanged();
  }

  #installedNow(set: ZoneSet): InstalledZones {
    const installed = installedZones(set, (this.#zones?.part.id ?? 0) + 1);
    const database = this.#databaseFor(installed.part);
    return { ...installed, places: database && compilePlaces(installed.part, database) };
  }

  async geoChanged(): Promise<void> {
    for (;;) {
      const zones = this.#zones;
      if (zones === undefined || this.#stopped || this.#isPlaced(zones)) return;
      const { part } = zones;
      const places = await this.#compilePlaces(part, (database) => {
        return !this.#stopped && this.#zones?.part === part && this.#options.geo() === database;
      });
      // Unless other zones, or another database, came meanwhile.
      if (places === undefined || this.#stopped || this.#zones !== zones) continue;
      this.#buildWhole({ ...zones, places }, this.#options.clock.monotonic());
    }
  }

  #isPlaced({ part, places }: InstalledZones): boolean {
    return places?.geo === this.#databaseFor(part);
  }

  #databaseFor(part: ZonePart): GeoDatabase | undefined {
    return asksForPlaces(part) ? this.#options.geo() : undefined;
  }

  /** In slices; `undefined` where no policy asks for places, or as soon as nobody wants them any more. */
  async #compilePlaces(
    part: ZonePart,
    isWanted: (database: GeoDatabase) => boolean,
  ): Promise<PlacePart | undefined> {
    const database = this.#databaseFor(part);
    if (database === undefined) return undefined;
    return await inSlicesWhile(() => isWanted(database), compilePlacesInSteps(part, database));
  }

  healthChanged(): void {
    if (this.#asked) return;
    this.#asked = true;
    if (this.#work === undefined) this.#awaitRest();
  }

  stop(): void {
    this.#stopped = true;
    clearImmediate(this.#turn);
    clearTimeout(this.#restTimer);
    clearTimeout(this.#dueTimer);
    this.#endWork();
  }

  #buildWhole(zones: InstalledZones, startedMs: number): void {
    this.#endWork();
    this.#zones = zones;
    // Whatever has changed, this build takes it along.
    this.#asked = false;
    this.#begin(zones, this.#options.clock.monotonic() - startedMs);
    this.#goOn(Number.POSITIVE_INFINITY);
  }

  /** What is not yet published never will be. */
  #endWork(): void {
    if (this.#work?.telling !== undefined) this.#goOn(Number.POSITIVE_INFINITY);
    this.#work = undefined;
  }

  #awaitRest(): void {
    clearTimeout(this.#restTimer);
    if (this.#stopped) return;
    const restMs = this.#restUntilMs - this.#options.clock.monotonic();
    if (restMs <= 0) this.#awaitTurn();
    else this.#restTimer = setTimeout(() => this.#awaitTurn(), restMs).unref();
  }

  #awaitTurn(): void {
    this.#turn ??= setImmediate(() => {
      this.#turn = undefined;
      this.#takeTurn();
    });
  }

  #takeTurn(): void {
    if (this.#stopped) return;
    if (this.#work === undefined) {
      if (!this.#asked || this.#zones === undefined) return;
      this.#asked = false;
      this.#begin(this.#zones, 0);
    }
    if (!this.#goOn(SLICE_MS)) this.#awaitTurn();
  }

  #begin(zones: InstalledZones, workedMs: number): void {
    clearTimeout(this.#dueTimer);
    this.#work = { building: this.#build(zones), telling: undefined, workedMs };
  }

  /** Whether the work is done then. */
  #goOn(sliceMs: number): boolean {
    const work = this.#work;
    if (work === undefined) return true;
    const { clock } = this.#options;
    this.#turnBeganMs = clock.monotonic();
    for (;;) {
      const done = this.#takeStep(work);
      const nowMs = clock.monotonic();
      if (!done && nowMs - this.#turnBeganMs < sliceMs) continue;
      work.workedMs += nowMs - this.#turnBeganMs;
      if (!done) return false;
      this.#work = undefined;
      this.#restUntilMs = nowMs + Math.min(work.workedMs * REST_FACTOR, LONGEST_REST_MS);
      // Asked for meanwhile, or by who was told.
      if (this.#asked) this.#awaitRest();
      return true;
    }
  }

  #takeStep(work: Work): boolean {
    if (work.telling !== undefined) return work.telling.next().done === true;
    const step = work.building.next();
    if (step.done === true) {
      const turnMs = this.#options.clock.monotonic() - this.#turnBeganMs;
      work.telling = this.#tell(this.#publish(step.value, work.workedMs + turnMs));
    }
    return false;
  }

  *#build(zones: InstalledZones): Generator<void, Built> {
    const { book, forcedAt, clock } = this.#options;
    const atMs = clock.now();
    const definitions = book.definitions() ?? zones.part.set.definitions;
    const snapshot = book.snapshot(forcedAt(definitions, atMs), atMs);
    yield;
    const before = this.#image?.decisions;
    const decisions = yield* decisionSteps(zones.part, snapshot, definitions, zones.places, before);
    return { zones, definitions, snapshot, decisions };
  }

  #publish({ zones, definitions, snapshot, decisions }: Built, buildMs: number): Publication {
    const image = makeImage((this.#image?.generation ?? 0) + 1, zones.part, decisions);
    const before = this.#state;
    const after = {
      generation: image.generation,
      buildSeconds: buildMs / MS_PER_SECOND,
      zones: zoneViews(image, zones),
      withheld: decisions.live.withheld,
      definitions,
      snapshot,
    };
    this.#image = image;
    this.#state = after;
    this.#options.onPublish(image);
    this.#awaitTime();
    return { before, after };
  }

  *#tell(publication: Publication): Generator<void, void> {
    yield* this.#options.tell(publication);
    this.#told = publication.after;
    this.#options.onTold();
  }

  /** Time alone is looked at again at least once in `LONGEST_WAIT_MS`, as the clock may be set. */
  #awaitTime(): void {
    clearTimeout(this.#dueTimer);
    const { book, clock } = this.#options;
    const dueMs = book.nextChangeMs();
    if (dueMs === undefined || this.#stopped) return;
    const waitMs = Math.min(Math.max(1, dueMs - clock.now()), LONGEST_WAIT_MS);
    const look = (): void => {
      if (clock.now() < dueMs) return this.#awaitTime();
      // It was foreseen, and does not come in crowds: no rest is due before it.
      this.#restUntilMs = 0;
      this.#asked = true;
      if (this.#work === undefined) this.#awaitRest();
    };
    this.#dueTimer = setTimeout(look, waitMs);
    this.#dueTimer.unref();
  }
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
