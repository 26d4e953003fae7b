/**
 * From an evaluation to the tables that it takes. Most take one. More are needed where somebody else than chance has a say:
 *
 * | the evaluation                         | becomes                                                              |
 * | -------------------------------------- | -------------------------------------------------------------------- |
 * | chance alone                           | a table to draw from                                                 |
 * | slices: a slow start                   | a choice by position, over the tables of its slices                  |
 * | all of it below one `sticky`           | a choice by rendezvous at each step of the ways, over their ends     |
 * | `sticky` among others                  | a choice by chance, over the tables of each                          |
 */

import type { Draw, Evaluation, StickyRoot } from "../policy/evaluation.ts";
import { keyOf } from "./rendezvous.ts";
import type { ChoiceKind, Numbers, Table } from "./table-identity.ts";

/** Takes a table in, or finds one that is the same, and says its number. */
export type AddTable = (table: Table) => number;

/** The number of the table that an evaluation is answered from. */
export function addTables(evaluation: Evaluation, numbers: Numbers, add: AddTable): number {
  const { slices, draws, rung, ttlSeconds } = evaluation;
  const choice = (choose: ChoiceKind, children: readonly Child[]): number =>
    add({ kind: "choice", choose, rung, ttlSeconds, children });
  const leaf = (part: readonly Draw[], sticky: boolean): number => {
    const whole = sumOf(part);
    const outcome = part.some(({ candidates }) => candidates.length > 0) ? "answer" : "nodata";
    const alone = part.map((draw) => ({ ...draw, probability: draw.probability / whole }));
    // Of one candidate everybody's favourite is that one, and it can be found like any other.
    const chooses = sticky && part.some(({ candidates }) => candidates.length > 1);
    return add({
      kind: "drawn",
      sticky: chooses,
      evaluation: { ...evaluation, outcome, draws: alone },
      numbers,
    });
  };
  if (slices !== undefined) {
    const children = slices.map((slice) => ({
      value: slice.upTo,
      part: 0,
      table: addTables(slice.evaluation, numbers, add),
    }));
    return choice("position", children);
  }
  if (draws.every(({ sticky }) => sticky === undefined)) {
    return add({ kind: "drawn", sticky: false, evaluation, numbers });
  }
  const groups = [...groupBy(draws, ({ sticky }): StickyRoot | undefined => sticky?.root)].map(
    ([root, part]) => ({
      value: 0,
      part: sumOf(part),
      table: root === undefined ? leaf(part, false) : addSticky(part, 0, choice, leaf),
    }),
  );
  const [only] = groups;
  return groups.length === 1 && only !== undefined ? only.table : choice("chance", groups);
}

interface Child {
  /** Where the slice ends, for a choice by position; the key, for one by rendezvous. */
  readonly value: number;
  readonly part: number;
  readonly table: number;
}

/** The table of draws that go the same way up to `depth`. */
function addSticky(
  draws: readonly Draw[],
  depth: number,
  choice: (choose: ChoiceKind, children: readonly Child[]) => number,
  leaf: (draws: readonly Draw[], sticky: boolean) => number,
): number {
  const stepOf = (draw: Draw) => draw.sticky?.steps[depth];
  const children: Child[] = [];
  for (const [key, below] of groupBy(draws, (draw) => stepOf(draw)?.key)) {
    // Where a way ends there is but one draw: whatever has several gives each a step.
    if (key === undefined) return leaf(below, true);
    const part = below[0] === undefined ? 0 : (stepOf(below[0])?.part ?? 0);
    children.push({ value: keyOf(key), part, table: addSticky(below, depth + 1, choice, leaf) });
  }
  const [only] = children;
  // The outermost choice is kept in any case: it is what asks for the client's position.
  if (depth > 0 && children.length === 1 && only !== undefined) return only.table;
  return choice("rendezvous", children);
}

function groupBy<Key>(draws: readonly Draw[], keyIn: (draw: Draw) => Key): Map<Key, Draw[]> {
  const groups = new Map<Key, Draw[]>();
  for (const draw of draws) {
    const key = keyIn(draw);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [draw]);
    else group.push(draw);
  }
  return groups;
}

function sumOf(draws: readonly Draw[]): number {
  return draws.reduce((sum, { probability }) => sum + probability, 0);
}
