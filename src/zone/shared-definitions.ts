/**
 * Files of nothing but definitions, which every zone of a set may include: each is read once a load, and its entries are
 * then shared. Ten thousand zones with the same twenty pools would otherwise hold them ten thousand times.
 *
 * A file counts as one where reading it did nothing but add definitions: no record, no expectation, no TTL for what
 * follows, no further file, and no diagnostic. Definitions depend on nothing before them, origins included.
 */

import type { ParserState } from "./parser-state.ts";
import type { ZoneFileEntries } from "./syntax.ts";

export type SharedDefinitions = Pick<
  ZoneFileEntries,
  "monitors" | "pools" | "namedPolicies" | "rules" | "windows"
>;

/** By the octets of the file, which are the same object as long as they are the same file. */
export type DefinitionFiles = Map<Uint8Array, SharedDefinitions>;

/** Adds what `read` reads of a file to the state, from an earlier time where that is all the same. */
export function readShared(state: ParserState, octets: Uint8Array, read: () => void): void {
  const known = state.definitionFiles.get(octets);
  if (known !== undefined) {
    for (const entry of known.monitors) state.monitors.push(entry);
    for (const entry of known.pools) state.pools.push(entry);
    for (const entry of known.namedPolicies) state.namedPolicies.push(entry);
    for (const entry of known.rules) state.rules.push(entry);
    for (const entry of known.windows) state.windows.push(entry);
    return;
  }
  const { monitors, pools, namedPolicies, rules, windows } = state;
  const before = [monitors.length, pools.length, namedPolicies.length, rules.length, windows.length] as const;
  const othersBefore = otherEffects(state);
  read();
  const others = otherEffects(state);
  if (others.some((count, index) => count !== othersBefore[index])) return;
  state.definitionFiles.set(octets, {
    monitors: monitors.slice(before[0]),
    pools: pools.slice(before[1]),
    namedPolicies: namedPolicies.slice(before[2]),
    rules: rules.slice(before[3]),
    windows: windows.slice(before[4]),
  });
}

/** Counts that only grow, and do with everything in a file that is no definition. */
function otherEffects(state: ParserState): readonly number[] {
  const { records, policyRecords, expectations, diagnostics } = state;
  return [
    records.recordCount,
    policyRecords.length,
    expectations.length,
    diagnostics.length,
    state.faultCount,
    state.includedFiles,
    state.ttlStatements,
  ];
}
