/** Whether a drill may begin: the rows of the chart, on zones as they are written. */

import { expect } from "chai";
import { describe, it } from "mocha";
import { forcedStatesAt, withForcedStates } from "../../../src/health/override.ts";
import type { DrillPlan } from "../../../src/policy/drill.ts";
import { parseCondition } from "../../../src/policy/drill-condition-text.ts";
import {
  type DrillTrial,
  type PreflightResult,
  preflight,
  SHARES_LIMIT,
  weighing,
} from "../../../src/policy/drill-preflight.ts";
import { evaluated } from "../../../src/policy/drill-standing.ts";
import { endpointsOf } from "../../../src/policy/resolved.ts";
import { type HealthWord, snapshot } from "../../support/policies.ts";
import { loadText } from "../daemon/loaded-zones.ts";

const POOLS = `
$MONITOR m tcp port=80
$POOL fra monitor=m capacity=1000
  a 192.0.2.1 2001:db8::1
  b 192.0.2.2
$POOL vir monitor=m capacity=1000
  a 198.51.100.1 2001:db8::2
$POOL old monitor=m
  a 203.0.113.1
`;
const WWW = "www 30/10 POLICY failover ( fra vir )\n";
const HOUR_MS = 3_600_000;

interface Given {
  readonly zone?: string;
  readonly health?: { readonly [id: string]: HealthWord };
  readonly plan?: Partial<DrillPlan>;
  readonly abortWhen?: readonly string[];
  readonly trial?: Partial<DrillTrial>;
}

function judge({ zone = WWW, health = {}, plan = {}, abortWhen = [], trial = {} }: Given): PreflightResult {
  const { definitions, rules, zones } = loadText(POOLS + zone);
  const full: DrillPlan = {
    name: undefined,
    drain: ["fra"],
    down: [],
    forMs: HOUR_MS,
    reason: "game day",
    owner: "ann@desk",
    abortWhen: abortWhen.flatMap((text) => {
      const parsed = parseCondition(text);
      return parsed.ok ? [parsed.condition] : [];
    }),
    force: false,
    ...plan,
  };
  const now = snapshot([...definitions.pools.values()], health);
  const parts = [
    ...full.drain.map((ref) => ({ ref, state: "drain" as const, untilMs: 1 })),
    ...full.down.map((ref) => ({ ref, state: "down" as const, untilMs: 1 })),
  ];
  const during = withForcedStates(now, forcedStatesAt(parts, endpointsOf(definitions), 0));
  const policies = [...(zones[0]?.nodes.values() ?? [])].flatMap(({ policy }) =>
    policy === undefined ? [] : [evaluated({ owner: policy.name, policy }, definitions, now)],
  );
  return preflight({
    plan: full,
    atMs: 0,
    isBusy: false,
    definitions,
    rules,
    policies,
    now,
    during,
    overrides: [],
    windows: [],
    seriesOf: () => [{ labels: {}, value: 7 }],
    ...trial,
  });
}

