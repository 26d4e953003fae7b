/** A node in memory for the tests of the admin plane: real policies over a health that tests choose, counts by hand. */

import type { DrillRefusal, ScheduledDrill } from "../../../src/admin/drill-source.ts";
import type { ExplainQuery, Explanation } from "../../../src/admin/explanation.ts";
import type { ReloadWish } from "../../../src/admin/load.ts";
import type {
  OverrideRefusal,
  OverrideView,
  OverrideWish,
  WindowView,
} from "../../../src/admin/override-source.ts";
import type { PlanOutcome } from "../../../src/admin/plan.ts";
import type {
  AdminSource,
  HistogramReading,
  LoadOutcome,
  PolicyView,
  Readiness,
  ReloadOutcome,
  ServingState,
} from "../../../src/admin/source.ts";
import { UNKNOWN_CLIENT } from "../../../src/geo/client.ts";
import type { AvailabilityReading } from "../../../src/health/availability.ts";
import type { Forced } from "../../../src/health/verdict.ts";
import type { DrillPlan, DrillReport } from "../../../src/policy/drill.ts";
import { evaluate } from "../../../src/policy/evaluate.ts";
import type { Definitions, Policy, Pool } from "../../../src/policy/model.ts";
import { definitions, endpoint, type HealthWord, policy, pool, snapshot } from "../../support/policies.ts";

const FRANKFURT = pool("frankfurt", [
  endpoint("frankfurt", "fra-1", ["203.0.113.10", "2001:db8::10"], 3),
  endpoint("frankfurt", "fra-2", ["203.0.113.11", "2001:db8::11"]),
]);
const VIRGINIA = pool("virginia", [endpoint("virginia", "iad-1", ["198.51.100.10", "2001:db8::20"])]);
const TOKYO = pool("tokyo", [endpoint("tokyo", "nrt-1", ["2001:db8::30"])]);
const POOLS = [FRANKFURT, VIRGINIA, TOKYO];

export const WWW = policy(
  {
    kind: "failover",
    children: [
      { kind: "pool", pool: "frankfurt" },
      { kind: "pool", pool: "virginia" },
    ],
  },
  { name: "www.gtm.example.com." },
);
/** Has endpoints in IPv6 only. */
const SIX = policy({ kind: "pool", pool: "tokyo" }, { name: "six", demand: 10 });

export interface Situation {
  readonly health?: { readonly [endpointId: string]: HealthWord | readonly HealthWord[] };
  readonly forced?: { readonly [endpointId: string]: Forced };
  readonly pools?: readonly Pool[];
  readonly policies?: readonly (readonly [owner: string, policy: Policy])[];
}

export function servingState(situation: Situation = {}): ServingState {
  const pools = situation.pools ?? POOLS;
  const known = definitions(pools);
  const state = {
    generation: 7,
    buildSeconds: 0.004,
    withheld: [{ owner: "_sip._tcp.example.", type: "SRV", records: 1 }],
    definitions: known,
    snapshot: { ...snapshot(pools, situation.health, situation.forced), atMs: Date.UTC(2026, 10, 22, 12) },
  };
  const policies = situation.policies ?? [
    ["www.gtm.example.com.", WWW],
    ["six.gtm.example.com.", SIX],
  ];
  const views = policies.map(([owner, use]) => policyView(owner, use, known, state.snapshot));
  return {
    ...state,
    zones: [
      {
        name: "gtm.example.com.",
        file: "zones/gtm.example.com.zone",
        serial: 2026112201,
        rrsetCount: 4,
        policies: views,
      },
    ],
  };
}

function policyView(
  owner: string,
  use: Policy,
  known: Definitions,
  health: ServingState["snapshot"],
): PolicyView {
  return {
    owner,
    policy: use,
    evaluations: {
      ipv4: evaluate(use, known, health, UNKNOWN_CLIENT, "ipv4"),
      ipv6: evaluate(use, known, health, UNKNOWN_CLIENT, "ipv6"),
    },
    worstRecoverySeconds: 47,
  };
}

const DURATIONS: HistogramReading = {
  boundsSeconds: [0.001, 0.25, 1],
  counts: Uint32Array.of(2, 3, 0, 1),
  sumSeconds: 4.5,
};

/** Everything about the node that a test may change while it runs. */
export interface Node extends AdminSource {
  ready: Readiness;
  state: ServingState | undefined;
  loaded: LoadOutcome;
  reloaded: ReloadOutcome;
  reloads: number;
  readonly despite: ReloadWish[];
  /** How the next plan is refused, where it is. */
  planRefusal: PlanOutcome | undefined;
  readonly asked: ExplainQuery[];
  /** What was supposed down. */
  readonly supposed: string[];
  readonly wishes: OverrideWish[];
  readonly drillPlans: DrillPlan[];
  drillRefusal: DrillRefusal | undefined;
  /** How the next change of overrides is refused, where it is. */
  refusal: OverrideRefusal | undefined;
}

