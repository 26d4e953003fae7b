/** The configuration file: YAML, a map from the names of the settings to their values (CONTRACT.md §3). */

import { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import { LIST_SETTINGS, type SettingName } from "./options.ts";

export interface ConfigFault {
  /** Where the value comes from: `fairlead.yaml:3: listen`, `FAIRLEAD_ADMIN`, `--admin`. */
  readonly source: string;
  readonly message: string;
}

/** What one source says, not yet judged. */
export interface Layer {
  readonly values: Readonly<Record<string, unknown>>;
  /** What a fault of the value of `key` is to name; within a setting that has parts, `transfer.notify.0`. */
  readonly sourceOf: (key: string) => string;
}

export type FileResult =
  | { readonly ok: true; readonly layer: Layer }
  | { readonly ok: false; readonly faults: readonly ConfigFault[] };

/** `path` is for the messages only. An empty file says nothing, and that is no fault. */
export function parseConfigFile(path: string, text: string): FileResult {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const lineAt = (offset: number): number => lineCounter.linePos(offset).line;
  if (document.errors.length > 0) {
    const faults = document.errors.map((error) => ({
      source: `${path}:${lineAt(error.pos[0])}`,
      message: `is not YAML: ${error.message}`,
    }));
    return { ok: false, faults };
  }
  if (document.contents === null) return { ok: true, layer: { values: {}, sourceOf: () => path } };
  if (!isMap(document.contents)) {
    return { ok: false, faults: [{ source: path, message: "is not a map of settings to values" }] };
  }
  const lines = new Map<string, number>();
  collectLines(document.contents, [], (key, offset) => lines.set(key, lineAt(offset)));
  const values: Record<string, unknown> = {};
  for (const [key, value] of Object.entries<unknown>(Object(document.toJS()))) {
    values[key] = isListSetting(key) && typeof value === "string" ? [value] : value;
  }
  const sourceOf = (key: string): string =>
    `${path}:${lineOf(lines, key)}: ${key.replaceAll(/\.[0-9]+/g, "")}`;
  return { ok: true, layer: { values, sourceOf } };
}

/** Where each setting stands, and each of its parts. */
function collectLines(
  node: unknown,
  path: readonly string[],
  note: (key: string, offset: number) => void,
): void {
  if (isMap(node)) {
    for (const { key, value } of node.items) {
      if (!isScalar(key)) continue;
      const within = [...path, String(key.value)];
      note(within.join("."), key.range?.[0] ?? 0);
      collectLines(value, within, note);
    }
  } else if (isSeq(node)) {
    node.items.forEach((item, index) => {
      const within = [...path, String(index)];
      if (isNode(item)) note(within.join("."), item.range?.[0] ?? 0);
      collectLines(item, within, note);
    });
  }
}

/** What has no place of its own, as something that is missing, stands where that is which it should be in. */
function lineOf(lines: ReadonlyMap<string, number>, key: string): number {
  for (let at = key; at !== ""; at = at.slice(0, Math.max(0, at.lastIndexOf(".")))) {
    const line = lines.get(at);
    if (line !== undefined) return line;
  }
  return 1;
}

function isListSetting(key: string): boolean {
  // oxlint-disable-next-line no-unsafe-type-assertion -- a Set asked for a stranger says no
  return LIST_SETTINGS.has(key as SettingName);
}
