/** The charts that stand at the heads of files: tables in the first comment, read so that a test has their very rows. */

import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface Chart {
  readonly columns: readonly string[];
  /** As many cells as there are columns, trimmed. */
  readonly rows: readonly (readonly string[])[];
}

/** Compiled, for coverage, this file lies two folders deeper, and the heads are still read where they were written. */
const ROOT = join(import.meta.dirname, import.meta.url.endsWith(".js") ? "../../../.." : "../..");

/** Those of a file, named from the root of the repository. */
export function chartsOf(path: string): Chart[] {
  return chartsIn(readFileSync(join(ROOT, path), "utf8"));
}

export function chartsIn(text: string): Chart[] {
  const head = text.slice(0, text.indexOf("*/"));
  const charts: { columns: string[]; rows: string[][] }[] = [];
  let isOpen = false;
  for (const line of head.split("\n")) {
    const cells = cellsOf(line);
    if (cells === undefined) isOpen = false;
    else if (!isOpen) {
      charts.push({ columns: cells, rows: [] });
      isOpen = true;
    } else if (!cells.every((cell) => /^-+$/.test(cell))) charts.at(-1)?.rows.push(cells);
  }
  for (const { columns, rows } of charts) {
    const odd = rows.find((row) => row.length !== columns.length);
    if (odd !== undefined) throw new Error(`a row has not ${columns.length} cells: ${odd.join(" | ")}`);
  }
  return charts;
}

function cellsOf(line: string): string[] | undefined {
  const [, inner] = /^ \* \|(.*)\|$/.exec(line.trimEnd()) ?? [];
  return inner?.split("|").map((cell) => cell.trim());
}

/** Every way to choose one of each list. */
export function combinations<T>(choices: readonly (readonly T[])[]): T[][] {
  return choices.reduce<T[][]>(
    (chosen, next) => chosen.flatMap((before) => next.map((one) => [...before, one])),
    [[]],
  );
}