const AVAILABLE: readonly AvailabilityReading[] = [
  { window: "1h", ratio: 1, knownMs: 3_600_000 },
  { window: "1d", ratio: 0.9998, knownMs: 18_000_000 },
  { window: "30d", ratio: undefined, knownMs: 0 },
];

const EXPLAINED: Explanation = {
  name: "",
  type: "",
  client: null,
  location: null,
  ttlSeconds: 30,
  rung: 1,
  failingOpen: false,
  outcome: "answer",
  shares: [],
  overCapacity: [],
  trace: [],
  endpoints: [],
  next: [],
};

const DRAINED: OverrideView = {
  id: "0a1b",
  ref: "frankfurt/*",
  state: "drain",
  reason: "kernel <update>",
  owner: "ann@desk",
  fromMs: Date.UTC(2026, 10, 22, 11),
  untilMs: Date.UTC(2026, 10, 22, 13),
  source: "operator",
  matches: 2,
};

const REFUSED_WINDOW: WindowView = {
  ref: "virginia",
  state: "down",
  cron: "0 12 * * *",
  forMs: 7_200_000,
  timeZone: "UTC",
  place: "zones/gtm.example.com.zone:19",
  inForce: false,
  refused: "it would leave 0 of them up",
  fromMs: Date.UTC(2026, 10, 22, 12),
  untilMs: Date.UTC(2026, 10, 22, 14),
  nextMs: Date.UTC(2026, 10, 23, 12),
};

export const DRILL: DrillReport = {
  id: "d0",
  name: null,
  drain: ["frankfurt"],
  down: [],
  reason: "game day",
  owner: "ann@desk",
  force: false,
  abortWhen: ["pool:virginia"],
  fromMs: Date.UTC(2026, 10, 22, 12),
  untilMs: Date.UTC(2026, 10, 22, 12, 10),
  endedMs: null,
  outcome: "running",
  why: "",
  preflight: {
    objections: [{ kind: "capacity", message: "pool virginia gets too much" }],
    remarks: [],
    policiesTouched: 1,
    before: [{ owner: "www.gtm.example.com.", client: "", shares: { frankfurt: 1 } }],
    during: [{ owner: "www.gtm.example.com.", client: "", shares: { virginia: 1 } }],
    loads: [],
    ttlSeconds: 30,
  },
  during: null,
  after: null,
  answers: null,
  drained: [{ pool: "frankfurt", answers: 3, lastAfterMs: 1500, drained: true, forgottenAfterMs: 31_500 }],
  events: [
    {
      atMs: Date.UTC(2026, 10, 22, 12),
      kind: "forced",
      ref: "frankfurt/fra-1",
      from: null,
      to: "drain",
      reason: "",
    },
  ],
  eventsLeftOut: 0,
  remarks: [],
};

const SCHEDULED: ScheduledDrill = {
  name: "quarterly",
  drain: ["frankfurt"],
  down: [],
  forMs: 600_000,
  cron: "0 10 1 * *",
  timeZone: "UTC",
  nextMs: Date.UTC(2026, 11, 1, 10),
};

