/** A folder for one test, gone once its suite has ended. */

import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "mocha";

/**
 * Call it within `describe`; what it returns makes a folder within `it`. They go when every `afterEach` of the suite has
 * run, whichever was declared first, for those end what still writes into them.
 */
export function useTemporaryFolders(): () => string {
  const folders: string[] = [];
  after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));
  return () => {
    const folder = mkdtempSync(join(tmpdir(), "fairlead-test-"));
    folders.push(folder);
    return folder;
  };
}
