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
    database ??= read(path ?? packagedGeoFile());
    return placeOfNetwork(database, network);
  };
}

/** A running node says where clients are by its own database. */
export function refuseGeoip(path: string | undefined): void {
  if (path === undefined) return;
  throw new CommandFailure(EXIT.usage, "--geoip is for files, and a running node has its own database");
}

function read(path: string): GeoDatabase {
  const loaded = loadGeoFile(path);
  if (!loaded.ok) throw new CommandFailure(EXIT.usage, `Cannot use the geo database: ${loaded.reason}`);
  return loaded.database;
}
