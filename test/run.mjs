/**
 * `npm test`: brings the clone to where tests run, then runs them all, or those that are named:
 * `npm test -- test/unit/dns/name.test.ts -g "nameKey"`. Further words go to mocha as they are. All of them run in two
 * lanes side by side, for most wait more than they reckon; what the second prints follows the first. The last line is
 * `N passed, N failed, N skipped`, whatever became of mocha.
 */
import { spawn } from "child_process";
import { mkdtempSync, openSync, readFileSync, rmdirSync, unlinkSync, writeFileSync } from "fs";
import { tmpdir } from "os";
import { join } from "path";
import { bootstrap, ROOT } from "../deploy/bootstrap.mjs";
import { closingLine, countResults } from "./counts.mjs";

/** What reckons most; the commands' tests, though units too, wait for processes. */
const RECKONING = "test/unit/!(cli)/**/*.test.ts";
/** What each lane runs: together every test, and about as long each. */
const LANES = [[RECKONING], ["test/**/*.test.ts", "--ignore", RECKONING]];

/** Whether a word of the command line names tests, rather than being an option of mocha or its value. */
function namesTests(word) {
  return /^(\.\/)?test\//.test(word) || word.endsWith(".test.ts");
}

/** How long mocha may take to end once its last test has. */
const END_WITHIN_MS = 10000;

/** Ends mocha where its tests have ended and something that they started keeps it running; calls back where so. */
function watchForEnd(child, countsPath, onKeptRunning) {
  let endedAt;
  const timer = setInterval(() => {
    if (endedAt === undefined && readFileSync(countsPath, "utf8").endsWith("e")) endedAt = Date.now();
    if (endedAt === undefined || Date.now() - endedAt < END_WITHIN_MS) return;
    onKeptRunning();
    // The one signal that mocha hands on to the process of its own that runs the tests.
    child.kill("SIGINT");
  }, 1000);
  child.on("close", () => clearInterval(timer));
}

/** Runs mocha to its end and resolves with what it noted and whether it was content; `output` is stdio's of both. */
function runMocha(words, countsPath, output) {
  return new Promise((resolve) => {
    const failedPath = `${countsPath}.failed`;
    writeFileSync(countsPath, "");
    writeFileSync(failedPath, "");
    const mocha = join(ROOT, "node_modules", "mocha", "bin", "mocha.js");
    const child = spawn(process.execPath, [mocha].concat(words), {
      cwd: ROOT,
      stdio: ["inherit", output, output],
      env: Object.assign({}, process.env, {
        FAIRLEAD_TEST_COUNTS: countsPath,
        FAIRLEAD_TEST_COMMAND: join(ROOT, "dist", "main.js"),
      }),
    });
    process.on("SIGTERM", () => child.kill("SIGTERM"));
    let keptRunning = false;
    watchForEnd(child, countsPath, () => {
      keptRunning = true;
      process.stdout.write(
        `fairlead: the tests of ${words.join(" ")} have ended, but something that they started still runs\n`,
      );
    });
    const end = (status) => {
      const [letters, failures] = [countsPath, failedPath].map((path) => readFileSync(path, "utf8"));
      unlinkSync(countsPath);
      unlinkSync(failedPath);
      resolve({ letters, failures, status: keptRunning ? 1 : status });
    };
    child.on("error", () => end(1));
    child.on("close", (status) => end(status === null ? 1 : status));
  });
}

/**
 * Runs every lane and resolves with what each noted; the first prints as it goes, the others when all have ended, and then
 * what failed in any once more, as it may stand far above.
 */
async function runLanes(lanes) {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-test-"));
  const outputs = lanes.slice(1).map((_, lane) => join(folder, `output-${lane}`));
  const runs = await Promise.all(
    lanes.map((words, lane) => {
      const output = lane === 0 ? "inherit" : openSync(outputs[lane - 1], "w");
      return runMocha(words, join(folder, `counts-${lane}`), output);
    }),
  );
  for (const output of outputs) {
    process.stdout.write(readFileSync(output));
    unlinkSync(output);
  }
  rmdirSync(folder);
  for (const { failures } of runs) process.stdout.write(failures);
  return runs;
}

async function main() {
  await bootstrap();
  // Ctrl-C reaches mocha as well, being of our process group: wait for its end, and still say the line.
  process.on("SIGINT", () => undefined);
  const words = process.argv.slice(2);
  const lanes = words.some(namesTests) ? [words] : LANES.map((lane) => lane.concat(words));
  const counts = countResults(await runLanes(lanes));
  process.stdout.write(`${closingLine(counts)}\n`);
  process.exit(counts.failed === 0 ? 0 : 1);
}

void main();
