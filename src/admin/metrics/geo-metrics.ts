/** The metrics of the geo database, part of the one list (`metrics/list`). */

import type { MetricDescription } from "./list.ts";

export const GEO_METRICS = [
  {
    name: "fairlead_geoip_build_timestamp_seconds",
    type: "gauge",
    labels: [],
    help: "When the geo database in use was built by its maker: its age. Absent while no policy asks where clients are.",
    published: true,
    addition: "the age of the geo database",
  },
  {
    name: "fairlead_geoip_load_success",
    type: "gauge",
    labels: [],
    help: "1 while the geo database in use is what its file holds, 0 while that is refused.",
    published: true,
    addition: "the geo database is replaced without a restart",
  },
] as const satisfies readonly MetricDescription[];
