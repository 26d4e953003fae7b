/**
 * Root is for binding ports below 1024 and for nothing else. `--user` is who the node becomes once every port is bound;
 * without it root is refused such a port and warned otherwise (CONTRACT.md §3).
 */

import { execFile } from "node:child_process";
import {
  accessSync,
  chownSync,
  closeSync,
  constants,
  fchownSync,
  fstatSync,
  openSync,
  readdirSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { FIRST_UNPRIVILEGED_PORT } from "../config/options.ts";
import { formatSocketAddress, type SocketAddress } from "../config/socket-address.ts";

const run = promisify(execFile);

export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** Every group that it is in, the first of them too. */
  readonly groups: readonly number[];
}

export type UserResult =
  | { readonly ok: true; readonly user: User | undefined; readonly warning: string | undefined }
  | { readonly ok: false; readonly message: string };

/** Who to become, or why not to start at all. `ownUid` is `undefined` on systems without users. */
export async function judgeUser(
  name: string | undefined,
  listen: readonly SocketAddress[],
  ownUid: number | undefined,
): Promise<UserResult> {
  if (name === undefined) {
    if (ownUid !== 0) return { ok: true, user: undefined, warning: undefined };
    const low = listen.find(({ port }) => port > 0 && port < FIRST_UNPRIVILEGED_PORT);
    if (low === undefined) {
      return { ok: true, user: undefined, warning: "running as root; --user says whom to become" };
    }
    const why = `as root on a port below ${FIRST_UNPRIVILEGED_PORT} it has to know whom to become`;
    return { ok: false, message: `Cannot listen on ${formatSocketAddress(low)} without --user: ${why}` };
  }
  const user = await lookUpUser(name);
  if (user === undefined) return { ok: false, message: `Cannot become '${name}': there is no such user` };
  if (user.uid === ownUid) return { ok: true, user: undefined, warning: undefined };
  if (ownUid !== 0) return { ok: false, message: `Cannot become '${name}': only root can` };
  return { ok: true, user, warning: undefined };
}

/** By `id`, which asks whatever the system keeps its users in. */
async function lookUpUser(name: string): Promise<User | undefined> {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]*\$?$/.test(name)) return undefined;
  try {
    const [uid, gid, own, groups = ""] = await Promise.all(
      ["-u", "-g", "-un", "-G"].map(async (option) => (await run("id", [option, "--", name])).stdout.trim()),
    );
    const numbers = groups.split(" ").map(Number);
    return { name: own ?? name, uid: Number(uid), gid: Number(gid), groups: numbers };
  } catch {
    return undefined;
  }
}

/** What the node goes on needing once it is somebody else. */
export interface Needs {
  readonly stateFolder: string;
  /** Files and folders that a reload reads. */
  readonly zones: readonly string[];
}

/**
 * Gives the state folder to the user and becomes it for good, with the groups that it is in, on every thread. Returns why
 * the node cannot go on as that user, in one line; throws the system's error where it refuses.
 */
export function becomeUser(user: User, { stateFolder, zones }: Needs): string | undefined {
  const notGiven = giveStateFolder(stateFolder, user);
  if (notGiven !== undefined) return notGiven;
  process.setgroups?.([...user.groups]);
  process.setgid?.(user.gid);
  process.setuid?.(user.uid);
  if (!may(stateFolder, constants.R_OK | constants.W_OK | constants.X_OK)) {
    return `Cannot become '${user.name}': it may not write to the state folder ${stateFolder}`;
  }
  const hidden = zones.find((path) => !may(path, constants.R_OK));
  // Better said now than by the first reload.
  return hidden === undefined ? undefined : `Cannot become '${user.name}': it may not read ${hidden}`;
}

function may(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

/** What others than its owner may do in a folder. */
const OTHERS_MODE = 0o077;

/**
 * Root gives away what is its own, file by file, and nothing that a link leads to: whoever had the folder before could
 * have put links there to files that are none of its. A folder that others may enter as well was hardly made for state;
 * it has to be given by hand.
 */
function giveStateFolder(folder: string, { name, uid, gid }: User): string | undefined {
  const { uid: owner, mode } = statSync(folder);
  if (owner !== uid) {
    if (owner !== 0) return `Cannot give the state folder ${folder} to '${name}': it is somebody else's`;
    if ((mode & OTHERS_MODE) !== 0) {
      return `Cannot give the state folder ${folder} to '${name}': others may enter it, and its mode should be 0700`;
    }
    chownSync(folder, uid, gid);
  }
  for (const entry of readdirSync(folder)) giveFile(join(folder, entry), uid, gid);
  return undefined;
}

function giveFile(path: string, uid: number, gid: number): void {
  let file: number;
  try {
    // Not through a link, and not waiting for whoever is at the other end of a pipe.
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return;
  }
  try {
    const found = fstatSync(file);
    if (found.isFile() && found.nlink === 1 && found.uid === 0) fchownSync(file, uid, gid);
  } finally {
    closeSync(file);
  }
}
