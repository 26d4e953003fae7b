import { expect } from "chai";
import { describe, it } from "mocha";
import type { NodeEvent } from "../../../src/admin/events/event.ts";
import { PAGE_EVENT_LIMIT, renderPage } from "../../../src/admin/page/page.ts";
import { createDerive, derive } from "../../../src/admin/status/derive.ts";
import { statusOfDrills } from "../../../src/admin/status/drills.ts";
import { statusOfForcing } from "../../../src/admin/status/forcing.ts";
import {
  buildStatus,
  type HoldStatus,
  type Status,
  type StatusInput,
} from "../../../src/admin/status/status.ts";
import { writeStatus } from "../../../src/admin/status/status-text.ts";
import { networkOf } from "../../../src/geo/network.ts";
import type { AddressHealth } from "../../../src/health/snapshot.ts";
import type { Expression } from "../../../src/policy/expression.ts";
import { formatExpression } from "../../../src/policy/expression-text.ts";
import type { Policy } from "../../../src/policy/model.ts";
import { endpoint, type HealthWord, pool } from "../../support/policies.ts";
import { createNode, type Situation, servingState, WWW } from "./node.ts";

function inputOf(situation: Situation): StatusInput {
  const node = createNode(situation);
  const state = servingState(situation);
  const { version, node: name } = node;
  const inputs = { node: name, version, readiness: node.readiness(), load: node.load() };
  const forcing = statusOfForcing(node.overrides);
  return {
    ...inputs,
    forcing,
    drills: statusOfDrills(node.drills),
    hosts: node.hosts.readings(),
    availability: node.availability,
    serving: { state, derived: derive(state) },
  };
}

function statusOf(situation: Situation): Status {
  return buildStatus(inputOf(situation));
}

describe("writeStatus()", () => {
  const many = pool(
    "many",
    Array.from({ length: 2_000 }, (_, index) => endpoint("many", `e${index}`, [`192.0.2.${index % 256}`])),
  );
  const cases: readonly (readonly [what: string, situation: () => StatusInput])[] = [
    ["what is up", () => inputOf({})],
    [
      "what is down and forced",
      () => inputOf({ health: { "frankfurt/fra-1": "down" }, forced: { "virginia/iad-1": "drain" } }),
    ],
    ["a node that serves nothing", () => ({ ...inputOf({}), serving: undefined })],
    ["an empty set", () => inputOf({ policies: [], pools: [] })],
    ["a large pool", () => inputOf({ policies: [], pools: [many] })],
  ];
  for (const [what, input] of cases) {
    it(`writeStatus() writes of ${what} what buildStatus() is`, () => {
      expect([...writeStatus(input())].join("")).to.equal(JSON.stringify(buildStatus(input())));
    });
  }

  it("writeStatus() makes no piece much longer than others", () => {
    const pieces = [...writeStatus(inputOf({ policies: [], pools: [many] }))];
    expect(pieces.length).to.be.greaterThan(2);
    expect(Math.max(...pieces.map(({ length }) => length))).to.be.lessThan(70_000);
  });
});

describe("derive()", () => {
  // The chart's rows in src/admin/status/derive.ts.
  const cases: readonly (readonly [health: readonly HealthWord[], observed: string])[] = [
    [["up", "down"], "up"],
    [["unknown", "failing"], "up"],
    [["unknown", "down"], "unknown"],
    [["passing", "unknown"], "unknown"],
    [["down", "passing"], "down"],
  ];
  for (const [health, observed] of cases) {
    it(`derive() sees an endpoint of ${health.join(" and ")} addresses as ${observed}`, () => {
      const state = servingState({ health: { "frankfurt/fra-1": health } });
      expect(derive(state).pools[0]?.endpoints[0]?.observed).to.equal(observed);
    });
  }

  it("derive() takes an endpoint that the snapshot has not for one that was never probed", () => {
    const state = { ...servingState(), snapshot: { atMs: 0, endpoints: new Map() } };
    const [pool] = derive(state).pools;
    expect(pool?.up).to.equal(false);
    expect(pool?.endpoints[0]).to.include({
      observed: "unknown",
      reason: "not yet probed",
      sinceMs: undefined,
    });
  });

  it("derive() dates an endpoint up from its first address and down from its last", () => {
    const since = (observed: "up" | "down") => {
      const health = (sinceMs: number): AddressHealth => ({ observed, passing: true, reason: "", sinceMs });
      const addresses = [health(2_000), health(1_000)];
      const endpoints = new Map([["frankfurt/fra-1", { forced: undefined, addresses }]]);
      const state = { ...servingState(), snapshot: { atMs: 0, endpoints } };
      return derive(state).pools[0]?.endpoints[0]?.sinceMs;
    };
    expect([since("up"), since("down")]).to.deep.equal([1_000, 2_000]);
  });

  it("derive() takes the worst of the families in which a policy has endpoints", () => {
    const health = {
      "frankfurt/fra-1": ["up", "down"],
      "frankfurt/fra-2": ["up", "down"],
      "virginia/iad-1": ["up", "down"],
    } as const;
    const [www, six] = derive(servingState({ health })).zones[0]?.policies ?? [];
    expect(www).to.include({ rung: 4, failingOpen: true, ttlSeconds: 10, outcome: "answer" });
    expect(www?.shares.map(({ endpoint }) => endpoint.name)).to.deep.equal(["fra-1", "fra-2"]);
    expect(six).to.include({ rung: 1, failingOpen: false, ttlSeconds: 30 });
    expect(six?.families).to.deep.equal(["ipv6"]);
  });
});

