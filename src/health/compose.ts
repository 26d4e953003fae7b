/**
 * From monitors to an address: a `MonitorUse` says how many of which monitors must pass, and `composeAddressHealth`
 * makes the health of one address out of their states. The daemon calls it whenever one of the states has changed.
 *
 * With N of M monitors needed, in three-valued logic (what is unknown could yet turn out either way):
 *
 *   up monitors ≥ N               up
 *   up + unknown monitors < N     down     it cannot be reached any more
 *   otherwise                     unknown  the monitors that are unknown decide
 *
 * `none` is up and passes. `passing` asks the same question of the latest probes alone: at least N of them passed.
 */

import { NOT_YET_PROBED, type ProbeState } from "./hysteresis.ts";
import type { MonitorUse } from "./monitor.ts";
import type { AddressHealth } from "./snapshot.ts";
import type { Observed } from "./verdict.ts";

export const NOT_MONITORED = "not monitored";

/**
 * `stateOf` gives the state of a monitor at this address, by the monitor's name; `undefined` where it has none yet.
 * `atMs` dates what no state has a date for.
 */
export function composeAddressHealth(
  use: MonitorUse,
  stateOf: (monitor: string) => ProbeState | undefined,
  atMs: number,
): AddressHealth {
  if (use.kind === "none") {
    return { observed: "up", passing: true, reason: NOT_MONITORED, sinceMs: atMs };
  }
  const states = use.monitors.map((name) => ({ name, state: stateOf(name) }));
  const count = (observed: Observed): number =>
    states.filter(({ state }) => (state?.observed ?? "unknown") === observed).length;
  const up = count("up");
  const observed = up >= use.count ? "up" : up + count("unknown") < use.count ? "down" : "unknown";
  const passing = states.filter(({ state }) => state?.passing === true).length >= use.count;
  return {
    observed,
    passing,
    reason: reasonOf(use.count, states),
    sinceMs: sinceOf(observed, use.count, states, atMs),
    ...failingSinceOf(use.count, states),
  };
}

interface NamedState {
  readonly name: string;
  readonly state: ProbeState | undefined;
}

/** The only monitor's own words; of several, those of each that does not pass, else of each. */
function reasonOf(needed: number, states: readonly NamedState[]): string {
  const words = ({ state }: NamedState): string => state?.reason ?? NOT_YET_PROBED;
  const only = states[0];
  if (only !== undefined && states.length === 1) {
    return words(only);
  }
  const failing = states.filter(({ state }) => state?.passing !== true);
  const told = failing.length > 0 ? failing : states;
  const list = told.map((each) => `${each.name}: ${words(each)}`).join("; ");
  const passed = states.length - failing.length;
  return `${passed} of ${states.length} monitors pass, ${needed} needed (${list})`;
}

/**
 * When the monitors that agree with the outcome became enough: of three that are up where two are needed, the second
 * to come up decided it.
 */
function sinceOf(observed: Observed, needed: number, states: readonly NamedState[], atMs: number): number {
  const times = states
    .filter(({ state }) => (state?.observed ?? "unknown") === observed)
    .map(({ state }) => state?.sinceMs ?? atMs)
    .sort((one, other) => one - other);
  const enough = { up: needed, down: states.length - needed + 1, unknown: 1 }[observed];
  return times[enough - 1] ?? atMs;
}

/**
 * When too few monitors were left that do not fail. One that has never been up has always failed, so that nothing is
 * said of an address that could not have been up.
 */
function failingSinceOf(
  needed: number,
  states: readonly NamedState[],
): Pick<AddressHealth, "failingSinceMs"> {
  const failing = states
    .flatMap(({ state }) => {
      if (state?.failingSinceMs !== undefined) return state.failingSinceMs;
      return state?.observed === "up" ? [] : Number.NEGATIVE_INFINITY;
    })
    .sort((one, other) => one - other);
  const failingSinceMs = failing[states.length - needed];
  return failingSinceMs === undefined || failingSinceMs === Number.NEGATIVE_INFINITY
    ? {}
    : { failingSinceMs };
}
