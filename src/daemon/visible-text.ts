/**
 * Text that comes from outside, made fit for a log and for a terminal: what steers one (control characters, changes of
 * direction, separators of lines that are none to a program) is written as what it is, `\u001b`, and so is half of a pair
 * of surrogates. In JSON that reads back as the same text.
 */

/** Line feed, which ends every line, aside. */
const STEERING = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

export function escapeSteering(text: string): string {
  return text.replace(STEERING, (character) =>
    Array.from({ length: character.length }, (_, index) => escapeUnit(character.charCodeAt(index))).join(""),
  );
}

function escapeUnit(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, "0")}`;
}
