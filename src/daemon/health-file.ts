/**
 * What a node knew of health when it last wrote it down, kept in the state folder: a start does not begin with nothing.
 *
 * `health.json` holds the state of every place and monitor, with its age, and how pools were coming back. It is replaced
 * whole or not at all; one that is cut short, damaged or of another version is as good as none, and said so.
 *
 * | what is read                | it is younger than `MAX_AGE_MS` | older                                         |
 * | --------------------------- | ------------------------------- | --------------------------------------------- |
 * | the state of a monitor      | goes on as it was               | forgotten: the first verdict decides          |
 * | a pool withdrawn            | withdrawn                       | withdrawn                                     |
 * | a pool held by `failback`   | held since then                 | withdrawn: nobody saw it up, it waits anew    |
 * | a pool in its slow start    | where the clock says it is      | where the clock says it is                    |
 * | what a host name stood for  | stands until it is resolved     | stands until it is resolved                   |
 */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { z } from "zod";
import type { ProbeState } from "../health/hysteresis.ts";
import type { ReturnState } from "../policy/failback.ts";
import { writeFileAtomically } from "./atomic-file.ts";
import type { KeptHosts } from "./host-names.ts";
import { addressOf } from "./host-state.ts";
import type { KeptReturns } from "./pool-returns.ts";
import { codeOf } from "./system-error.ts";

/** What is older says nothing about what is up now. */
export const MAX_AGE_MS = 15 * 60 * 1000;

const FORMAT_VERSION = 1;
const FILE_NAME = "health.json";
/** About a millisecond's worth. */
const ENTRIES_PER_PIECE = 500;

export interface KeptHealth {
  /** By place and monitor, as the health book keys them. */
  readonly states: ReadonlyMap<string, ProbeState>;
  readonly returns: KeptReturns;
  /** What host names stood for. */
  readonly hosts?: KeptHosts;
}

export type HealthRead =
  | { readonly kind: "read"; readonly health: KeptHealth; readonly ageMs: number }
  | { readonly kind: "none" }
  /** In words, for the log. */
  | { readonly kind: "unusable"; readonly reason: string };

const instant = z.number().min(0);

const probeStateSchema = z.object({
  observed: z.enum(["up", "down", "unknown"]),
  passing: z.boolean(),
  run: z.int().min(0),
  runSinceMs: instant,
  failingSinceMs: instant.exactOptional(),
  recent: z.string().regex(/^[+-]*$/),
  sinceMs: instant,
  reason: z.string(),
  newcomer: z.boolean(),
});

const returnStateSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("fresh") }),
  z.object({ kind: z.literal("withdrawn") }),
  z.object({ kind: z.literal("held"), sinceMs: instant }),
  z
    .object({ kind: z.literal("serving"), rampFromMs: instant.optional() })
    .transform(({ kind, rampFromMs }) => ({ kind, rampFromMs })),
]);

const hostSchema = z.object({
  addresses: z.array(z.string()),
  ttlSeconds: z.number().min(0),
  resolvedAtMs: instant,
});

const fileSchema = z.object({
  version: z.literal(FORMAT_VERSION),
  savedAtMs: instant,
  states: z.record(z.string(), probeStateSchema),
  returns: z.record(
    z.string(),
    z.object({ ipv4: returnStateSchema.exactOptional(), ipv6: returnStateSchema.exactOptional() }),
  ),
  hosts: z.record(z.string(), hostSchema).exactOptional(),
});

/** Rejects with the system's error; what was kept before is untouched then. */
export async function keepHealth(folder: string, kept: KeptHealth, atMs: number): Promise<void> {
  const parts: Uint8Array[] = [];
  // Ten thousand states are some milliseconds of writing, so others get their turn in between.
  for (const text of fileText(kept, atMs)) {
    parts.push(new TextEncoder().encode(text));
    await nextTurn();
  }
  await writeFileAtomically(join(folder, FILE_NAME), parts);
}

/** The file, in pieces. */
function* fileText({ states, returns, hosts }: KeptHealth, atMs: number): Generator<string> {
  yield `{"version":${FORMAT_VERSION},"savedAtMs":${JSON.stringify(atMs)},"states":`;
  yield* objectText(states);
  yield ',"returns":';
  yield* objectText(returns);
  yield `,"hosts":${JSON.stringify(hostsToText(hosts ?? new Map()))}}\n`;
}

/** An object with the entries of a map, `ENTRIES_PER_PIECE` of them a piece. */
function* objectText(map: ReadonlyMap<string, unknown>): Generator<string> {
  let text = "{";
  let entries = 0;
  for (const [key, value] of map) {
    text += `${entries === 0 ? "" : ","}${JSON.stringify(key)}:${JSON.stringify(value)}`;
    entries += 1;
    if (entries % ENTRIES_PER_PIECE !== 0) continue;
    yield text;
    text = "";
  }
  yield `${text}}`;
}

/** Never rejects. */
export async function readHealth(folder: string, atMs: number): Promise<HealthRead> {
  let text: string;
  try {
    text = await readFile(join(folder, FILE_NAME), "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return { kind: "none" };
    return { kind: "unusable", reason: codeOf(error) ?? String(error) };
  }
  const parsed = fileSchema.safeParse(parseJson(text));
  if (!parsed.success) return { kind: "unusable", reason: "it is damaged, or of another version" };
  const { savedAtMs, states, returns, hosts } = parsed.data;
  const ageMs = Math.max(0, atMs - savedAtMs);
  const isOld = ageMs > MAX_AGE_MS;
  return {
    kind: "read",
    ageMs,
    health: {
      states: new Map(isOld ? [] : Object.entries(states)),
      returns: new Map(
        Object.entries(returns).map(([id, { ipv4, ipv6 }]) => [
          id,
          {
            ...(ipv4 === undefined ? {} : { ipv4: agedReturn(ipv4, isOld) }),
            ...(ipv6 === undefined ? {} : { ipv6: agedReturn(ipv6, isOld) }),
          },
        ]),
      ),
      hosts: hostsFromText(hosts ?? {}),
    },
  };
}

function hostsToText(hosts: KeptHosts): Record<string, z.output<typeof hostSchema>> {
  const texts: Record<string, z.output<typeof hostSchema>> = {};
  for (const [hostName, { addresses, ttlSeconds, resolvedAtMs = 0 }] of hosts) {
    texts[hostName] = { addresses: addresses.map(({ text }) => text), ttlSeconds, resolvedAtMs };
  }
  return texts;
}

/** What is no address any more is left out. */
function hostsFromText(hosts: Readonly<Record<string, z.output<typeof hostSchema>>>): KeptHosts {
  return new Map(
    Object.entries(hosts).map(([hostName, { addresses, ttlSeconds, resolvedAtMs }]) => [
      hostName,
      { addresses: addresses.flatMap((text) => addressOf(text) ?? []), ttlSeconds, resolvedAtMs },
    ]),
  );
}

function agedReturn(state: ReturnState, isOld: boolean): ReturnState {
  return isOld && state.kind === "held" ? { kind: "withdrawn" } : state;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
