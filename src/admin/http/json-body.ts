/** A request's body as JSON, read by the schema of its resource. */

import type { z } from "zod";
import { firstFault } from "../override-request.ts";

export type JsonBody<T> =
  | { readonly ok: true; readonly value: T }
  /** The first fault, and the field that it is in; `undefined` where it is in none. */
  | { readonly ok: false; readonly message: string; readonly parameter: string | undefined };

/** What is no JSON is left to the schema to refuse. */
export function readJsonBody<T>(schema: z.ZodType<T>, body: unknown): JsonBody<T> {
  const parsed = schema.safeParse(parseJson(body));
  if (parsed.success) return { ok: true, value: parsed.data };
  const { message, path } = firstFault(parsed.error);
  return { ok: false, message, parameter: path[0] === undefined ? undefined : String(path[0]) };
}

function parseJson(body: unknown): unknown {
  try {
    return typeof body === "string" ? JSON.parse(body) : undefined;
  } catch {
    return undefined;
  }
}
