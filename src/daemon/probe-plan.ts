/**
 * From a set of zones to the probes that it asks for. Who is probed, and whose state a probe's verdicts are for:
 *
 *   `$MONITOR … target=`  the target, once, whatever the endpoint
 *   `probe=` of endpoint  that host and port, once; stands for all of its addresses
 *   otherwise             each address of the endpoint, at the monitor's port
 *
 * An endpoint that is answered as CNAME has a health even before its name was resolved, that of an address which nobody knows
 * (`policy/cname`): the first two rows hold for it too.
 *
 * A state belongs to a place and a monitor's name, so a reload that changes how a monitor asks keeps it. A probe belongs
 * to a place and to how it asks, so two monitors that ask the same share it.
 */

import type { Monitor } from "../health/monitor.ts";
import { placesOf } from "../policy/cname.ts";
import type { Address, Endpoint } from "../policy/model.ts";
import { type ProbeTarget, probeTargetKey } from "../probe/probe.ts";
import type { ZoneSet } from "../zone/model.ts";

/** One state that a probe's verdicts go to. */
export interface PlannedState {
  readonly key: string;
  readonly monitor: Monitor;
  /** Whose health rests on it. */
  readonly endpoints: readonly Endpoint[];
}

export interface PlannedProbe {
  readonly target: ProbeTarget;
  readonly states: readonly PlannedState[];
}

/** By the target's key. */
export type ProbePlan = ReadonlyMap<string, PlannedProbe>;

export function planProbes(set: ZoneSet): ProbePlan {
  const states = new Map<string, { target: ProbeTarget; state: PlannedState; endpoints: Set<Endpoint> }>();
  for (const pool of set.definitions.pools.values()) {
    for (const endpoint of pool.endpoints) {
      for (const monitor of monitorsOf(endpoint, set)) {
        for (const address of placesOf(endpoint)) {
          const key = stateKeyOf(monitor, endpoint, address);
          const target = targetOf(monitor, endpoint, address);
          if (key === undefined || target === undefined) continue;
          const known = states.get(key);
          if (known !== undefined) {
            known.endpoints.add(endpoint);
            continue;
          }
          const endpoints = new Set([endpoint]);
          states.set(key, { target, state: { key, monitor, endpoints: [] }, endpoints });
        }
      }
    }
  }
  const plan = new Map<string, { target: ProbeTarget; states: PlannedState[] }>();
  for (const { target, state, endpoints } of states.values()) {
    const probe = plan.get(target.key) ?? { target, states: [] };
    plan.set(target.key, probe);
    probe.states.push({ ...state, endpoints: [...endpoints] });
  }
  return plan;
}

/** The monitors that an endpoint uses, in the order written. */
export function monitorsOf(endpoint: Endpoint, set: ZoneSet): Monitor[] {
  if (endpoint.monitor.kind === "none") return [];
  return endpoint.monitor.monitors
    .map((name) => set.monitors.get(name))
    .filter((monitor) => monitor !== undefined);
}

/** The place and the monitor's name; `undefined` where there is no place. */
export function stateKeyOf(monitor: Monitor, endpoint: Endpoint, address: Address): string;
export function stateKeyOf(
  monitor: Monitor,
  endpoint: Endpoint,
  address: Address | undefined,
): string | undefined;
export function stateKeyOf(
  monitor: Monitor,
  endpoint: Endpoint,
  address: Address | undefined,
): string | undefined {
  const place = monitor.target ?? endpoint.probe;
  if (place !== undefined) return probeTargetKey(monitor.name, place.host, place.port);
  return address && `${monitor.name} ${address.text}`;
}

function targetOf(
  monitor: Monitor,
  endpoint: Endpoint,
  address: Address | undefined,
): ProbeTarget | undefined {
  const own = address && { host: address.text, port: monitor.port ?? 0 };
  const place = monitor.target ?? endpoint.probe ?? own;
  if (place === undefined) return undefined;
  const { host, port } = place;
  return { key: probeTargetKey(waysOf(monitor), host, port), monitor, host, port };
}

/** Equal for monitors that ask alike: all of it but the name, the thresholds, and the place. */
function waysOf(monitor: Monitor): string {
  const { name: _name, thresholds: _thresholds, port: _port, target: _target, headers, ...ways } = monitor;
  return JSON.stringify({ ...ways, headers: [...headers] });
}