export function createNode(situation: Situation = {}): Node {
  const node: Node = {
    node: "ns1",
    version: "0.1.0",
    ready: { ready: true, reasons: [] },
    state: servingState(situation),
    loaded: {
      success: true,
      loadedAtMs: Date.UTC(2026, 10, 22, 11),
      diagnostics: [],
      refusal: undefined,
      despite: undefined,
    },
    reloaded: { ok: true, generation: 8, diagnostics: [], refusal: undefined, despite: undefined },
    reloads: 0,
    despite: [],
    planRefusal: undefined,
    asked: [],
    wishes: [],
    drillPlans: [],
    drillRefusal: undefined,
    refusal: undefined,
    overrides: {
      list: () => [DRAINED],
      windows: () => [REFUSED_WINDOW],
      file: () => ({
        path: "forced.yaml",
        success: false,
        loadedAtMs: undefined,
        fault: "forced.yaml:3: 'ref'",
      }),
      async set(wish) {
        node.wishes.push(wish);
        return node.refusal ?? { ok: true, override: { ...DRAINED, ...wish } };
      },
      clear: async () => node.refusal ?? { ok: true, cleared: [DRAINED] },
    },
    drills: {
      list: () => [DRILL],
      scheduled: () => [SCHEDULED],
      outcomes: () => [{ labels: { outcome: "passed" }, value: 3 }],
      preflight(plan) {
        node.drillPlans.push(plan);
        return node.drillRefusal ?? { ok: true, preflight: DRILL.preflight };
      },
      async start(plan) {
        node.drillPlans.push(plan);
        return node.drillRefusal ?? { ok: true, drill: DRILL };
      },
      abort: async () => node.drillRefusal ?? { ok: true, drill: DRILL },
    },
    hosts: {
      readings: () => [
        {
          hostName: "lb.example.net.",
          addresses: ["192.0.2.1", "192.0.2.2"],
          resolvedAtMs: 1_700_000_000_000,
          ttlSeconds: 60,
          failure: undefined,
        },
      ],
      counts: () => ({ ok: 9, failed: 1 }),
    },
    availability: {
      ofPool: (name) => (name === "tokyo" ? [] : AVAILABLE),
      ofPolicy: () => AVAILABLE,
    },
    supposed: [],
    readiness: () => node.ready,
    serving: () => node.state,
    load: () => node.loaded,
    answering: () => ({ transport: "batch", workers: 4, restarts: () => 1 }),
    connections: () => ({
      hasThread: true,
      counts: {
        openNow: () => [{ labels: { transport: "tls" }, value: 3 }],
        openedSoFar: () => [{ labels: { transport: "tls" }, value: 30 }],
        limits: () => [{ labels: { transport: "tcp", limit: "idle-timeout" }, value: 4 }],
        faults: () => [{ labels: { transport: "tls", reason: "handshake" }, value: 5 }],
        httpResponses: () => [{ labels: { code: "415" }, value: 6 }],
      },
    }),
    nodeCertificate: () => ({
      expiresAtMs: 1_800_000_000_000,
      loadedAtMs: 1_700_000_000_000,
      loadSuccess: true,
    }),
    geoDatabase: () => ({ builtAtMs: 1_780_000_000_000, loadSuccess: true }),
    certificates: () => [{ pool: "frankfurt", endpoint: "fra-1", expiresAtMs: 1_790_000_000_500 }],
    secondaries: {
      transfers: () => [{ labels: { result: "sent" }, value: 7 }],
      notifies: () => [{ labels: { result: "told" }, value: 8 }],
    },
    lastResorts: () => [{ policy: "six", rung: "4", value: 2 }],
    answerCounters: {
      queries: () => [{ zone: "gtm.example.com.", qtype: "A", transport: "udp", value: 12 }],
      responses: () => [{ zone: "gtm.example.com.", rcode: "NOERROR", value: 11 }],
      dropped: () => [{ reason: "malformed", value: 1 }],
      rateLimited: () => [{ action: "slip", value: 5 }],
      extendedErrors: () => [{ error: "stale", value: 2 }],
      answers: () => [{ policy: "six", pool: "tokyo", endpoint: "nrt-1", value: 5 }],
      dryRunAnswers: () => [{ policy: "next", pool: "virginia", endpoint: "iad-1", value: 3 }],
      responseSeconds: () => DURATIONS,
    },
    probeCounters: {
      results: () => [
        { pool: "tokyo", endpoint: "nrt-1", monitor: "clb", result: "pass", value: 9 },
        { pool: "tokyo", endpoint: "nrt-1", monitor: "clb", result: "fail", value: 2 },
      ],
      durations: () => [{ monitor: "clb", histogram: DURATIONS }],
      lastDurations: () => [{ pool: "tokyo", endpoint: "nrt-1", seconds: 0.012 }],
      transitions: () => [{ pool: "tokyo", endpoint: "nrt-1", to: "up", value: 1 }],
    },
    events: {
      latest: () => [],
      after: () => [],
      subscribe: () => () => undefined,
    },
    explain(query) {
      node.asked.push(query);
      if (query.name === "elsewhere.example.") {
        return { ok: false, parameter: undefined, message: "no zone holds 'elsewhere.example.'" };
      }
      if (query.type === "NOPE") return { ok: false, parameter: "type", message: "type 'NOPE' is unknown" };
      const { name, type } = query;
      return {
        ok: true,
        explanation: { ...EXPLAINED, name, type },
      };
    },
    whatIf(query, down) {
      node.supposed.push(...down);
      const now = node.explain(query);
      if (!now.ok) return now;
      return {
        ok: true,
        whatIf: { ...now.explanation, overCapacity: ["virginia"], before: now.explanation },
      };
    },
    exportZone: (apex) => (apex === "gtm.example.com." ? ["one line\n", "another\n"] : undefined),
    test: () => undefined,
    plan: async (request) =>
      node.planRefusal ?? { ok: true, plan: { names: [], moves: [], maxShift: request.roots.length } },
    async reload(wish) {
      node.reloads += 1;
      if (wish !== undefined) node.despite.push(wish);
      return node.reloaded;
    },
  };
  return node;
}
