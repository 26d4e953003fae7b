/**
 * The geo database that says where clients are: the operator's own (`--geoip`), or the countries by DB-IP that come along.
 * The one that comes along is read when somebody first asks for a place, so that nodes without such policies never do.
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
import { type LoadedGeo, loadGeoFile, packagedGeoFile } from "./geo-file.ts";
import type { Log } from "./log.ts";

/** What the metrics say of it. */
export interface GeoReading {
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
  readonly read: () => GeoReading | undefined;
  /** Reads the operator's file again; `true` where there is another database from now on. */
  reload(): boolean;
}

export type GeoResult =
  | { readonly ok: true; readonly geo: GeoKeeping }
  /** In one line. */
  | { readonly ok: false; readonly message: string };

export function openGeoKeeping(path: string | undefined, now: () => number, log: Log): GeoResult {
  let used: Extract<LoadedGeo, { ok: true }> | undefined;
  let loadSuccess = true;
  let tried = false;

  const take = (file: string): LoadedGeo => {
    const startedMs = now();
    const loaded = loadGeoFile(file, used);
    tried = true;
    loadSuccess = loaded.ok;
    if (!loaded.ok || loaded === used) return loaded;
    used = loaded;
    const built = new Date(loaded.builtAtMs).toISOString();
    const places = placeCount(loaded.database) - 1;
    const line = { event: "geoip", kind: loaded.kind, built, places, ms: now() - startedMs };
    log.info(line, "the geo database is read");
    return loaded;
  };

  const takePackaged = (): void => {
    tried = true;
    try {
      const loaded = take(packagedGeoFile());
      if (!loaded.ok) log.error({ event: "geoip", reason: loaded.reason }, "there is no geo database");
    } catch (error) {
      log.error({ event: "geoip", err: error }, "there is no geo database");
    }
  };

  if (path !== undefined) {
    const first = take(path);
    if (!first.ok) return { ok: false, message: `Cannot use the geo database: ${first.reason}` };
  }
  const database = (): GeoDatabase | undefined => {
    if (!tried) takePackaged();
    return used?.database;
  };
  return {
    ok: true,
    geo: {
      path,
      database,
      placeOf(network) {
        const found = database();
        return found && placeOfNetwork(found, network);
      },
      read: () => used && { builtAtMs: used.builtAtMs, loadSuccess },
      reload() {
        if (path === undefined) return false;
        const before = used;
        const loaded = take(path);
        if (!loaded.ok) {
          log.error(
            { event: "geoip", reason: loaded.reason },
            "the new geo database is refused, the old one stays",
          );
        }
        return used !== before;
      },
    },
  };
}
