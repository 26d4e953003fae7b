/**
 * Paths of `$INCLUDE`: relative to the zone folder, wherever the including file lies, and never out of it.
 */

/** How deep files may include each other; a loop ends before that. */
export const MAX_INCLUDE_DEPTH = 10;
/** How many includes one `*.zone` file may come to, files counted as often as they are included. */
export const MAX_INCLUDED_FILES = 1000;

export type IncludePath =
  | { readonly ok: true; readonly path: string }
  | { readonly ok: false; readonly message: string };

/** The folder that a file lies in, with its final slash; empty where the path is a bare name. */
export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1);
}

/** `written` as a path of the same kind as that of the `*.zone` file, `.` and `..` resolved. */
export function resolveInclude(zoneFolder: string, written: string): IncludePath {
  if (written === "") return { ok: false, message: "path is empty" };
  if (written.includes("\0")) return { ok: false, message: "path holds an octet of zero" };
  if (written.startsWith("/")) return leaves(written, "is absolute; write it relative to the zone folder");
  const segments: string[] = [];
  for (const segment of written.split("/")) {
    if (segment === "" || segment === ".") continue;
    if (segment !== "..") segments.push(segment);
    else if (segments.pop() === undefined) return leaves(written, "leads out of the zone folder");
  }
  if (segments.length === 0 || written.endsWith("/")) return leaves(written, "is not a file");
  return { ok: true, path: zoneFolder + segments.join("/") };
}

function leaves(written: string, why: string): IncludePath {
  return { ok: false, message: `'${written}' ${why}` };
}
