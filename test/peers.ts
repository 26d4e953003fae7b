/**
 * Real programs that tests talk to (dig, nsd, nginx, …). A test that needs one is skipped where it is not installed,
 * unless FAIRLEAD_REQUIRE_PEERS=1 says that its absence is a failure, as in continuous integration.
 */

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Daemons are often outside a plain user's PATH. */
const SYSTEM_FOLDERS = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/** The path of an installed program, or `undefined`. */
export function peerPath(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? "").split(delimiter), ...SYSTEM_FOLDERS];
  return folders
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, name))
    .find((path) => isExecutable(path));
}

/**
 * Skips the test (or, in a `before` hook, its suite) where a program is missing. Call it first in the function:
 * `before(function () { needPeers.call(this, "dig", "nsd"); })`.
 */
export function needPeers(this: Mocha.Context, ...names: string[]): void {
  const missing = names.filter((name) => peerPath(name) === undefined);
  if (missing.length === 0) return;
  if (process.env.FAIRLEAD_REQUIRE_PEERS === "1") {
    throw new Error(`FAIRLEAD_REQUIRE_PEERS=1, and not installed: ${missing.join(", ")}`);
  }
  // oxlint-disable-next-line no-this-in-exported-function -- `this` is mocha's context, as in every hook
  this.skip();
}

/** Likewise where this is not root's process, and the test needs it to be. */
export function needRoot(this: Mocha.Context): void {
  if (process.getuid?.() === 0) return;
  if (process.env.FAIRLEAD_REQUIRE_PEERS === "1") throw new Error("FAIRLEAD_REQUIRE_PEERS=1, and not root");
  // oxlint-disable-next-line no-this-in-exported-function -- `this` is mocha's context, as in every hook
  this.skip();
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
