import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { pino } from "pino";
import type { ServingState } from "../../../src/admin/source.ts";
import { type Availability, createAvailability, GONE_KEPT_MS } from "../../../src/daemon/availability.ts";
import {
  AVAILABILITY_NAME,
  keepAvailability,
  parseAvailability,
} from "../../../src/daemon/availability-file.ts";
import { createLogLimiter } from "../../../src/daemon/log.ts";
import { createLastResorts, createTransitions } from "../../../src/daemon/transitions.ts";
import { type History, LONGEST_STEP_MS } from "../../../src/health/availability.ts";
import { observedOfPool, standingOfPool } from "../../../src/policy/group.ts";
import { endpoint, policy, pool } from "../../support/policies.ts";
import { type Situation, servingState } from "../admin/node.ts";
import { useTemporaryFolders } from "./temporary-folder.ts";

const START_MS = Date.UTC(2026, 10, 22, 12);
const MINUTE_MS = 60_000;
const WWW = "www.gtm.example.com.";

describe("createAvailability()", () => {
  const folder = useTemporaryFolders();

  /** A node whose clock is the test's. */
  function createRun(home: string, startMs = START_MS, lines: string[] = []) {
    let nowMs = startMs;
    const log = pino({}, { write: (line: string) => void lines.push(line) });
    const availability: Availability = createAvailability({ folder: home, now: () => nowMs, log });
    const record = (): void => undefined;
    const transitions = createTransitions({
      record,
      lastResorts: createLastResorts(),
      known: () => new Map(),
    });
    let before: ServingState | undefined;
    const goOn = (forMs: number): void => {
      const endMs = nowMs + forMs;
      while (nowMs < endMs) {
        nowMs = Math.min(endMs, nowMs + LONGEST_STEP_MS);
        // Whatever asks has it look at the clock.
        availability.ofPool("none");
      }
    };
    return {
      availability,
      /** Serves that, for so long. */
      serve: (situation: Situation, forMs: number): void => {
        const after = servingState(situation);
        for (const _ of transitions.note({ before, after }));
        availability.note(after, transitions.observedPools);
        before = after;
        goOn(forMs);
      },
      stand: (forMs: number): void => void (nowMs += forMs),
      keep: (): Promise<void> | void => availability.start(createLogLimiter(1, () => 0))(1_000),
    };
  }

  const hourOf = (availability: Availability, name: string): number | undefined =>
    (name.includes(".") ? availability.ofPolicy(name) : availability.ofPool(name))[0]?.ratio;

  const POOL_CASES: readonly (readonly [
    what: string,
    situation: Situation,
    counts: "up" | "down" | "not",
  ])[] = [
    ["up", {}, "up"],
    ["down", { health: { "virginia/iad-1": "down" } }, "down"],
    ["down in one family", { health: { "virginia/iad-1": ["down", "up"] } }, "up"],
    ["not yet probed", { health: { "virginia/iad-1": "unknown" } }, "not"],
    ["drained", { forced: { "virginia/iad-1": "drain" } }, "up"],
    ["forced down", { forced: { "virginia/iad-1": "down" } }, "up"],
    [
      "down and forced up",
      { health: { "virginia/iad-1": "down" }, forced: { "virginia/iad-1": "up" } },
      "down",
    ],
    [
      "down and drained",
      { health: { "virginia/iad-1": "down" }, forced: { "virginia/iad-1": "drain" } },
      "down",
    ],
    [
      "probed by nobody",
      {
        pools: [
          pool("virginia", [
            { ...endpoint("virginia", "iad-1", ["198.51.100.10"]), monitor: { kind: "none" } },
          ]),
        ],
        policies: [],
      },
      "not",
    ],
  ];
  for (const [what, situation, counts] of POOL_CASES) {
    it(`createAvailability() counts a pool that is ${what} as ${counts}`, () => {
      const { availability, serve } = createRun(folder());
      serve({}, 10 * MINUTE_MS);
      serve(situation, 10 * MINUTE_MS);
      expect(hourOf(availability, "virginia")).to.equal(counts === "down" ? 0.5 : 1);
      expect(availability.ofPool("virginia")[0]?.knownMs).to.equal((counts === "not" ? 10 : 20) * MINUTE_MS);
    });
  }

  it("createAvailability() counts a pool in its grace as down", () => {
    const waiting = pool("virginia", [endpoint("virginia", "iad-1", ["198.51.100.10"])], { graceMs: 1_000 });
    const address = {
      observed: "down",
      passing: false,
      reason: "refused",
      sinceMs: 9,
      failingSinceMs: 9,
    } as const;
    const health = new Map([["virginia/iad-1", { forced: undefined, addresses: [address] }]]);
    const snapshot = { atMs: 10, endpoints: health };
    expect(standingOfPool(waiting, snapshot, "ipv4").stands).to.equal("up");
    expect(observedOfPool(waiting, snapshot)).to.equal("down");
  });

  const ALL_DOWN = {
    "frankfurt/fra-1": "down",
    "frankfurt/fra-2": "down",
    "virginia/iad-1": "down",
  } as const;
  const ALL = ["frankfurt/fra-1", "frankfurt/fra-2", "virginia/iad-1"];
  const every = <Word extends string>(word: Word): { [id: string]: Word } =>
    Object.fromEntries(ALL.map((id) => [id, word]));
  const POLICY_CASES: readonly (readonly [
    what: string,
    situation: Situation,
    counts: "up" | "down" | "not",
  ])[] = [
    ["answers the second pool", { health: { "frankfurt/fra-1": "down", "frankfurt/fra-2": "down" } }, "up"],
    ["answers what passes and is held back", { health: every("passing") }, "up"],
    ["answers what is drained", { forced: every("drain") }, "up"],
    ["answers what was never probed", { health: every("unknown") }, "not"],
    ["fails open", { health: ALL_DOWN }, "down"],
    [
      "fails open in one family",
      {
        health: {
          ...every("up"),
          "frankfurt/fra-1": ["down", "up"],
          "frankfurt/fra-2": ["down", "up"],
          "virginia/iad-1": ["down", "up"],
        },
      },
      "down",
    ],
    ["has nothing left that is not forced down", { forced: every("down") }, "down"],
  ];
  for (const [what, situation, counts] of POLICY_CASES) {
    it(`createAvailability() counts a policy that ${what} as ${counts}`, () => {
      const { availability, serve } = createRun(folder());
      serve({}, 10 * MINUTE_MS);
      serve(situation, 10 * MINUTE_MS);
      expect(hourOf(availability, WWW)).to.equal(counts === "down" ? 0.5 : 1);
      expect(availability.ofPolicy(WWW)[0]?.knownMs).to.equal((counts === "not" ? 10 : 20) * MINUTE_MS);
    });
  }

  it("createAvailability() takes the worst of the records that share a name", () => {
    const { availability, serve } = createRun(folder());
    const shared = policy({ kind: "pool", pool: "virginia" }, { name: "shared.name" });
    const also = policy({ kind: "pool", pool: "frankfurt" }, { name: "shared.name" });
    const policies = [
      ["a.example.", also],
      ["b.example.", shared],
    ] as const;
    serve({ policies, health: { "virginia/iad-1": "down" } }, MINUTE_MS);
    expect(hourOf(availability, "shared.name")).to.equal(0);
  });

  it("createAvailability() goes on after a restart; the time between counts neither way", async () => {
    const home = folder();
    const first = createRun(home);
    first.serve({}, 15 * MINUTE_MS);
    first.serve({ health: ALL_DOWN }, 5 * MINUTE_MS);
    await first.keep();
    const second = createRun(home, START_MS + 30 * MINUTE_MS);
    await second.availability.restore();
    expect(hourOf(second.availability, "virginia")).to.equal(0.75);
    second.serve({}, 20 * MINUTE_MS);
    for (const name of ["virginia", "frankfurt", WWW]) {
      const { availability } = second;
      const [hour] = name === WWW ? availability.ofPolicy(name) : availability.ofPool(name);
      expect(hour).to.deep.equal({ window: "1h", ratio: 35 / 40, knownMs: 40 * MINUTE_MS });
    }
  });

  it("createAvailability() remembers for a while what left the zones, and then forgets it", async () => {
    const home = folder();
    const run = createRun(home);
    run.serve({}, MINUTE_MS);
    run.serve({ pools: [pool("alone", [endpoint("alone", "a", ["192.0.2.1"])])], policies: [] }, MINUTE_MS);
    await run.keep();
    expect(readFileSync(join(home, AVAILABILITY_NAME), "utf8")).to.include('"pool virginia"');
    run.stand(GONE_KEPT_MS);
    await run.keep();
    expect([
      ...parseAvailability(readFileSync(join(home, AVAILABILITY_NAME))).histories.keys(),
    ]).to.deep.equal(["pool alone"]);
  });

  it("createAvailability() says so where it cannot write itself down, or read, and goes on", async () => {
    const home = folder();
    const lines: string[] = [];
    const run = createRun(join(home, "missing"), START_MS, lines);
    run.serve({}, MINUTE_MS);
    await run.keep();
    expect(lines.join("")).to.include("cannot write availability down");
    writeFileSync(join(home, AVAILABILITY_NAME), "garbage\n");
    const other = createRun(home, START_MS, lines);
    await other.availability.restore();
    expect(lines.join("")).to.include('"damagedLines":1');
    other.serve({}, MINUTE_MS);
    expect(hourOf(other.availability, "virginia")).to.equal(1);
  });
});

