/** Drills of the configuration: what may stand there, when each is begun, and that one which cannot be is told. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { pino } from "pino";
import type { Happening } from "../../../src/admin/events/event.ts";
import type { DrillOptions } from "../../../src/config/drills.ts";
import { resolveConfig } from "../../../src/config/resolve.ts";
import { DRILLS_LIMIT, keepDrills, readDrills } from "../../../src/daemon/drill-file.ts";
import { createDrillSchedule, LATE_MS, planDrills } from "../../../src/daemon/drill-schedule.ts";
import { createDrilling } from "../../../src/daemon/drilling.ts";
import { DRILL } from "../admin/node.ts";
import { useTemporaryFolders } from "./temporary-folder.ts";

const OPTIONS: DrillOptions = {
  name: "nightly",
  drain: ["near"],
  down: [],
  for: "10m",
  cron: "0 2 * * *",
  tz: undefined,
  reason: "game day",
  abortWhen: [],
};
const TWO = Date.UTC(2026, 10, 23, 2);
const HOUR_MS = 3_600_000;

describe("planDrills()", () => {
  const rows: readonly (readonly [changes: Partial<DrillOptions>, message: RegExp])[] = [
    [{ drain: [] }, /^drills: nightly: what is to be taken away is missing/],
    [{ for: "2d" }, /^drills: nightly: 'for': longer than a day/],
    [{ for: "10" }, /10 has no unit/],
    [{ cron: "0 2 * *" }, /^drills: nightly: 'cron': /],
    [{ tz: "Mars/Olympus" }, /'tz': 'Mars\/Olympus' is not a time zone/],
    [{ abortWhen: ["nothing > 1"] }, /there is no metric 'nothing'/],
  ];
  for (const [changes, message] of rows) {
    it(`refuses ${JSON.stringify(changes)}`, () => {
      const planned = planDrills([{ ...OPTIONS, ...changes }]);
      expect(planned.ok ? "it is one" : planned.message).to.match(message);
    });
  }

  it("takes what the configuration file holds", () => {
    const text =
      'drills:\n  - {name: a, drain: near, for: 10m, cron: "0 2 * * *", reason: why, abort-when: "pool:far"}\n';
    const file = { path: "fairlead.yaml", text };
    const input = { environment: { HOME: "/nowhere" }, flags: {}, hostName: "ns1", cores: 1 };
    const resolved = resolveConfig({ ...input, file });
    if (!resolved.ok) throw new Error(resolved.faults.map(({ message }) => message).join());
    const planned = planDrills(resolved.options.drills);
    expect(planned.ok && planned.drills.map(({ plan }) => plan)).to.deep.equal([
      {
        name: "a",
        drain: ["near"],
        down: [],
        forMs: 600_000,
        reason: "why",
        owner: "schedule",
        abortWhen: [{ kind: "pool", text: "pool:far", name: "far" }],
        force: false,
      },
    ]);
    const twice = resolveConfig({ ...input, file: { ...file, text: text + text.split("\n")[1] } });
    expect(twice.ok ? "" : twice.faults[0]).to.deep.equal({
      source: "fairlead.yaml:1: drills",
      message: "holds a name twice",
    });
  });
});

describe("createDrillSchedule()", () => {
  // The chart's rows: when it looks, and whether the drill of 02:00 is begun at the last of these looks.
  const rows: readonly (readonly [what: string, fromMs: number, looks: readonly number[], begun: boolean])[] =
    [
      ["at its strike", TWO - HOUR_MS, [TWO - 60_000, TWO], true],
      ["a little later", TWO - HOUR_MS, [TWO - 60_000, TWO + LATE_MS], true],
      ["too late", TWO - HOUR_MS, [TWO - 60_000, TWO + LATE_MS + 1], false],
      ["before it", TWO - HOUR_MS, [TWO - 1], false],
      ["once it was begun", TWO - HOUR_MS, [TWO, TWO + 60_000], false],
      ["of a strike before the node started", TWO + 1, [TWO + 2], false],
      ["when the clock was set back", TWO - HOUR_MS, [TWO, TWO - HOUR_MS, TWO], false],
      ["the next day", TWO - HOUR_MS, [TWO, TWO + 24 * HOUR_MS], true],
    ];
  for (const [what, fromMs, looks, begun] of rows) {
    it(`${begun ? "begins" : "does not begin"} one ${what}`, () => {
      const planned = planDrills([OPTIONS]);
      if (!planned.ok) throw new Error(planned.message);
      const timed = createDrillSchedule(planned.drills, fromMs);
      const due = looks.map((atMs) => timed.due(atMs).map(({ name }) => name));
      expect(due.at(-1)).to.deep.equal(begun ? ["nightly"] : []);
    });
  }
});

describe("createDrilling()", () => {
  const folder = useTemporaryFolders();

  it("tells of a drill of the schedule that cannot begin", async () => {
    let nowMs = TWO - HOUR_MS;
    const told: Happening[] = [];
    const drilling = createDrilling({
      options: { drills: [OPTIONS], state: folder() },
      clock: { now: () => nowMs, monotonic: () => nowMs },
      log: pino({ enabled: false }),
      events: { record: (happening) => void told.push(happening), subscribe: () => () => undefined },
      forcing: {
        holds: () => false,
        settle: () => undefined,
        source: {
          list: () => [],
          windows: () => [],
          file: () => undefined,
          set: () => Promise.reject(new Error("nothing is to be forced")),
          clear: () => Promise.reject(new Error("nothing is forced")),
        },
      },
      counters: { answersByPool: () => new Map() },
      serving: () => ({ told: () => undefined, image: () => undefined }),
    });
    expect(drilling.source.scheduled().map(({ name, nextMs }) => [name, nextMs])).to.deep.equal([
      ["nightly", TWO],
    ]);
    await drilling.lookAtSchedule();
    expect(told).to.deep.equal([]);
    nowMs = TWO;
    await drilling.lookAtSchedule();
    await drilling.lookAtSchedule();
    expect(told.map(({ kind, ref, to, refused }) => [kind, ref, to, refused])).to.deep.equal([
      ["drill", "near", "refused", "it serves nothing"],
    ]);
    expect(
      [...drilling.source.outcomes()].find(({ labels }) => labels["outcome"] === "refused")?.value,
    ).to.equal(1);
  });
});

describe("readDrills()", () => {
  const folder = useTemporaryFolders();

  it("gives back the last ones that were kept", async () => {
    const at = folder();
    expect(await readDrills(at)).to.deep.equal({ ok: true, drills: [] });
    const drills = Array.from({ length: DRILLS_LIMIT + 3 }, (_, index) => ({ ...DRILL, id: `d${index}` }));
    await keepDrills(at, drills);
    expect(await readDrills(at)).to.deep.equal({ ok: true, drills: drills.slice(3) });
  });

  it("says so where it cannot read them", async () => {
    const at = folder();
    await keepDrills(at, [DRILL]);
    for (const text of ["", '{"version":1,"drills":[{}]}', '{"version":2,"drills":[]}', '{"version":1,']) {
      writeFileSync(join(at, "drills.json"), text);
      expect(await readDrills(at)).to.deep.equal({
        ok: false,
        reason: "it is damaged, or of another version",
      });
    }
  });
});
