/** What an override may hold, whether it is asked for over HTTP or stands in a file; every fault in a person's words. */

import { z } from "zod";
import { formatDuration, parseDurationMs } from "../health/duration.ts";

/** Long enough for a sentence and a ticket's address. */
const REASON_LIMIT_CHARACTERS = 256;
export const OWNER_LIMIT_CHARACTERS = 128;
/** What shall last is better said in the zones. */
const LONGEST_OVERRIDE_MS = 90 * 86_400_000;
const SHORTEST_OVERRIDE_MS = 1_000;
/** `pool/endpoint`, each of 63 characters at most. */
const REF_LIMIT_CHARACTERS = 127;
const REF = /^[A-Za-z0-9._*?-]+(?:\/[A-Za-z0-9._*?-]+)?$/;

const text = (what: string, limit: number) =>
  z
    .string(`'${what}' is missing, or no text`)
    .trim()
    .min(1, `'${what}' is empty`)
    .max(limit, `'${what}' is longer than ${limit} characters`);

export const stateSchema = z.enum(["up", "down", "drain"], "'state' is none of up, down and drain");
export const reasonSchema = text("reason", REASON_LIMIT_CHARACTERS);
export const ownerSchema = text("owner", OWNER_LIMIT_CHARACTERS);

export const refSchema = z
  .string("'ref' is missing, or no text")
  .max(REF_LIMIT_CHARACTERS, `'ref' is longer than ${REF_LIMIT_CHARACTERS} characters`)
  .regex(REF, "'ref' is neither pool nor pool/endpoint, nor a glob of these, as in */fra-*");

/** `for`, as milliseconds. */
export const lengthSchema = z
  .string("'for' is missing, or no text: it always has an end, as in 2h")
  .transform((given, context) => {
    const parsed = parseDurationMs(given);
    const fault = parsed.ok ? faultOfLength(parsed.ms) : parsed.message;
    if (parsed.ok && fault === undefined) return parsed.ms;
    context.addIssue({ code: "custom", message: `'for': ${fault}` });
    return z.NEVER;
  });

/** Of the time that an override is to last. */
export function faultOfLength(ms: number): string | undefined {
  if (ms < SHORTEST_OVERRIDE_MS) return `shorter than ${formatDuration(SHORTEST_OVERRIDE_MS)}`;
  return ms > LONGEST_OVERRIDE_MS ? `longer than ${formatDuration(LONGEST_OVERRIDE_MS)}` : undefined;
}

/** The body of `POST /api/v1/overrides`. */
export const overrideRequestSchema = z.strictObject(
  {
    ref: refSchema,
    state: stateSchema,
    for: lengthSchema,
    reason: reasonSchema,
    owner: ownerSchema.optional(),
    force: z.boolean("'force' is neither true nor false").default(false),
  },
  "expected a JSON object",
);

/** The first fault, as a person should read it, and the field that it is in. */
export function firstFault(error: z.ZodError): {
  readonly message: string;
  readonly path: readonly PropertyKey[];
} {
  const [issue] = error.issues;
  if (issue === undefined) return { message: "is faulty", path: [] };
  if (issue.code === "unrecognized_keys") {
    return { message: `field '${issue.keys.join("', '")}' is unknown`, path: issue.path };
  }
  return { message: issue.message, path: issue.path };
}
