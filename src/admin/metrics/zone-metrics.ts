/** The metrics of the zones and of how they were loaded, part of the one list (`metrics/list`). */

import type { MetricDescription } from "./list.ts";

export const ZONE_METRICS = [
  {
    name: "fairlead_zone_serial",
    type: "gauge",
    labels: ["zone"],
    help: "Serial of the zone's SOA, as served.",
    published: true,
  },
  {
    name: "fairlead_zone_load_success",
    type: "gauge",
    labels: [],
    help: "1 while the zone files as last read are what is served; 0 while they are refused and an earlier set is served.",
    published: true,
  },
  {
    name: "fairlead_zone_load_despite",
    type: "gauge",
    labels: ["check"],
    help: "1 while zones are served that a person loaded despite this check, expect or max-shift; 0 else.",
    published: true,
    addition: "a check that was overruled is not forgotten",
  },
  {
    name: "fairlead_zone_load_timestamp_seconds",
    type: "gauge",
    labels: [],
    help: "When the zones that are served were loaded from their files.",
    published: true,
  },
] as const satisfies readonly MetricDescription[];
