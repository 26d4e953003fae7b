/** The state folder: what a node remembers from one start to the next, for one process at a time. */

import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { removeLeftovers, STATE_FOLDER_MODE } from "./atomic-file.ts";
import { acquireLock } from "./lock.ts";
import type { Log } from "./log.ts";
import { codeOf, systemReason } from "./system-error.ts";

export type StateFolder =
  | { readonly ok: true; readonly release: () => void }
  /** One line, naming the folder. */
  | { readonly ok: false; readonly message: string };

const EVERYBODY_WRITES = 0o002;

/** Makes the folder where it is missing, takes its lock, and clears away what a crash left half-written. */
export async function openStateFolder(folder: string, log: Log): Promise<StateFolder> {
  try {
    makeFolder(folder);
    if ((statSync(folder).mode & EVERYBODY_WRITES) !== 0) {
      return { ok: false, message: `Cannot use the state folder: ${folder}: everybody may write there` };
    }
    const lock = acquireLock(folder);
    if (!lock.ok) return { ok: false, message: `Cannot start: ${lock.message}` };
    if (lock.tookOverFrom !== undefined) {
      log.warn({ folder, pid: lock.tookOverFrom }, "took over the lock of a process that is gone");
    }
    await removeLeftovers(folder);
    return { ok: true, release: lock.release };
  } catch (error) {
    return { ok: false, message: `Cannot use the state folder: ${systemReason(error, folder)}` };
  }
}

/** Those above it stay open to whoever the node becomes. */
function makeFolder(folder: string): void {
  if (!existsSync(dirname(folder))) mkdirSync(dirname(folder), { recursive: true });
  try {
    mkdirSync(folder, { mode: STATE_FOLDER_MODE });
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  }
}
