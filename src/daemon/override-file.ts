/**
 * The file of overrides, for operators who keep forced state under version control: a YAML list of
 * `{ref, state, until, reason, owner, force}`. It is taken as a whole or not at all; one that is faulty, missing, or against
 * which something speaks, leaves in force what was accepted last. What is accepted is kept in the state folder, so that this
 * holds over a restart as well.
 *
 * What speaks against a file may be gone with the next zones or the next probe, such as a pool that is deployed together with
 * it: a file that is sound and refused waits, and is to be read again when things have changed.
 */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import {
  faultOfLength,
  firstFault,
  ownerSchema,
  reasonSchema,
  refSchema,
  stateSchema,
} from "../admin/override-request.ts";
import type { OverrideFileView } from "../admin/override-source.ts";
import type { Override } from "../health/override.ts";
import { writeFileAtomically } from "./atomic-file.ts";
import type { Recorder } from "./events.ts";
import { keptOverrideSchema } from "./override-journal.ts";
import { OVERRIDES_LIMIT, type Overrides } from "./overrides.ts";
import { codeOf, systemReason } from "./system-error.ts";

const COPY_NAME = "override-file.json";
const FORMAT_VERSION = 1;
/** Of whom nothing is said. */
const DEFAULT_OWNER = "override-file";

const entrySchema = z.strictObject(
  {
    ref: refSchema,
    state: stateSchema,
    until: z.iso.datetime({
      offset: true,
      error: "'until' is missing, or no time with its zone such as 2026-11-22T18:00:00Z",
    }),
    reason: reasonSchema,
    owner: ownerSchema.default(DEFAULT_OWNER),
    force: z.boolean("'force' is neither true nor false").default(false),
  },
  "expected {ref, state, until, reason}",
);

export type OverrideFileResult =
  | { readonly ok: true; readonly overrides: readonly Override[]; readonly forced: ReadonlySet<string> }
  /** `path:line: …` */
  | { readonly ok: false; readonly message: string };

/** What has ended is left out. Entries that were there `before` are the same ones, and began when they did. */
export function parseOverrideFile(
  path: string,
  text: string,
  before: readonly Override[],
  atMs: number,
): OverrideFileResult {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const fail = (offset: number, message: string): OverrideFileResult => ({
    ok: false,
    message: `${path}:${lineCounter.linePos(offset).line}: ${message}`,
  });
  const [error] = document.errors;
  if (error !== undefined) return fail(error.pos[0], `is not YAML: ${error.message}`);
  const list = document.contents;
  // An empty file is what a write leaves that was cut off; whoever means nothing writes `[]`.
  if (!isSeq(list)) return fail(0, "expected a list of {ref, state, until, reason}, or [] for nothing");
  if (list.items.length > OVERRIDES_LIMIT) return fail(0, `holds more than ${OVERRIDES_LIMIT} overrides`);
  const overrides = new Map<string, Override>();
  const forced = new Set<string>();
  for (const item of list.items) {
    const offset = (isMap(item) || isScalar(item)) && item.range ? item.range[0] : 0;
    const parsed = entrySchema.safeParse(isMap(item) ? item.toJS(document) : undefined);
    if (!parsed.success) return fail(offset, firstFault(parsed.error).message);
    const { ref, state, until, reason, owner, force } = parsed.data;
    if (overrides.has(ref)) return fail(offset, `'${ref}' stands twice`);
    const untilMs = Date.parse(until);
    const fault = untilMs <= atMs ? undefined : faultOfLength(Math.max(1_000, untilMs - atMs));
    if (fault !== undefined) return fail(offset, `'until': ${fault} from now`);
    const id = `file-${digestOf(JSON.stringify([ref, state, untilMs, reason, owner])).slice(0, 12)}`;
    const fromMs = before.find((other) => other.id === id)?.fromMs ?? atMs;
    overrides.set(ref, { id, ref, state, reason, owner, fromMs, untilMs });
    if (force) forced.add(ref);
  }
  const lasting = [...overrides.values()].filter(({ untilMs }) => untilMs > atMs);
  return { ok: true, overrides: lasting, forced };
}

const copySchema = z.object({
  version: z.literal(FORMAT_VERSION),
  path: z.string(),
  savedAtMs: z.number(),
  /** Of the file that was accepted. */
  sha256: z.string(),
  overrides: z.array(keptOverrideSchema),
});

export type AcceptedCopy = z.output<typeof copySchema>;

/** What was accepted of this file; nothing where there was none, or it cannot be read. */
export async function readAcceptedCopy(folder: string, path: string): Promise<AcceptedCopy | undefined> {
  try {
    const parsed = copySchema.safeParse(JSON.parse(await readFile(join(folder, COPY_NAME), "utf8")));
    return parsed.success && parsed.data.path === path ? parsed.data : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

export interface OverrideFile {
  /** Reads the file, and takes what it holds where nothing speaks against it. Never rejects. */
  reload(): Promise<void>;
  view(): OverrideFileView;
  /** Whether nothing is wrong with it but what it meets: other zones or other health may let it in. */
  isWaiting(): boolean;
}

export interface OverrideFileParts {
  readonly path: string;
  readonly stateFolder: string;
  readonly accepted: AcceptedCopy | undefined;
  readonly overrides: Overrides;
  readonly now: () => number;
  readonly record: Recorder;
}

export function createOverrideFile(parts: OverrideFileParts): OverrideFile {
  const { path, stateFolder, overrides, now, record } = parts;
  let sha256 = parts.accepted?.sha256;
  let loadedAtMs = parts.accepted?.savedAtMs;
  let fault: string | undefined = "it was not read yet";
  let isWaiting = false;

  /** What the record says last: a fault, or what was accepted. A start that finds what was accepted says nothing. */
  let told = sha256;

  const note = (found: string | undefined): void => {
    fault = found;
    if (told === (found ?? sha256)) return;
    told = found ?? sha256;
    const to = found === undefined ? "accepted" : "refused";
    const reason = found ?? `${overrides.fromFile().length} overrides`;
    record({ kind: "override-file", ref: path, from: null, to, reason });
  };

  const take = async (): Promise<string | undefined> => {
    isWaiting = false;
    let text: string;
    try {
      text = readFileSync(path, "utf8");
    } catch (error) {
      return systemReason(error, path);
    }
    const digest = digestOf(text);
    // What was accepted is not judged again: what speaks against it now did not when it took effect.
    if (digest === sha256) return undefined;
    const parsed = parseOverrideFile(path, text, overrides.fromFile(), now());
    if (!parsed.ok) return parsed.message;
    const savedAtMs = now();
    const keep = async (): Promise<void> => {
      const copy: AcceptedCopy = {
        version: FORMAT_VERSION,
        path,
        savedAtMs,
        sha256: digest,
        overrides: [...parsed.overrides],
      };
      const octets = new TextEncoder().encode(`${JSON.stringify(copy)}\n`);
      await writeFileAtomically(join(stateFolder, COPY_NAME), [octets]);
    };
    const against = await overrides.replaceFile(parsed.overrides, parsed.forced, keep);
    isWaiting = against !== undefined;
    if (against !== undefined) return against;
    sha256 = digest;
    loadedAtMs = savedAtMs;
    return undefined;
  };

  return {
    async reload() {
      try {
        note(await take());
      } catch (error) {
        note(error instanceof Error ? error.message : String(error));
      }
    },
    view: () => ({ path, success: fault === undefined, loadedAtMs, fault }),
    isWaiting: () => isWaiting,
  };
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
