/**
 * What answers hold and whom they are held back from: the settings `cookies`, `rate-limit`, `explain-networks`,
 * `minimal-responses`, `server-version` and `server-id` of the configuration file.
 */

import { z } from "zod";
import type { NetworkText } from "./network.ts";
import { count, listOf, network, path } from "./values.ts";

/** `own`: by secrets that the node makes for itself and nobody else knows. */
export type CookieOptions =
  | { readonly kind: "off" }
  | { readonly kind: "own" }
  | { readonly kind: "file"; readonly path: string };

export interface RateLimitOptions {
  readonly responsesPerSecond: number;
  readonly windowSeconds: number;
  readonly slip: number;
  readonly ipv4PrefixBits: number;
  readonly ipv6PrefixBits: number;
  readonly exempt: readonly NetworkText[];
  /** How many networks are known at one time. */
  readonly tableEntries: number;
}

export interface AnsweringOptions {
  readonly cookies: CookieOptions;
  /** `undefined`: every query is answered. */
  readonly rateLimit: RateLimitOptions | undefined;
  /** Who may have answers explained. */
  readonly explainNetworks: readonly NetworkText[];
  readonly minimalResponses: boolean;
  /** `undefined`: nobody is told. */
  readonly serverVersion: string | undefined;
  readonly serverId: string | undefined;
}

/** As BIND has them, save for the number of entries. */
const RATE_LIMIT_DEFAULTS = {
  windowSeconds: 15,
  slip: 2,
  ipv4PrefixBits: 24,
  ipv6PrefixBits: 56,
  tableEntries: 262_144,
};
const MAX_RESPONSES_PER_SECOND = 100_000;
const MAX_WINDOW_SECONDS = 3_600;
const MAX_SLIP = 10;
const LEAST_TABLE_ENTRIES = 1_024;
const MAX_TABLE_ENTRIES = 1 << 26;
/** One character string of a TXT record, in the octets that the wire has of it (RFC 1035 §3.3). */
const MAX_TEXT_OCTETS = 255;

const YES_OR_NO = new Map([
  ["yes", true],
  ["on", true],
  ["no", false],
  ["off", false],
]);

/** YAML 1.2 knows true and false alone; people write yes and no. */
export const minimalResponsesSchema = z.union([z.boolean(), z.string()]).transform((given, context) => {
  const known = typeof given === "boolean" ? given : YES_OR_NO.get(given);
  if (known !== undefined) return known;
  context.addIssue({ code: "custom", message: `'${given}' is neither yes nor no` });
  return z.NEVER;
});

export const cookiesSchema = z.union([z.literal(["off", false]), z.strictObject({ "secret-file": path })], {
  error: "is neither 'off' nor a map with a secret-file",
});

export const rateLimitSchema = z.strictObject({
  "responses-per-second": count("responses", 1, MAX_RESPONSES_PER_SECOND),
  window: count("seconds", 1, MAX_WINDOW_SECONDS).optional(),
  slip: count("responses", 0, MAX_SLIP).optional(),
  "ipv4-prefix": count("bits", 1, 32).optional(),
  "ipv6-prefix": count("bits", 1, 128).optional(),
  exempt: listOf(network).optional(),
  "table-size": count("entries", LEAST_TABLE_ENTRIES, MAX_TABLE_ENTRIES).optional(),
});

export const explainNetworksSchema = listOf(network);

export const chaosTextSchema = z
  .string()
  .min(1, "is empty, expected a text")
  .refine((text) => new TextEncoder().encode(text).length <= MAX_TEXT_OCTETS, {
    error: `is longer than ${MAX_TEXT_OCTETS} octets`,
  });

/** What all sources together say of it. */
interface AnsweringSettings {
  readonly cookies?: z.output<typeof cookiesSchema> | undefined;
  readonly "rate-limit"?: z.output<typeof rateLimitSchema> | undefined;
  readonly "explain-networks"?: readonly NetworkText[] | undefined;
  readonly "minimal-responses"?: boolean | undefined;
  readonly "server-version"?: string | undefined;
  readonly "server-id"?: string | undefined;
}

export function resolveAnswering(settings: AnsweringSettings): AnsweringOptions {
  return {
    cookies: cookieOptions(settings.cookies),
    rateLimit: rateLimitOptions(settings["rate-limit"]),
    explainNetworks: settings["explain-networks"] ?? [],
    minimalResponses: settings["minimal-responses"] ?? true,
    serverVersion: settings["server-version"],
    serverId: settings["server-id"],
  };
}

function cookieOptions(given: AnsweringSettings["cookies"]): CookieOptions {
  if (given === undefined) return { kind: "own" };
  return typeof given === "object" ? { kind: "file", path: given["secret-file"] } : { kind: "off" };
}

function rateLimitOptions(given: AnsweringSettings["rate-limit"]): RateLimitOptions | undefined {
  if (given === undefined) return undefined;
  return {
    responsesPerSecond: given["responses-per-second"],
    windowSeconds: given.window ?? RATE_LIMIT_DEFAULTS.windowSeconds,
    slip: given.slip ?? RATE_LIMIT_DEFAULTS.slip,
    ipv4PrefixBits: given["ipv4-prefix"] ?? RATE_LIMIT_DEFAULTS.ipv4PrefixBits,
    ipv6PrefixBits: given["ipv6-prefix"] ?? RATE_LIMIT_DEFAULTS.ipv6PrefixBits,
    exempt: given.exempt ?? [],
    tableEntries: given["table-size"] ?? RATE_LIMIT_DEFAULTS.tableEntries,
  };
}
