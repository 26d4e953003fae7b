/**
 * What the house rules judge: source files as text and as syntax trees. A rule is a pure function from files to faults,
 * so that its own test can show it fail on a tree made up for the purpose; another test then holds the real tree to it.
 */

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { type ParseResult, parseSync, Visitor, type VisitorObject } from "oxc-parser";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

export interface SourceFile {
  /** From the repository's root, with slashes. */
  readonly path: string;
  readonly text: string;
}

/** Where a fault is and what it is, as `path:line: message`. */
export type Fault = string;

/** Every file below `folder` (from the root) whose name ends in one of `endings`. */
export function readSources(folder: string, endings: readonly string[]): SourceFile[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .toSorted()
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }));
}

const parsed = new WeakMap<SourceFile, ParseResult>();

/** The syntax tree of a file, parsed once. */
function parseSource(file: SourceFile): ParseResult {
  const known = parsed.get(file);
  if (known !== undefined) return known;
  const result = parseSync(file.path, file.text, { sourceType: "module" });
  const first = result.errors[0];
  if (first !== undefined) throw new Error(`Cannot parse ${file.path}: ${first.message}`);
  parsed.set(file, result);
  return result;
}

export function visit(file: SourceFile, visitor: VisitorObject): void {
  new Visitor(visitor).visit(parseSource(file).program);
}

/** The line, counted from 1, that holds the character at `offset`. */
export function lineAt(file: SourceFile, offset: number): number {
  return file.text.slice(0, offset).split("\n").length;
}

export function faultAt(file: SourceFile, offset: number, message: string): Fault {
  return `${file.path}:${lineAt(file, offset)}: ${message}`;
}

export interface Import {
  readonly offset: number;
  /** As written; `undefined` where it is computed, so that nobody can tell what is imported. */
  readonly specifier: string | undefined;
}

interface ModuleReference {
  readonly start: number;
  readonly type: string;
  readonly value?: unknown;
}

/** Every import of a file: static, re-exported, dynamic, and of types only. */
export function importsOf(file: SourceFile): Import[] {
  const imports: Import[] = [];
  const add = (source: ModuleReference | null) => {
    if (source === null) return;
    const specifier = typeof source.value === "string" ? source.value : undefined;
    imports.push({ offset: source.start, specifier });
  };
  visit(file, {
    ImportDeclaration: (node) => add(node.source),
    ExportNamedDeclaration: (node) => add(node.source),
    ExportAllDeclaration: (node) => add(node.source),
    ImportExpression: (node) => add(node.source),
    TSImportType: (node) => add(node.source),
    TSExternalModuleReference: (node) => add(node.expression),
  });
  return imports;
}

/** The path from the root that a relative specifier names, or `undefined` for a package. */
export function resolveImport(file: SourceFile, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  return normalize(join(dirname(file.path), specifier))
    .split(sep)
    .join("/");
}

/** The room of `src` that a path stands in; `main` for src/main.ts; `undefined` outside. */
export function roomOf(path: string): string | undefined {
  const match = /^src\/(?:([^/]+)\/|(main)\.ts$)/.exec(path);
  return match?.[1] ?? match?.[2];
}
