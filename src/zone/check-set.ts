/** What only the set as a whole can tell: two zones of one apex, a zone inside another that does not delegate it. */

import { formatName } from "../dns/name.ts";
import { TYPE } from "../dns/types.ts";
import type { DefinitionEntries } from "./definitions.ts";
import { describePlace, errorAt, type Report, warningAt } from "./diagnostic.ts";
import type { PoolEntry } from "./syntax.ts";
import type { ZoneDraft } from "./zone-draft.ts";

/** Drafts without a SOA have no apex, and nothing is said of them. */
export function checkZones(drafts: readonly ZoneDraft[], report: Report): void {
  const byApex = new Map<string, ZoneDraft>();
  for (const draft of drafts) {
    if (draft.soa === undefined) continue;
    const first = byApex.get(draft.apexKey);
    if (first?.soa !== undefined) {
      const message = `the zone '${formatName(draft.apex)}' is loaded already (${describePlace(first.soa.position)})`;
      report(errorAt(draft.soa.position, "duplicate-zone", message));
      continue;
    }
    byApex.set(draft.apexKey, draft);
  }
  for (const draft of byApex.values()) checkDelegated(draft, byApex, report);
}

/** A resolver that asks the outer zone first must be sent to the inner one, or it never gets there. */
function checkDelegated(draft: ZoneDraft, byApex: ReadonlyMap<string, ZoneDraft>, report: Report): void {
  const key = draft.apexKey;
  const keysUp: string[] = [key];
  for (let at = 0; key.charCodeAt(at) !== 0; ) {
    at += key.charCodeAt(at) + 1;
    const outer = byApex.get(key.slice(at));
    if (outer === undefined) {
      keysUp.push(key.slice(at));
      continue;
    }
    const isDelegated = keysUp.some((name) => outer.nodes.get(name)?.rrsets.has(TYPE.NS) === true);
    if (isDelegated || draft.soa === undefined) return;
    const zone = `the zone '${formatName(draft.apex)}'`;
    const message = `${zone} lies in '${formatName(outer.apex)}', which does not delegate it: no NS stands there`;
    report(warningAt(draft.soa.position, "zone-not-delegated", message));
    return;
  }
}

/** What a pool says of itself. */
export function checkPools({ pools }: DefinitionEntries, report: Report): void {
  for (const pool of pools.values()) checkMinUp(pool, report);
}

function checkMinUp({ name, minUp, endpoints, keyPositions, position }: PoolEntry, report: Report): void {
  if (minUp?.kind !== "count" || minUp.count <= endpoints.length) return;
  const message = `min-up=${minUp.count} of pool '${name}' exceeds its ${endpoints.length} endpoints: it could never be up`;
  report(errorAt(keyPositions.get("min-up") ?? position, "min-up-exceeds-endpoints", message));
}
