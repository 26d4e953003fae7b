/** The metrics of records that follow health and are no answers of a policy's: a part of the list. */

import type { MetricDescription } from "./list.ts";

export const RECORD_METRICS = [
  {
    name: "fairlead_records_withheld",
    type: "gauge",
    labels: ["owner", "type"],
    help: "How many records of an RRset with health-aware=on are left out, as the policies that they lead to have nothing up.",
    published: true,
    addition: "SRV and MX records follow health",
  },
] as const satisfies readonly MetricDescription[];
