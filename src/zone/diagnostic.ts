/**
 * Diagnostics: what the parser, the checks, the lints and the expectations have to say of zone files. All of them are
 * collected before anything is given up; `zone/load` sorts them.
 */

import type { Position } from "./model.ts";

/** A fault or a lint, with its place. Rendered as `file:line:column: message`. */
export interface Diagnostic {
  /** As the caller named it, `zones/example.zone`. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in octets of the line. */
  readonly column: number;
  readonly severity: "error" | "warning";
  /** A stable word for the rule, kebab-case: `unknown-pool`, `cname-beside-other-data`. */
  readonly code: string;
  readonly message: string;
}

/** The code of an `$EXPECT` that does not hold: a reason to look, and the one fault that a person may overrule. */
export const EXPECTATION_FAILED = "expectation-failed";

/** Takes a diagnostic in; whoever finds one goes on looking. */
export type Report = (diagnostic: Diagnostic) => void;

export function errorAt(position: Position, code: string, message: string): Diagnostic {
  const { file, line, column } = position;
  return { file, line, column, severity: "error", code, message };
}

export function warningAt(position: Position, code: string, message: string): Diagnostic {
  return { ...errorAt(position, code, message), severity: "warning" };
}

/** `file:line:column: message`; a warning says that it is one, as compilers do. */
export function formatDiagnostic({ file, line, column, severity, message }: Diagnostic): string {
  return `${file}:${line}:${column}: ${severity === "warning" ? "warning: " : ""}${message}`;
}

/** By file, line and column; what is said of one place stays in the order in which it was found. */
export function compareDiagnostics(one: Diagnostic, other: Diagnostic): number {
  if (one.file !== other.file) return one.file < other.file ? -1 : 1;
  return one.line - other.line || one.column - other.column;
}

/** `file:line`, for messages that point at a second place. */
export function describePlace({ file, line }: Position): string {
  return `${file}:${line}`;
}
