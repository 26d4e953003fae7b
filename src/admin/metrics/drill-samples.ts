/** Samples of drills. */

import type { AdminSource } from "../source.ts";
import type { Sample } from "./sample.ts";

export function drillSamples({ drills }: AdminSource) {
  return {
    fairlead_drills_total: () => drills.outcomes(),
    fairlead_drill_running: (): Sample[] => [
      { labels: {}, value: Number(drills.list().some(({ outcome }) => outcome === "running")) },
    ],
  };
}