describe("createDerive()", () => {
  it("createDerive() derives each state once", () => {
    const derived = createDerive();
    const state = servingState();
    expect(derived.now(state)).to.equal(derived.now(state));
    expect(derived.now(servingState())).to.not.equal(derived.now(state));
  });

  it("inTurns() comes to the same, and lets others have their turn", async () => {
    const state = servingState();
    expect(await createDerive().inTurns(state)).to.deep.equal(derive(state));
    // Pools of a thousand endpoints together.
    const endpoints = Array.from({ length: 100 }, (_, at) => endpoint("p", `e${at}`, ["192.0.2.1"]));
    const pools = new Map(Array.from({ length: 100 }, (_, at) => [`p${at}`, pool(`p${at}`, endpoints)]));
    const large = { ...state, zones: [], definitions: { ...state.definitions, pools } };
    const derived = createDerive();
    let turns = 0;
    let counting = true;
    const count = (): void => {
      turns += 1;
      if (counting) setImmediate(count).unref();
    };
    setImmediate(count);
    const both = await Promise.all([derived.inTurns(large), derived.inTurns(large)]);
    counting = false;
    expect(turns).to.be.at.least(9);
    expect(both[0] === both[1]).to.equal(true);
    expect(JSON.stringify(both[0]) === JSON.stringify(derive(large))).to.equal(true);
    expect(derived.now(large) === both[0]).to.equal(true);
  });
});

describe("formatExpression()", () => {
  const pool = (name: string): Expression => ({ kind: "pool", pool: name });
  const network = networkOf(Uint8Array.of(192, 0, 2, 0), 24);
  const cases: readonly (readonly [expression: Expression, text: string])[] = [
    [pool("frankfurt"), "frankfurt"],
    [{ kind: "endpoint", pool: "frankfurt", endpoint: "fra-1" }, "frankfurt/fra-1"],
    [{ kind: "policy", policy: "europe" }, "europe"],
    [{ kind: "failover", children: [pool("a"), pool("b")] }, "failover ( a b )"],
    [
      {
        kind: "weighted",
        children: [
          { weight: 70, expression: { kind: "failover", children: [pool("a")] } },
          { weight: 1, expression: pool("b") },
          { weight: 0, expression: pool("c") },
        ],
      },
      "weighted ( failover ( a )=70 b c=0 )",
    ],
    [
      {
        kind: "geo",
        entries: [
          { match: { kind: "net", network, text: "192.0.2.0/24" }, expression: pool("a") },
          { match: { kind: "asn", asn: 64500 }, expression: pool("b") },
          { match: { kind: "subdivision", country: "US", subdivision: "CA" }, expression: pool("c") },
          { match: { kind: "country", country: "US" }, expression: pool("d") },
          { match: { kind: "continent", continent: "EU" }, expression: pool("e") },
          { match: { kind: "any" }, expression: "nodata" },
        ],
      },
      "geo ( net:192.0.2.0/24=a asn:64500=b country:US-CA=c country:US=d continent:EU=e *=nodata )",
    ],
  ];
  for (const [expression, text] of cases) {
    it(`formatExpression() writes ${text}`, () => {
      expect(formatExpression(expression)).to.equal(text);
    });
  }
});

