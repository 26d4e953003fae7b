import { spawnSync } from "node:child_process";
import { expect } from "chai";
import { describe, it } from "mocha";
import { type ExpositionFormat, writeExposition } from "../../../src/admin/metrics/exposition.ts";
import { METRICS } from "../../../src/admin/metrics/list.ts";
import { negotiateFormat } from "../../../src/admin/metrics/negotiate.ts";
import { createRegistry } from "../../../src/admin/metrics/registry.ts";
import { derive } from "../../../src/admin/status/derive.ts";
import { needPeers, peerPath } from "../../peers.ts";
import { endpoint, policy, pool } from "../../support/policies.ts";
import { createNode, type Node, type Situation, WWW } from "./node.ts";

function registryOf(node: Node) {
  return createRegistry(node, () => (node.state === undefined ? undefined : derive(node.state)));
}

async function expositionOf(node: Node, format: ExpositionFormat = "prometheus"): Promise<string> {
  let text = "";
  for await (const chunk of writeExposition(registryOf(node), format)) text += chunk;
  return text;
}

/** Families of the process itself differ from one moment to the next. */
function fairleadPart(text: string): string {
  return text
    .split("\n")
    .filter((line) => line.includes("fairlead_"))
    .join("\n");
}

const AWKWARD = pool('a"b\\c\nd', [endpoint('a"b\\c\nd', "e", ["192.0.2.1"])]);

