/** Files that are either the old ones or the new ones after a crash at any instant, never half of each. */

import { open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

/** State is nobody else's business. */
export const STATE_FILE_MODE = 0o600;
export const STATE_FOLDER_MODE = 0o700;

const TEMPORARY_SUFFIX = ".partial";
/** How much is collected at least before it is written. */
const WRITE_OCTETS = 0x10_0000;

/**
 * Writes aside, forces the octets to disk, renames over `path`, and forces the folder's entry to disk as well. Rejects
 * with the system's error; `path` is untouched then.
 */
export async function writeFileAtomically(path: string, parts: readonly Uint8Array[]): Promise<void> {
  const temporary = `${path}.${process.pid}${TEMPORARY_SUFFIX}`;
  try {
    // A file that is there already is not written to: while the node is root, it could lead anywhere.
    await rm(temporary, { force: true });
    const file = await open(temporary, "wx", STATE_FILE_MODE);
    try {
      for (const chunk of chunksOf(parts)) await file.writeFile(chunk);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** The same octets in fewer pieces: a set of zones has thousands of small ones, and each write is a trip to a thread. */
function* chunksOf(parts: readonly Uint8Array[]): Generator<Uint8Array> {
  let pending: Uint8Array[] = [];
  let octets = 0;
  for (const part of parts) {
    pending.push(part);
    octets += part.length;
    if (octets < WRITE_OCTETS) continue;
    yield Buffer.concat(pending);
    pending = [];
    octets = 0;
  }
  yield Buffer.concat(pending);
}

/** Removes what writers left behind that died half-way; the caller holds the folder's lock. Returns how many. */
export async function removeLeftovers(folder: string): Promise<number> {
  const own = `.${process.pid}${TEMPORARY_SUFFIX}`;
  const names = (await readdir(folder)).filter(
    (name) => name.endsWith(TEMPORARY_SUFFIX) && !name.endsWith(own),
  );
  for (const name of names) await rm(join(folder, name), { force: true });
  return names.length;
}
