/**
 * Drills and their verdicts, kept in the state folder: `drills.json`, replaced whole or not at all. One that runs is written
 * down before anything is forced for it, so that a node which was killed meanwhile knows what it has to lift. A file that is
 * damaged or of another version is as good as none, and said so; what was forced then ends at its own end.
 */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { DrillReport } from "../policy/drill.ts";
import { writeFileAtomically } from "./atomic-file.ts";
import { codeOf } from "./system-error.ts";

/** The oldest are forgotten first. */
export const DRILLS_LIMIT = 100;
const FILE_NAME = "drills.json";
const FORMAT_VERSION = 1;

const instant = z.number().min(0);
const texts = z.array(z.string());
const nullable = <Item extends z.ZodType>(item: Item) => z.array(item).nullable();

const poolShares = z.object({
  owner: z.string(),
  client: z.string(),
  shares: z.record(z.string(), z.number()),
});

const preflightSchema = z.object({
  objections: z.array(
    z.object({
      kind: z.enum([
        "busy",
        "rule",
        "taken",
        "condition",
        "emptied",
        "capacity",
        "unhealthy",
        "forced",
        "window",
        "untouched",
      ]),
      message: z.string(),
    }),
  ),
  remarks: texts,
  policiesTouched: z.number(),
  before: z.array(poolShares),
  during: z.array(poolShares),
  loads: z.array(
    z.object({ pool: z.string(), before: z.number(), during: z.number(), capacity: z.number() }),
  ),
  ttlSeconds: z.number(),
});

const reportSchema: z.ZodType<DrillReport> = z.object({
  id: z.string().min(1),
  name: z.string().nullable(),
  drain: texts,
  down: texts,
  reason: z.string(),
  owner: z.string(),
  force: z.boolean(),
  abortWhen: texts,
  fromMs: instant,
  untilMs: instant,
  endedMs: instant.nullable(),
  outcome: z.enum(["running", "passed", "aborted"]),
  why: z.string(),
  preflight: preflightSchema,
  during: nullable(poolShares),
  after: nullable(poolShares),
  answers: nullable(z.object({ pool: z.string(), answers: z.number(), perSecond: z.number() })),
  drained: nullable(
    z.object({
      pool: z.string(),
      answers: z.number(),
      lastAfterMs: z.number().nullable(),
      drained: z.boolean(),
      forgottenAfterMs: z.number().nullable(),
    }),
  ),
  events: z.array(
    z.object({
      atMs: instant,
      kind: z.string(),
      ref: z.string(),
      from: z.string().nullable(),
      to: z.string().nullable(),
      reason: z.string(),
    }),
  ),
  eventsLeftOut: z.number(),
  remarks: texts,
});

const fileSchema = z.object({ version: z.literal(FORMAT_VERSION), drills: z.array(reportSchema) });

export type DrillsRead =
  | { readonly ok: true; readonly drills: readonly DrillReport[] }
  /** In words, for the log. */
  | { readonly ok: false; readonly reason: string };

/** Never rejects. */
export async function readDrills(folder: string): Promise<DrillsRead> {
  let text: string;
  try {
    text = await readFile(join(folder, FILE_NAME), "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return { ok: true, drills: [] };
    return { ok: false, reason: codeOf(error) ?? String(error) };
  }
  const parsed = fileSchema.safeParse(parseJson(text));
  return parsed.success
    ? { ok: true, drills: parsed.data.drills }
    : { ok: false, reason: "it is damaged, or of another version" };
}

/** Rejects with the system's error; what was kept before is untouched then. */
export async function keepDrills(folder: string, drills: readonly DrillReport[]): Promise<void> {
  const file = { version: FORMAT_VERSION, drills: drills.slice(-DRILLS_LIMIT) };
  await writeFileAtomically(join(folder, FILE_NAME), [new TextEncoder().encode(`${JSON.stringify(file)}\n`)]);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
