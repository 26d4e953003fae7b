/**
 * Every metric that Fairlead has or will have: the one list of names, types, labels and help texts (CONTRACT.md §5).
 * `metrics/families` reads the values of those that are published; a house test holds the list against the contract and
 * against every metric name in the code.
 *
 * Where a metric could be understood in two ways, its help text says which one is meant.
 */

export interface MetricDescription {
  readonly name: `fairlead_${string}`;
  readonly type: "counter" | "gauge" | "histogram";
  /** In the order in which they are written; `le` of histograms is left out. */
  readonly labels: readonly string[];
  readonly help: string;
  /** Whether the thing that it counts exists in this version. */
  readonly published: boolean;
  /** Why it stands here and not in CONTRACT.md §5: to be taken over there, or dropped. */
  readonly addition?: string;
}

export const METRICS = [
  {
    name: "fairlead_dns_queries_total",
    type: "counter",
    labels: ["zone", "qtype", "transport"],
    help: "Queries received, by the zone they fall in; types that are not known by name count together.",
    published: true,
  },
  {
    name: "fairlead_dns_responses_total",
    type: "counter",
    labels: ["zone", "rcode"],
    help: "Responses sent, by the zone they are from.",
    published: true,
  },
  {
    name: "fairlead_dns_dropped_total",
    type: "counter",
    labels: ["reason"],
    help: "Messages that got no response, by reason; receive-buffer-full is the system's own count.",
    published: true,
  },
  {
    name: "fairlead_dns_response_seconds",
    type: "histogram",
    labels: [],
    help: "Time from taking a query to handing its response to the transport, of a sample: one in 64.",
    published: true,
  },
  {
    name: "fairlead_answers_total",
    type: "counter",
    labels: ["policy", "pool", "endpoint"],
    help: "Answers from a policy, by the endpoint that was drawn first.",
    published: true,
  },
  {
    name: "fairlead_endpoint_up",
    type: "gauge",
    labels: ["pool", "endpoint"],
    help: "1 while the endpoint is up to policies on rung 1 in any address family: observed up or forced up, and neither forced down nor drained.",
    published: true,
  },
  {
    name: "fairlead_address_up",
    type: "gauge",
    labels: ["pool", "endpoint", "address"],
    help: "1 while the address is observed up, whatever is forced; 0 while it is down or not yet probed.",
    published: true,
  },
  {
    name: "fairlead_endpoint_observed_up",
    type: "gauge",
    labels: ["pool", "endpoint"],
    help: "1 while any address of the endpoint is observed up, whatever is forced; 0 while all are down or not yet probed.",
    published: true,
  },
  {
    name: "fairlead_endpoint_forced",
    type: "gauge",
    labels: ["pool", "endpoint", "state"],
    help: "1 for the state that the endpoint is forced to; absent while nothing is forced.",
    published: true,
  },
  {
    name: "fairlead_pool_up",
    type: "gauge",
    labels: ["pool"],
    help: "1 while the pool is up to policies on rung 1 in any address family that it has: min-up of its endpoints are up.",
    published: true,
  },
  {
    name: "fairlead_pool_endpoints",
    type: "gauge",
    labels: ["pool", "state"],
    help: "Endpoints of the pool, each in one state: drain where forced so, else up as policies see it on rung 1, else unknown or down.",
    published: true,
  },
  {
    name: "fairlead_policy_failing_open",
    type: "gauge",
    labels: ["policy"],
    help: "1 while the policy answers endpoints that nothing says are alive, in any address family in which it has endpoints, for a client of unknown place.",
    published: true,
  },
  {
    name: "fairlead_policy_rung",
    type: "gauge",
    labels: ["policy"],
    help: "Rung of the ladder of last resorts that the policy answers from: 1 up, 2 held back, 3 drained, 4 nothing passes; the worst of the address families in which it has endpoints, for a client of unknown place.",
    published: true,
  },
  {
    name: "fairlead_policy_share",
    type: "gauge",
    labels: ["policy", "pool", "mode"],
    help: "Probability from 0 to 1 that an endpoint of the pool is drawn first for a client of unknown place: of A answers, or of AAAA where the policy reaches no IPv4 address.",
    published: true,
  },
  {
    name: "fairlead_policy_over_capacity",
    type: "gauge",
    labels: ["policy"],
    help: "1 while the policy's demand exceeds the capacity of the pools that are up.",
    published: false,
  },
  {
    name: "fairlead_policy_rto_seconds",
    type: "gauge",
    labels: ["policy"],
    help: "The longest that clients may still be sent to an endpoint after it dies: detection and TTL together; the worst of the records that share the policy's name.",
    published: true,
  },
  {
    name: "fairlead_probes_total",
    type: "counter",
    labels: ["pool", "endpoint", "monitor", "result"],
    help: "Probes made, by result: pass or fail; a probe that several endpoints share counts for each of them.",
    published: true,
  },
  {
    name: "fairlead_probe_duration_seconds",
    type: "histogram",
    labels: ["monitor"],
    help: "Time that a probe took, whatever its result.",
    published: true,
  },
  {
    name: "fairlead_probe_last_duration_seconds",
    type: "gauge",
    labels: ["pool", "endpoint"],
    help: "Time that the latest probe of the endpoint took.",
    published: true,
  },
  {
    name: "fairlead_probe_certificate_expiry_timestamp_seconds",
    type: "gauge",
    labels: ["pool", "endpoint"],
    help: "When the earliest certificate that probes of the endpoint were shown expires.",
    published: true,
  },
  {
    name: "fairlead_endpoint_transitions_total",
    type: "counter",
    labels: ["pool", "endpoint", "to"],
    help: "Changes of the endpoint's observed state; the first verdict after a start is one.",
    published: true,
  },
  {
    name: "fairlead_availability_ratio",
    type: "gauge",
    labels: ["pool", "window"],
    help: "Part of the window, from 0 to 1, in which the pool was up.",
    published: false,
  },
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
    help: "1 while the zone files as last read are what is served; 0 while they are faulty and an earlier set is served.",
    published: true,
  },
  {
    name: "fairlead_zone_load_timestamp_seconds",
    type: "gauge",
    labels: [],
    help: "When the zones that are served were loaded from their files.",
    published: true,
  },
  {
    name: "fairlead_image_generation",
    type: "gauge",
    labels: [],
    help: "Generation of the image that is served; it only moves forward.",
    published: true,
  },
  {
    name: "fairlead_image_build_seconds",
    type: "gauge",
    labels: [],
    help: "Time that the latest build of an image took.",
    published: true,
  },
  {
    name: "fairlead_overrides_active",
    type: "gauge",
    labels: [],
    help: "Overrides in force.",
    published: false,
  },
  {
    name: "fairlead_override_expires_timestamp_seconds",
    type: "gauge",
    labels: ["ref"],
    help: "When the override of the ref ends.",
    published: false,
  },
  {
    name: "fairlead_cluster_vantages",
    type: "gauge",
    labels: ["state"],
    help: "Vantages of the cluster by state, this node included.",
    published: false,
  },
  {
    name: "fairlead_policy_last_resorts_total",
    type: "counter",
    labels: ["policy", "rung"],
    help: "How often a policy came down to rung 2, 3 or 4 of its last resorts, in the worse of the families.",
    published: true,
    addition: "rungs 2 to 4 are counted",
  },
  {
    name: "fairlead_dns_workers",
    type: "gauge",
    labels: ["transport"],
    help: "Threads that answer over UDP, by the way that datagrams go: batch, or dgram where the system has no batches.",
    published: true,
    addition: "says which transport was chosen at the start",
  },
  {
    name: "fairlead_dns_worker_restarts_total",
    type: "counter",
    labels: [],
    help: "Threads that answered, died or hung, and were replaced.",
    published: true,
    addition: "a thread that dies or hangs is counted",
  },
  {
    name: "fairlead_build_info",
    type: "gauge",
    labels: ["version"],
    help: "Always 1; the version that runs.",
    published: true,
  },
] as const satisfies readonly MetricDescription[];

export type PublishedMetric = Extract<(typeof METRICS)[number], { readonly published: true }>;
