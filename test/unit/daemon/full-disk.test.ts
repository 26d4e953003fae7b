/**
 * A state folder on a disk that is full, a real one: nothing that was acknowledged is lost, nothing is acknowledged that is not
 * kept, the node goes on serving, and what it could not write is written once there is room.
 */

import { spawnSync } from "node:child_process";
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { z } from "zod";
import { AVAILABILITY_NAME } from "../../../src/daemon/availability-file.ts";
import { type Daemon, startDaemon } from "../../../src/daemon/daemon.ts";
import { parseEvents } from "../../../src/daemon/event-segments.ts";
import { JOURNAL_NAME, openOverrideJournal } from "../../../src/daemon/override-journal.ts";
import { needRoot } from "../../peers.ts";
import {
  adminUrl,
  askDaemon as ask,
  endRegions,
  getText as get,
  PATIENCE_MS,
  partsOf,
  type Region,
  startRegion,
  twoRegions,
  until,
} from "../../support/daemons.ts";
import { useTemporaryFolders } from "./temporary-folder.ts";

/** Of the disk. */
const SIZE = "512k";
/** An override is some 200 octets; in so many a page is full that was begun. */
const MOST_SETS = 200;

const overridesSchema = z.array(z.looseObject({ ref: z.string(), reason: z.string() }));
const eventsSchema = z.array(z.looseObject({ id: z.number(), kind: z.string(), reason: z.string() }));

