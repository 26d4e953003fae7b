/**
 * The last accepted set of zone files, kept in the state folder: what a node serves that is started on faulty files.
 *
 * One file a set, `accepted-N.zones`, N only growing. Its first line is JSON (format version, when, the files with their
 * lengths, a SHA-256 of what follows, and what a person overruled for it); behind it stand the octets of the files, one
 * after the other. A file that is cut short or damaged does not verify, and the one before it is read.
 */

import { createHash } from "node:crypto";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { type Consent, LOAD_CHECKS } from "../admin/load.ts";
import type { SourceFile } from "../zone/model.ts";
import { writeFileAtomically } from "./atomic-file.ts";

const FORMAT_VERSION = 1;
/** The newest, and one before it in case that the disk loses the newest. */
const SETS_KEPT = 2;
const FILE_NAME = /^accepted-([1-9][0-9]{0,14})\.zones$/;
const LINE_FEED = 0x0a;

const headerSchema = z.object({
  version: z.literal(FORMAT_VERSION),
  savedAtMs: z.number(),
  /** The zone files; the other files are included by them. */
  roots: z.array(z.string()),
  files: z.array(z.object({ path: z.string(), length: z.int().min(0) })),
  sha256: z.string(),
  despite: z
    .object({ checks: z.array(z.enum(LOAD_CHECKS)), reason: z.string(), owner: z.string(), atMs: z.number() })
    .optional(),
});

export interface AcceptedSet {
  readonly savedAtMs: number;
  readonly roots: readonly string[];
  readonly files: readonly SourceFile[];
  /** What a person overruled for it: as good at the next start as it was then, and for no other files. */
  readonly despite?: Consent | undefined;
}

/**
 * Keeps a set, unless it is the one that was kept last, and removes those that have become old: who reloads large zones every
 * few seconds must not fill the disk. Rejects with the system's error; the sets kept before are untouched where it cannot be
 * written.
 */
export async function keepAcceptedSet(folder: string, set: AcceptedSet): Promise<void> {
  const digest = createHash("sha256");
  for (const file of set.files) digest.update(file.octets);
  const header = {
    version: FORMAT_VERSION,
    savedAtMs: set.savedAtMs,
    roots: set.roots,
    files: set.files.map((file) => ({ path: file.path, length: file.octets.length })),
    sha256: digest.digest("hex"),
    despite: set.despite,
  };
  const newest = (await numbersIn(folder))[0] ?? 0;
  const kept = newest === 0 ? undefined : decode(await readFile(pathOf(folder, newest)));
  if (kept !== undefined && isSameSet(kept, set) && isDeepStrictEqual(kept.despite, set.despite)) return;
  await writeFileAtomically(pathOf(folder, newest + 1), [
    new TextEncoder().encode(`${JSON.stringify(header)}\n`),
    ...set.files.map((file) => file.octets),
  ]);
  await pruneAcceptedSets(folder);
}

/** The newest set that verifies, and how many newer ones did not. */
export async function readAcceptedSet(
  folder: string,
): Promise<{ readonly set: AcceptedSet | undefined; readonly damaged: number }> {
  let damaged = 0;
  for (const number of await numbersIn(folder)) {
    const set = decode(await readFile(pathOf(folder, number)));
    if (set !== undefined) return { set, damaged };
    damaged += 1;
  }
  return { set: undefined, damaged };
}

/** Removes all but the newest sets and returns how many it removed. */
export async function pruneAcceptedSets(folder: string): Promise<number> {
  const old = (await numbersIn(folder)).slice(SETS_KEPT);
  for (const number of old) await rm(pathOf(folder, number), { force: true });
  return old.length;
}

/** Whether the files are the same, to the octet. */
export function isSameSet(
  one: Pick<AcceptedSet, "roots" | "files">,
  other: Pick<AcceptedSet, "roots" | "files">,
): boolean {
  return (
    one.roots.join("\n") === other.roots.join("\n") &&
    one.files.length === other.files.length &&
    one.files.every(({ path, octets }, index) => {
      const file = other.files[index];
      return file?.path === path && Buffer.compare(file.octets, octets) === 0;
    })
  );
}

function decode(octets: Uint8Array): AcceptedSet | undefined {
  const lineEnd = octets.indexOf(LINE_FEED);
  if (lineEnd < 0) return undefined;
  const header = headerSchema.safeParse(parseJson(octets.subarray(0, lineEnd)));
  if (!header.success) return undefined;
  const body = octets.subarray(lineEnd + 1);
  if (createHash("sha256").update(body).digest("hex") !== header.data.sha256) return undefined;
  const files: SourceFile[] = [];
  let at = 0;
  for (const { path, length } of header.data.files) {
    if (at + length > body.length) return undefined;
    files.push({ path, octets: body.slice(at, at + length) });
    at += length;
  }
  const { savedAtMs, roots, despite } = header.data;
  return { savedAtMs, roots, files, ...(despite === undefined ? {} : { despite }) };
}

function parseJson(octets: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(octets));
  } catch {
    return undefined;
  }
}

/** Newest first. */
async function numbersIn(folder: string): Promise<number[]> {
  const numbers = (await readdir(folder)).map((name) => Number(FILE_NAME.exec(name)?.[1] ?? 0));
  return numbers.filter((number) => number > 0).sort((one, other) => other - one);
}

function pathOf(folder: string, number: number): string {
  return join(folder, `accepted-${number}.zones`);
}
