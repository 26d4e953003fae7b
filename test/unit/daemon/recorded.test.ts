/**
 * Every change that a node can go through, one after the other, and the events of each: one for every transition, override,
 * change of rung and reload, none twice and none besides. What needs a clock of its own (ends of windows) or a thread that
 * dies is with `overrides`, `transitions`, `probing` and the servers.
 */

import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { z } from "zod";
import { type Daemon, startDaemon } from "../../../src/daemon/daemon.ts";
import {
  adminUrl,
  endRegions,
  PATIENCE_MS,
  partsOf,
  type Region,
  startRegion,
  twoRegions,
  until,
} from "../../support/daemons.ts";
import { useTemporaryFolders } from "./temporary-folder.ts";

const eventsSchema = z.array(
  z.looseObject({
    id: z.number(),
    kind: z.string(),
    ref: z.string(),
    from: z.string().nullable(),
    to: z.string().nullable(),
  }),
);

type Event = z.output<typeof eventsSchema>[number];

/** A rung that is passed through is seen or not, as verdicts come in one by one or together: only where that led counts. */
function joined(events: readonly Event[]): Event[] {
  const told: Event[] = [];
  for (const event of events) {
    const last = told.findLast(({ ref }) => ref === event.ref);
    if (event.kind === "policy" && last !== undefined && last.to === event.from) last.to = event.to;
    else told.push({ ...event });
  }
  return told;
}

/** A busy machine is no region that dies. */
function patient(zone: string): string {
  return zone.replace("every=200ms timeout=190ms fall=5 rise=3", "every=1100ms timeout=1s fall=2 rise=2");
}

interface Step {
  readonly what: string;
  readonly make: (daemon: Daemon) => unknown;
  readonly events: readonly string[];
}

