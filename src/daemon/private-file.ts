/** Files with secrets in them: read only where nobody but their owner may use them. */

import { readFileSync, statSync } from "node:fs";
import { systemReason } from "./system-error.ts";

/** What others may do to a file. */
const OTHERS_MODE = 0o077;

export type PrivateFileResult =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly message: string };

/** `what` is what the file holds: «the keys of transfers». Its text is octet by octet. */
export function readPrivateFile(path: string, what: string): PrivateFileResult {
  try {
    if ((statSync(path).mode & OTHERS_MODE) !== 0) {
      const message = `Cannot use ${what} in ${path}: others than its owner may use the file; its mode has to be 0600`;
      return { ok: false, message };
    }
    return { ok: true, text: readFileSync(path, "latin1") };
  } catch (error) {
    return { ok: false, message: `Cannot read ${what}: ${systemReason(error, path)}` };
  }
}
