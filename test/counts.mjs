/** Reads what test/reporter.ts noted, and says the closing line. */

const count = (letters, letter) => letters.split(letter).length - 1;

/** Whether a run broke off (no end), or mocha calls it failed without naming a failure (a file that does not load). */
function isUnexplained({ letters, status }) {
  return count(letters, "e") === 0 || (status !== 0 && count(letters, "f") === 0);
}

/**
 * Counts the letters of the runs, `{letters, status}` each with mocha's exit status: p passed, f failed, s skipped, e the
 * end. Each run that failed unexplained counts as one failure more, and so does it where all of them ran no test.
 */
export function countResults(runs) {
  const letters = runs.map((run) => run.letters).join("");
  const passed = count(letters, "p");
  const skipped = count(letters, "s");
  let failed = count(letters, "f") + runs.filter(isUnexplained).length;
  if (passed + failed === 0) failed = 1;
  return { passed, failed, skipped };
}

export function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
