/** `--geoip FILE`, for the commands that work on files alone: where clients are, as a node with that file would say. */

import { Option } from "commander";
import { loadGeoFile, packagedGeoFile } from "../daemon/geo-file.ts";
import type { PlaceOf } from "../geo/client.ts";
import { type GeoDatabase, placeOfNetwork } from "../geo/database.ts";
import { CommandFailure, EXIT } from "./outcome.ts";

export function geoipOption(): Option {
  return new Option("--geoip <file>", "geo database, an MMDB file (default: countries by DB-IP)");
}

/** Reads the file when a place is first asked for. */
export function placesBy(path: string | undefined): PlaceOf {
  let database: GeoDatabase | undefined;
  return (network) => {
    database ??= readDatabase(path);
    return placeOfNetwork(database, network);
  };
}

/** A running node says where clients are by its own database. */
export function refuseGeoip(path: string | undefined): void {
  if (path === undefined) return;
  throw new CommandFailure(EXIT.usage, "--geoip is for files, and a running node has its own database");
}

/** That of a file, or the one that comes along. Ends the command where there is none. */
export function readDatabase(path: string | undefined): GeoDatabase {
  const loaded = loadGeoFile(path ?? packagedGeoFile());
  if (!loaded.ok) throw new CommandFailure(EXIT.usage, `Cannot use the geo database: ${loaded.reason}`);
  return loaded.database;
}
