/**
 * Mocha's `spec` reporter, which also notes each result the moment it is known in the file named by
 * FAIRLEAD_TEST_COUNTS: one letter a test, and a last one when mocha has come to its end. test/run.mjs counts the
 * letters, so that the closing line is right even where the run breaks off in the middle. What failed and why goes into the
 * file of that name with `.failed` behind it, for the run to end with.
 */

import { appendFileSync } from "node:fs";
import Mocha from "mocha";

const { EVENT_TEST_PASS, EVENT_TEST_FAIL, EVENT_TEST_PENDING, EVENT_RUN_END } = Mocha.Runner.constants;

export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options?: Mocha.MochaOptions) {
    super(runner, options);
    const path = process.env["FAIRLEAD_TEST_COUNTS"];
    if (path === undefined) return;
    const note = (letter: string) => () => {
      appendFileSync(path, letter);
    };
    runner.on(EVENT_TEST_PASS, note("p"));
    runner.on(EVENT_TEST_FAIL, (test: Mocha.Runnable, error: Error) => {
      appendFileSync(path, "f");
      appendFileSync(`${path}.failed`, `${test.fullTitle()}\n  ${error.stack ?? error.message}\n\n`);
    });
    runner.on(EVENT_TEST_PENDING, note("s"));
    runner.on(EVENT_RUN_END, note("e"));
  }
}
