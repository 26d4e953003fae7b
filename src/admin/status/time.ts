/** Times as the API writes them. */

/** ISO 8601 UTC; `null` for what never was. */
export function formatTime(atMs: number | undefined): string | null {
  return atMs === undefined ? null : new Date(atMs).toISOString();
}
