/** The metrics of availability, and of what it is measured by: a part of the list. */

import type { MetricDescription } from "./list.ts";

export const AVAILABILITY_METRICS = [
  {
    name: "fairlead_pool_observed_up",
    type: "gauge",
    labels: ["pool"],
    help: "1 while min-up endpoints of the pool are observed up in any address family that it has, 0 while they are not; forced states, grace and holds left aside. Absent while that is not known, or nobody probes it.",
    published: true,
    addition: "what availability is measured by",
  },
  {
    name: "fairlead_availability_ratio",
    type: "gauge",
    labels: ["pool", "window"],
    help: "Part of the window, from 0 to 1, in which the pool was up as probes alone saw it, forced states, grace and holds left aside; of the time of the window that is known.",
    published: true,
  },
  {
    name: "fairlead_policy_availability_ratio",
    type: "gauge",
    labels: ["policy", "window"],
    help: "Part of the window, from 0 to 1, in which the policy answered from rungs 1 to 3, whoever took it further; of the time of the window that is known.",
    published: true,
    addition: "policies have an availability as pools have",
  },
] as const satisfies readonly MetricDescription[];
