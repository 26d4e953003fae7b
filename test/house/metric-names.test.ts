import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { METRICS, type MetricDescription } from "../../src/admin/metrics/list.ts";
import { type ListedMetric, listFaults, unlistedFaults } from "./metric-names.ts";
import { ROOT, readSources } from "./source.ts";

/** The public surface, name by name: dashboards and alerts elsewhere hold on to it. */
const CONTRACT = [
  "fairlead_dns_queries_total{zone,qtype,transport}",
  "fairlead_dns_responses_total{zone,rcode}",
  "fairlead_dns_dropped_total{reason}",
  "fairlead_dns_response_seconds",
  "fairlead_answers_total{policy,pool,endpoint}",
  "fairlead_endpoint_up{pool,endpoint}",
  "fairlead_address_up{pool,endpoint,address}",
  "fairlead_endpoint_observed_up{pool,endpoint}",
  "fairlead_endpoint_forced{pool,endpoint,state}",
  "fairlead_pool_up{pool}",
  "fairlead_pool_endpoints{pool,state}",
  "fairlead_policy_failing_open{policy}",
  "fairlead_policy_rung{policy}",
  "fairlead_policy_share{policy,pool,mode}",
  "fairlead_policy_over_capacity{policy}",
  "fairlead_policy_rto_seconds{policy}",
  "fairlead_probes_total{pool,endpoint,monitor,result}",
  "fairlead_probe_duration_seconds{monitor}",
  "fairlead_probe_last_duration_seconds{pool,endpoint}",
  "fairlead_probe_certificate_expiry_timestamp_seconds{pool,endpoint}",
  "fairlead_endpoint_transitions_total{pool,endpoint,to}",
  "fairlead_availability_ratio{pool,window}",
  "fairlead_zone_serial{zone}",
  "fairlead_zone_load_success",
  "fairlead_zone_load_timestamp_seconds",
  "fairlead_image_generation",
  "fairlead_image_build_seconds",
  "fairlead_overrides_active",
  "fairlead_override_expires_timestamp_seconds{ref}",
  "fairlead_cluster_vantages{state}",
  "fairlead_build_info{version}",
];

const good: ListedMetric = {
  name: "fairlead_probe_duration_seconds",
  type: "histogram",
  labels: ["monitor"],
  help: "How long probes took.",
};

describe("unlistedFaults()", () => {
  const path = "deploy/made-up.yaml";
  const cases: readonly [text: string, fault: string | undefined][] = [
    ["rate(fairlead_probe_duration_seconds_count[5m])", undefined],
    ["fairlead_probe_duration_seconds_bucket", undefined],
    ["names that begin with fairlead_probe_", undefined],
    ["fairlead_probe_seconds", `${path}:2: fairlead_probe_seconds is not in the list of metrics`],
    ["fairlead_probe_", undefined],
    ["fairlead_zone_", `${path}:2: fairlead_zone_ is not in the list of metrics`],
    [
      "fairlead_probe_duration_seconds_total",
      `${path}:2: fairlead_probe_duration_seconds_total is not in the list of metrics`,
    ],
  ];
  for (const [text, fault] of cases) {
    it(`${fault === undefined ? "allows" : "refuses"} ${text}`, () => {
      const faults = unlistedFaults([{ path, text: `\n${text}` }], [good]);
      expect(faults).to.deep.equal(fault === undefined ? [] : [fault]);
    });
  }

  it("holds for src, deploy and README", () => {
    const files = [
      ...readSources("src", [".ts"]),
      ...readSources("deploy", [".ts", ".mjs", ".yml", ".yaml", ".json", ".service"]),
      ...(existsSync(join(ROOT, "README.md"))
        ? [{ path: "README.md", text: readFileSync(join(ROOT, "README.md"), "utf8") }]
        : []),
    ];
    expect(unlistedFaults(files, METRICS)).to.deep.equal([]);
  });
});

describe("listFaults()", () => {
  const cases: readonly [change: Partial<ListedMetric>, complaint: string][] = [
    [{ name: "fairlead_Probe_seconds" }, "is no well-formed name"],
    [{ name: "probe_seconds" }, "is no well-formed name"],
    [{ name: "fairlead_probes", type: "counter" }, "is a counter and must end in _total"],
    [{ name: "fairlead_probes_total", type: "gauge" }, "ends in _total and is no counter"],
    [{ name: "fairlead_pool_count", type: "gauge" }, "ends in what histograms add to their names"],
    [{ name: "fairlead_build_ms", type: "gauge" }, "has a unit that is no base unit"],
    [{ name: "fairlead_load_timestamp", type: "gauge" }, "is a time and must end in _timestamp_seconds"],
    [{ name: "fairlead_probe_duration" }, "is a histogram and must end in its unit"],
    [{ help: "how long" }, "needs a help text that is a sentence"],
    [{ labels: ["le"] }, "has the label le, which is reserved or not well-formed"],
    [{ labels: ["poolName"] }, "has the label poolName, which is reserved or not well-formed"],
    [{ labels: ["pool", "pool"] }, "has a label twice"],
  ];
  for (const [change, complaint] of cases) {
    it(`refuses a metric that ${complaint}`, () => {
      const bad = { ...good, ...change };
      expect(listFaults([bad])).to.deep.equal([`${bad.name}: ${complaint}`]);
    });
  }

  it("refuses a name that is listed twice", () => {
    expect(listFaults([good, good])).to.deep.equal([`${good.name}: is listed twice`]);
  });

  it("holds for the list", () => {
    expect(listFaults(METRICS)).to.deep.equal([]);
  });
});

describe("METRICS", () => {
  it("is the contract, names and labels, save for additions", () => {
    const contracted: readonly MetricDescription[] = METRICS;
    const written = contracted
      .filter(({ addition }) => addition === undefined)
      .map(({ name, labels }) => (labels.length === 0 ? name : `${name}{${labels.join(",")}}`));
    expect(written.toSorted()).to.deep.equal(CONTRACT.toSorted());
  });
});
