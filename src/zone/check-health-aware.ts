/** Marks of `health-aware=on` that do nothing: their target is no name of a policy, or there is no other record to answer. */

import { formatName } from "../dns/name.ts";
import { formatType } from "../dns/types.ts";
import { type Report, warningAt } from "./diagnostic.ts";
import { indexZones, type ZonesByApexKey } from "./lookup.ts";
import type { Zone } from "./model.ts";
import { policyAt, targetOf } from "./record-policies.ts";

export function checkHealthAware(zones: readonly Zone[], report: Report): void {
  const byApexKey = indexZones(zones);
  for (const zone of zones) checkZone(zone, byApexKey, report);
}

function checkZone({ nodes }: Zone, byApexKey: ZonesByApexKey, report: Report): void {
  for (const [key, marked] of nodes.marked) {
    const node = nodes.get(key);
    for (const { type, records } of marked) {
      const rdatas = node?.rrsets.get(type)?.rdatas ?? [];
      for (const [place, position] of records) {
        const target = targetOf(type, rdatas[place] ?? new Uint8Array(0));
        if (target === undefined) continue;
        if (policyAt(byApexKey, target) === undefined) {
          const message = `health-aware does nothing here: '${formatName(target)}' is no name that a POLICY of these zones answers`;
          report(warningAt(position, "health-aware-without-policy", message));
        } else if (rdatas.length === 1) {
          const message = `health-aware does nothing here: the only ${formatType(type)} record of a name is never left out`;
          report(warningAt(position, "health-aware-alone", message));
        }
      }
    }
  }
}
