/**
 * Root is for binding ports below 1024 and for nothing else. `--user` is who the node becomes once every port is bound;
 * without it root is refused such a port and warned otherwise (CONTRACT.md §3).
 */

import { execFile } from "node:child_process";
import { chownSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { FIRST_UNPRIVILEGED_PORT } from "../config/options.ts";
import { formatSocketAddress, type SocketAddress } from "../config/socket-address.ts";

const run = promisify(execFile);

export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
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
    const [uid, gid, own] = await Promise.all(
      ["-u", "-g", "-un"].map(async (option) => (await run("id", [option, "--", name])).stdout.trim()),
    );
    return { name: own ?? name, uid: Number(uid), gid: Number(gid) };
  } catch {
    return undefined;
  }
}

/** Gives the state folder to the user and becomes it, for good. Throws the system's error where it refuses. */
export function becomeUser({ uid, gid }: User, stateFolder: string): void {
  chownSync(stateFolder, uid, gid);
  for (const entry of readdirSync(stateFolder)) chownSync(join(stateFolder, entry), uid, gid);
  process.setgroups?.([gid]);
  process.setgid?.(gid);
  process.setuid?.(uid);
}
