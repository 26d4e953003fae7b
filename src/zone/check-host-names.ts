/**
 * Host names of endpoints that lead to a POLICY of the set: they would be resolved to what is answered because of them. What
 * leads there by an alias elsewhere only a resolver can tell, and is refused when it is resolved (`daemon/host-names`).
 */

import { parseName, ROOT } from "../dns/name.ts";
import { TYPE } from "../dns/types.ts";
import type { DefinitionEntries } from "./definitions.ts";
import { errorAt, type Report } from "./diagnostic.ts";
import { indexZones, lookup } from "./lookup.ts";
import type { Zone } from "./model.ts";

export function checkHostNames({ pools }: DefinitionEntries, zones: readonly Zone[], report: Report): void {
  const named = Array.from(pools.values(), ({ endpoints }) => endpoints)
    .flat()
    .filter(({ hostName }) => hostName !== undefined);
  if (named.length === 0) return;
  const leadsToPolicy = policyFinder(zones);
  for (const { name, hostName = "", position } of named) {
    if (!leadsToPolicy(hostName)) continue;
    const message = `Endpoint '${name}' has the host name '${hostName}', which a POLICY of these zones answers`;
    report(errorAt(position, "host-name-of-policy", message));
  }
}

/** Whether a name, absolute text, is answered by a POLICY of the zones, aliases within them followed. */
export function policyFinder(zones: readonly Zone[]): (name: string) => boolean {
  const byApexKey = indexZones(zones);
  return (name) => {
    const parsed = parseName(name, ROOT);
    return parsed.ok && lookup(byApexKey, parsed.name, TYPE.A).end.kind === "policy";
  };
}
