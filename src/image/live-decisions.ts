/** What health makes of live RRsets (`image/live-rrsets`): which of their records are left out, and which are given hints. */

import { formatType } from "../dns/types.ts";
import type { Snapshot } from "../health/snapshot.ts";
import { decideRecords, type OverallState, overallState } from "../policy/health-aware.ts";
import type { Definitions } from "../policy/model.ts";
import type { LiveRRset } from "./live-rrsets.ts";
import { AS_WRITTEN, WITHHELD } from "./tables.ts";
import type { PolicyEntry } from "./zones.ts";

/** One RRset with marked records, as metrics show it. */
export interface WithheldCount {
  readonly owner: string;
  /** `SRV`, `MX`. */
  readonly type: string;
  readonly records: number;
}

export interface LiveDecisions {
  /** As `DecisionTables` has them. */
  readonly tables: {
    readonly liveTtlSeconds: Uint32Array;
    readonly liveRecords: Uint32Array;
    readonly recordChoices: Int32Array;
  };
  readonly withheld: readonly WithheldCount[];
}

export function decideLive(
  live: readonly LiveRRset[],
  policies: readonly PolicyEntry[],
  definitions: Definitions,
  snapshot: Snapshot,
): LiveDecisions {
  const states = new Map<number, OverallState>();
  const stateOf = (policyNumber: number | undefined): OverallState | undefined => {
    const policy = policyNumber === undefined ? undefined : policies[policyNumber]?.policy;
    if (policyNumber === undefined || policy === undefined) return undefined;
    const state = states.get(policyNumber) ?? overallState(policy, definitions, snapshot);
    states.set(policyNumber, state);
    return state;
  };
  const liveTtlSeconds: number[] = [];
  const liveRecords: number[] = [0];
  const choices: number[] = [];
  const withheld: WithheldCount[] = [];
  for (const rrset of live) {
    if (rrset.isHinted) {
      for (const policy of rrset.policies) choices.push(policy === undefined ? AS_WRITTEN : policy + 1);
      liveTtlSeconds.push(rrset.ttlSeconds);
    } else {
      const decision = decideRecords(rrset.policies.map(stateOf), rrset.ttlSeconds);
      for (const is of decision.withheld) choices.push(is ? WITHHELD : AS_WRITTEN);
      liveTtlSeconds.push(decision.ttlSeconds);
      const records = decision.withheld.filter((is) => is).length;
      withheld.push({ owner: rrset.owner, type: formatType(rrset.type), records });
    }
    liveRecords.push(choices.length);
  }
  const tables = {
    liveTtlSeconds: Uint32Array.from(liveTtlSeconds),
    liveRecords: Uint32Array.from(liveRecords),
    recordChoices: Int32Array.from(choices),
  };
  return { tables, withheld };
}
