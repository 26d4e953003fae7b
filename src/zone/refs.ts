/**
 * REFs: how zone files name pools, `pool/endpoint` and policies. A name that is not known gets the nearest one that is
 * suggested; globs (`fra-*`, or `*` for everything) stand in `when` clauses for the endpoints that they match.
 */

import { isGlob, refMatches } from "../health/ref.ts";
import type { DefinitionEntries } from "./definitions.ts";
import { errorAt, type Report } from "./diagnostic.ts";
import type { RefSyntax } from "./syntax.ts";

export type RefMeaning =
  | { readonly kind: "pool"; readonly pool: string }
  | { readonly kind: "endpoint"; readonly pool: string; readonly endpoint: string }
  | { readonly kind: "policy"; readonly policy: string };

/** What a REF names; `undefined` where it names nothing, which is then reported. */
export function resolveRef(
  ref: RefSyntax,
  entries: DefinitionEntries,
  report: Report,
): RefMeaning | undefined {
  const { text } = ref;
  if (entries.damaged.names.has(text) && !entries.pools.has(text)) return undefined;
  const slash = text.indexOf("/");
  if (slash === -1) {
    if (entries.pools.has(text)) return { kind: "pool", pool: text };
    if (entries.policies.has(text)) return { kind: "policy", policy: text };
    const hint = entries.suggestions.didYouMean(text, [...entries.pools.keys(), ...entries.policies.keys()]);
    report(errorAt(ref.position, "unknown-pool", `no pool or policy is named '${text}'${hint}`));
    return undefined;
  }
  const pool = text.slice(0, slash);
  const endpoint = text.slice(slash + 1);
  const entry = entries.pools.get(pool);
  if (entry === undefined) {
    if (entries.damaged.names.has(pool)) return undefined;
    const hint = entries.suggestions.didYouMean(pool, [...entries.pools.keys()]);
    report(errorAt(ref.position, "unknown-pool", `no pool is named '${pool}'${hint}`));
    return undefined;
  }
  if (entry.endpoints.some(({ name }) => name === endpoint)) return { kind: "endpoint", pool, endpoint };
  const names = entry.endpoints.map(({ name }) => name);
  const hint = entries.suggestions.didYouMean(endpoint, names);
  const message = `pool '${pool}' has no endpoint named '${endpoint}'${hint}`;
  report(errorAt(ref.position, "unknown-endpoint", message));
  return undefined;
}

/** As `resolveRef`, where a policy has no business: `when`, `is`, `$RULE`, `$WINDOW`. */
export function resolveEndpointRef(
  ref: RefSyntax,
  entries: DefinitionEntries,
  report: Report,
): Exclude<RefMeaning, { kind: "policy" }> | undefined {
  const meaning = resolveRef(ref, entries, report);
  if (meaning?.kind !== "policy") return meaning;
  const message = `'${ref.text}' is a policy; expected a pool or pool/endpoint`;
  report(errorAt(ref.position, "policy-as-ref", message));
  return undefined;
}

/** The identifiers of the endpoints that a REF or a glob stands for, in the order of the definitions. */
export function endpointIdsOf(
  ref: RefSyntax,
  entries: DefinitionEntries,
  report: Report,
): readonly string[] | undefined {
  if (isGlob(ref.text)) return matchGlob(ref, entries, report);
  const meaning = resolveEndpointRef(ref, entries, report);
  if (meaning === undefined) return undefined;
  if (meaning.kind === "endpoint") return [`${meaning.pool}/${meaning.endpoint}`];
  const endpoints = entries.pools.get(meaning.pool)?.endpoints ?? [];
  return endpoints.map(({ name }) => `${meaning.pool}/${name}`);
}

/** A glob without `/` matches pools, and all endpoints of theirs. */
function matchGlob(
  ref: RefSyntax,
  entries: DefinitionEntries,
  report: Report,
): readonly string[] | undefined {
  const ids: string[] = [];
  for (const pool of entries.pools.values()) {
    for (const { name } of pool.endpoints) {
      if (refMatches(ref.text, pool.name, name)) ids.push(`${pool.name}/${name}`);
    }
  }
  if (ids.length > 0) return ids;
  report(errorAt(ref.position, "glob-without-match", `no endpoint matches '${ref.text}'`));
  return undefined;
}