describe("writeExposition()", () => {
  it("writeExposition() writes Prometheus text as prom-client's registry does", async () => {
    const node = createNode({ pools: [AWKWARD], policies: [] });
    expect(fairleadPart(await expositionOf(node))).to.equal(fairleadPart(await registryOf(node).metrics()));
  });

  it("writeExposition() writes every published metric and process_*, and nothing else", async () => {
    const names = [...(await expositionOf(createNode())).matchAll(/^# TYPE (\S+) (\S+)$/gm)];
    const listed = METRICS.filter(({ published }) => published).map(({ name, type }) => `${name} ${type}`);
    const written = names.map(([, name, type]) => `${name} ${type}`);
    expect(written.filter((text) => !text.startsWith("process_"))).to.deep.equal(listed);
    expect(written).to.include("process_resident_memory_bytes gauge");
  });

  it("writeExposition() gives every sample the labels of the list", async () => {
    const text = await expositionOf(createNode({ forced: { "tokyo/nrt-1": "drain" } }));
    for (const { name, labels, type, published } of METRICS) {
      const samples = [
        ...text.matchAll(new RegExp(`^${name}(?:_bucket|_sum|_count)?(?:\\{(.*)\\})? `, "gm")),
      ];
      expect(samples.length > 0, name).to.equal(published);
      for (const [, labelText = ""] of samples) {
        const written = [...labelText.matchAll(/(\w+)="/g)].map(([, label]) => label);
        expect(written.filter((label) => label !== "le" || type !== "histogram")).to.deep.equal([...labels]);
      }
    }
  });

  it("writeExposition() writes OpenMetrics with its own names, bounds and end", async () => {
    const text = await expositionOf(createNode(), "openmetrics");
    expect(text).to.match(/\n# EOF\n$/);
    expect(text).to.not.include("\n\n");
    expect(text).to.include("# TYPE fairlead_dns_queries counter\nfairlead_dns_queries_total{");
    expect(text).to.include('fairlead_dns_response_seconds_bucket{le="1.0"} 5\n');
    expect(text).to.include('fairlead_dns_response_seconds_bucket{le="0.25"} 5\n');
  });

  it("writeExposition() leaves the names of counters alone from one format to the next", async () => {
    const registry = registryOf(createNode());
    for (const format of ["openmetrics", "prometheus"] as const) {
      let text = "";
      for await (const chunk of writeExposition(registry, format)) text += chunk;
      expect(text).to.include("process_cpu_seconds_total ");
    }
  });

  it("writeExposition() lets the event loop go while it writes many endpoints", async () => {
    const many = Array.from({ length: 2_000 }, (_, index) => endpoint("many", `e${index}`, ["192.0.2.1"]));
    const node = createNode({ pools: [pool("many", many)], policies: [] });
    let turns = 0;
    let timer = setImmediate(function turn() {
      turns += 1;
      timer = setImmediate(turn);
    });
    const text = await expositionOf(node).finally(() => clearImmediate(timer));
    expect(turns).to.be.greaterThan(text.length / 100_000);
  });

  it("writeExposition() is clean to promtool", async function () {
    needPeers.call(this, "promtool");
    const input = await expositionOf(createNode({ forced: { "tokyo/nrt-1": "drain" } }));
    const checked = spawnSync(peerPath("promtool") ?? "", ["check", "metrics"], { input, encoding: "utf8" });
    expect(checked).to.include({ status: 0, stderr: "", stdout: "" });
  });
});

describe("createRegistry()", () => {
  const DRY_RUN = policy({ kind: "pool", pool: "virginia" }, { dryRun: true });
  const cases: readonly {
    readonly what: string;
    readonly situation: Situation;
    readonly lines: readonly string[];
  }[] = [
    {
      what: "all up",
      situation: {},
      lines: [
        'fairlead_endpoint_up{pool="frankfurt",endpoint="fra-1"} 1',
        'fairlead_pool_up{pool="frankfurt"} 1',
        'fairlead_pool_observed_up{pool="frankfurt"} 1',
        'fairlead_availability_ratio{pool="frankfurt",window="1d"} 0.9998',
        'fairlead_policy_availability_ratio{policy="six",window="1h"} 1',
        'fairlead_pool_endpoints{pool="frankfurt",state="up"} 2',
        'fairlead_pool_endpoints{pool="frankfurt",state="drain"} 0',
        'fairlead_policy_rung{policy="www.gtm.example.com."} 1',
        'fairlead_policy_failing_open{policy="www.gtm.example.com."} 0',
        'fairlead_policy_share{policy="www.gtm.example.com.",pool="frankfurt",mode="serving"} 1',
        'fairlead_policy_share{policy="www.gtm.example.com.",pool="virginia",mode="serving"} 0',
        // Reaches no IPv4 address: of AAAA.
        'fairlead_policy_share{policy="six",pool="tokyo",mode="serving"} 1',
        'fairlead_policy_rto_seconds{policy="six"} 47',
        'fairlead_zone_serial{zone="gtm.example.com."} 2026112201',
        "fairlead_zone_load_success 1",
        "fairlead_image_generation 7",
        "fairlead_image_build_seconds 0.004",
        'fairlead_build_info{version="0.1.0"} 1',
        'fairlead_probe_certificate_expiry_timestamp_seconds{pool="frankfurt",endpoint="fra-1"} 1790000000.5',
        'fairlead_dns_connections{transport="tls"} 3',
        'fairlead_dns_connections_opened_total{transport="tls"} 30',
        'fairlead_dns_connection_limits_total{transport="tcp",limit="idle-timeout"} 4',
        'fairlead_dns_connection_faults_total{transport="tls",reason="handshake"} 5',
        'fairlead_dns_https_responses_total{code="415"} 6',
        "fairlead_dns_connection_threads 1",
        "fairlead_tls_certificate_expiry_timestamp_seconds 1800000000",
        "fairlead_tls_certificate_load_success 1",
        "fairlead_tls_certificate_load_timestamp_seconds 1700000000",
      ],
    },
    {
      what: "the IPv4 addresses of every region dead",
      situation: {
        health: {
          "frankfurt/fra-1": ["down", "up"],
          "frankfurt/fra-2": ["down", "up"],
          "virginia/iad-1": ["down", "up"],
        },
      },
      lines: [
        'fairlead_address_up{pool="frankfurt",endpoint="fra-1",address="203.0.113.10"} 0',
        'fairlead_address_up{pool="frankfurt",endpoint="fra-1",address="2001:db8::10"} 1',
        'fairlead_endpoint_up{pool="frankfurt",endpoint="fra-1"} 1',
        'fairlead_endpoint_observed_up{pool="frankfurt",endpoint="fra-1"} 1',
        'fairlead_pool_up{pool="frankfurt"} 1',
        'fairlead_policy_rung{policy="www.gtm.example.com."} 4',
        'fairlead_policy_failing_open{policy="www.gtm.example.com."} 1',
      ],
    },
    {
      what: "endpoints forced and not yet probed",
      situation: {
        health: { "frankfurt/fra-2": "unknown", "virginia/iad-1": "down", "tokyo/nrt-1": "unknown" },
        forced: { "frankfurt/fra-1": "drain", "virginia/iad-1": "up", "tokyo/nrt-1": "down" },
      },
      lines: [
        'fairlead_endpoint_forced{pool="frankfurt",endpoint="fra-1",state="drain"} 1',
        'fairlead_endpoint_up{pool="frankfurt",endpoint="fra-1"} 0',
        'fairlead_endpoint_observed_up{pool="frankfurt",endpoint="fra-1"} 1',
        'fairlead_endpoint_up{pool="virginia",endpoint="iad-1"} 1',
        'fairlead_endpoint_observed_up{pool="virginia",endpoint="iad-1"} 0',
        'fairlead_pool_up{pool="virginia"} 1',
        'fairlead_pool_observed_up{pool="virginia"} 0',
        'fairlead_pool_observed_up{pool="frankfurt"} 1',
        'fairlead_pool_endpoints{pool="frankfurt",state="drain"} 1',
        'fairlead_pool_endpoints{pool="frankfurt",state="unknown"} 1',
        'fairlead_pool_endpoints{pool="virginia",state="up"} 1',
        'fairlead_pool_endpoints{pool="tokyo",state="down"} 1',
      ],
    },
    {
      what: "two records of one name, of which one fails open",
      situation: {
        health: { "virginia/iad-1": "down" },
        policies: [
          ["a.example.", { ...WWW, name: "shared" }],
          ["b.example.", policy({ kind: "pool", pool: "virginia" }, { name: "shared" })],
        ],
      },
      lines: [
        'fairlead_policy_rung{policy="shared"} 4',
        'fairlead_policy_failing_open{policy="shared"} 1',
        'fairlead_policy_share{policy="shared",pool="frankfurt",mode="serving"} 1',
      ],
    },
    {
      what: "a dry run beside what is served",
      situation: {
        health: { "virginia/iad-1": "down" },
        policies: [
          ["www.gtm.example.com.", WWW],
          ["www.gtm.example.com.", { ...DRY_RUN, name: WWW.name }],
        ],
      },
      lines: [
        'fairlead_policy_share{policy="www.gtm.example.com.",pool="frankfurt",mode="serving"} 1',
        'fairlead_policy_share{policy="www.gtm.example.com.",pool="virginia",mode="dry-run"} 1',
        'fairlead_policy_rung{policy="www.gtm.example.com."} 1',
        'fairlead_policy_failing_open{policy="www.gtm.example.com."} 0',
        'fairlead_dry_run_answers_total{policy="next",pool="virginia",endpoint="iad-1"} 3',
      ],
    },
  ];
  it("createRegistry() tells of a dry run the shares alone", async () => {
    const situation: Situation = {
      policies: [["try.gtm.example.com.", { ...DRY_RUN, demand: 5, name: "try" }]],
    };
    const lines = (await expositionOf(createNode(situation))).split("\n");
    expect(lines.filter((line) => line.includes('policy="try"'))).to.deep.equal([
      'fairlead_policy_share{policy="try",pool="virginia",mode="dry-run"} 1',
    ]);
  });
  for (const { what, situation, lines } of cases) {
    it(`createRegistry() publishes ${what}`, async () => {
      const written = (await expositionOf(createNode(situation))).split("\n");
      expect(written).to.include.members([...lines]);
      expect(
        new Set(written.filter((line) => /^\w/.test(line)).map((line) => line.split(" ")[0])).size,
      ).to.equal(written.filter((line) => /^\w/.test(line)).length, "a series is written twice");
    });
  }

  it("createRegistry() says nothing of a pool, or a window, of which nothing is known", async () => {
    const text = await expositionOf(createNode({ health: { "tokyo/nrt-1": "unknown" } }));
    expect(text).to.not.match(/^fairlead_pool_observed_up\{pool="tokyo"/m);
    expect(text).to.not.match(/^fairlead_availability_ratio\{(?:pool="tokyo"|.*window="30d")/m);
  });

  it("createRegistry() sums up the buckets of a histogram", async () => {
    const text = await expositionOf(createNode());
    expect(text).to.include(
      [
        'fairlead_probe_duration_seconds_bucket{le="0.001",monitor="clb"} 2',
        'fairlead_probe_duration_seconds_bucket{le="0.25",monitor="clb"} 5',
        'fairlead_probe_duration_seconds_bucket{le="1",monitor="clb"} 5',
        'fairlead_probe_duration_seconds_bucket{le="+Inf",monitor="clb"} 6',
        'fairlead_probe_duration_seconds_sum{monitor="clb"} 4.5',
        'fairlead_probe_duration_seconds_count{monitor="clb"} 6',
      ].join("\n"),
    );
  });

  it("createRegistry() publishes what it can before the first image", async () => {
    const node = createNode();
    node.state = undefined;
    node.loaded = {
      success: false,
      loadedAtMs: undefined,
      diagnostics: [],
      refusal: undefined,
      despite: undefined,
    };
    const text = await expositionOf(node);
    expect(text).to.include("\nfairlead_zone_load_success 0\n");
    expect(text).to.not.match(/^fairlead_(?:image_generation|zone_load_timestamp_seconds|pool_up) /m);
  });
});

describe("negotiateFormat()", () => {
  const cases: readonly (readonly [accept: string | undefined, format: ExpositionFormat])[] = [
    [undefined, "prometheus"],
    ["", "prometheus"],
    ["*/*", "prometheus"],
    ["text/html", "prometheus"],
    ["application/openmetrics-text", "openmetrics"],
    ["application/openmetrics-text; version=1.0.0; charset=utf-8", "openmetrics"],
    [
      "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
      "openmetrics",
    ],
    ["text/plain;version=0.0.4;q=0.7, application/openmetrics-text;q=0.3", "prometheus"],
    ["application/openmetrics-text;q=0", "prometheus"],
    ["application/openmetrics-text;q=much", "prometheus"],
    ["APPLICATION/OpenMetrics-Text ; Q=1", "openmetrics"],
  ];
  for (const [accept, format] of cases) {
    it(`negotiateFormat() chooses ${format} for '${accept}'`, () => {
      expect(negotiateFormat(accept)).to.equal(format);
    });
  }
});