describe("preflight()", () => {
  const operator = { state: "up", source: "operator" } as const;
  const rows: readonly (readonly [
    what: string,
    given: Given,
    expected: readonly (readonly [string, RegExp])[],
  ])[] = [
    ["a pool whose place another takes", {}, []],
    ["a second drill", { trial: { isBusy: true } }, [["busy", /^another drill is running$/]]],
    [
      "a rule that it breaks",
      { zone: `${WWW}$RULE at-least 2 of ( fra vir )\n` },
      [["rule", /^it would leave 1 of them up, and \$RULE at-least 2/]],
    ],
    [
      "a REF that an operator has forced",
      { trial: { overrides: [{ ...operator, ref: "fra" }] } },
      [
        ["taken", /^fra is forced up already/],
        ["forced", /^an override has fra forced up/],
      ],
    ],
    [
      "a name that it empties",
      { plan: { drain: ["fra", "vir"] } },
      [["emptied", /leave www\.example\.com\. A nothing/]],
    ],
    [
      "the same by a failure",
      { health: { "vir/a": "down" } },
      [["emptied", /leave www\.example\.com\. A nothing/]],
    ],
    [
      "a name that it empties for some clients",
      { zone: "@ 30 POLICY geo ( net:10.0.0.0/8=fra *=vir )\n", health: { "vir/a": "down" } },
      [
        ["emptied", /A nothing that is up for clients from 10\.0\.0\.0\/8$/],
        ["unhealthy", /answers from rung 4 of its last resorts$/],
      ],
    ],
    [
      "a pool over its capacity",
      { zone: "www 30 POLICY failover ( fra vir ) demand=1200\n" },
      [["capacity", /^pool vir gets 1200 of its capacity of 1000$/]],
    ],
    [
      "a pool that two policies fill together",
      {
        zone: "www 30 POLICY failover ( fra vir ) demand=600\napi 30 POLICY weighted ( fra vir ) demand=600\n",
      },
      [["capacity", /^pool vir gets 1200 of its capacity of 1000$/]],
    ],
    ["a pool that is full and no more", { zone: "www 30 POLICY failover ( fra vir ) demand=1000\n" }, []],
    [
      "another policy that is off its first rung",
      { zone: `${WWW}api 30 POLICY failover ( old )\n`, health: { "old/a": "down" } },
      [["unhealthy", /^api\.example\.com\. answers from rung 4/]],
    ],
    [
      "an override where its policies answer",
      { trial: { overrides: [{ ...operator, ref: "v*/a" }] } },
      [["forced", /^an override has v\*\/a forced up, where its policies answer$/]],
    ],
    ["an override elsewhere", { trial: { overrides: [{ ...operator, ref: "old" }] } }, []],
    [
      "an open window",
      { trial: { overrides: [{ ref: "fra", state: "down", source: "window" }] } },
      [["forced", /^a window has fra forced down/]],
    ],
    [
      "a window that opens meanwhile",
      { trial: { windows: [{ ref: "vir", state: "drain", place: "z:9", nextMs: HOUR_MS - 1 }] } },
      [["window", /^a window \(z:9\) forces vir drain from 1970-01-01T00:59:59\.999Z on/]],
    ],
    [
      "one that opens after it",
      { trial: { windows: [{ ref: "vir", state: "drain", place: "z:9", nextMs: HOUR_MS }] } },
      [],
    ],
    ["what nobody answers", { plan: { drain: ["old"] } }, [["untouched", /^no policy answers old/]]],
    [
      "a condition that holds",
      { abortWhen: ["m > 6", "m > 7"] },
      [["condition", /^'m > 6' holds already: m > 6: 7$/]],
    ],
    [
      "a condition that it makes hold",
      { abortWhen: ["pool:fra", "pool:vir"] },
      [["condition", /^'pool:fra' would hold at once: pool fra is down$/]],
    ],
    ["a down in place of a drain", { plan: { drain: [], down: ["fra/a"] } }, []],
  ];
  for (const [what, given, expected] of rows) {
    it(`${expected.length === 0 ? "allows" : "objects to"} ${what}`, () => {
      const { objections } = judge(given).preflight;
      expect(objections.map(({ kind }) => kind)).to.deep.equal(expected.map(([kind]) => kind));
      expected.forEach(([, message], index) => expect(objections[index]?.message).to.match(message));
    });
  }

  it("lets force overrule what can be waited for, and nothing that binds", () => {
    const kinds = [
      "busy",
      "rule",
      "taken",
      "condition",
      "emptied",
      "capacity",
      "unhealthy",
      "forced",
      "window",
      "untouched",
    ] as const;
    const found = kinds.map((kind) => ({ kind, message: "" }));
    expect(weighing(found, false)).to.have.length(kinds.length);
    expect(weighing(found, true).map(({ kind }) => kind)).to.deep.equal([
      "busy",
      "rule",
      "taken",
      "condition",
    ]);
  });

  it("foresees shares, loads and the TTL that clients keep", () => {
    const { preflight: seen } = judge({ zone: "www 30/10 POLICY weighted ( fra=70 vir=30 ) demand=1000\n" });
    expect(seen.before).to.deep.equal([
      { owner: "www.example.com.", client: "", shares: { fra: 0.7, vir: 0.3 } },
    ]);
    expect(seen.during).to.deep.equal([{ owner: "www.example.com.", client: "", shares: { vir: 1 } }]);
    expect(seen.loads).to.deep.equal([
      { pool: "fra", before: 700, during: 0, capacity: 1000 },
      { pool: "vir", before: 300, during: 1000, capacity: 1000 },
    ]);
    expect(seen.ttlSeconds).to.equal(30);
    expect(seen.policiesTouched).to.equal(1);
  });

  it("shows whom a policy by place sends elsewhere", () => {
    const { preflight: seen } = judge({
      zone: "@ 30 POLICY geo ( net:10.0.0.0/8=failover ( fra vir ) *=vir )\n",
    });
    expect(seen.before.map(({ client, shares }) => [client, shares])).to.deep.equal([
      ["10.0.0.0/8", { fra: 1 }],
      ["", { vir: 1 }],
    ]);
    expect(seen.during.map(({ client, shares }) => [client, shares])).to.deep.equal([
      ["10.0.0.0/8", { vir: 1 }],
      ["", { vir: 1 }],
    ]);
  });

  it("keeps to the lines that move most where there are many", () => {
    const names = Array.from(
      { length: SHARES_LIMIT + 5 },
      (_, at) => `n${at} 30 POLICY failover ( vir fra )\n`,
    );
    const { preflight: seen } = judge({ zone: names.join("") + WWW });
    expect(seen.policiesTouched).to.equal(SHARES_LIMIT + 6);
    expect(seen.before).to.have.length(SHARES_LIMIT);
    expect(seen.before[0]?.owner).to.equal("www.example.com.");
  });

  it("remarks on what it cannot judge, and on what the drill will not show", () => {
    const rows = [
      judge({ plan: { forMs: 30_000 } }),
      judge({
        zone: "www 30 POLICY failover ( vir fra ) demand=1\n",
        health: { "fra/b": "down" },
        plan: { drain: ["fra/a"] },
      }),
      judge({
        zone: `${WWW.trimEnd()} demand=1\n`,
        abortWhen: ['fairlead_pool_up{pool="fra"} < 1', 'fairlead_pool_up{pool="frq"} < 1'],
        trial: { seriesOf: () => [{ labels: { pool: "fra" }, value: 1 }] },
      }),
    ];
    expect(rows.map(({ preflight: { remarks } }) => remarks)).to.deep.equal([
      [
        "without a demand their load is not judged: www.example.com.",
        "it is no longer than the TTL of 30 s: some clients will not notice it",
      ],
      ["already down: fra/b", "nobody is sent elsewhere by it"],
      ["'fairlead_pool_up{pool=\"frq\"} < 1' matches nothing so far"],
    ]);
  });

  it("takes what it was forced against for granted, and watches the rest", () => {
    const { baseline, endpoints } = judge({
      zone: `www 30 POLICY failover ( fra old ) demand=1200\napi 30 POLICY spill ( fra vir ) demand=1500\n`,
      health: { "old/a": "down" },
    });
    expect(endpoints.map(({ id }) => id)).to.deep.equal(["fra/a", "fra/b"]);
    expect([...baseline.watched]).to.deep.equal(["old/a", "vir/a"]);
    expect([...baseline.down]).to.deep.equal(["old/a"]);
    expect([...baseline.rungs]).to.deep.equal([["www.example.com.", 3]]);
    expect([...baseline.overfull]).to.include("vir");
  });
});
