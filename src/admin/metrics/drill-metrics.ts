/** The metrics of drills: a part of the list. */

import type { MetricDescription } from "./list.ts";

export const DRILL_METRICS = [
  {
    name: "fairlead_drills_total",
    type: "counter",
    labels: ["outcome"],
    help: "Drills by what came of them: passed, aborted, or refused before they began.",
    published: true,
    addition: "drills on a schedule end and are skipped without anybody looking on",
  },
  {
    name: "fairlead_drill_running",
    type: "gauge",
    labels: [],
    help: "1 while a drill is under way: what it takes away is missing on purpose.",
    published: true,
    addition: "alerts are to know of drills",
  },
] as const satisfies readonly MetricDescription[];
