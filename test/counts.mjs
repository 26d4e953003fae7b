/** Reads what test/reporter.ts noted, and says the closing line. */

/**
 * Counts the letters: p passed, f failed, s skipped, e the end. A run that broke off (no end), that mocha calls failed
 * without naming a failure (a file that does not load), or that ran no test at all, counts as one failure more.
 */
export function countResults(letters, exitStatus) {
  const count = (letter) => letters.split(letter).length - 1;
  const passed = count("p");
  const skipped = count("s");
  let failed = count("f");
  const brokeOff = count("e") === 0;
  if (brokeOff || passed + failed === 0 || (exitStatus !== 0 && failed === 0)) failed += 1;
  return { passed, failed, skipped };
}

export function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