describe("what a node records", function () {
  this.timeout(8 * PATIENCE_MS);
  const folder = useTemporaryFolders();
  let home: string;
  let near: Region;
  let far: Region;
  let daemon: Daemon | undefined;
  /** Of the latest event that was looked at. */
  let lastId: number;

  beforeEach(async () => {
    home = folder();
    [near, far] = await Promise.all([startRegion(), startRegion()]);
    daemon = undefined;
    lastId = 0;
  });
  afterEach(async () => {
    await daemon?.stop();
    endRegions(near, far);
  });

  const writeZone = (more = ""): void =>
    writeFileSync(join(home, "example.com.zone"), patient(twoRegions(near, far)) + more);

  async function start(): Promise<Daemon> {
    const overrideFile = join(home, "forced.yaml");
    const result = await startDaemon(partsOf(home, { overrideFile }, []));
    if (!result.ok) throw new Error(result.message);
    daemon = result.daemon;
    return result.daemon;
  }

  async function ask(method: string, path: string, json?: object): Promise<unknown> {
    if (daemon === undefined) throw new Error("it does not run");
    const headers = { "content-type": "application/json" };
    const body = json === undefined ? {} : { headers, body: JSON.stringify(json) };
    const response = await fetch(adminUrl(daemon) + path, { method, ...body });
    return response.json();
  }

  /** Those that were not looked at before. */
  async function fresh(): Promise<{ texts: string[]; newestId: number }> {
    const all = eventsSchema.parse(await ask("GET", "/api/v1/events?limit=5000"));
    // From source there are no threads that probe, which is an event too.
    const events = all.filter(({ id, kind }) => id > lastId && kind !== "worker");
    const texts = joined(events).map(({ kind, ref, from, to }) => `${kind} ${ref} ${from} → ${to}`);
    return { texts: texts.sort(), newestId: all.at(-1)?.id ?? lastId };
  }

  /** Waits for as many as are expected; that there are no more shows in the next step at the latest. */
  async function expectEvents(what: string, expected: readonly string[]): Promise<void> {
    await until(`the events of ${what}`, async () => (await fresh()).texts.length >= expected.length);
    const { texts, newestId } = await fresh();
    expect(texts, what).to.deep.equal([...expected].sort());
    lastId = newestId;
  }

  const set =
    (ref: string, state: string, more: object = {}) =>
    (): Promise<unknown> =>
      ask("POST", "/api/v1/overrides", { ref, state, for: "1h", reason: "why", ...more });
  const clear = (ref: string) => (): Promise<unknown> => ask("DELETE", `/api/v1/overrides?ref=${ref}`);
  const file = (ref: string, state: string): string =>
    `- {ref: ${ref}, state: ${state}, until: "2099-01-01T00:00:00Z", reason: disks, force: true}\n`.replace(
      "2099-01-01T00:00:00Z",
      new Date(Date.now() + 3_600_000).toISOString(),
    );

  const STEPS: readonly Step[] = [
    {
      what: "a region that dies",
      make: () => {
        near.healthy = false;
      },
      events: ["endpoint near/n up → down", "pool near up → down"],
    },
    {
      what: "the last one that dies",
      make: () => {
        far.healthy = false;
      },
      events: [
        "endpoint far/f up → down",
        "pool far up → down",
        "policy www.example.com. rung 1 → failing open",
      ],
    },
    {
      what: "one that recovers",
      make: () => {
        far.healthy = true;
      },
      events: [
        "endpoint far/f down → up",
        "pool far down → up",
        "policy www.example.com. failing open → rung 1",
      ],
    },
    {
      what: "the other one",
      make: () => {
        near.healthy = true;
      },
      events: ["endpoint near/n down → up", "pool near down → up"],
    },
    {
      what: "an override",
      make: set("near", "drain"),
      events: ["override near null → drain", "forced near/n null → drain", "pool near up → down"],
    },
    {
      what: "another one in its place",
      make: set("near", "down"),
      events: ["override near drain → down", "forced near/n drain → down"],
    },
    {
      what: "one that is refused, as it would leave nothing",
      make: set("far", "drain"),
      events: [],
    },
    {
      what: "the same by force",
      make: set("far", "drain", { force: true }),
      events: [
        "override far null → drain",
        "forced far/f null → drain",
        "pool far up → down",
        "policy www.example.com. rung 1 → rung 3",
      ],
    },
    {
      what: "its end",
      make: clear("far"),
      events: [
        "override far drain → null",
        "forced far/f drain → null",
        "pool far down → up",
        "policy www.example.com. rung 3 → rung 1",
      ],
    },
    {
      what: "the end of the other one",
      make: clear("near"),
      events: ["override near down → null", "forced near/n down → null", "pool near down → up"],
    },
    {
      what: "one whose end comes by itself",
      make: set("near", "drain", { for: "3s" }),
      events: [
        "override near null → drain",
        "forced near/n null → drain",
        "pool near up → down",
        "override near drain → null",
        "forced near/n drain → null",
        "pool near down → up",
      ],
    },
    {
      what: "a file of overrides",
      make: () => writeFileSync(join(home, "forced.yaml"), file("near", "drain")),
      events: [
        "override-file FILE null → accepted",
        "override near null → drain",
        "forced near/n null → drain",
        "pool near up → down",
      ],
    },
    {
      what: "a faulty one",
      make: () => writeFileSync(join(home, "forced.yaml"), "- {ref: near}\n"),
      events: ["override-file FILE null → refused"],
    },
    {
      what: "an empty one",
      make: () => writeFileSync(join(home, "forced.yaml"), "[]\n"),
      events: [
        "override-file FILE null → accepted",
        "override near drain → null",
        "forced near/n drain → null",
        "pool near down → up",
      ],
    },
    {
      what: "a reload that was asked for",
      make: (running) => running.reload(),
      events: ["reload test-node null → accepted"],
    },
    {
      what: "a window that is open when it comes",
      make: () => writeZone('$WINDOW near drain cron="* * * * *" for=2h\n'),
      events: [
        "reload test-node null → accepted",
        "window near null → drain",
        "forced near/n null → drain",
        "pool near up → down",
      ],
    },
    {
      what: "its leaving the zones",
      make: () => writeZone(),
      events: [
        "reload test-node null → accepted",
        "window near drain → null",
        "forced near/n drain → null",
        "pool near down → up",
      ],
    },
    {
      what: "a faulty zone",
      make: () => writeZone("www A 1.2.3\n"),
      events: ["reload test-node null → refused"],
    },
  ];

  it("records each change once, and nothing besides", async () => {
    writeZone();
    writeFileSync(join(home, "forced.yaml"), "[]\n");
    const running = await start();
    await expectEvents("the start", [
      "endpoint near/n unknown → up",
      "endpoint far/f unknown → up",
      "override-file FILE null → accepted".replace("FILE", join(home, "forced.yaml")),
      "node test-node null → serving",
    ]);
    for (const { what, make, events } of STEPS) {
      await make(running);
      await expectEvents(
        what,
        events.map((text) => text.replace("FILE", join(home, "forced.yaml"))),
      );
    }
    await running.stop();
    daemon = undefined;
    rmSync(join(home, "forced.yaml"));
    // The zone is still faulty: what was accepted last is served.
    await start();
    await expectEvents("a stop, and a start on faulty files", [
      "node test-node serving → stopping",
      "reload test-node null → refused",
      `override-file ${join(home, "forced.yaml")} null → refused`,
      "node test-node null → serving",
    ]);
  });
});