describe("a node whose disk is full", function () {
  this.timeout(8 * PATIENCE_MS);
  let daemon: Daemon | undefined;
  let disk: string | undefined;
  let near: Region;
  let far: Region;
  afterEach(async () => {
    await daemon?.stop();
    if (disk !== undefined) run("umount", disk);
    endRegions(near, far);
  });
  const folder = useTemporaryFolders();
  let home: string;
  let logged: string[];

  beforeEach(async () => {
    home = folder();
    logged = [];
    daemon = undefined;
    disk = undefined;
    [near, far] = await Promise.all([startRegion(), startRegion()]);
    writeFileSync(join(home, "example.com.zone"), twoRegions(near, far));
  });

  function run(command: string, ...words: readonly string[]): void {
    const { status, stderr } = spawnSync(command, words, { encoding: "utf8" });
    if (status !== 0) throw new Error(`${command} ${words.join(" ")}: ${stderr}`);
  }

  function mountDisk(): string {
    const path = join(home, "disk");
    mkdirSync(path);
    run("mount", "-t", "tmpfs", "-o", `size=${SIZE},mode=700`, "fairlead-test", path);
    disk = path;
    return path;
  }

  /** Takes all that is left of the disk. */
  function fill(path: string): void {
    const file = openSync(path, "w");
    try {
      for (;;) writeSync(file, Buffer.alloc(4_096));
    } catch (error) {
      expect(String(error)).to.include("ENOSPC");
    } finally {
      closeSync(file);
    }
  }

  async function start(state: string): Promise<Daemon> {
    const result = await startDaemon(partsOf(home, { state }, logged));
    if (!result.ok) throw new Error(result.message);
    daemon = result.daemon;
    return result.daemon;
  }

  /** The status, and the error where there is one. */
  async function set(running: Daemon, reason: string): Promise<{ status: number; error: string }> {
    const response = await fetch(`${adminUrl(running)}/api/v1/overrides`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ref: "near/n", state: "drain", for: "1h", reason }),
    });
    const { error = "" } = z.looseObject({ error: z.string().optional() }).parse(await response.json());
    return { status: response.status, error };
  }

  async function read<T>(running: Daemon, path: string, schema: z.ZodType<T>): Promise<T> {
    return schema.parse(JSON.parse((await get(running, path)).slice("200 ".length)));
  }

  const reasonsOf = async (running: Daemon): Promise<string[]> =>
    (await read(running, "/api/v1/overrides", overridesSchema)).map(({ reason }) => reason);
  const eventsOf = (running: Daemon) => read(running, "/api/v1/events?limit=5000", eventsSchema);
  const keptEvents = (state: string): number[] =>
    readdirSync(state)
      .filter((name) => name.startsWith("events-"))
      .flatMap((name) => parseEvents(readFileSync(join(state, name))).events.map(({ id }) => id));
  const healthSavedAt = (state: string): number =>
    z.object({ savedAtMs: z.number() }).parse(JSON.parse(readFileSync(join(state, "health.json"), "utf8")))
      .savedAtMs;

  it("refuses overrides that it cannot keep, loses none, goes on serving, and recovers with the room", async function () {
    needRoot.call(this);
    const state = join(mountDisk(), "state");
    const running = await start(state);
    expect((await set(running, "reason 0")).status).to.equal(201);
    await until("the other region", async () => (await ask(running)) === "198.51.100.1");
    await until("its health on disk", () => readdirSync(state).includes("health.json"));
    const filler = join(state, "..", "filler");
    fill(filler);

    // What is left of the page that the journal ends in may hold some.
    let acknowledged = "reason 0";
    let refused: { status: number; error: string } | undefined;
    let refusedReason = "";
    for (let number = 1; number < MOST_SETS && refused === undefined; number += 1) {
      const told = await set(running, `reason ${number}`);
      if (told.status === 201) acknowledged = `reason ${number}`;
      else {
        refused = told;
        refusedReason = `reason ${number}`;
      }
    }
    expect(refused?.status).to.equal(503);
    expect(refused?.error).to.match(/^Cannot write it down: .*no space left on device/);
    expect(await reasonsOf(running)).to.deep.equal([acknowledged]);

    // A node that is killed now would find this.
    const copy = folder();
    copyFileSync(join(state, JOURNAL_NAME), join(copy, JOURNAL_NAME));
    const found = (await openOverrideJournal(copy)).overrides().map(({ reason }) => reason);
    expect(found).to.deep.equal([acknowledged]);

    // It answers, probes, withdraws and records as ever.
    far.healthy = false;
    await until("what is drained, as nothing else passes", async () => (await ask(running)) === "192.0.2.1");
    far.healthy = true;
    await until("the region that has recovered", async () => (await ask(running)) === "198.51.100.1");
    expect((await running.reload()).ok).to.equal(true);
    await until("a word of events", () => logged.some((line) => line.includes("cannot keep events")));
    await until("a word of health", () => logged.some((line) => line.includes("cannot write health down")));
    const events = await eventsOf(running);
    expect(events.map(({ kind }) => kind)).to.include.members(["endpoint", "policy", "override", "reload"]);
    expect(events.some(({ reason }) => reason === refusedReason)).to.equal(false);

    const roomAtMs = Date.now();
    rmSync(filler);
    expect((await set(running, "reason last")).status).to.equal(201);
    await until("all events on disk", async () => {
      const kept = new Set(keptEvents(state));
      return (await eventsOf(running)).every(({ id }) => kept.has(id));
    });
    await until("health on disk again", () => healthSavedAt(state) > roomAtMs);
    const told = (await eventsOf(running)).map(({ id }) => id);
    await running.stop();
    expect(readdirSync(state)).to.include(AVAILABILITY_NAME);

    const again = await start(state);
    expect(await reasonsOf(again)).to.deep.equal(["reason last"]);
    expect((await eventsOf(again)).map(({ id }) => id)).to.include.members(told);
    expect(await ask(again)).to.equal("198.51.100.1");
  });

  it("comes up again on a disk that is full, with what was kept, and alone", async function () {
    needRoot.call(this);
    const state = join(mountDisk(), "state");
    const first = await start(state);
    expect((await set(first, "kept")).status).to.equal(201);
    await first.stop();
    fill(join(state, "..", "filler"));
    const second = await start(state);
    expect(await ask(second)).to.equal("198.51.100.1");
    expect(await reasonsOf(second)).to.deep.equal(["kept"]);
    const another = await startDaemon(partsOf(home, { state }, logged));
    expect(another.ok ? "it started" : another.message).to.include("is in use by process");
    await second.stop();
    expect(readdirSync(state)).to.not.include("lock");
  });
});
