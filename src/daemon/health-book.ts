/**
 * The health book: one state for each place and monitor, and from them the health of every endpoint. Verdicts come in
 * (`record`), snapshots go out (`snapshot`); between the two stand only `health/hysteresis` and `health/compose`.
 *
 * A reload (`use`) keeps the state of every place and monitor that stays, also of a monitor that only has another name.
 * What is new in it starts as a newcomer and joins after `rise` passes, save at the very start, where the first verdict
 * decides. What is gone is remembered for a while, so that a set which drops an endpoint by mistake and the next one which
 * restores it find its state. `use` is told as well when a host name stands for other addresses (`daemon/live-endpoints`).
 */

import type { CertificateReading } from "../admin/source.ts";
import { composeAddressHealth } from "../health/compose.ts";
import { initialState, newcomerState, type ProbeState, step } from "../health/hysteresis.ts";
import type { ForcedStates } from "../health/override.ts";
import type { AddressHealth, EndpointHealth, Snapshot } from "../health/snapshot.ts";
import type { Forced, Verdict } from "../health/verdict.ts";
import { placesOf } from "../policy/cname.ts";
import type { Definitions, Endpoint } from "../policy/model.ts";
import type { WatchedState } from "../policy/next-changes.ts";
import { endpointsOf } from "../policy/resolved.ts";
import type { ProbeTarget } from "../probe/probe.ts";
import type { ZoneSet } from "../zone/model.ts";
import type { KeptHealth } from "./health-file.ts";
import { createPoolReturns, GONE_KEPT_MS } from "./pool-returns.ts";
import { createProbeCounts, type ProbeCounts } from "./probe-counts.ts";
import { monitorsOf, type ProbePlan, planProbes, stateKeyOf } from "./probe-plan.ts";

/** How far the probes are that a start waits for. */
export interface FirstRound {
  /** Those that are probed at all. */
  readonly endpoints: number;
  /** Those of them of which a probe has not ended once since the book began. */
  readonly waiting: number;
}

export interface HealthBook {
  /** Makes the endpoints of `set` those of the book. */
  use(set: ZoneSet, atMs: number): void;
  /** Of the latest `use`: what its snapshots are the health of. */
  definitions(): Definitions | undefined;
  /** What the wheel is to probe. */
  targets(): ProbeTarget[];
  /** Takes in a verdict. Whether the health of an endpoint is another now, in state or in words. */
  record(targetKey: string, verdict: Verdict): boolean;
  snapshot(forced: ForcedStates, atMs: number): Snapshot;
  /** What a snapshot would say if `set`, host names resolved, were used now: what is new of it has not been probed. */
  foresee(set: ZoneSet, forced: ForcedStates, atMs: number): Snapshot;
  /** The states that the health of an endpoint rests on, as it is in `definitions`. */
  watched(endpoint: Endpoint): WatchedState[];
  /** As observed now, by endpoint; objects stay the same while the health does. */
  observed(): ReadonlyMap<string, EndpointHealth>;
  /** When the latest snapshot would be another one by the passing of time alone, as grace ends or a slow start goes on. */
  nextChangeMs(): number | undefined;
  /** What is to be remembered over a restart. */
  keep(): KeptHealth;
  /** Begins with what was kept; before the first `use`. */
  restore(kept: KeptHealth): void;
  firstRound(): FirstRound;
  /** The certificates that probes were shown last, by endpoint; of several the one that expires first. */
  certificates(): Iterable<CertificateReading>;
  /** Forgets what left the zones long ago, and returns how many states that were. */
  forgetGone(atMs: number): number;
  readonly counts: ProbeCounts;
}

interface KeptState {
  state: ProbeState;
  /** Of the latest probe that was shown one. */
  certificateExpiresAtMs: number | undefined;
  /** `undefined` while the zones ask for it. */
  goneSinceMs: number | undefined;
}

