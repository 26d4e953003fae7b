/** What only the set as a whole can tell: two zones of one apex, a zone inside another that does not delegate it. */

import { formatName } from "../dns/name.ts";
import { TYPE } from "../dns/types.ts";
import type { DefinitionEntries } from "./definitions.ts";
import { describePlace, errorAt, type Report, warningAt } from "./diagnostic.ts";
import type { JudgedFile } from "./judge.ts";
import type { PoolEntry } from "./syntax.ts";

/** Files without a SOA have no apex, and nothing is said of them. */
export function checkZones(files: readonly JudgedFile[], report: Report): void {
  const byApex = new Map<string, JudgedFile>();
  for (const file of files) {
    if (file.soaPosition === undefined) continue;
    const first = byApex.get(file.apexKey);
    if (first?.soaPosition !== undefined) {
      const message = `the zone '${formatName(file.apex)}' is loaded already (${describePlace(first.soaPosition)})`;
      report(errorAt(file.soaPosition, "duplicate-zone", message));
      continue;
    }
    byApex.set(file.apexKey, file);
  }
  for (const file of byApex.values()) checkDelegated(file, byApex, report);
}

/** A resolver that asks the outer zone first must be sent to the inner one, or it never gets there. */
function checkDelegated(file: JudgedFile, byApex: ReadonlyMap<string, JudgedFile>, report: Report): void {
  const key = file.apexKey;
  const keysUp: string[] = [key];
  for (let at = 0; key.charCodeAt(at) !== 0; ) {
    at += key.charCodeAt(at) + 1;
    const outer = byApex.get(key.slice(at));
    if (outer === undefined) {
      keysUp.push(key.slice(at));
      continue;
    }
    const isDelegated = keysUp.some((name) => outer.zone?.nodes.get(name)?.rrsets.has(TYPE.NS) === true);
    if (isDelegated || file.soaPosition === undefined) return;
    const zone = `the zone '${formatName(file.apex)}'`;
    const message = `${zone} lies in '${formatName(outer.apex)}', which does not delegate it: no NS stands there`;
    report(warningAt(file.soaPosition, "zone-not-delegated", message));
    return;
  }
}

/** What a pool says of itself. */
export function checkPools({ pools, damaged }: DefinitionEntries, report: Report): void {
  for (const pool of pools.values()) if (!damaged.names.has(pool.name)) checkMinUp(pool, report);
}

function checkMinUp({ name, minUp, endpoints, keyPositions, position }: PoolEntry, report: Report): void {
  if (minUp?.kind !== "count" || minUp.count <= endpoints.length) return;
  const message = `min-up=${minUp.count} of pool '${name}' exceeds its ${endpoints.length} endpoints: it could never be up`;
  report(errorAt(keyPositions.get("min-up") ?? position, "min-up-exceeds-endpoints", message));
}
