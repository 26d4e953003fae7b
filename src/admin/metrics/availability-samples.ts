/** Samples of availability: a line for each pool and policy that is served, and each window of which something is known. */

import type { AvailabilityReading } from "../../health/availability.ts";
import type { AdminSource } from "../source.ts";
import type { DerivedState } from "../status/derive.ts";
import type { Sample } from "./sample.ts";

export function availabilitySamples({ availability }: AdminSource, derived: () => DerivedState | undefined) {
  return {
    fairlead_availability_ratio: (): Sample[] =>
      derived()?.pools.flatMap(({ pool: { name } }) =>
        samplesOf({ pool: name }, availability.ofPool(name)),
      ) ?? [],
    fairlead_policy_availability_ratio: (): Sample[] => {
      const policies = derived()?.zones.flatMap((zone) => zone.policies.map(({ view }) => view.policy)) ?? [];
      // Records that share a name have one availability; a dry run has none.
      const names = new Set(policies.filter(({ dryRun }) => !dryRun).map(({ name }) => name));
      return [...names].flatMap((name) => samplesOf({ policy: name }, availability.ofPolicy(name)));
    },
  };
}

function samplesOf(
  labels: Readonly<Record<string, string>>,
  readings: readonly AvailabilityReading[],
): Sample[] {
  return readings.flatMap(({ window, ratio }) =>
    ratio === undefined ? [] : [{ labels: { ...labels, window }, value: ratio }],
  );
}
