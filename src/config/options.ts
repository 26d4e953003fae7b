/**
 * The options of `serve`: their names, their defaults and what each may hold. One schema judges all three sources; the
 * names are the same in the configuration file (`admin`), the environment (`FAIRLEAD_ADMIN`) and the flags (`--admin`);
 * what has parts of its own stands in the file alone.
 */

import { z } from "zod";
import {
  type AnsweringOptions,
  chaosTextSchema,
  cookiesSchema,
  explainNetworksSchema,
  minimalResponsesSchema,
  rateLimitSchema,
} from "./answering.ts";
import { parseCoreList } from "./core-list.ts";
import { type DrillOptions, drillsSchema } from "./drills.ts";
import type { SocketAddress } from "./socket-address.ts";
import { httpsSchema, proxyProtocolSchema, type StreamOptions, tcpSchema, tlsSchema } from "./streams.ts";
import { type TransferOptions, transferSchema } from "./transfer.ts";
import { count, listOf, NEEDS_ONE, path, share, socketAddress } from "./values.ts";

export const DEFAULT_ZONES: readonly string[] = ["zones"];
/** UDP and TCP; above 1023, so that no privilege is needed. */
export const DEFAULT_LISTEN: readonly SocketAddress[] = [
  { address: "127.0.0.1", port: 5300 },
  { address: "::1", port: 5300 },
];
/** A port below this needs a privilege on most systems. */
export const FIRST_UNPRIVILEGED_PORT = 1024;
export const DEFAULT_ADMIN: SocketAddress = { address: "127.0.0.1", port: 9153 };
export const MAX_WORKERS = 1024;
/** Half of the longest that a worker may look for queries without looking for anything else. */
const MAX_BUSY_POLL_US = 100_000;
/** An NSID travels in every answer that asks for it (RFC 5001); a longer name helps nobody. */
export const MAX_NODE_NAME_OCTETS = 64;

/** YAML takes a single core for a number. */
const coreList = z.union([z.number(), z.string()]).transform((given, context) => {
  const parsed = parseCoreList(String(given));
  if (parsed.ok) return parsed.cores;
  context.addIssue({ code: "custom", message: parsed.message });
  return z.NEVER;
});

const natsUrl = z
  .string()
  .refine((text) => URL.canParse(text), { error: (issue) => `'${String(issue.input)}' is not a URL` });

/** Every key may be absent: a source says what it says, and defaults come last. */
export const settingsSchema = z
  .strictObject({
    zones: z.array(path).min(1, NEEDS_ONE),
    listen: z.array(socketAddress).min(1, NEEDS_ONE),
    admin: socketAddress,
    workers: count("workers", 1, MAX_WORKERS),
    "cpu-affinity": coreList,
    "busy-poll-us": count("microseconds", 0, MAX_BUSY_POLL_US),
    state: path,
    node: z
      .string()
      .min(1, "is empty, expected a name")
      .max(MAX_NODE_NAME_OCTETS, `is longer than ${MAX_NODE_NAME_OCTETS} characters`)
      .regex(/^[\x21-\x7e]*$/, "holds a blank or a character outside ASCII"),
    geoip: path,
    nats: z.array(natsUrl).min(1, NEEDS_ONE),
    "admin-token-file": path,
    "override-file": path,
    user: z.string().min(1, "is empty, expected a user's name"),
    "max-shift": share,
    transfer: transferSchema,
    tcp: tcpSchema,
    tls: tlsSchema,
    https: httpsSchema,
    "proxy-protocol": proxyProtocolSchema,
    cookies: cookiesSchema,
    "rate-limit": rateLimitSchema,
    "explain-networks": explainNetworksSchema,
    "minimal-responses": minimalResponsesSchema,
    "server-version": chaosTextSchema,
    "server-id": chaosTextSchema,
    resolver: listOf(socketAddress),
    drills: drillsSchema,
  })
  .partial();

export type Settings = z.output<typeof settingsSchema>;
export type SettingName = keyof Settings;

/** In the order in which `serve --help` lists them. */
export const SETTING_NAMES: readonly SettingName[] = [
  "zones",
  "listen",
  "admin",
  "workers",
  "cpu-affinity",
  "busy-poll-us",
  "state",
  "node",
  "geoip",
  "nats",
  "admin-token-file",
  "override-file",
  "max-shift",
  "user",
];

/** Settings that stand in the file: most have parts, and few of these have a flag and a variable as well. */
export const FILE_SETTING_NAMES: readonly SettingName[] = [
  "transfer",
  "tcp",
  "tls",
  "https",
  "proxy-protocol",
  "cookies",
  "rate-limit",
  "explain-networks",
  "minimal-responses",
  "server-version",
  "server-id",
  "resolver",
  "drills",
];

/** The parts that have: by the flag's name, which setting and which of its parts. */
export const PART_FLAGS: Readonly<Record<string, readonly [setting: SettingName, part: string]>> = {
  "listen-tls": ["tls", "listen"],
  "tls-certificate": ["tls", "certificate"],
  "tls-key": ["tls", "key"],
  "listen-https": ["https", "listen"],
};

/** Settings that may be given several times: a flag repeated, a list in the file, commas in the environment. */
export const LIST_SETTINGS: ReadonlySet<SettingName> = new Set(["zones", "listen", "nats"]);

/** What `serve` runs on, every default filled in. */
export interface ServeOptions {
  /** Zone files and folders of `*.zone` files, as given. */
  readonly zones: readonly string[];
  readonly listen: readonly SocketAddress[];
  readonly admin: SocketAddress;
  /** Threads that answer. */
  readonly workers: number;
  /** The core of each worker; `undefined`: wherever the system puts them. */
  readonly cpuAffinity: readonly number[] | undefined;
  /** How long a worker looks for the next query before it sleeps until one comes. */
  readonly busyPollUs: number;
  /** The state folder. */
  readonly state: string;
  /** The node's name, also its NSID. */
  readonly node: string;
  /** The operator's own geo database; `undefined`: the one that comes along. */
  readonly geoip: string | undefined;
  /** Holds the token that whatever changes state needs; without one only loopback may. */
  readonly adminTokenFile: string | undefined;
  /** Who is asked for the addresses of host names; empty: whom the system asks. */
  readonly resolvers: readonly SocketAddress[];
  /** Overrides that operators keep in a file; watched. */
  readonly overrideFile: string | undefined;
  /** Drills on a schedule. */
  readonly drills: readonly DrillOptions[];
  /** How much of a name's clients a load may send elsewhere, from 0 to 1; `undefined`: all. */
  readonly maxShift: number | undefined;
  /** The user to become once every port is bound. */
  readonly user: string | undefined;
  /** `undefined`: nobody may transfer zones. */
  readonly transfer: TransferOptions | undefined;
  /** TCP, TLS and HTTPS. */
  readonly streams: StreamOptions;
  /** What answers hold, and whom they are held back from. */
  readonly answering: AnsweringOptions;
}

/** `FAIRLEAD_ADMIN_TOKEN_FILE` for `admin-token-file`. */
export function environmentVariableOf(setting: string): string {
  return `FAIRLEAD_${setting.toUpperCase().replaceAll("-", "_")}`;
}
