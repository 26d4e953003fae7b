import { expect } from "chai";
import { describe, it } from "mocha";
import { initialState, type ProbeState } from "../../../src/health/hysteresis.ts";
import type { Hold } from "../../../src/health/snapshot.ts";
import type { Forced } from "../../../src/health/verdict.ts";
import type { AddressFamily, Pool } from "../../../src/policy/model.ts";
import { nextChanges, type Pending, type WatchedState } from "../../../src/policy/next-changes.ts";
import { reachOf } from "../../../src/policy/reach.ts";
import { definitions, endpoint, pool, snapshot } from "../../support/policies.ts";

const FRANKFURT = pool("frankfurt", [endpoint("frankfurt", "fra-1", ["192.0.2.1", "2001:db8::1"])], {
  graceMs: 35_000,
});
const OTHER = pool("other", [endpoint("other", "x", ["192.0.2.9"])]);
const THRESHOLDS = { fall: { kind: "consecutive", failures: 3 }, rise: 6 } as const;
const NOTHING: Pending = { overrides: [], windows: [], watched: () => [] };
const down = (run: number): ProbeState => ({
  ...initialState(0),
  observed: "down",
  passing: run > 0,
  run: Math.max(1, run),
});
const watched = (changes: Partial<WatchedState> = {}): WatchedState => ({
  address: "192.0.2.1",
  family: "ipv4",
  monitor: "clb",
  thresholds: THRESHOLDS,
  state: down(2),
  ...changes,
});
const override = (ref: string, source: "operator" | "window" = "operator") => ({
  id: "0a1b",
  ref,
  state: "drain" as const,
  reason: "disks",
  owner: source === "window" ? "z.zone:3" : "ann",
  fromMs: 0,
  untilMs: 90_000,
  source,
});
const window = (changes: object) => ({
  ref: "frankfurt",
  state: "down" as const,
  place: "z.zone:3",
  refused: undefined,
  nextMs: undefined,
  ...changes,
});

interface Situation {
  readonly pending?: Partial<Pending>;
  readonly hold?: Hold;
  readonly forced?: Forced;
  readonly failingSinceMs?: number;
  readonly family?: AddressFamily;
}

function ask({ pending, hold, forced, failingSinceMs, family = "ipv4" }: Situation): string[] {
  const pools: readonly Pool[] = [FRANKFURT, OTHER];
  const known = definitions(pools);
  const base = snapshot(pools, {}, forced === undefined ? {} : { "frankfurt/fra-1": forced });
  const health = { ...base, atMs: 10_000, holds: new Map(hold && [["frankfurt", { ipv4: hold }]]) };
  if (failingSinceMs !== undefined) {
    const failing = { observed: "down", passing: false, reason: "x", sinceMs: 1, failingSinceMs } as const;
    const up = { observed: "up", passing: true, reason: "x", sinceMs: 1 } as const;
    const endpoints = new Map(base.endpoints);
    endpoints.set("frankfurt/fra-1", { forced: undefined, addresses: [failing, up] });
    Object.assign(health, { endpoints });
  }
  const reach = reachOf({ kind: "pool", pool: "frankfurt" }, known);
  const changes = nextChanges(reach, family, known, health, { ...NOTHING, ...pending });
  return changes.map(({ atMs, what }) => (atMs === undefined ? what : `${atMs} ${what}`));
}

describe("nextChanges()", () => {
  const rows: [what: string, situation: Situation, changes: string[]][] = [
    ["everything steady", {}, []],
    [
      "an override",
      { pending: { overrides: [override("*/fra-*")] } },
      ["90000 override 0a1b ends: */fra-* drain by ann"],
    ],
    ["an override of what is not reached", { pending: { overrides: [override("other")] } }, []],
    [
      "a window that is open",
      { pending: { overrides: [override("frankfurt", "window")] } },
      ["90000 window z.zone:3 ends: frankfurt drain"],
    ],
    [
      "a window that is not",
      { pending: { windows: [window({ nextMs: 70_000 })] } },
      ["70000 window z.zone:3 opens: frankfurt down"],
    ],
    [
      "a window that is refused",
      { pending: { windows: [window({ refused: "a rule" })] } },
      ["window z.zone:3 opens as soon as nothing speaks against it: a rule"],
    ],
    ["grace", { failingSinceMs: 5_000 }, ["40000 grace of frankfurt ends: what still fails is withdrawn"]],
    ["grace of the other family", { failingSinceMs: 5_000, family: "ipv6" }, []],
    ["grace that is over", { failingSinceMs: -30_000 }, []],
    [
      "a failback",
      { hold: { kind: "held", untilMs: 60_000 } },
      ["60000 failback of frankfurt: it serves again"],
    ],
    [
      "a manual failback",
      { hold: { kind: "held", untilMs: undefined } },
      ["frankfurt is held by failback=manual: an override to up brings it back"],
    ],
    [
      "a slow start",
      { hold: { kind: "ramping", part: 0.5, untilMs: 50_000 } },
      ["50000 slow start of frankfurt reaches full weight"],
    ],
    ["probes", { pending: { watched: () => [watched()] } }, ["frankfurt/fra-1: 2 of 6 passes towards up"]],
    [
      "probes of several monitors and addresses",
      {
        pending: {
          watched: () => [watched(), watched({ monitor: "tcp", state: down(0), address: "192.0.2.2" })],
        },
      },
      [
        "frankfurt/fra-1 192.0.2.1: 2 of 6 passes towards up by clb",
        "frankfurt/fra-1 192.0.2.2: 0 of 6 passes towards up by tcp",
      ],
    ],
    ["probes of the other family", { pending: { watched: () => [watched()] }, family: "ipv6" }, []],
    ["probes of what is forced", { pending: { watched: () => [watched()] }, forced: "down" }, []],
    [
      "several, what has a time first",
      {
        hold: { kind: "held", untilMs: 95_000 },
        pending: { overrides: [override("frankfurt")], watched: () => [watched()] },
      },
      [
        "90000 override 0a1b ends: frankfurt drain by ann",
        "95000 failback of frankfurt: it serves again",
        "frankfurt/fra-1: 2 of 6 passes towards up",
      ],
    ],
  ];
  for (const [what, situation, changes] of rows) {
    it(`says what follows ${what}`, () => {
      expect(ask(situation)).to.deep.equal(changes);
    });
  }
});
