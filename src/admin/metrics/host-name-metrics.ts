/** The metrics of host-name endpoints: a part of the list. */

import type { MetricDescription } from "./list.ts";

export const HOST_NAME_METRICS = [
  {
    name: "fairlead_host_name_resolutions_total",
    type: "counter",
    labels: ["result"],
    help: "How often host names of endpoints were resolved (ok), and could not be (failed).",
    published: true,
    addition: "host-name endpoints are resolved",
  },
  {
    name: "fairlead_host_name_addresses",
    type: "gauge",
    labels: ["host"],
    help: "How many addresses a host name stands for; 0 while it was never resolved.",
    published: true,
    addition: "host-name endpoints are resolved",
  },
  {
    name: "fairlead_host_name_resolved_timestamp_seconds",
    type: "gauge",
    labels: ["host"],
    help: "When a resolver last said what a host name stands for; absent while none ever did.",
    published: true,
    addition: "host-name endpoints are resolved",
  },
] as const satisfies readonly MetricDescription[];
