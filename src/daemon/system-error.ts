/** What Node says of a refusal by the system. */

/** `ENOENT`, `EADDRINUSE`, …; `undefined` for an error that is none of the system's. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** A system error in words, with its path: «zones: no such file or directory». */
export function systemReason(error: unknown, path: string): string {
  if (!(error instanceof Error)) return `${path}: ${String(error)}`;
  const subject = "path" in error && typeof error.path === "string" ? error.path : path;
  // Node writes «ENOENT: no such file or directory, stat 'zones'».
  const [, words] = /^[A-Z]+: ([^,]+), /.exec(error.message) ?? [];
  return `${subject}: ${words ?? error.message}`;
}
