/**
 * The pure half: the rooms that decide take the clock and randomness as arguments and reach for nothing outside, so that
 * what they decide can be explained, simulated and replayed.
 */

import { type Fault, faultAt, importsOf, roomOf, type SourceFile, visit } from "./source.ts";

export const PURE_ROOMS: readonly string[] = ["dns", "health", "geo", "policy", "zone", "image", "answer"];

/** Packages that a pure room may import: none so far. One that is pure itself may be added here, with a reason. */
const PURE_PACKAGES: ReadonlySet<string> = new Set();

/** Globals of the outside world, whatever is done with them. */
const IMPURE_GLOBALS: ReadonlySet<string> = new Set([
  "console",
  "process",
  "Buffer",
  "performance",
  "crypto",
  "fetch",
  "globalThis",
  "require",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "clearTimeout",
  "clearInterval",
  "clearImmediate",
  "queueMicrotask",
]);

/** Members of otherwise pure globals, as `object.member`. */
const IMPURE_MEMBERS: ReadonlySet<string> = new Set(["Date.now", "Math.random"]);

function importFaults(file: SourceFile): Fault[] {
  return importsOf(file).flatMap(({ offset, specifier }) => {
    if (specifier === undefined || specifier.startsWith(".") || PURE_PACKAGES.has(specifier)) return [];
    return [faultAt(file, offset, `a pure room imports ${specifier}`)];
  });
}

/** Offsets of identifiers that only name a property, a key or a method, and so refer to nothing. */
function propertyNames(file: SourceFile): Set<number> {
  const offsets = new Set<number>();
  const note = (node: { readonly key: { readonly start: number }; readonly computed: boolean }) => {
    if (!node.computed) offsets.add(node.key.start);
  };
  visit(file, {
    MemberExpression: (node) => {
      if (!node.computed) offsets.add(node.property.start);
    },
    Property: (node) => {
      if (!node.shorthand) note(node);
    },
    MethodDefinition: note,
    PropertyDefinition: note,
    TSPropertySignature: note,
    TSMethodSignature: note,
  });
  return offsets;
}

function useFaults(file: SourceFile): Fault[] {
  // A set, for `{ console }` holds the name twice in one place: as a key, and as what it refers to.
  const faults = new Set<Fault>();
  const notReferences = propertyNames(file);
  const add = (node: { readonly start: number }, what: string) => {
    faults.add(faultAt(file, node.start, `a pure room uses ${what}`));
  };
  visit(file, {
    Identifier: (node) => {
      if (IMPURE_GLOBALS.has(node.name) && !notReferences.has(node.start)) add(node, node.name);
    },
    MemberExpression: (node) => {
      if (node.object.type !== "Identifier") return;
      const member = file.text.slice(node.property.start, node.property.end).replaceAll(/["'`]/g, "");
      const path = `${node.object.name}.${member}`;
      if (IMPURE_MEMBERS.has(path)) add(node, path);
    },
    NewExpression: (node) => {
      const isDate = node.callee.type === "Identifier" && node.callee.name === "Date";
      if (isDate && node.arguments.length === 0) add(node, "new Date()");
    },
    CallExpression: (node) => {
      if (node.callee.type === "Identifier" && node.callee.name === "Date") add(node, "Date()");
    },
  });
  return [...faults];
}

/** What the files of pure rooms import or use of the outside world; files of other rooms are not judged. */
export function purityFaults(files: readonly SourceFile[]): Fault[] {
  const pure = files.filter((file) => PURE_ROOMS.includes(roomOf(file.path) ?? ""));
  return [...pure.flatMap(importFaults), ...pure.flatMap(useFaults)];
}
