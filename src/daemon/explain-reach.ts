/** Explains what policies can reach: how each endpoint is, why, and what would change the answer next. */

import type { ExplainedChange, ExplainedEndpoint, Explanation } from "../admin/explanation.ts";
import type { OverrideView } from "../admin/override-source.ts";
import { deriveEndpoint } from "../admin/status/derive.ts";
import { statusOfOverride } from "../admin/status/forcing.ts";
import { formatTime } from "../admin/status/time.ts";
import { refMatches } from "../health/ref.ts";
import type { Snapshot } from "../health/snapshot.ts";
import type { AddressFamily, Definitions, Endpoint, Policy } from "../policy/model.ts";
import { nextChanges, type Pending } from "../policy/next-changes.ts";
import { reachOf } from "../policy/reach.ts";

/** Beside what `policy/next-changes` asks for, how overrides are written. */
export interface ExplainedPending extends Pending {
  readonly overrides: readonly OverrideView[];
}

interface Health {
  readonly definitions: Definitions;
  readonly snapshot: Snapshot;
  readonly pending?: ExplainedPending | undefined;
}

export const FAMILIES: readonly AddressFamily[] = ["ipv4", "ipv6"];
const NOTHING_PENDING: ExplainedPending = { overrides: [], windows: [], watched: () => [] };

export function explainReach(
  policies: readonly (Policy | undefined)[],
  families: readonly AddressFamily[],
  { definitions, snapshot, pending = NOTHING_PENDING }: Health,
): Pick<Explanation, "endpoints" | "next"> {
  const reached = policies.flatMap((policy) =>
    policy === undefined ? [] : reachOf(policy.expression, definitions),
  );
  const pools = new Set(reached.flatMap((reach) => [...reach.pools]));
  const endpoints = [...new Set(reached.flatMap((reach) => reach.endpoints))];
  const changes = new Map<string, ExplainedChange>();
  for (const family of families) {
    for (const { atMs, what } of nextChanges({ pools, endpoints }, family, definitions, snapshot, pending)) {
      const at = formatTime(atMs);
      changes.set(`${at} ${what}`, at === null ? { what } : { at, what });
    }
  }
  const next = [...changes.values()].sort(byTime);
  return { endpoints: endpoints.map((endpoint) => explainEndpoint(endpoint, snapshot, pending)), next };
}

/** What has none comes last; all are of one form, so that text compares as time. */
function byTime({ at: one = "~" }: ExplainedChange, { at: other = "~" }: ExplainedChange): number {
  return one === other ? 0 : one < other ? -1 : 1;
}

function explainEndpoint(
  endpoint: Endpoint,
  { endpoints }: Snapshot,
  { overrides }: ExplainedPending,
): ExplainedEndpoint {
  const { pool, name, id } = endpoint;
  const { observed, forced, sinceMs, reason, addresses } = deriveEndpoint(endpoint, endpoints.get(id));
  // Of several the last one counts.
  const override = overrides.findLast(({ ref, state }) => state === forced && refMatches(ref, pool, name));
  return {
    pool,
    endpoint: name,
    observed,
    forced: forced ?? null,
    since: formatTime(sinceMs),
    reason,
    override: override === undefined ? null : statusOfOverride(override),
    addresses: addresses.map(({ address, health }) => ({
      address: address.text,
      observed: health.observed,
      since: formatTime(health.sinceMs === 0 ? undefined : health.sinceMs),
      reason: health.reason,
    })),
  };
}
