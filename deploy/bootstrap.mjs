/**
 * What stands between a fresh clone and the first command: is this Node new enough, do the installed packages match
 * the lock file, is the code compiled. `npm start`, `npm test`, `npm run ok` and `npm run build` begin here.
 *
 * Nothing is imported but Node's own modules, and no syntax is used that Node 12 cannot parse, for this file is what
 * tells an old Node that it is too old; a house rule holds it to that.
 */
import { spawn } from "child_process";
import { chmodSync, existsSync, readFileSync, realpathSync } from "fs";
import { dirname, join } from "path";
import { fileURLToPath } from "url";

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

const PROGRESS_EVERY_MS = 5000;
/** What npm says when nobody answers at the registry's address. */
const UNREACHABLE =
  /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ERR_SOCKET_TIMEOUT)\b/;
/** npm's own defaults wait for minutes before it admits that nobody answers. */
const IMPATIENCE = [
  "--fetch-retries=2",
  "--fetch-retry-mintimeout=1000",
  "--fetch-retry-maxtimeout=5000",
  "--fetch-timeout=60000",
];
const MAX_OUTPUT_LINES_KEPT = 40;

/** Ends the process with one line that says what is wrong and what to do. */
export function stopWith(message) {
  process.stderr.write(`fairlead: ${message}\n`);
  process.exit(1);
}

function say(message) {
  process.stdout.write(`fairlead: ${message}\n`);
}

function readJson(path) {
  return JSON.parse(readFileSync(path, "utf8"));
}

/** Whether `version` (as in `process.version`) is at least `minimum` ("20.19"). */
export function isAtLeast(version, minimum) {
  const have = version.replace(/^v/, "").split(".").map(Number);
  const need = minimum.split(".").map(Number);
  for (let place = 0; place < need.length; place += 1) {
    if (have[place] !== need[place]) return have[place] > need[place];
  }
  return true;
}

/** The complaint about a Node that is too old, or `undefined`. `engines` is package.json's, such as ">=20.19". */
export function nodeComplaint(version, engines) {
  const minimum = engines.replace(/^>=\s*/, "");
  if (isAtLeast(version, minimum)) return undefined;
  return `Cannot run on Node ${version}: ${minimum} or newer is needed. Install it from https://nodejs.org, or with your version manager.`;
}

/**
 * Whether what npm noted in `node_modules/.package-lock.json` (`installed`) is what package-lock.json (`wanted`) asks
 * for. Packages for other platforms are optional and may be missing; anything else missing, changed or left over counts.
 */
export function isInstalled(wanted, installed) {
  const wantedPackages = wanted.packages;
  const installedPackages = installed.packages;
  for (const path of Object.keys(wantedPackages)) {
    if (path === "") continue;
    const want = wantedPackages[path];
    const have = installedPackages[path];
    if (have === undefined) {
      if (want.optional === true || want.devOptional === true || want.peer === true) continue;
      return false;
    }
    if (have.version !== want.version || have.integrity !== want.integrity) return false;
  }
  return Object.keys(installedPackages).every((path) => wantedPackages[path] !== undefined);
}

function needsInstall() {
  const note = join(ROOT, "node_modules", ".package-lock.json");
  if (!existsSync(note)) return true;
  const installed = readJson(note);
  if (!isInstalled(readJson(join(ROOT, "package-lock.json")), installed)) return true;
  return !Object.keys(installed.packages).every((path) => existsSync(join(ROOT, path, "package.json")));
}

/** One clear line for what npm printed when it failed. */
export function installComplaint(output, registry) {
  const code = UNREACHABLE.exec(output);
  if (code !== null) {
    return `Cannot install packages: the npm registry ${registry} does not answer (${code[1]}). Check the network, or set another one with \`npm config set registry URL\`.`;
  }
  const lines = output.split("\n").filter((line) => line.startsWith("npm error"));
  const reason = lines
    .slice(0, 3)
    .join(" ")
    .replace(/npm error /g, "");
  return `Cannot install packages: npm ci failed: ${reason === "" ? "it said nothing" : reason}`;
}

/** npm's own script where npm started us, so that the very same npm is used; else whatever PATH holds. */
function npmCommand() {
  const script = process.env.npm_execpath;
  if (script !== undefined && /npm-cli\.c?js$/.test(script)) return [process.execPath, script];
  return ["npm"];
}

/**
 * Runs a command to its end, handing each line it prints to `onLine`. Resolves with the exit status; the child shares
 * our process group, so that Ctrl-C reaches it too.
 */
function run(command, onLine) {
  return new Promise((resolve) => {
    const child = spawn(command[0], command.slice(1), { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
    const streams = [child.stdout, child.stderr];
    for (const stream of streams) {
      let rest = "";
      stream.setEncoding("utf8");
      stream.on("data", (text) => {
        const lines = (rest + text).split("\n");
        rest = lines.pop();
        lines.forEach(onLine);
      });
      stream.on("end", () => {
        if (rest !== "") onLine(rest);
      });
    }
    child.on("error", (error) => {
      onLine(`npm error ${error.message}`);
      resolve(127);
    });
    child.on("close", (status) => resolve(status === null ? 1 : status));
  });
}

async function install() {
  const total = Object.keys(readJson(join(ROOT, "package-lock.json")).packages).length - 1;
  const startedAt = Date.now();
  const seconds = () => Math.round((Date.now() - startedAt) / 1000);
  let fetched = 0;
  let registry = "";
  const kept = [];
  say(`installing up to ${total} packages (npm ci) ...`);
  const timer = setInterval(
    () => say(`  ${fetched} packages fetched after ${seconds()} s`),
    PROGRESS_EVERY_MS,
  );
  const flags = ["--include=dev", "--loglevel=http", "--no-audit", "--no-fund"].concat(IMPATIENCE);
  const status = await run(npmCommand().concat(["ci"], flags), (line) => {
    if (/^npm http (cache|fetch GET 200)/.test(line)) fetched += 1;
    else kept.push(line);
    if (kept.length > MAX_OUTPUT_LINES_KEPT) kept.shift();
    const place = /https?:\/\/[^/\s]+/.exec(line);
    if (place !== null && registry === "") registry = place[0];
  });
  clearInterval(timer);
  if (status !== 0) stopWith(installComplaint(kept.join("\n"), registry));
  say(`installed in ${seconds()} s`);
}

/** Compiles `src` and the demo regions to `dist`, and makes the command executable. */
async function build() {
  say("building dist/ (tsc) ...");
  const compiler = realpathSync(join(ROOT, "node_modules", "typescript", "bin", "tsc"));
  const lines = [];
  for (const project of ["tsconfig.json", "deploy/demo/tsconfig.json"]) {
    const status = await run([process.execPath, compiler, "-p", project], (line) => lines.push(line));
    if (status !== 0) stopWith(`Cannot build: tsc -p ${project} failed:\n${lines.join("\n")}`);
  }
  chmodSync(join(ROOT, "dist", "main.js"), 0o755);
}

/** Brings a clone to where its commands run; ends the process with one clear line where it cannot. */
export async function bootstrap() {
  const complaint = nodeComplaint(process.version, readJson(join(ROOT, "package.json")).engines.node);
  if (complaint !== undefined) stopWith(complaint);
  if (needsInstall()) await install();
  await build();
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  void bootstrap();
}
