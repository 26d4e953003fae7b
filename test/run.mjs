/**
 * `npm test`: brings the clone to where tests run, then runs them all, or those that are named:
 * `npm test -- test/unit/dns/name.test.ts -g "nameKey"`. Further words go to mocha as they are. The last line is
 * `N passed, N failed, N skipped`, whatever became of mocha.
 */
import { spawn } from "child_process";
import { mkdtempSync, readFileSync, rmdirSync, unlinkSync, writeFileSync } from "fs";
import { tmpdir } from "os";
import { join } from "path";
import { bootstrap, ROOT } from "../deploy/bootstrap.mjs";
import { closingLine, countResults } from "./counts.mjs";

const EVERY_TEST = "test/**/*.test.ts";

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
    process.stdout.write("fairlead: the tests have ended, but something that they started still runs\n");
    onKeptRunning();
    // The one signal that mocha hands on to the process of its own that runs the tests.
    child.kill("SIGINT");
  }, 1000);
  child.on("close", () => clearInterval(timer));
}

function runMocha(words, countsPath) {
  return new Promise((resolve) => {
    const mocha = join(ROOT, "node_modules", "mocha", "bin", "mocha.js");
    const child = spawn(process.execPath, [mocha].concat(words), {
      cwd: ROOT,
      stdio: "inherit",
      env: Object.assign({}, process.env, {
        FAIRLEAD_TEST_COUNTS: countsPath,
        FAIRLEAD_TEST_COMMAND: join(ROOT, "dist", "main.js"),
      }),
    });
    // Ctrl-C reaches mocha as well, being of our process group: wait for its end, and still say the line.
    process.on("SIGINT", () => undefined);
    process.on("SIGTERM", () => child.kill("SIGTERM"));
    let keptRunning = false;
    watchForEnd(child, countsPath, () => {
      keptRunning = true;
    });
    child.on("error", () => resolve(1));
    child.on("close", (status) => resolve(status === null || keptRunning ? 1 : status));
  });
}

async function main() {
  await bootstrap();
  const folder = mkdtempSync(join(tmpdir(), "fairlead-test-"));
  const countsPath = join(folder, "counts");
  writeFileSync(countsPath, "");
  const words = process.argv.slice(2);
  const status = await runMocha(words.some(namesTests) ? words : words.concat(EVERY_TEST), countsPath);
  const counts = countResults(readFileSync(countsPath, "utf8"), status);
  unlinkSync(countsPath);
  rmdirSync(folder);
  process.stdout.write(`${closingLine(counts)}\n`);
  process.exit(counts.failed === 0 ? 0 : 1);
}

void main();
