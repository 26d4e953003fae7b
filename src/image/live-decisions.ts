/** What health makes of live RRsets (`image/live-rrsets`): which of their records are left out, and which are given hints. */

import { formatType } from "../dns/types.ts";
import type { Snapshot } from "../health/snapshot.ts";
import { decideRecords, type OverallState, overallState } from "../policy/health-aware.ts";
import type { Definitions } from "../policy/model.ts";
import type { LiveRRset } from "./live-rrsets.ts";
import { AS_WRITTEN, type LiveAnswer, packLive, WITHHELD } from "./live-tables.ts";
import type { PolicyEntry } from "./zones.ts";

/** Of one RRset with marked records, how many are left out. */
export interface WithheldCount {
  readonly owner: string;
  /** `SRV`, `MX`. */
  readonly type: string;
  readonly records: number;
}

export interface LiveDecisions {
  /** `image/live-tables` draws them. */
  readonly bytes: SharedArrayBuffer;
  readonly withheld: readonly WithheldCount[];
  /** By number, the policies that decided what is left out. */
  readonly states: ReadonlyMap<number, OverallState>;
}

/** `known` are states that still hold. */
export function decideLive(
  live: readonly LiveRRset[],
  policies: readonly PolicyEntry[],
  definitions: Definitions,
  snapshot: Snapshot,
  known: ReadonlyMap<number, OverallState>,
): LiveDecisions {
  const states = new Map(known);
  const stateOf = (policyNumber: number | undefined): OverallState | undefined => {
    const policy = policyNumber === undefined ? undefined : policies[policyNumber]?.policy;
    if (policyNumber === undefined || policy === undefined) return undefined;
    const state = states.get(policyNumber) ?? overallState(policy, definitions, snapshot);
    states.set(policyNumber, state);
    return state;
  };
  const withheld: WithheldCount[] = [];
  const answers = live.map((rrset): LiveAnswer => {
    if (rrset.isHinted) {
      const choices = rrset.policies.map((policy) => (policy === undefined ? AS_WRITTEN : policy + 1));
      return { ttlSeconds: rrset.ttlSeconds, choices };
    }
    const decision = decideRecords(rrset.policies.map(stateOf), rrset.ttlSeconds);
    const records = decision.withheld.filter((is) => is).length;
    withheld.push({ owner: rrset.owner, type: formatType(rrset.type), records });
    const choices = decision.withheld.map((is) => (is ? WITHHELD : AS_WRITTEN));
    return { ttlSeconds: decision.ttlSeconds, choices };
  });
  return { bytes: packLive(answers), withheld, states };
}
