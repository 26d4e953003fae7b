/** What may stand in the body of a reload: nothing, or what a person wishes to overrule, and why. */

import { z } from "zod";
import { LOAD_CHECKS, type LoadCheck, type ReloadWish, unknownCheck } from "../load.ts";
import { ownerSchema, reasonSchema } from "../override-request.ts";
import { readJsonBody } from "./json-body.ts";

export type ReloadBody =
  | { readonly ok: true; readonly wish: ReloadWish | undefined }
  | { readonly ok: false; readonly message: string; readonly parameter: string | undefined };

/** A list, or a text with commas, as the command line has it. */
const despiteSchema = z
  .union([z.array(z.string()), z.string()], "'despite' is no list of checks")
  .transform((given, context): LoadCheck[] => {
    const words = typeof given === "string" ? given.split(",") : given;
    const checks = LOAD_CHECKS.filter((check) => words.includes(check));
    const unknown = words.find((word) => !LOAD_CHECKS.some((check) => check === word));
    if (unknown === undefined && checks.length > 0) return checks;
    const message = `'despite': ${unknownCheck(unknown ?? "")}`;
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  });

const bodySchema = z.strictObject(
  { despite: despiteSchema.optional(), reason: reasonSchema.optional(), owner: ownerSchema.optional() },
  "expected a JSON object, or nothing",
);

/** `from` is whose wish it is where the body does not say. */
export function readReloadBody(body: unknown, from: string): ReloadBody {
  if (typeof body !== "string" || body.trim() === "") return { ok: true, wish: undefined };
  const read = readJsonBody(bodySchema, body);
  if (!read.ok) return fault(read.message, read.parameter);
  const { despite, reason, owner } = read.value;
  if (despite === undefined) {
    const [word] = Object.keys(read.value);
    return word === undefined ? { ok: true, wish: undefined } : fault(`'${word}' is for 'despite'`, word);
  }
  if (reason === undefined) return fault("'reason' is missing: whoever finds it wants to know why", "reason");
  return { ok: true, wish: { despite, reason, owner: owner ?? from } };
}

function fault(message: string, parameter: string | undefined): ReloadBody {
  return { ok: false, message: `Cannot read the body: ${message}`, parameter };
}
