/** A request's body as JSON; its resource says what it may be. */

/** `undefined` for what is none. */
export function parseJsonBody(body: unknown): unknown {
  try {
    return typeof body === "string" ? JSON.parse(body) : undefined;
  } catch {
    return undefined;
  }
}
