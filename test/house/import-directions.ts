/**
 * The walls between the rooms of `src`: which may import from which. What a room may import is all that it can be made
 * to depend on, so the table is the architecture; README draws it.
 */

import { type Fault, faultAt, importsOf, resolveImport, roomOf, type SourceFile } from "./source.ts";

const ALL_BUT_CLI = [
  "dns",
  "health",
  "geo",
  "policy",
  "zone",
  "image",
  "answer",
  "probe",
  "server",
  "cluster",
  "admin",
  "config",
];

/** Each room, and the others that it may import from. */
export const MAY_IMPORT: ReadonlyMap<string, readonly string[]> = new Map([
  ["dns", []],
  ["health", []],
  ["geo", []],
  ["policy", ["health", "geo"]],
  ["zone", ["dns", "policy", "health", "geo"]],
  ["image", ["dns", "zone", "policy", "health", "geo"]],
  ["answer", ["dns", "image"]],
  ["probe", ["health"]],
  ["server", ["answer"]],
  ["cluster", ["health"]],
  ["admin", ["policy", "health"]],
  ["config", []],
  ["daemon", ALL_BUT_CLI],
  ["cli", ["daemon", "zone", "policy", "dns", "config", "health", "geo"]],
  ["main", ["cli"]],
]);

function judge(file: SourceFile, room: string, specifier: string | undefined): string | undefined {
  if (specifier === undefined) return "imports what cannot be told: write the module's name as a string";
  const path = resolveImport(file, specifier);
  if (path === undefined) return undefined;
  const other = roomOf(path);
  if (other === undefined) return `imports ${path}, which is outside src`;
  if (other === room) return undefined;
  const allowed = MAY_IMPORT.get(room) ?? [];
  if (allowed.includes(other)) return undefined;
  const may = allowed.length === 0 ? "nothing of ours" : allowed.join(", ");
  return `${room} imports from ${other}, but may import ${may}`;
}

/** Imports that go through a wall, and files that stand in no room. */
export function importDirectionFaults(files: readonly SourceFile[]): Fault[] {
  return files.flatMap((file) => {
    const room = roomOf(file.path);
    if (room === undefined || !MAY_IMPORT.has(room)) {
      return [faultAt(file, 0, "stands in no room of the design card")];
    }
    return importsOf(file).flatMap(({ offset, specifier }) => {
      const message = judge(file, room, specifier);
      return message === undefined ? [] : [faultAt(file, offset, message)];
    });
  });
}
