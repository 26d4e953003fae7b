/** The configuration file: YAML, a map from the names of the settings to their values (CONTRACT.md §3). */

import { isMap, isScalar, LineCounter, parseDocument } from "yaml";
import { LIST_SETTINGS, type SettingName } from "./options.ts";

export interface ConfigFault {
  /** Where the value comes from: `fairlead.yaml:3: listen`, `FAIRLEAD_ADMIN`, `--admin`. */
  readonly source: string;
  readonly message: string;
}

/** What one source says, not yet judged. */
export interface Layer {
  readonly values: Readonly<Record<string, unknown>>;
  /** What a fault of the value of `key` is to name. */
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
  for (const { key } of document.contents.items) {
    if (isScalar(key)) lines.set(String(key.value), lineAt(key.range?.[0] ?? 0));
  }
  const values: Record<string, unknown> = {};
  for (const [key, value] of Object.entries<unknown>(Object(document.toJS()))) {
    values[key] = isListSetting(key) && typeof value === "string" ? [value] : value;
  }
  const sourceOf = (key: string): string => `${path}:${lines.get(key) ?? 1}: ${key}`;
  return { ok: true, layer: { values, sourceOf } };
}

function isListSetting(key: string): boolean {
  // oxlint-disable-next-line no-unsafe-type-assertion -- a Set asked for a stranger says no
  return LIST_SETTINGS.has(key as SettingName);
}
