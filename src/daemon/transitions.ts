/** Tells the log what changed from one publication to the next: endpoints that come and go, rungs, failing open. */

import type { PolicyView } from "../admin/source.ts";
import { NOT_MONITORED } from "../health/compose.ts";
import { type EndpointHealth, observedOf } from "../health/snapshot.ts";
import type { AddressFamily } from "../policy/model.ts";
import type { Log } from "./log.ts";
import type { Publication } from "./serving.ts";

const FAMILIES: readonly AddressFamily[] = ["ipv4", "ipv6"];

export function logTransitions({ before, after }: Publication, log: Log): void {
  logEndpoints({ before, after }, log);
  const policiesBefore = new Map<string, PolicyView>();
  for (const zone of before?.zones ?? []) {
    for (const view of zone.policies) policiesBefore.set(view.owner, view);
  }
  for (const zone of after.zones) {
    for (const view of zone.policies) logPolicy(policiesBefore.get(view.owner), view, log);
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

function logPolicy(before: PolicyView | undefined, after: PolicyView, log: Log): void {
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

/** The reasons of its addresses, each once. */
function reasonOf({ addresses }: EndpointHealth): string {
  return [...new Set(addresses.map(({ reason }) => reason))].join("; ");
}
