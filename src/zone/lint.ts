/**
 * Lints: what works and is likely not meant (CONTRACT.md, «Load and reload»). All are warnings; `check --strict` makes
 * them errors. They are given only on a set without errors, so that one slip is not reported twice over.
 */

import { formatName } from "../dns/name.ts";
import type { Monitor } from "../health/monitor.ts";
import { mixesByChance } from "../policy/cname.ts";
import type { Definitions } from "../policy/model.ts";
import type { BoundPolicy } from "./check-policies.ts";
import type { DefinitionEntries } from "./definitions.ts";
import { slowestDetection, spellSeconds } from "./detection.ts";
import { type Report, warningAt } from "./diagnostic.ts";
import type { MonitorEntry, PoolEntry } from "./syntax.ts";

/** Up to so many endpoints, one that is up is half of the pool at least, and `min-up` goes without saying. */
const ENDPOINTS_WITHOUT_MIN_UP = 2;

export function lintDefinitions({ monitors, pools }: DefinitionEntries, report: Report): void {
  for (const entry of monitors.values()) lintVerify(entry, report);
  for (const entry of pools.values()) lintPool(entry, report);
}

function lintVerify({ monitor, keyPositions }: MonitorEntry, report: Report): void {
  const position = keyPositions.get("verify");
  if (monitor.verify || position === undefined) return;
  const message = `monitor '${monitor.name}' checks no certificate (verify=off): any server passes for the endpoint`;
  report(warningAt(position, "verify-off", message));
}

function lintPool({ name, position, monitor, minUp, endpoints }: PoolEntry, report: Report): void {
  if (monitor === undefined && endpoints.some((endpoint) => endpoint.monitor === undefined)) {
    const message = `pool '${name}' has no monitor, so it is never found down; say monitor=none if that is meant`;
    report(warningAt(position, "pool-without-monitor", message));
  }
  if (minUp === undefined && endpoints.length > ENDPOINTS_WITHOUT_MIN_UP) {
    const message = `pool '${name}' has ${endpoints.length} endpoints and no min-up: it is up while a single one is`;
    report(warningAt(position, "pool-without-min-up", message));
  }
}

export function lintPolicy(
  { entry, policy, reach }: BoundPolicy,
  isExpected: boolean,
  definitions: Definitions,
  monitors: ReadonlyMap<string, Monitor>,
  report: Report,
): void {
  const name = formatName(entry.owner);
  if (reach.pools.size === 1) {
    const message = `POLICY at '${name}' has a single pool, '${[...reach.pools].join()}': nothing is left when it is down`;
    report(warningAt(entry.position, "policy-with-single-pool", message));
  }
  if (mixesByChance(policy.expression, definitions)) {
    const message = `POLICY at '${name}' draws CNAMEs and addresses alike: a resolver that holds the CNAME asks for no address, so shares hold roughly; below sticky ( … ) a client keeps to one`;
    report(warningAt(entry.position, "cname-mixed-with-addresses", message));
  }
  if (!isExpected) {
    const message = `POLICY at '${name}' has no $EXPECT: nothing holds it to what it is for`;
    report(warningAt(entry.position, "policy-without-expectation", message));
  }
  // What clients hold when an endpoint is withdrawn is the shorter TTL: it holds from the first failed probe on.
  const ttlMs = policy.ttl.minSeconds * 1000;
  const slowest = slowestDetection(reach, definitions, monitors);
  if (slowest === undefined || ttlMs <= slowest.totalMs) return;
  const detection = `${slowest.sum} = ${spellSeconds(slowest.totalMs)}`;
  const message = `TTL ${spellSeconds(ttlMs)} of POLICY at '${name}' is longer than detection (${detection})`;
  report(warningAt(entry.position, "ttl-exceeds-detection", message));
}
