/** Values that settings are made of, each judged in the words of a person who mistyped it. */

import { z } from "zod";
import { parseNetworkText } from "./network.ts";
import { parseSocketAddress } from "./socket-address.ts";

export const NEEDS_ONE = "needs at least one value";

export const socketAddress = z.string().transform((text, context) => {
  const parsed = parseSocketAddress(text);
  if (parsed !== undefined) return parsed;
  context.addIssue({
    code: "custom",
    message: `'${text}' is not an address and a port, as in 127.0.0.1:5300 or [::1]:5300`,
  });
  return z.NEVER;
});

export const network = z.string().transform((text, context) => {
  const parsed = parseNetworkText(text);
  if (parsed !== undefined) return parsed;
  context.addIssue({ code: "custom", message: `'${text}' is not a network, as in 192.0.2.0/24` });
  return z.NEVER;
});

export const path = z.string().min(1, "is empty, expected a path");

/** A whole number as a flag, a variable or a file writes it. */
export function count(what: string, least: number, most: number) {
  const digits = z
    .string()
    .regex(/^[0-9]+$/)
    .transform(Number);
  return z
    .union([z.number(), digits], { error: (issue) => `'${String(issue.input)}' is not a number of ${what}` })
    .pipe(
      z
        .number()
        .int(`is not a whole number of ${what}`)
        .min(least, `is less than ${least}`)
        .max(most, `is more than ${most} ${what}`),
    );
}

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };
const MAX_DURATION_MS = 3_600_000;

/** Milliseconds, from one number and its unit: `500ms`, `10s`, `2m`. */
export const duration = z.string().transform((text, context) => {
  const [, digits, unit = ""] = /^([0-9]{1,7})(ms|s|m)$/.exec(text) ?? [];
  const milliseconds = Number(digits) * (UNITS_MS[unit] ?? Number.NaN);
  if (milliseconds > 0 && milliseconds <= MAX_DURATION_MS) return milliseconds;
  context.addIssue({ code: "custom", message: `'${text}' is not a time from 1ms to 60m, as in 10s` });
  return z.NEVER;
});

/** A list; what stands alone is a list of one. */
export function listOf<Item extends z.ZodType>(item: Item) {
  const list = z.array(item).min(1, NEEDS_ONE);
  return z.preprocess((given) => (typeof given === "string" ? [given] : given), list);
}

/** A part of a whole, from 0 to 1: `20%`, `0.5%`. */
export const share = z.string().transform((text, context) => {
  const parsed = parseShare(text);
  if (parsed !== undefined) return parsed;
  context.addIssue({ code: "custom", message: `'${text}' is not a share from 0% to 100%, as in 20%` });
  return z.NEVER;
});

/** `undefined` for anything but 0% to 100%. */
export function parseShare(text: string): number | undefined {
  const [, number] = /^([0-9]{1,3}(?:\.[0-9]{1,6})?)%$/.exec(text) ?? [];
  const percent = Number(number);
  return number === undefined || percent > 100 ? undefined : percent / 100;
}
