/**
 * Every metric that Fairlead has or will have: the one list of names, types, labels and help texts (CONTRACT.md §5).
 * `metrics/families` reads the values of those that are published; a house test holds the list against the contract and
 * against every metric name in the code.
 *
 * Where a metric could be understood in two ways, its help text says which one is meant.
 */

import { AVAILABILITY_METRICS } from "./availability-metrics.ts";
import { DRILL_METRICS } from "./drill-metrics.ts";
import { GEO_METRICS } from "./geo-metrics.ts";
import { HOST_NAME_METRICS } from "./host-name-metrics.ts";
import { RECORD_METRICS } from "./record-metrics.ts";
import { ZONE_METRICS } from "./zone-metrics.ts";

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
    name: "fairlead_dry_run_answers_total",
    type: "counter",
    labels: ["policy", "pool", "endpoint"],
    help: "Answers that a dry-run policy would have given to the queries for its owner, by the endpoint that was drawn first.",
    published: true,
    addition: "what a dry run would do to live traffic",
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
    help: "Probability from 0 to 1 that an endpoint of the pool is drawn first for a client of unknown place: of A answers, or of AAAA where the policy reaches no IPv4 address. Mode: serving, or dry-run for what is not served.",
    published: true,
  },
  {
    name: "fairlead_policy_over_capacity",
    type: "gauge",
    labels: ["policy"],
    help: "1 while a pool gets more of the policy's demand than its capacity, in any address family in which the policy has endpoints, for a client of unknown place; not of policies without a demand.",
    published: true,
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
  ...ZONE_METRICS,
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
    help: "Overrides in force: those of operators, of the file of overrides, and windows.",
    published: true,
  },
  {
    name: "fairlead_override_expires_timestamp_seconds",
    type: "gauge",
    labels: ["ref"],
    help: "When the override of the ref ends; of several with the same ref the one that counts.",
    published: true,
  },
  {
    name: "fairlead_override_file_load_success",
    type: "gauge",
    labels: [],
    help: "1 while the file of overrides is in force as it stands, 0 while what it held before is; absent where there is none.",
    published: true,
    addition: "overrides are kept in a file as well",
  },
  {
    name: "fairlead_windows_refused",
    type: "gauge",
    labels: [],
    help: "Windows of the zones that are open and not in force, because a rule or a policy that would have nothing left speaks against it.",
    published: true,
    addition: "windows can be refused",
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
    name: "fairlead_dns_rate_limited_total",
    type: "counter",
    labels: ["action"],
    help: "Responses over the rate, by what became of them: drop (nothing was sent), slip (cut short, for the client to come over TCP), badcookie (for it to come with a cookie).",
    published: true,
    addition: "rate limiting is seen by what it does",
  },
  {
    name: "fairlead_dns_extended_errors_total",
    type: "counter",
    labels: ["error"],
    help: "Extended DNS errors (RFC 8914) that responses told, by what they say.",
    published: true,
    addition: "what clients are told is counted",
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
    name: "fairlead_dns_connections",
    type: "gauge",
    labels: ["transport"],
    help: "Connections that are open now.",
    published: true,
    addition: "limits on connections have metrics",
  },
  {
    name: "fairlead_dns_connections_opened_total",
    type: "counter",
    labels: ["transport"],
    help: "Connections that were accepted.",
    published: true,
    addition: "limits on connections have metrics",
  },
  {
    name: "fairlead_dns_connection_limits_total",
    type: "counter",
    labels: ["transport", "limit"],
    help: "How often a connection met a limit, by the name that the limit has in the configuration: another one had to leave, its client's queries had to wait, or it was closed.",
    published: true,
    addition: "limits on connections have metrics",
  },
  {
    name: "fairlead_dns_connection_faults_total",
    type: "counter",
    labels: ["transport", "reason"],
    help: "Connections that were closed for what their client did: handshake of TLS, proxy-header wrong or missing, a message that deserves no answer, http that is none.",
    published: true,
    addition: "limits on connections have metrics",
  },
  {
    name: "fairlead_dns_connection_threads",
    type: "gauge",
    labels: [],
    help: "Threads that hold the connections and nothing else; 0 where the main thread does.",
    published: true,
    addition: "says what was chosen at the start",
  },
  {
    name: "fairlead_dns_https_responses_total",
    type: "counter",
    labels: ["code"],
    help: "Responses over HTTPS, by status code.",
    published: true,
    addition: "DNS over HTTPS",
  },
  {
    name: "fairlead_dns_transfers_total",
    type: "counter",
    labels: ["result"],
    help: "Answers to zone transfers: sent (the whole zone), current (the client has it), refused, broken-off.",
    published: true,
    addition: "secondaries transfer zones",
  },
  {
    name: "fairlead_dns_notifies_total",
    type: "counter",
    labels: ["result"],
    help: "Zones that a secondary was told of, by what came of it: told, refused, unanswered.",
    published: true,
    addition: "secondaries are told of new zones",
  },
  {
    name: "fairlead_tls_certificate_expiry_timestamp_seconds",
    type: "gauge",
    labels: [],
    help: "When the certificate that the node shows to clients expires.",
    published: true,
    addition: "TLS with certificates that are reloaded",
  },
  {
    name: "fairlead_tls_certificate_load_success",
    type: "gauge",
    labels: [],
    help: "1 while the certificate that the node shows to clients is what its files hold, 0 while those are refused.",
    published: true,
    addition: "TLS with certificates that are reloaded",
  },
  {
    name: "fairlead_tls_certificate_load_timestamp_seconds",
    type: "gauge",
    labels: [],
    help: "When the certificate that the node shows to clients was taken from its files.",
    published: true,
    addition: "TLS with certificates that are reloaded",
  },
  ...AVAILABILITY_METRICS,
  ...HOST_NAME_METRICS,
  ...GEO_METRICS,
  ...DRILL_METRICS,
  ...RECORD_METRICS,
  {
    name: "fairlead_build_info",
    type: "gauge",
    labels: ["version"],
    help: "Always 1; the version that runs.",
    published: true,
  },
] as const satisfies readonly MetricDescription[];

export type PublishedMetric = Extract<(typeof METRICS)[number], { readonly published: true }>;
