/**
 * Files of one concept and functions that fit a screen. A hot path may break the limit where a figure says what that
 * bought; it is then named below with its reason, and a name that is no longer needed is a fault as well.
 */

import { type Fault, faultAt, lineAt, type SourceFile, visit } from "./source.ts";

export const MAX_FILE_LINES = 400;
export const MAX_FUNCTION_LINES = 60;

export interface SizeException {
  readonly path: string;
  /** The function's name, or `undefined` for the whole file. */
  readonly name: string | undefined;
  readonly reason: string;
}

export const SIZE_EXCEPTIONS: readonly SizeException[] = [];

export interface Oversize {
  readonly path: string;
  /** As in `SizeException`. */
  readonly name: string | undefined;
  readonly fault: Fault;
}

interface FunctionNode {
  readonly start: number;
  readonly end: number;
  readonly id?: { readonly name: string } | null;
}

function functionsOver(file: SourceFile): Oversize[] {
  const names = new Map<number, string>();
  const oversize: Oversize[] = [];
  /** Lines of functions within each that is open, from the outermost in. */
  const nestedLines: number[] = [];
  const enter = () => {
    nestedLines.push(0);
  };
  const leave = (node: FunctionNode) => {
    const span = lineAt(file, node.end) - lineAt(file, node.start) + 1;
    const lines = span - (nestedLines.pop() ?? 0);
    const outer = nestedLines.length - 1;
    // One that stands within a line takes no line away from what surrounds it.
    if (outer >= 0 && span > 1) nestedLines[outer] = (nestedLines[outer] ?? 0) + span;
    if (lines <= MAX_FUNCTION_LINES) return;
    const name = node.id?.name ?? names.get(node.start) ?? "(without a name)";
    const message = `function ${name} is ${lines} lines long, over ${MAX_FUNCTION_LINES}`;
    oversize.push({ path: file.path, name, fault: faultAt(file, node.start, message) });
  };
  visit(file, {
    VariableDeclarator: (node) => {
      if (node.init !== null && node.id.type === "Identifier") names.set(node.init.start, node.id.name);
    },
    MethodDefinition: (node) => {
      names.set(node.value.start, file.text.slice(node.key.start, node.key.end));
    },
    Property: (node) => {
      names.set(node.value.start, file.text.slice(node.key.start, node.key.end));
    },
    FunctionDeclaration: enter,
    FunctionExpression: enter,
    ArrowFunctionExpression: enter,
    "FunctionDeclaration:exit": leave,
    "FunctionExpression:exit": leave,
    "ArrowFunctionExpression:exit": leave,
  });
  return oversize;
}

/**
 * Functions longer than a screen. The lines of a function within another count for the inner one only: a factory whose
 * closures are each short reads like a class.
 */
export function oversizeFunctions(files: readonly SourceFile[]): Oversize[] {
  return files.flatMap(functionsOver);
}

export function oversizeFiles(files: readonly SourceFile[]): Oversize[] {
  return files.flatMap((file) => {
    const lines = file.text.replace(/\n$/, "").split("\n").length;
    if (lines <= MAX_FILE_LINES) return [];
    const fault = faultAt(file, 0, `file is ${lines} lines long, over ${MAX_FILE_LINES}`);
    return [{ path: file.path, name: undefined, fault }];
  });
}

/** What is over its limit and not excepted, and exceptions that nothing needs. */
export function sizeFaults(oversize: readonly Oversize[], exceptions: readonly SizeException[]): Fault[] {
  const matches = (exception: SizeException, each: Oversize) =>
    exception.path === each.path && exception.name === each.name;
  const faults = oversize.filter((each) => !exceptions.some((exception) => matches(exception, each)));
  const idle = exceptions.filter((exception) => !oversize.some((each) => matches(exception, each)));
  return [
    ...faults.map(({ fault }) => fault),
    ...idle.map(({ path, name }) => `${path}: ${name ?? "the file"} needs no exception`),
  ];
}
