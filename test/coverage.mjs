/**
 * `npm run coverage`: compiles src and test, and runs the unit tests over the compiled code under c8, so that what is
 * measured is what ships. Fails below the thresholds. Reports in .coverage/report.
 */
import { spawnSync } from "child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from "fs";
import { dirname, join, relative } from "path";
import { bootstrap, ROOT } from "../deploy/bootstrap.mjs";

const BUILD = join(ROOT, ".coverage", "build");

/** Per cent. Raise them as they are passed; they only go up. */
const THRESHOLDS = { lines: 97, functions: 96, branches: 90 };

/** What tests read beside code: linked into the build, where the compiled tests look for it. */
const DATA = ["package.json", "zones", "test/zones"];

function run(script, words) {
  const { status } = spawnSync(process.execPath, [join(ROOT, "node_modules", script)].concat(words), {
    cwd: ROOT,
    stdio: "inherit",
  });
  if (status !== 0) process.exit(status === null ? 1 : status);
}

/** Compiled files that hold types only: no test can run what is not there. */
function emptyFiles(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".js"))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => {
      const code = readFileSync(path, "utf8").replace(/\/\*[^]*?\*\/|\/\/.*$/gm, "");
      return code.trim() === "export {};";
    })
    .map((path) => relative(ROOT, path));
}

async function main() {
  await bootstrap();
  rmSync(join(ROOT, ".coverage"), { recursive: true, force: true });
  run("typescript/bin/tsc", ["-p", "test/tsconfig.json"]);
  for (const path of DATA) {
    const link = join(BUILD, path);
    mkdirSync(dirname(link), { recursive: true });
    if (!existsSync(link)) symlinkSync(join(ROOT, path), link);
  }
  const empty = emptyFiles(join(BUILD, "src"));
  const thresholds = Object.keys(THRESHOLDS).map((kind) => `--${kind}=${THRESHOLDS[kind]}`);
  run("c8/bin/c8.js", [
    "--check-coverage",
    "--all",
    "--src=.coverage/build/src",
    "--include=.coverage/build/src/**",
    "--include=src/**",
    "--temp-directory=.coverage/raw",
    "--reports-dir=.coverage/report",
    "--reporter=text",
    "--reporter=lcovonly",
    ...empty.map((path) => `--exclude=${path}`),
    ...thresholds,
    process.execPath,
    join(ROOT, "node_modules", "mocha", "bin", "mocha.js"),
    "--no-config",
    // Whether a test leaves something running is the business of test/run.mjs.
    "--exit",
    "--reporter=dot",
    "--timeout=120000",
    ".coverage/build/test/unit/**/*.test.js",
  ]);
}

void main();
