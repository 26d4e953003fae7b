/**
 * Events on disk: segments of lines of JSON in the state folder, `events-ID.jsonl`, named after the first event in them, so
 * that their names are in the order of time. Only the last one is appended to; one that is full is followed by another,
 * and the oldest is removed.
 *
 * Nobody waits for the disk. Lines are written some at a time, one write after the other, and are not forced out: a node
 * that is killed loses none that was written, a machine that loses its power may lose the last ones. Lines that cannot be
 * written wait, up to `BACKLOG_LIMIT_EVENTS`, and are tried again; a line that was cut off, by whatever, is passed over.
 */

import { constants } from "node:fs";
import { open, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { EVENT_KINDS, type NodeEvent } from "../admin/events/event.ts";
import { STATE_FILE_MODE } from "./atomic-file.ts";

/** A segment is full when it has reached either. */
const SEGMENT_LIMIT_OCTETS = 1_048_576;
export const SEGMENT_LIMIT_EVENTS = 2_500;
/** So there are 8 MiB and a line, or 20,000 events, at most. */
export const SEGMENTS_LIMIT = 8;
/** What waits for the disk; the oldest are given up first. */
const BACKLOG_LIMIT_EVENTS = 5_000;
/** After a write that failed. */
const RETRY_MS = 5_000;

const NAME = /^events-([0-9]{1,15})\.jsonl$/;

const eventSchema = z
  .object({
    id: z.int().min(1),
    atMs: z.number().min(0),
    kind: z.enum(EVENT_KINDS),
    ref: z.string(),
    from: z.string().nullable(),
    to: z.string().nullable(),
    reason: z.string(),
    owner: z.string().exactOptional(),
    refused: z.string().exactOptional(),
  })
  .readonly();

export interface EventSegments {
  /** Those on disk when it was opened, the oldest first. */
  readonly events: readonly NodeEvent[];
  /** Lines among them that could not be read. */
  readonly damagedLines: number;
  /** Has the event written, once `begin` was called. */
  append(event: NodeEvent): void;
  /** From now on the folder may be written to. */
  begin(): void;
  /** Writes what waits, once. */
  stop(): Promise<void>;
}

interface Segment {
  readonly name: string;
  octets: number;
  events: number;
}

/** Never rejects: what cannot be read is as good as not there, and `onFault` is told. */
export async function openEventSegments(
  folder: string,
  onFault: (error: unknown) => void,
): Promise<EventSegments> {
  const found = await readSegments(folder).catch((error: unknown) => {
    onFault(error);
    return { segments: [], events: [], damagedLines: 0 };
  });
  const { segments, events, damagedLines } = found;
  let waiting: NodeEvent[] = [];
  let writing: Promise<void> | undefined;
  let begun = false;
  let stopped = false;
  /** Whether the last segment may end in a part of a line. */
  let isTorn = segments.length > 0;
  let timer: NodeJS.Timeout | undefined;

  const writeAll = async (): Promise<void> => {
    while (waiting.length > 0) {
      const segment = await roomyOf(folder, segments, waiting);
      const batch = waiting.slice(0, SEGMENT_LIMIT_EVENTS - segment.events);
      const text = (isTorn ? "\n" : "") + batch.map(formatLine).join("");
      isTorn = true;
      segment.octets += await appendText(join(folder, segment.name), text);
      isTorn = false;
      segment.events += batch.length;
      const written = new Set(batch);
      waiting = waiting.filter((event) => !written.has(event));
    }
  };

  const flush = (): void => {
    if (!begun || writing !== undefined || waiting.length === 0) return;
    clearTimeout(timer);
    writing = writeAll()
      .catch((error: unknown) => {
        onFault(error);
        if (!stopped) timer = setTimeout(flush, RETRY_MS).unref();
      })
      .finally(() => {
        writing = undefined;
      });
  };

  return {
    events,
    damagedLines,
    append(event) {
      waiting.push(event);
      if (waiting.length > BACKLOG_LIMIT_EVENTS) waiting.shift();
      // Whatever happens at one moment is one write.
      if (waiting.length === 1) setImmediate(flush);
      else if (writing === undefined) setImmediate(flush);
    },
    begin() {
      begun = true;
      flush();
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await writing;
      flush();
      await writing;
    },
  };
}

/** The last segment, or a new one where that is full. */
async function roomyOf(folder: string, segments: Segment[], [first]: readonly NodeEvent[]): Promise<Segment> {
  const last = segments.at(-1);
  if (last !== undefined && last.octets < SEGMENT_LIMIT_OCTETS && last.events < SEGMENT_LIMIT_EVENTS)
    return last;
  while (segments.length >= SEGMENTS_LIMIT) {
    const oldest = segments[0];
    if (oldest !== undefined) await rm(join(folder, oldest.name), { force: true });
    segments.shift();
  }
  const next = { name: `events-${first?.id ?? 0}.jsonl`, octets: 0, events: 0 };
  segments.push(next);
  return next;
}

async function appendText(path: string, text: string): Promise<number> {
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
  const file = await open(path, flags, STATE_FILE_MODE);
  try {
    const octets = Buffer.from(text);
    await file.writeFile(octets);
    return octets.length;
  } finally {
    await file.close();
  }
}

async function readSegments(folder: string): Promise<{
  readonly segments: Segment[];
  readonly events: NodeEvent[];
  readonly damagedLines: number;
}> {
  const names = (await readdir(folder)).filter((name) => NAME.test(name));
  names.sort((one, other) => firstIdOf(one) - firstIdOf(other));
  const segments: Segment[] = [];
  const events: NodeEvent[] = [];
  let damagedLines = 0;
  for (const name of names.slice(-SEGMENTS_LIMIT)) {
    const path = join(folder, name);
    const { size } = await stat(path);
    const segment = { name, octets: size, events: 0 };
    segments.push(segment);
    // One that is larger than it can be is none of ours: it is not read, and goes as the oldest one day.
    if (size > 2 * SEGMENT_LIMIT_OCTETS) continue;
    const read = parseEvents(await readFile(path));
    segment.events = read.lines;
    damagedLines += read.lines - read.events.length;
    events.push(...read.events);
  }
  return { segments, events: inOrder(events), damagedLines };
}

/** Each once, as one is written twice where a write failed in its middle; a damaged number displaces nobody else's. */
function inOrder(events: readonly NodeEvent[]): NodeEvent[] {
  const byId = new Map<number, NodeEvent>();
  for (const event of events) if (!byId.has(event.id)) byId.set(event.id, event);
  return [...byId.values()].sort((one, other) => one.id - other.id);
}

/** Takes any octets; every line that is whole and sound counts, whatever stands before or behind it. */
export function parseEvents(octets: Uint8Array): {
  readonly events: readonly NodeEvent[];
  /** Sound or not. */
  readonly lines: number;
} {
  const lines = new TextDecoder("utf-8", { ignoreBOM: true })
    .decode(octets)
    .split("\n")
    .filter((line) => line !== "");
  return { events: lines.flatMap((line) => parseLine(line) ?? []), lines: lines.length };
}

function firstIdOf(name: string): number {
  return Number(NAME.exec(name)?.[1] ?? 0);
}

export function formatLine(event: NodeEvent): string {
  return `${JSON.stringify(event)}\n`;
}

function parseLine(line: string): NodeEvent | undefined {
  try {
    return eventSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
