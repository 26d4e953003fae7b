/**
 * Scripts that run before anything is installed: they import only Node's own modules and one another, and use no syntax
 * that a Node cannot parse which they are to call too old (12 and later).
 */

import { type Fault, faultAt, importsOf, resolveImport, type SourceFile, visit } from "./source.ts";

/** The scripts that `npm start`, `npm test` and `npm run build` begin with. */
export const FIRST_SCRIPTS: readonly string[] = [
  "deploy/bootstrap.mjs",
  "deploy/demo/start.mjs",
  "test/run.mjs",
  "test/counts.mjs",
];

const NODE_MODULES: ReadonlySet<string> = new Set(["child_process", "fs", "os", "path", "url"]);

/** What later Nodes added to those modules, as far as one might reach for it: an import by name stops the whole file. */
const NEWER_NAMES: ReadonlySet<string> = new Set([
  "cpSync",
  "globSync",
  "opendirSync",
  "rmSync",
  "styleText",
]);

function importFaults(file: SourceFile): Fault[] {
  return importsOf(file).flatMap(({ offset, specifier }) => {
    if (specifier === undefined || NODE_MODULES.has(specifier)) return [];
    const path = resolveImport(file, specifier);
    if (path !== undefined && (FIRST_SCRIPTS.includes(path) || path.startsWith("dist/"))) return [];
    return [faultAt(file, offset, `imports ${specifier} before anything is installed`)];
  });
}

function syntaxFaults(file: SourceFile): Fault[] {
  const faults: Fault[] = [];
  const add = (node: { readonly start: number }, what: string) => {
    faults.push(faultAt(file, node.start, `${what} is unknown to old Nodes`));
  };
  visit(file, {
    ImportSpecifier: (node) => {
      const name = file.text.slice(node.imported.start, node.imported.end);
      if (NEWER_NAMES.has(name)) add(node, name);
    },
    ChainExpression: (node) => add(node, "?."),
    LogicalExpression: (node) => {
      if (node.operator === "??") add(node, "??");
    },
    AssignmentExpression: (node) => {
      if (["??=", "||=", "&&="].includes(node.operator)) add(node, node.operator);
    },
    PropertyDefinition: (node) => add(node, "a class field"),
    StaticBlock: (node) => add(node, "a static block"),
    PrivateIdentifier: (node) => add(node, "a private name"),
  });
  const top = file.text.search(/^(?:const \w+ = )?await\b/m);
  if (top !== -1) add({ start: top }, "await outside a function");
  return faults;
}

export function bootstrapFaults(files: readonly SourceFile[]): Fault[] {
  return [...files.flatMap(importFaults), ...files.flatMap(syntaxFaults)];
}