export function createHealthBook(): HealthBook {
  const states = new Map<string, KeptState>();
  const counts = createProbeCounts();
  const returns = createPoolReturns();
  /** Targets that have had a verdict. */
  const heard = new Set<string>();
  let latest: Snapshot | undefined;
  let plan: ProbePlan = new Map();
  let current: ZoneSet | undefined;
  let startedMs = 0;
  /** What was kept, until the first set of zones. */
  let restored: KeptHealth["states"] = new Map();
  /** Objects stay the same while the health does, so that comparing two snapshots is quick. */
  let healths = new Map<string, EndpointHealth>();

  const forcedHealths = new Map<string, { readonly of: EndpointHealth; readonly health: EndpointHealth }>();

  const withForced = (id: string, of: EndpointHealth, forced: Forced): EndpointHealth => {
    const known = forcedHealths.get(id);
    if (known?.of === of && known.health.forced === forced) return known.health;
    const health = { ...of, forced };
    forcedHealths.set(id, { of, health });
    return health;
  };

  const healthOf = (
    endpoint: Endpoint,
    set: ZoneSet,
    inherited?: ReadonlyMap<string, ProbeState>,
  ): EndpointHealth => ({
    forced: undefined,
    addresses: placesOf(endpoint).map((address) => {
      const stateOf = (name: string): ProbeState | undefined => {
        const monitor = set.monitors.get(name);
        const key = monitor && stateKeyOf(monitor, endpoint, address);
        return key === undefined ? undefined : (states.get(key)?.state ?? inherited?.get(key));
      };
      return composeAddressHealth(endpoint.monitor, stateOf, startedMs);
    }),
  });

  const refresh = (endpoint: Endpoint, set: ZoneSet): boolean => {
    const before = healths.get(endpoint.id);
    const after = healthOf(endpoint, set);
    if (before !== undefined && isSame(before, after)) return false;
    healths.set(endpoint.id, after);
    counts.noteObserved(endpoint, before, after);
    return true;
  };

  /** By state key, what `next` does not have to begin with: its probe is made now, for a monitor of another name. */
  const inheritedBy = (next: ProbePlan): Map<string, ProbeState> => {
    const inherited = new Map<string, ProbeState>();
    for (const [targetKey, probe] of next) {
      const [asked] = plan.get(targetKey)?.states ?? [];
      const state = asked && states.get(asked.key)?.state;
      if (state === undefined) continue;
      for (const { key } of probe.states) if (!states.has(key)) inherited.set(key, state);
    }
    return inherited;
  };

  /** A host name stands for other addresses: what is new of an endpoint that is not joins by its first verdict. */
  const hasMoved = ({ id, hostName }: Endpoint): boolean =>
    hostName !== undefined && (healths.get(id)?.addresses.length ?? 0) > 0;

  return {
    counts,
    definitions: () => current?.definitions,
    use(set, atMs) {
      if (current === undefined) startedMs = atMs;
      const isStart = current === undefined;
      current = set;
      const next = planProbes(set);
      const inherited = inheritedBy(next);
      plan = next;
      for (const key of heard) if (!plan.has(key)) heard.delete(key);
      for (const kept of states.values()) kept.goneSinceMs ??= atMs;
      for (const probe of plan.values()) {
        for (const { key, endpoints } of probe.states) {
          const kept = states.get(key);
          if (kept !== undefined) kept.goneSinceMs = undefined;
          else {
            const begins = isStart || endpoints.some(hasMoved) ? initialState : newcomerState;
            const last = restored.get(key) ?? inherited.get(key);
            // What the last run, or that name, did not know either begins like everything else: its first verdict decides.
            const state = last === undefined || last.observed === "unknown" ? begins(atMs) : last;
            states.set(key, { state, certificateExpiresAtMs: undefined, goneSinceMs: undefined });
          }
        }
      }
      returns.use(set.definitions, atMs);
      restored = new Map();
      const before = healths;
      healths = new Map();
      for (const pool of set.definitions.pools.values()) {
        for (const endpoint of pool.endpoints) {
          const known = before.get(endpoint.id);
          if (known !== undefined) healths.set(endpoint.id, known);
          refresh(endpoint, set);
        }
      }
    },
    targets() {
      return Array.from(plan.values(), ({ target }) => target);
    },
    record(targetKey, verdict) {
      const probe = plan.get(targetKey);
      if (probe === undefined || current === undefined) return false;
      heard.add(targetKey);
      let changed = false;
      for (const { key, monitor, endpoints } of probe.states) {
        const kept = states.get(key);
        if (kept === undefined) continue;
        const before = kept.state;
        kept.state = step(before, verdict, monitor.thresholds);
        kept.certificateExpiresAtMs = verdict.certificate?.expiresAtMs ?? kept.certificateExpiresAtMs;
        // Most verdicts say what the one before said, and then nobody's health can be another one.
        const saysTheSame = isSameHealth(before, kept.state);
        for (const endpoint of endpoints) {
          counts.noteVerdict(endpoint, monitor.name, verdict);
          if (!saysTheSame && refresh(endpoint, current)) changed = true;
        }
      }
      counts.noteDuration(probe.target.monitor.name, verdict);
      return changed;
    },
    snapshot(forced, atMs) {
      const endpoints = new Map(healths);
      for (const id of forcedHealths.keys()) if (!forced.has(id)) forcedHealths.delete(id);
      for (const [id, state] of forced) {
        const health = endpoints.get(id);
        if (health !== undefined) endpoints.set(id, withForced(id, health, state));
      }
      const health = { atMs, endpoints };
      const holds = returns.step(health);
      latest = holds.size === 0 ? health : { ...health, holds };
      return latest;
    },
    foresee(set, forced, atMs) {
      const inherited = inheritedBy(planProbes(set));
      const endpoints = endpointsOf(set.definitions).map((endpoint): [string, EndpointHealth] => {
        return [endpoint.id, { ...healthOf(endpoint, set, inherited), forced: forced.get(endpoint.id) }];
      });
      const holds = latest?.holds;
      return { atMs, endpoints: new Map(endpoints), ...(holds === undefined ? {} : { holds }) };
    },
    watched(endpoint) {
      const monitors = current === undefined ? [] : monitorsOf(endpoint, current);
      return monitors.flatMap((monitor) => {
        const { name, thresholds } = monitor;
        const isShared = (monitor.target ?? endpoint.probe) !== undefined;
        return placesOf(endpoint)
          .slice(0, isShared ? 1 : undefined)
          .flatMap((address): WatchedState[] => {
            const key = stateKeyOf(monitor, endpoint, address);
            const state = key === undefined ? undefined : states.get(key)?.state;
            const of =
              isShared || address === undefined ? {} : { address: address.text, family: address.family };
            return state === undefined ? [] : [{ ...of, monitor: name, thresholds, state }];
          });
      });
    },
    observed: () => new Map(healths),
    nextChangeMs() {
      return latest && returns.nextChangeMs(latest);
    },
    keep() {
      const kept = new Map<string, ProbeState>();
      for (const [key, { state }] of states) kept.set(key, state);
      return { states: kept, returns: returns.keep() };
    },
    restore(kept) {
      restored = kept.states;
      returns.restore(kept.returns);
    },
    firstRound() {
      const endpoints = new Set<string>();
      const waiting = new Set<string>();
      for (const [targetKey, { states }] of plan) {
        for (const { id } of states.flatMap((state) => state.endpoints)) {
          endpoints.add(id);
          if (!heard.has(targetKey)) waiting.add(id);
        }
      }
      return { endpoints: endpoints.size, waiting: waiting.size };
    },
    certificates() {
      const earliest = new Map<string, CertificateReading>();
      for (const probe of plan.values()) {
        for (const { key, endpoints } of probe.states) {
          const expiresAtMs = states.get(key)?.certificateExpiresAtMs;
          if (expiresAtMs === undefined) continue;
          for (const { id, pool, name } of endpoints) {
            if (expiresAtMs >= (earliest.get(id)?.expiresAtMs ?? Infinity)) continue;
            earliest.set(id, { pool, endpoint: name, expiresAtMs });
          }
        }
      }
      return earliest.values();
    },
    forgetGone(atMs) {
      let forgotten = 0;
      for (const [key, { goneSinceMs }] of states) {
        if (goneSinceMs === undefined || atMs - goneSinceMs < GONE_KEPT_MS) continue;
        states.delete(key);
        forgotten += 1;
      }
      return forgotten;
    },
  };
}

function isSame(one: EndpointHealth, other: EndpointHealth): boolean {
  return (
    one.addresses.length === other.addresses.length &&
    one.addresses.every((health, index) => isSameHealth(health, other.addresses[index]))
  );
}

function isSameHealth(one: AddressHealth, other: AddressHealth | undefined): boolean {
  return (
    one.observed === other?.observed &&
    one.passing === other.passing &&
    one.reason === other.reason &&
    one.sinceMs === other.sinceMs &&
    one.failingSinceMs === other.failingSinceMs
  );
}
