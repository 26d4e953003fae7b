/**
 * Availability on disk: `availability.jsonl` in the state folder, a head and then a line a subject. It is replaced whole or not at all
 * (`atomic-file`); of one that is damaged all the same every line that says something is taken, and what is missing
 * is not known.
 *
 *     {"version":1,"savedAtMs":1795348800000}
 *     {"subject":"pool frankfurt","spans":[[1795345200000,1795348800000,3600000,3600000]]}
 *
 * The numbers of a span are from, to, up and known, in milliseconds (`health/availability`).
 */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { z } from "zod";
import { type History, SPANS_LIMIT, type Span } from "../health/availability.ts";
import { writeFileAtomically } from "./atomic-file.ts";
import { codeOf } from "./system-error.ts";

export const AVAILABILITY_NAME = "availability.jsonl";
const FORMAT_VERSION = 1;
/** Lines that are made at a time: thousands of subjects must not hold up the event loop. */
const LINES_A_TURN = 100;

export type Histories = ReadonlyMap<string, History>;

export interface AvailabilityFile {
  readonly histories: Histories;
  /** Lines that say nothing. */
  readonly damagedLines: number;
}

const NOTHING: AvailabilityFile = { histories: new Map(), damagedLines: 0 };

const headSchema = z.object({ version: z.literal(FORMAT_VERSION) });
const instant = z.number().min(0);
const lineSchema = z.object({
  subject: z.string().min(1),
  spans: z.array(z.tuple([instant, instant, instant, instant])).max(SPANS_LIMIT + 1),
});

/** Rejects with the system's error; what was kept before is untouched then. */
export async function keepAvailability(
  folder: string,
  subjects: Iterable<readonly [subject: string, history: History]>,
  atMs: number,
): Promise<void> {
  const parts: Uint8Array[] = [];
  let text = `${JSON.stringify({ version: FORMAT_VERSION, savedAtMs: atMs })}\n`;
  let lines = 0;
  for (const [subject, history] of subjects) {
    text += formatHistory(subject, history);
    lines += 1;
    if (lines % LINES_A_TURN !== 0) continue;
    parts.push(new TextEncoder().encode(text));
    text = "";
    await nextTurn();
  }
  parts.push(new TextEncoder().encode(text));
  await writeFileAtomically(join(folder, AVAILABILITY_NAME), parts);
}

/** Rejects with the system's error; that there is no such file is none. */
export async function readKeptAvailability(folder: string): Promise<AvailabilityFile> {
  try {
    return parseAvailability(await readFile(join(folder, AVAILABILITY_NAME)));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return NOTHING;
    throw error;
  }
}

/** Takes any octets. One of another version holds nothing, and all of its lines are damaged. */
export function parseAvailability(octets: Uint8Array): AvailabilityFile {
  const [head = "", ...lines] = new TextDecoder("utf-8", { ignoreBOM: true })
    .decode(octets)
    .split("\n")
    .filter((line) => line !== "");
  if (!headSchema.safeParse(parseJson(head)).success) {
    return { ...NOTHING, damagedLines: lines.length + Number(head !== "") };
  }
  const histories = new Map<string, History>();
  let damagedLines = 0;
  for (const line of lines) {
    const parsed = lineSchema.safeParse(parseJson(line));
    const history = parsed.data?.spans.map(([fromMs, toMs, upMs, knownMs]) => ({
      fromMs,
      toMs,
      upMs,
      knownMs,
    }));
    if (parsed.data !== undefined && history !== undefined && isHistory(history))
      histories.set(parsed.data.subject, history);
    else damagedLines += 1;
  }
  return { histories, damagedLines };
}

export function formatHistory(subject: string, history: History): string {
  const spans = history.map(({ fromMs, toMs, upMs, knownMs }) => [fromMs, toMs, upMs, knownMs]);
  return `${JSON.stringify({ subject, spans })}\n`;
}

function isHistory(spans: readonly Span[]): boolean {
  return spans.every(
    ({ fromMs, toMs, upMs, knownMs }, index) =>
      fromMs >= (spans[index - 1]?.toMs ?? 0) && upMs <= knownMs && knownMs <= toMs - fromMs && fromMs < toMs,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
