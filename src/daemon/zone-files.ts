/** Zone files from disk: those named, and in each folder named its `*.zone` files. */

import { hash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { SourceFile } from "../zone/model.ts";
import { systemReason } from "./system-error.ts";

export type ZoneFiles =
  | { readonly ok: true; readonly files: readonly SourceFile[] }
  /** One line, naming the path. */
  | { readonly ok: false; readonly message: string };

const ZONE_SUFFIX = ".zone";

/**
 * Reads them all, in the order given and by name within a folder. No zone file at all is a fault: a set without any zone
 * is nobody's intention.
 */
export function readZoneFiles(paths: readonly string[]): ZoneFiles {
  const files: SourceFile[] = [];
  for (const path of paths) {
    try {
      const names = statSync(path).isDirectory() ? zoneFilesIn(path) : [path];
      if (names.length === 0) {
        return { ok: false, message: `Cannot read zones: ${path} holds no *${ZONE_SUFFIX} file` };
      }
      for (const name of names) files.push({ path: name, octets: readFileSync(name) });
    } catch (error) {
      return { ok: false, message: `Cannot read zones: ${systemReason(error, path)}` };
    }
  }
  return { ok: true, files };
}

/** For `$INCLUDE`: the octets, or `undefined` where the file cannot be read. */
export function readIncluded(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

/** By which a file is known to be unchanged once its octets have been let go. */
export function digestOf(octets: Uint8Array): string {
  return hash("sha256", octets, "base64");
}

function zoneFilesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(ZONE_SUFFIX) && !name.startsWith("."))
    .sort()
    .map((name) => join(folder, name));
}
