/** How commands speak and end: lines on standard output, one clear line on standard error, and an exit status. */

import { escapeSteering } from "../daemon/visible-text.ts";

/** CONTRACT.md §3: 0 ok, 1 the answer is no, 2 wrong usage. */
export const EXIT = { ok: 0, no: 1, usage: 2 } as const;
export type ExitStatus = (typeof EXIT)[keyof typeof EXIT];

/** Ends a command with one line on standard error; `main` catches it. */
export class CommandFailure extends Error {
  readonly status: ExitStatus;
  constructor(status: ExitStatus, message: string) {
    super(message);
    this.status = status;
  }
}

/** What a node or another server says of itself ends on a terminal: nothing of it steers that. */
export function printLine(line: string): void {
  process.stdout.write(`${escapeSteering(line)}\n`);
}

export function printLines(lines: readonly string[]): void {
  for (const line of lines) printLine(line);
}

export function printJson(value: unknown): void {
  printLine(JSON.stringify(value, undefined, 2));
}

export function printError(message: string): void {
  process.stderr.write(`fairlead: ${escapeSteering(message)}\n`);
}

/** The command's answer; the process ends by itself, so that what was written gets out. */
export function endWith(status: ExitStatus): void {
  process.exitCode = status;
}

/**
 * Lines of cells in columns as wide as their widest cell, two blanks between them. A line feed in a cell, such as in a
 * reason that somebody gave, begins no row.
 */
export function formatColumns(given: readonly (readonly string[])[]): string[] {
  const rows = given.map((row) => row.map((cell) => cell.replaceAll("\n", "\\n")));
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
