/**
 * The definitions of a whole set of zones, still as written: monitors in one namespace, pools and policies in another.
 * A definition that is read again, by `$INCLUDE` from two zones for instance, is the same object; a different one under
 * a name in use is a fault. `zone/resolve` gives the names in them their meaning.
 */

import { describePlace, errorAt, type Report } from "./diagnostic.ts";
import type { Position } from "./model.ts";
import { NameSuggestions } from "./suggest.ts";
import type { MonitorEntry, NamedPolicyEntry, PoolEntry, ZoneFileEntries } from "./syntax.ts";

export interface DefinitionEntries {
  readonly monitors: ReadonlyMap<string, MonitorEntry>;
  readonly pools: ReadonlyMap<string, PoolEntry>;
  readonly policies: ReadonlyMap<string, NamedPolicyEntry>;
  /** Names that a faulty entry meant to define: they have been reported, and nobody complains that they are missing. */
  readonly damaged: { readonly monitors: ReadonlySet<string>; readonly names: ReadonlySet<string> };
  /** For names that nothing defines. */
  readonly suggestions: NameSuggestions;
}

export function collectDefinitions(files: readonly ZoneFileEntries[], report: Report): DefinitionEntries {
  const monitors = new Map<string, MonitorEntry>();
  const pools = new Map<string, PoolEntry>();
  const policies = new Map<string, NamedPolicyEntry>();
  for (const file of files) {
    for (const entry of file.monitors) define(monitors, "monitor", entry.monitor.name, entry, report);
    for (const entry of file.pools) define(pools, "pool", entry.name, entry, report);
    for (const entry of file.namedPolicies) define(policies, "policy", entry.name, entry, report);
  }
  for (const [name, policy] of policies) {
    const pool = pools.get(name);
    if (pool === undefined) continue;
    const message = `Cannot define policy '${name}': a pool has that name (${describePlace(pool.position)})`;
    report(errorAt(policy.position, "name-in-use", message));
    policies.delete(name);
  }
  const damaged = {
    monitors: new Set(files.flatMap(({ damage }) => [...damage.monitors])),
    names: new Set(files.flatMap(({ damage }) => [...damage.names])),
  };
  return { monitors, pools, policies, damaged, suggestions: new NameSuggestions() };
}

function define<Entry extends { readonly position: Position }>(
  known: Map<string, Entry>,
  what: string,
  name: string,
  entry: Entry,
  report: Report,
): void {
  const first = known.get(name);
  if (first === undefined) {
    known.set(name, entry);
    return;
  }
  // A file that many zones include is the same text for all of them, so its definitions need no comparing.
  if (!isSamePlace(first.position, entry.position) && contentOf(first) !== contentOf(entry)) {
    const message = `Cannot define ${what} '${name}' again: it differs from ${describePlace(first.position)}`;
    report(errorAt(entry.position, "definition-differs", message));
  }
}

function isSamePlace(one: Position, other: Position): boolean {
  return one.file === other.file && one.line === other.line && one.column === other.column;
}

const PLACES = new Set(["position", "keyPositions", "optionPositions"]);

/** What an entry says, without where it says it: equal text for equal definitions. */
export function contentOf(entry: unknown): string {
  return JSON.stringify(entry, (key, value: unknown) => {
    if (PLACES.has(key)) return undefined;
    if (value instanceof Map) return [...value.entries()];
    if (value instanceof Uint8Array) return [...value];
    return value === Number.POSITIVE_INFINITY ? "all" : value;
  });
}
