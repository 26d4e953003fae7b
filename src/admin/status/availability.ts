/** Availability as JSON. Pure. */

import type { AvailabilityReading, KnownAvailability } from "../../health/availability.ts";

export function statusOfAvailability(readings: readonly AvailabilityReading[]): KnownAvailability {
  return Object.fromEntries(
    readings.map(({ window, ratio, knownMs }) => [
      window,
      { ratio: ratio ?? null, knownSeconds: Math.floor(knownMs / 1_000) },
    ]),
  );
}
