/**
 * The journal of overrides in the state folder: what operators said, on disk before they are told that it is.
 *
 * `overrides.journal` holds one record a line, `SHA-256 JSON`, the digest cut to its first 16 digits. A line is appended and
 * forced to disk before the write is acknowledged; one write at a time. Whatever instant a node is killed at:
 *
 * | killed                      | the file ends in            | replay                                   |
 * | --------------------------- | --------------------------- | ---------------------------------------- |
 * | before the write            | the line before             | nobody was told anything                 |
 * | within the write            | a part of a line            | it is cut off: nobody was told anything  |
 * | after it, before the answer | the line                    | it is in force, and nobody was refused   |
 * | after the answer            | the line                    | it is in force                           |
 *
 * A write that the system refuses is taken back by cutting the file to where it was. Where not even that can be done the
 * file is written anew, aside, before anything else is; until that succeeds every write is refused. So is a line that was
 * damaged while it lay there dropped, whatever stands behind it kept, and the file written anew.
 */

import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Override } from "../health/override.ts";
import { STATE_FILE_MODE, writeFileAtomically } from "./atomic-file.ts";
import { codeOf } from "./system-error.ts";

export const JOURNAL_NAME = "overrides.journal";
/** Lines behind which it is written anew, with those that still say something. */
export const LINES_BEFORE_REWRITE = 512;
const DIGEST_DIGITS = 16;
const FORMAT_VERSION = 1;

/** One change. Setting a REF takes the place of what was set for that REF before. */
export type JournalRecord =
  | { readonly kind: "set"; readonly override: Override }
  | { readonly kind: "clear"; readonly ids: readonly string[] };

const instant = z.number().min(0);

/** What was accepted is not judged again: what an override may hold can be another matter in another version. */
export const keptOverrideSchema = z.object({
  id: z.string().min(1),
  ref: z.string().min(1),
  state: z.enum(["up", "down", "drain"]),
  reason: z.string(),
  owner: z.string(),
  fromMs: instant,
  untilMs: instant,
});

const recordSchema = z.discriminatedUnion("kind", [
  z.object({ v: z.literal(FORMAT_VERSION), kind: z.literal("set"), override: keptOverrideSchema }),
  z.object({ v: z.literal(FORMAT_VERSION), kind: z.literal("clear"), ids: z.array(z.string()) }),
]);

export interface OverrideJournal {
  /** All that is set, in the order in which it was, what has ended since included. */
  overrides(): readonly Override[];
  /** Lines that could not be read when it was opened. */
  readonly damagedLines: number;
  /** Once it resolves the record is on disk. Rejects with the system's error, and then it never will be. */
  append(record: JournalRecord): Promise<void>;
  /** Writes anew what is set and lasts beyond `atMs`, where the file has grown long. */
  compact(atMs: number): Promise<void>;
}

/** How a line gets to the end of the file; another one in tests. */
export type AppendOctets = (file: FileHandle, octets: Uint8Array) => Promise<void>;

async function appendOctets(file: FileHandle, octets: Uint8Array): Promise<void> {
  await file.writeFile(octets);
  await file.sync();
}

/** Rejects with the system's error where what is there cannot be read: that is no reason to believe that nothing is. */
export async function openOverrideJournal(
  folder: string,
  append: AppendOctets = appendOctets,
): Promise<OverrideJournal> {
  const path = join(folder, JOURNAL_NAME);
  const found = await readOctets(path);
  const { records, damagedLines } = parseJournal(found ?? Buffer.alloc(0));
  let set = records.reduce(applied, new Map<string, Override>());
  let lines = records.length;
  /** Where the last whole line ends. */
  let length = found?.length ?? 0;
  /** The file is there, and what stands in it is what is set. */
  let isSound = found !== undefined && damagedLines === 0;
  let queue: Promise<unknown> = Promise.resolve();

  const rewrite = async (overrides: ReadonlyMap<string, Override>): Promise<void> => {
    const records = Array.from(overrides.values(), (override): JournalRecord => ({ kind: "set", override }));
    const octets = new TextEncoder().encode(records.map(formatRecord).join(""));
    isSound = false;
    await writeFileAtomically(path, [octets]);
    isSound = true;
    lines = records.length;
    length = octets.length;
  };

  const takeBack = async (file: FileHandle): Promise<void> => {
    isSound = false;
    await file.truncate(length);
    await file.sync();
    isSound = true;
  };

  const write = async (record: JournalRecord): Promise<void> => {
    const octets = new TextEncoder().encode(formatRecord(record));
    // A file that somebody took away, or cut, while the node ran no longer holds what is set.
    if (isSound && (await lengthOf(path)) !== length) isSound = false;
    if (!isSound) await rewrite(set);
    const file = await open(
      path,
      constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW,
      STATE_FILE_MODE,
    );
    try {
      await append(file, octets);
    } catch (error) {
      // Where it cannot be taken back the file is unsound from here on, and that is all there is to say of it.
      await takeBack(file).catch(() => undefined);
      throw error;
    } finally {
      await file.close();
    }
    length += octets.length;
    lines += 1;
    set = applied(set, record);
  };

  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const done = queue.then(work);
    queue = done.catch(() => undefined);
    return done;
  };

  const journal: OverrideJournal = {
    overrides: () => [...set.values()],
    damagedLines,
    append: (record) => inTurn(() => write(record)),
    compact: (atMs) =>
      inTurn(async () => {
        if (lines < LINES_BEFORE_REWRITE) return;
        const lasting = new Map([...set].filter(([, { untilMs }]) => untilMs > atMs));
        await rewrite(lasting);
        set = lasting;
      }),
  };
  if (damagedLines > 0) await inTurn(() => rewrite(set)).catch(() => undefined);
  return journal;
}

function applied(set: ReadonlyMap<string, Override>, record: JournalRecord): Map<string, Override> {
  const isGone = ({ id, ref }: Override): boolean =>
    record.kind === "set" ? ref === record.override.ref : record.ids.includes(id);
  const next = new Map([...set].filter(([, override]) => !isGone(override)));
  if (record.kind === "set") next.set(record.override.id, record.override);
  return next;
}

/** `undefined` where there is none. */
async function lengthOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** `undefined` where there is none. */
async function readOctets(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Takes any octets; every line that is whole and sound counts, whatever stands before or behind it. */
export function parseJournal(octets: Uint8Array): {
  readonly records: readonly JournalRecord[];
  readonly damagedLines: number;
} {
  const lines = new TextDecoder("utf-8", { ignoreBOM: true }).decode(octets).split("\n");
  // Every line ends in a line feed: what stands behind the last one is a part of a line, or nothing.
  const torn = lines.pop() === "" ? 0 : 1;
  const records = lines.map(parseRecord).filter((record) => record !== undefined);
  return { records, damagedLines: lines.length - records.length + torn };
}

export function formatRecord(record: JournalRecord): string {
  const json = JSON.stringify({ v: FORMAT_VERSION, ...record });
  return `${digestOf(json)} ${json}\n`;
}

function parseRecord(line: string): JournalRecord | undefined {
  const json = line.slice(DIGEST_DIGITS + 1);
  if (line.slice(0, DIGEST_DIGITS + 1) !== `${digestOf(json)} `) return undefined;
  return recordSchema.safeParse(parseJson(json)).data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function digestOf(json: string): string {
  return createHash("sha256").update(json).digest("hex").slice(0, DIGEST_DIGITS);
}
