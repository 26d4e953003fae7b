/**
 * One process at a time for a state folder (CONTRACT.md §3). The lock is a file that names its holder by process number
 * and by the moment the process began, since numbers are used again. It appears by `link`, whole or not at all; a dead
 * process's lock is taken over. On a disk that is full it is a symbolic link that says the same: such a one takes no room,
 * and a node that was restarted for whatever reason has to come up again.
 */

import {
  linkSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { STATE_FILE_MODE } from "./atomic-file.ts";
import { codeOf } from "./system-error.ts";

const LOCK_FILE = "lock";
/** Each attempt after the first follows upon a dead holder's lock that was cleared away. */
const MAX_ATTEMPTS = 5;
const FULL: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT"]);

export type LockResult =
  | { readonly ok: true; readonly release: () => void; readonly tookOverFrom: number | undefined }
  | { readonly ok: false; readonly message: string };

/** Throws the system's error where the folder cannot be written to. */
export function acquireLock(folder: string): LockResult {
  const path = join(folder, LOCK_FILE);
  const own = `${process.pid} ${startOf(process.pid) ?? "-"}\n`;
  let tookOverFrom: number | undefined;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    if (createNew(path, own)) return { ok: true, release: () => release(path, own), tookOverFrom };
    const held = readLock(path);
    if (held === undefined) continue;
    const holder = parseHolder(held);
    if (holder !== undefined && isAlive(holder)) {
      return { ok: false, message: `state folder ${folder} is in use by process ${holder.pid}` };
    }
    tookOverFrom = holder?.pid;
    clearAway(path, held);
  }
  return { ok: false, message: `state folder ${folder} is being taken over by another process` };
}

/** False where there is one. */
function createNew(path: string, content: string): boolean {
  const aside = `${path}.${process.pid}.new`;
  try {
    // A file that is there already is not written to: while the node is root, it could lead anywhere.
    rmSync(aside, { force: true });
    const isWritten = writeWhereRoom(aside, content);
    if (isWritten) linkSync(aside, path);
    else symlinkSync(content.trimEnd(), path);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

/** False where the disk is full, or this user's part of it. */
function writeWhereRoom(path: string, content: string): boolean {
  try {
    writeFileSync(path, content, { mode: STATE_FILE_MODE, flag: "wx" });
    return true;
  } catch (error) {
    if (FULL.has(codeOf(error) ?? "")) return false;
    throw error;
  }
}

/** Moves the lock aside and looks at what it moved: a newcomer's lock, taken by mistake, is put back. */
function clearAway(path: string, expected: string): void {
  const aside = `${path}.${process.pid}.old`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    throw error;
  }
  if (readLock(aside) !== expected) linkSync(aside, path);
  rmSync(aside, { force: true });
}

function release(path: string, own: string): void {
  if (readLock(path) === own) rmSync(path, { force: true });
}

interface Holder {
  readonly pid: number;
  readonly start: string;
}

/** `undefined` for content that no version ever wrote: nobody holds such a lock. */
function parseHolder(content: string): Holder | undefined {
  const [, pid, start] = /^([1-9][0-9]*) (\S+)\n$/.exec(content) ?? [];
  return pid === undefined || start === undefined ? undefined : { pid: Number(pid), start };
}

function isAlive(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if (codeOf(error) === "ESRCH") return false;
  }
  const start = startOf(holder.pid);
  return start === undefined || holder.start === "-" || start === holder.start;
}

/** When a process began, in clock ticks since the system did (proc(5), field 22); `undefined` where unknown. */
function startOf(pid: number): string | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`);
  // The second field is the program's name in parentheses and may hold anything; the 20th after it is the start.
  return stat
    ?.slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .at(19);
}

function readLock(path: string): string | undefined {
  try {
    return `${readlinkSync(path)}\n`;
  } catch {
    return readIfThere(path);
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
