/**
 * The geo database that says where clients are: the operator's own (`--geoip`), or the countries by DB-IP that come along.
 * The one that comes along is read when somebody first asks for a place, so that nodes without such policies never do; the
 * operator's own on a thread beside (`geo-loader`), while the one before it is used.
 *
 * | the operator's file holds      | at the start            | later, on a change or a reload |
 * | ------------------------------ | ----------------------- | ------------------------------ |
 * | a database with places         | taken                   | taken                          |
 * | anything else, or is not there | no start                | the old one stays              |
 *
 * Without either file, which only a broken installation comes to, no client's place is known.
 */

import type { PlaceOf } from "../geo/client.ts";
import { type GeoDatabase, placeCount, placeOfNetwork } from "../geo/database.ts";
import { type GeoReading, type LoadedGeo, loadGeoFile, packagedGeoFile } from "./geo-file.ts";
import { createGeoLoader, type GeoLoader } from "./geo-loader.ts";
import type { Log } from "./log.ts";

/** What the metrics say of it. */
export interface GeoState {
  readonly builtAtMs: number;
  /** Whether it is what the file holds. */
  readonly loadSuccess: boolean;
}

export interface GeoKeeping {
  /** The operator's own file, which may change. */
  readonly path: string | undefined;
  readonly placeOf: PlaceOf;
  readonly database: () => GeoDatabase | undefined;
  /** `undefined` while none has been read. */
  readonly read: () => GeoState | undefined;
  /**
   * Reads the operator's file again; done when what it holds is used or refused. Calls that come meanwhile share the next
   * reading.
   */
  reload(): Promise<void>;
  /** Ends what is being read; nothing is taken any more. */
  stop(): Promise<void>;
}

export type GeoResult =
  | { readonly ok: true; readonly geo: GeoKeeping }
  /** In one line. */
  | { readonly ok: false; readonly message: string };

export interface GeoKeepingParts {
  readonly now: () => number;
  readonly log: Log;
  /** For tests; else that of `geo-loader`. */
  readonly loader?: GeoLoader;
}

export async function openGeoKeeping(
  path: string | undefined,
  { now, log, loader = createGeoLoader() }: GeoKeepingParts,
): Promise<GeoResult> {
  const keeping = new Keeping(path, now, log, loader);
  const refusal = path === undefined ? undefined : await keeping.readFirst(path);
  if (refusal !== undefined) return { ok: false, message: `Cannot use the geo database: ${refusal}` };
  return { ok: true, geo: keeping };
}

class Keeping implements GeoKeeping {
  readonly path: string | undefined;
  readonly #now: () => number;
  readonly #log: Log;
  readonly #loader: GeoLoader;
  #used: Extract<LoadedGeo, { ok: true }> | undefined;
  /** Why what the file holds is not used; told once, for a log in the same folder is a change that is seen here again. */
  #refusal: string | undefined;
  #triedPackaged = false;
  #stopped = false;
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(path: string | undefined, now: () => number, log: Log, loader: GeoLoader) {
    this.path = path;
    this.#now = now;
    this.#log = log;
    this.#loader = loader;
  }

  readonly database = (): GeoDatabase | undefined => {
    if (this.path === undefined && !this.#triedPackaged) this.#readPackaged();
    return this.#used?.database;
  };

  readonly placeOf: PlaceOf = (network) => {
    const found = this.database();
    return found && placeOfNetwork(found, network);
  };

  readonly read = (): GeoState | undefined =>
    this.#used && { builtAtMs: this.#used.builtAtMs, loadSuccess: this.#refusal === undefined };

  /** Why it cannot be used, in one line. */
  async readFirst(path: string): Promise<string | undefined> {
    const startedMs = this.#now();
    return this.#take(await this.#loader.load(path), startedMs);
  }

  reload(): Promise<void> {
    const { path } = this;
    if (path === undefined || this.#stopped) return Promise.resolve();
    this.#next ??= this.#running.then(() => {
      this.#next = undefined;
      this.#running = this.#readAgain(path);
      return this.#running;
    });
    return this.#next;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loader.stop();
  }

  async #readAgain(path: string): Promise<void> {
    const startedMs = this.#now();
    const reading = await this.#loader.load(path, this.#used?.digest);
    if (this.#stopped) return;
    const told = this.#refusal;
    const reason = this.#take(reading, startedMs);
    if (reason === undefined || reason === told) return;
    this.#log.error({ event: "geoip", reason }, "the new geo database is refused, the old one stays");
  }

  #readPackaged(): void {
    this.#triedPackaged = true;
    try {
      const startedMs = this.#now();
      const reason = this.#take(loadGeoFile(packagedGeoFile()), startedMs);
      if (reason !== undefined) this.#log.error({ event: "geoip", reason }, "there is no geo database");
    } catch (error) {
      this.#log.error({ event: "geoip", err: error }, "there is no geo database");
    }
  }

  /** Why it is refused. */
  #take(reading: GeoReading, startedMs: number): string | undefined {
    this.#refusal = reading.ok ? undefined : reading.reason;
    if (!reading.ok) return reading.reason;
    if ("unchanged" in reading) return undefined;
    this.#used = reading;
    const built = new Date(reading.builtAtMs).toISOString();
    const places = placeCount(reading.database) - 1;
    const line = { event: "geoip", kind: reading.kind, built, places, ms: this.#now() - startedMs };
    this.#log.info(line, "the geo database is read");
    return undefined;
  }
}