describe("renderPage()", () => {
  it("renderPage() escapes whatever comes from outside", () => {
    const evil = `<script>alert("&'")</script>`;
    const status = statusOf({});
    const [zone, ...zones] = status.zones;
    const policies = zone?.policies.map((each) => ({ ...each, owner: evil, expression: evil })) ?? [];
    const diagnostic = {
      file: evil,
      line: 1,
      column: 1,
      severity: "error",
      code: "x",
      message: evil,
    } as const;
    const event = {
      id: 1,
      atMs: 0,
      kind: "override",
      ref: evil,
      from: evil,
      to: evil,
      reason: evil,
      owner: evil,
      refused: evil,
    } as const;
    const wicked = {
      ...status,
      node: evil,
      version: evil,
      ready: false,
      reasons: [evil],
      load: { ...status.load, success: false, diagnostics: [diagnostic] },
      zones: zone === undefined ? [] : [{ ...zone, policies }, ...zones],
      pools: status.pools.map((pool) => Object.assign(pool, { name: evil })),
    };
    const page = renderPage(wicked, [event]);
    expect(page).to.not.include("<script");
    expect(page.split("&lt;script&gt;alert(&quot;&amp;&#39;&quot;)&lt;/script&gt;").length).to.be.greaterThan(
      14,
    );
  });

  it("renderPage() shows the latest events, the last one first, and no more than it may", () => {
    const events = Array.from({ length: PAGE_EVENT_LIMIT + 3 }, (_, index): NodeEvent => {
      const change = { kind: "pool", ref: `pool-${index}.`, from: "up", to: null, reason: "why" } as const;
      return { id: index, atMs: Date.UTC(2026, 10, 22, 12, index), ...change };
    });
    const page = renderPage(statusOf({}), events);
    const shown = [...page.matchAll(/<code>pool-(\d+)\.<\/code>/g)].map(([, number]) => Number(number));
    expect(shown).to.deep.equal(
      events
        .slice(-PAGE_EVENT_LIMIT)
        .map(({ id }) => id)
        .reverse(),
    );
    expect(page).to.include("2026-11-22T12:22:00.000Z");
    expect(page).to.include("up → none");
  });

  it("renderPage() and the status say how available pools and policies were, and how much of that is known", () => {
    const status = statusOf({ forced: { "virginia/iad-1": "drain" } });
    const known = { "1h": { ratio: 1, knownSeconds: 3_600 }, "1d": { ratio: 0.9998, knownSeconds: 18_000 } };
    const availability = { ...known, "30d": { ratio: null, knownSeconds: 0 } };
    expect(status.pools[1]).to.deep.include({ name: "virginia", up: false, observed: "up", availability });
    expect(status.pools[2]?.availability).to.deep.equal({});
    expect(status.zones[0]?.policies[0]?.availability).to.deep.equal(availability);
    expect(renderPage(status, []).split("1h 100%, 1d 99.98% (of 5h)")).to.have.length(5);
  });

  it("renderPage() and the status say what is a dry run", () => {
    const dryRun: Policy = { ...WWW, dryRun: true };
    const status = statusOf({
      policies: [
        ["www.gtm.example.com.", WWW],
        ["www.gtm.example.com.", dryRun],
      ],
    });
    expect(status.zones[0]?.policies.map((told) => [told.owner, told.dryRun])).to.deep.equal([
      ["www.gtm.example.com.", false],
      ["www.gtm.example.com.", true],
    ]);
    expect(status.zones[0]?.policies[1]?.availability).to.deep.equal({});
    expect(renderPage(status, [])).to.include("dry run: up");
  });

  it("renderPage() and the status say what holds a pool back", () => {
    const status = statusOf({});
    const [pool, ...pools] = status.pools;
    if (pool === undefined) throw new Error("there is no pool");
    expect(pool.holds).to.deep.equal({});
    const until = "2026-11-22T10:00:00.000Z";
    const rows: readonly (readonly [HoldStatus, string])[] = [
      [{ kind: "held", until }, `ipv4 held back until ${until}`],
      [{ kind: "held", until: null }, "ipv4 held back)"],
      [{ kind: "ramping", part: 0.25 }, "ipv4 slow start 25%"],
    ];
    for (const [hold, text] of rows) {
      const held = { ...pool, up: false, holds: { ipv4: hold } };
      expect(renderPage({ ...status, pools: [held, ...pools] }, [])).to.include(text);
    }
  });

  it("renderPage() and the status show what is forced, and what could not be", () => {
    const status = statusOf({});
    expect(status.overrides).to.deep.equal([
      {
        id: "0a1b",
        ref: "frankfurt/*",
        state: "drain",
        reason: "kernel <update>",
        owner: "ann@desk",
        from: "2026-11-22T11:00:00.000Z",
        until: "2026-11-22T13:00:00.000Z",
        source: "operator",
        matches: 2,
      },
    ]);
    expect(status.windows[0]).to.include({
      for: "2h",
      tz: "UTC",
      inForce: false,
      next: "2026-11-23T12:00:00.000Z",
    });
    const page = renderPage(status, []);
    expect(page).to.include("kernel &lt;update&gt;");
    expect(page).to.include("down, not in force");
    expect(page).to.include("forced.yaml:3:");
    expect(page).to.not.include("matches nothing");
    const stranded = status.overrides.map((override) => ({ ...override, matches: 0 }));
    expect(renderPage({ ...status, overrides: stranded }, [])).to.include("(matches nothing)");
    expect(renderPage({ ...status, overrides: [], windows: [], overrideFile: null }, [])).to.not.include(
      "Overrides",
    );
  });

  it("renderPage() shows regions that are out, and policies that fail open", () => {
    const health = {
      "frankfurt/fra-1": "down",
      "frankfurt/fra-2": "down",
      "virginia/iad-1": "down",
    } as const;
    const page = renderPage(statusOf({ health }), []);
    expect(page).to.include("failing open");
    expect(page).to.include("(pool down)");
  });
});
