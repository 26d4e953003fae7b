/** `fairlead events` and `fairlead status` against a node that runs, and is restarted. */

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { z } from "zod";
import type { SocketAddress } from "../../../src/config/socket-address.ts";
import { type Daemon, startDaemon } from "../../../src/daemon/daemon.ts";
import {
  adminUrl,
  endRegions,
  LOOPBACK,
  PATIENCE_MS,
  partsOf,
  type Region,
  startRegion,
  twoRegions,
  until,
} from "../../support/daemons.ts";
import { useTemporaryFolders } from "../daemon/temporary-folder.ts";
import { kill, run, startTalking } from "./fairlead.ts";

const eventSchema = z.looseObject({ id: z.number(), kind: z.string(), reason: z.string() });
type Event = z.output<typeof eventSchema>;

describe("fairlead events", function () {
  this.timeout(8 * PATIENCE_MS);
  const folder = useTemporaryFolders();
  let home: string;
  let near: Region;
  let far: Region;
  let daemon: Daemon | undefined;
  let readers: ChildProcess[];

  beforeEach(async () => {
    home = folder();
    daemon = undefined;
    readers = [];
    [near, far] = await Promise.all([startRegion(), startRegion()]);
    writeFileSync(join(home, "example.com.zone"), twoRegions(near, far));
  });
  afterEach(async () => {
    await Promise.all(readers.map(kill));
    await daemon?.stop();
    endRegions(near, far);
  });

  async function start(admin: SocketAddress = LOOPBACK): Promise<Daemon> {
    const result = await startDaemon(partsOf(home, { admin }, []));
    if (!result.ok) throw new Error(result.message);
    daemon = result.daemon;
    return result.daemon;
  }

  async function force(running: Daemon, reason: string): Promise<void> {
    const { status } = await fetch(`${adminUrl(running)}/api/v1/overrides`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ref: "near", state: "drain", for: "1h", reason }),
    });
    expect(status).to.equal(201);
  }

  /** Starts to follow; what it prints comes into the list. */
  function follow(
    running: Daemon,
    ...more: readonly string[]
  ): { readonly events: Event[]; readonly said: string[] } {
    const reader = startTalking(["events", "--follow", "--json", "--server", adminUrl(running), ...more]);
    readers.push(reader);
    const followed = { events: new Array<Event>(), said: new Array<string>() };
    const { stdout, stderr } = reader;
    if (stdout === null || stderr === null) throw new Error("it says nothing");
    createInterface({ input: stdout }).on("line", (line) =>
      followed.events.push(eventSchema.parse(JSON.parse(line))),
    );
    createInterface({ input: stderr }).on("line", (line) => followed.said.push(line));
    return followed;
  }

  const ids = (events: readonly Event[]): number[] => events.map(({ id }) => id);
  const allOf = async (running: Daemon): Promise<Event[]> =>
    z.array(eventSchema).parse(await (await fetch(`${adminUrl(running)}/api/v1/events?limit=5000`)).json());

  it("--follow goes on over a restart of the node, and misses nothing of what happened meanwhile, and repeats nothing", async () => {
    const first = await start();
    const { events, said } = follow(first);
    await until("what had happened", () => events.some(({ kind }) => kind === "node"));
    await force(first, "before");
    await until("what happens", () => events.some(({ reason }) => reason === "before"));
    await first.stop();
    const second = await start(first.admin);
    // Told at once, before anybody has come back who waits for two seconds between two tries.
    await force(second, "while it was away");
    near.healthy = false;
    await until("the region", async () =>
      (await allOf(second)).some(({ kind, reason }) => kind === "endpoint" && reason.includes("503")),
    );
    await force(second, "last");
    await until("the last of them", () => events.some(({ reason }) => reason === "last"));
    const all = ids(await allOf(second));
    await until("all of them", () => events.length >= all.length);
    expect(ids(events)).to.deep.equal(all);
    expect(said).to.have.length(1);
    expect(said[0]).to.match(/^fairlead: Cannot follow http:.*; trying again$/);
  });

  it("--follow comes back to a node that was away for longer, and says so once", async () => {
    const first = await start();
    const { events, said } = follow(first, "--kind", "node");
    await until("what had happened", () => events.length === 1);
    await first.stop();
    daemon = undefined;
    await until("a word of it", () => said.length === 1);
    await start(first.admin);
    await until("its stop and its start", () => events.length === 3);
    expect(said).to.have.length(1);
  });

  it("--follow shows nothing of what was before the time that was asked for", async () => {
    const running = await start();
    await force(running, "before");
    const { events } = follow(running, "--since", "2099-01-01T00:00:00Z", "--kind", "override");
    // There is no telling when it has begun to follow: one change after the other, until it sees one.
    for (let number = 0; events.length === 0; number += 1) {
      await force(running, `change ${number}`);
      await setTimeout(100);
    }
    expect(events.some(({ reason }) => reason === "before")).to.equal(false);
  });

  it("prints what happened, and status says how available it was", async () => {
    const running = await start();
    await force(running, "kernel update");
    const server = adminUrl(running);
    const { out, status } = await run(["events", "--kind", "override", "--server", server]);
    expect(out).to.match(/^\S+Z {2}override {2}near {2}drain {2}kernel update \(127\.0\.0\.1\)\n$/);
    expect(status).to.equal(0);
    await until("what is known of the first second", async () =>
      /"1h":\{"ratio":1,"knownSeconds":[1-9]/.test(await (await fetch(`${server}/api/v1/status`)).text()),
    );
    const told = await run(["status", "--server", server]);
    expect(told.out).to.match(/\npool near {2}down {2}available 1h 100% \(of \d+s\)\n/);
    expect(told.out).to.match(/ {2}www\.example\.com\. .* available 1h 100% \(of \d+s\)\n/);
  });

  it("ends where it is interrupted", async () => {
    const running = await start();
    const { events } = follow(running);
    await until("what had happened", () => events.length > 0);
    const [reader] = readers;
    if (reader === undefined) throw new Error("there is no reader");
    const ended = once(reader, "exit");
    reader.kill("SIGINT");
    expect(await ended).to.deep.equal([null, "SIGINT"]);
  });
});
