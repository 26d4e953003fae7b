import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { describe, it } from "mocha";
import { pino } from "pino";
import { EVERY_EVENT, type Happening, type NodeEvent } from "../../../src/admin/events/event.ts";
import { SEGMENT_LIMIT_EVENTS, SEGMENTS_LIMIT } from "../../../src/daemon/event-segments.ts";
import {
  EVENTS_LIMIT,
  type Events,
  openEvents,
  REASON_LIMIT_CHARACTERS,
  TOLD_PER_TURN,
} from "../../../src/daemon/events.ts";
import { createLogLimiter } from "../../../src/daemon/log.ts";
import { useTemporaryFolders } from "./temporary-folder.ts";

const DOWN: Happening = {
  kind: "endpoint",
  ref: "frankfurt/fra-1",
  from: "up",
  to: "down",
  reason: "status 503, expected 200–299",
};

describe("openEvents()", () => {
  const folder = useTemporaryFolders();

  const opening = (home: string, lines: string[] = [], now = () => 1_000_000) => {
    const log = pino({ base: null, timestamp: false }, { write: (line: string) => void lines.push(line) });
    return openEvents({ folder: home, now, log, limiter: createLogLimiter(1_000_000, () => 0) });
  };
  const all = (events: Events): readonly NodeEvent[] => events.latest(EVERY_EVENT, Infinity);
  const segmentsIn = (home: string): string[] => readdirSync(home).sort();

  it("openEvents() numbers events by the time, and each higher than the one before", async () => {
    let nowMs = 5_000;
    const events = await opening(folder(), [], () => nowMs);
    for (const atMs of [5_000, 5_000, 4_000, 9_000.5]) {
      nowMs = atMs;
      events.record(DOWN);
    }
    expect(all(events).map(({ id }) => id)).to.deep.equal([5_000, 5_001, 5_002, 9_000]);
    expect(all(events)[0]).to.deep.equal({ ...DOWN, id: 5_000, atMs: 5_000 });
  });

  it("openEvents() finds after a restart what was recorded, and goes on above it", async () => {
    const home = folder();
    const first = await opening(home);
    first.begin();
    first.record({ ...DOWN, owner: "ana", refused: "a rule" });
    first.record(DOWN);
    await first.stop();
    const [name = ""] = segmentsIn(home);
    expect(name).to.equal("events-1000000.jsonl");
    expect(statSync(join(home, name)).mode & 0o777).to.equal(0o600);

    const second = await opening(home, [], () => 7);
    expect(all(second)).to.deep.equal(all(first));
    second.record(DOWN);
    expect(all(second).at(-1)?.id).to.equal(1_000_002);
  });

  it("openEvents() passes over a line that was cut off, wherever, and goes on behind it", async () => {
    const home = folder();
    const first = await opening(home);
    first.begin();
    first.record(DOWN);
    first.record(DOWN);
    await first.stop();
    const [name = ""] = segmentsIn(home);
    const line = readFileSync(join(home, name), "utf8").split("\n")[1] ?? "";
    for (let cut = 1; cut < line.length; cut += 17) {
      const torn = folder();
      appendFileSync(join(torn, name), `${line.replace("1000001", "1000000")}\n${line.slice(0, cut)}`);
      const lines: string[] = [];
      const second = await opening(torn, lines);
      expect(all(second)).to.have.length(1);
      expect(lines.join("")).to.include('"damagedLines":1');
      second.begin();
      second.record(DOWN);
      await second.stop();
      expect(all(await opening(torn)).map(({ id }) => id)).to.deep.equal([1_000_000, 1_000_001]);
    }
  });

  it("openEvents() loses none to a number that was damaged, and takes none twice", async () => {
    const home = folder();
    const first = await opening(home);
    first.begin();
    for (let each = 0; each < 3; each += 1) first.record(DOWN);
    await first.stop();
    const [name = ""] = segmentsIn(home);
    const lines = readFileSync(join(home, name), "utf8").replace("1000000", "9000000");
    writeFileSync(join(home, name), lines + lines);
    const events = await opening(home, [], () => 7);
    expect(all(events).map(({ id }) => id)).to.deep.equal([1_000_001, 1_000_002, 9_000_000]);
    events.record(DOWN);
    expect(all(events).at(-1)?.id).to.equal(9_000_001);
  });

  it("openEvents() keeps a bounded number, in segments, and says when what a reader had is gone", async () => {
    const home = folder();
    const events = await opening(home);
    events.begin();
    for (let each = 0; each < EVENTS_LIMIT + SEGMENT_LIMIT_EVENTS + 10; each += 1) {
      events.record(DOWN);
      // What waits for the disk is bounded too.
      if (each % SEGMENT_LIMIT_EVENTS === 0) await new Promise((resolve) => setImmediate(resolve));
      if (each % SEGMENT_LIMIT_EVENTS === 0) await events.stop();
    }
    await events.stop();
    expect(all(events).length).to.be.within(EVENTS_LIMIT - SEGMENT_LIMIT_EVENTS, EVENTS_LIMIT);
    expect(segmentsIn(home)).to.have.length(SEGMENTS_LIMIT);
    const again = await opening(home);
    expect(all(again).length).to.be.within(EVENTS_LIMIT - SEGMENT_LIMIT_EVENTS, EVENTS_LIMIT);
    const lastId = all(events).at(-1)?.id ?? 0;
    expect(events.after(1_000_000, EVERY_EVENT, EVENTS_LIMIT)).to.equal(undefined);
    expect(events.after(lastId - 10, EVERY_EVENT, 9)).to.equal(undefined);
    expect(events.after(lastId - 10, EVERY_EVENT, 10)).to.have.length(10);
    expect(events.after(lastId, EVERY_EVENT, 10)).to.deep.equal([]);
  });

  it("openEvents() goes on where it cannot write, says so once, and writes later what waits", async () => {
    const home = folder();
    const lines: string[] = [];
    const events = await opening(home, lines);
    // A folder has the name of the file.
    mkdirSync(join(home, "events-1000000.jsonl"));
    events.begin();
    events.record(DOWN);
    await events.stop();
    await events.stop();
    expect(all(events)).to.have.length(1);
    expect(lines.filter((line) => line.includes("cannot keep events"))).to.have.length(1);
    rmdirSync(join(home, "events-1000000.jsonl"));
    await events.stop();
    expect(all(await opening(home))).to.have.length(1);
  });

  it("openEvents() writes nothing before it may, tells the log at once, and cuts reasons that are too long", async () => {
    const home = folder();
    const lines: string[] = [];
    const events = await opening(home, lines);
    events.record({ ...DOWN, reason: "x".repeat(5_000) });
    await events.stop();
    expect(segmentsIn(home)).to.deep.equal([]);
    expect(all(events)[0]?.reason).to.have.length(REASON_LIMIT_CHARACTERS);
    const line: unknown = JSON.parse(lines[0] ?? "");
    expect(line).to.include({ level: 40, event: "endpoint", ref: DOWN.ref, from: "up", to: "down" });
    expect(line).to.include({ msg: "endpoint is down" });
  });

  it("openEvents() tells thousands of one moment a few a turn, in their order, and newcomers only what follows", async () => {
    const lines: string[] = [];
    const events = await opening(folder(), lines);
    const told: number[] = [];
    events.subscribe(({ id }) => told.push(id));
    for (let each = 0; each < 5 * TOLD_PER_TURN; each += 1) events.record(DOWN);
    expect(all(events)).to.have.length(5 * TOLD_PER_TURN);
    expect([told.length, lines.length]).to.deep.equal([TOLD_PER_TURN, TOLD_PER_TURN]);
    const perTurn: number[] = [];
    for (let before = told.length; told.length < 3 * TOLD_PER_TURN; before = told.length) {
      await new Promise((resolve) => setImmediate(resolve));
      perTurn.push(told.length - before);
    }
    expect(Math.max(...perTurn)).to.equal(TOLD_PER_TURN);
    const late: number[] = [];
    events.subscribe(({ id }) => late.push(id));
    events.record(DOWN);
    await events.stop();
    expect(told).to.deep.equal(all(events).map(({ id }) => id));
    expect(late).to.deep.equal(told.slice(-1));
  });

  it("latest() and after() choose by time, kind, and ref or pool", async () => {
    let nowMs = 1_000;
    const events = await opening(folder(), [], () => nowMs);
    events.record(DOWN);
    nowMs = 2_000;
    events.record({ ...DOWN, kind: "pool", ref: "frankfurt" });
    nowMs = 3_000;
    events.record({ ...DOWN, ref: "frankfurt-2/a" });
    const ids = (filter: Partial<typeof EVERY_EVENT>, limit = 10): readonly number[] =>
      events.latest({ ...EVERY_EVENT, ...filter }, limit).map(({ id }) => id);
    expect(ids({})).to.deep.equal([1_000, 2_000, 3_000]);
    expect(ids({}, 2)).to.deep.equal([2_000, 3_000]);
    expect(ids({ ref: "frankfurt" })).to.deep.equal([1_000, 2_000]);
    expect(ids({ ref: "frankfurt/fra-1" })).to.deep.equal([1_000]);
    expect(ids({ kinds: new Set(["pool"]) })).to.deep.equal([2_000]);
    expect(ids({ sinceMs: 2_000 })).to.deep.equal([2_000, 3_000]);
    const after = events.after(1_000, { ...EVERY_EVENT, kinds: new Set(["endpoint"]) }, 10);
    expect(after?.map(({ id }) => id)).to.deep.equal([3_000]);
  });
});
