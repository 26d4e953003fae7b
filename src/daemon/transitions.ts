/**
 * What changed from one publication to the next: endpoints that come and go, rungs, failing open. The log is told, and
 * the last resorts are counted.
 */

import type { LastResortReading, PolicyView } from "../admin/source.ts";
import { NOT_MONITORED } from "../health/compose.ts";
import { type EndpointHealth, observedOf } from "../health/snapshot.ts";
import type { AddressFamily } from "../policy/model.ts";
import type { Log } from "./log.ts";
import type { Publication } from "./serving.ts";

const FAMILIES: readonly AddressFamily[] = ["ipv4", "ipv6"];

/** By policy and rung; nothing ever goes down, also when a policy leaves the zones. */
export interface LastResorts {
  count(policy: string, rung: number): void;
  read(): Iterable<LastResortReading>;
}

export function createLastResorts(): LastResorts {
  const counts = new Map<string, { policy: string; rung: string; value: number }>();
  return {
    count(policy, rung) {
      const key = `${rung} ${policy}`;
      const known = counts.get(key) ?? { policy, rung: String(rung), value: 0 };
      known.value += 1;
      counts.set(key, known);
    },
    read: () => counts.values(),
  };
}

export function noteTransitions({ before, after }: Publication, log: Log, lastResorts: LastResorts): void {
  logEndpoints({ before, after }, log);
  const policiesBefore = new Map<string, PolicyView>();
  for (const zone of before?.zones ?? []) {
    for (const view of zone.policies) policiesBefore.set(view.owner, view);
  }
  for (const zone of after.zones) {
    for (const view of zone.policies) notePolicy(policiesBefore.get(view.owner), view, log, lastResorts);
  }
}

function logEndpoints({ before, after }: Publication, log: Log): void {
  for (const [endpoint, health] of after.snapshot.endpoints) {
    const known = before?.snapshot.endpoints.get(endpoint);
    // Health that is the same is the same object (`health-book`).
    if (known === health) continue;
    const from = known === undefined ? "unknown" : observedOf(known.addresses);
    const to = observedOf(health.addresses);
    // What nobody probes does not come and go.
    const probed = health.addresses.some(({ reason }) => reason !== NOT_MONITORED);
    if (from !== to && probed) {
      const line = { event: "endpoint", endpoint, from, to, reason: reasonOf(health) };
      if (to === "down") log.warn(line, "endpoint is down");
      else log.info(line, `endpoint is ${to}`);
    }
    if (known?.forced !== health.forced) {
      log.info({ event: "forced", endpoint, forced: health.forced ?? null }, "forced state changed");
    }
  }
}

function notePolicy(
  before: PolicyView | undefined,
  after: PolicyView,
  log: Log,
  lastResorts: LastResorts,
): void {
  const rung = worstRung(after);
  if (rung > (before === undefined ? 1 : worstRung(before))) lastResorts.count(after.policy.name, rung);
  for (const family of FAMILIES) {
    const was = before?.evaluations[family];
    const is = after.evaluations[family];
    const line = {
      event: "policy",
      owner: after.owner,
      policy: after.policy.name,
      family,
      from: was?.rung ?? 1,
      to: is.rung,
      outcome: is.outcome,
    };
    if (is.failingOpen && was?.failingOpen !== true) log.error(line, "policy is failing open");
    else if (line.from < is.rung) log.warn(line, "policy answers from a last resort");
    else if (line.from > is.rung) log.info(line, "policy is back on an earlier rung");
  }
}

function worstRung({ evaluations }: PolicyView): number {
  return Math.max(...FAMILIES.map((family) => evaluations[family].rung));
}

/** The reasons of its addresses, each once. */
function reasonOf({ addresses }: EndpointHealth): string {
  return [...new Set(addresses.map(({ reason }) => reason))].join("; ");
}