describe("parseAvailability()", () => {
  const folder = useTemporaryFolders();
  const span = (fromMs: number): History[number] => ({ fromMs, toMs: fromMs + 10, upMs: 4, knownMs: 9 });
  const HISTORIES: ReadonlyMap<string, History> = new Map([
    ["pool a", [span(10), span(20)]],
    ["policy www.example.com.", []],
    ["pool ü", [span(40)]],
  ]);

  it("parseAvailability() reads what was kept, and of a file cut off anywhere every whole line", async () => {
    const home = folder();
    await keepAvailability(home, HISTORIES, 7);
    const octets = readFileSync(join(home, AVAILABILITY_NAME));
    expect(parseAvailability(octets)).to.deep.equal({ histories: HISTORIES, damagedLines: 0 });
    const lines = octets.toString().split("\n").slice(0, -1);
    for (let length = 0; length < octets.length; length += 1) {
      const cut = octets.subarray(0, length);
      const whole = lines.filter(
        (_, index) => lines.slice(0, index + 1).join("\n").length <= cut.toString().length,
      );
      expect([...parseAvailability(cut).histories.keys()].length).to.equal(Math.max(0, whole.length - 1));
    }
  });

  const HEAD = '{"version":1,"savedAtMs":1}\n';
  const FAULTY: readonly (readonly [what: string, text: string])[] = [
    ["of another version", '{"version":2}\n{"subject":"a","spans":[]}'],
    ["whose spans overlap", `${HEAD}{"subject":"a","spans":[[0,9,0,0],[8,10,0,0]]}`],
    ["whose spans are of no length", `${HEAD}{"subject":"a","spans":[[9,9,0,0]]}`],
    ["that was up for longer than is known", `${HEAD}{"subject":"a","spans":[[0,9,2,1]]}`],
    ["that is known for longer than it lasted", `${HEAD}{"subject":"a","spans":[[0,9,2,10]]}`],
    ["of a number that is none", `${HEAD}{"subject":"a","spans":[[0,9,2,null]]}`],
  ];
  for (const [what, text] of FAULTY) {
    it(`parseAvailability() takes nothing of a file ${what}`, () => {
      const { histories, damagedLines } = parseAvailability(new TextEncoder().encode(text));
      expect([histories.size, damagedLines > 0]).to.deep.equal([0, true]);
    });
  }
});
