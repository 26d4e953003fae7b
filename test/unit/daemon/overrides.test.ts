/** Forced state as it lives: set, judged, ended, replaced from a file, and by windows. The clock is the test's. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import {
  createOverrideFile,
  parseOverrideFile,
  readAcceptedCopy,
} from "../../../src/daemon/override-file.ts";
import { type OverrideJournal, openOverrideJournal } from "../../../src/daemon/override-journal.ts";
import { createOverrides, type OverrideEvent, type Overrides } from "../../../src/daemon/overrides.ts";
import { withForcedStates } from "../../../src/health/override.ts";
import type { ZoneSet } from "../../../src/zone/model.ts";
import { type HealthWord, snapshot } from "../../support/policies.ts";
import { loadText } from "./loaded-zones.ts";
import { useTemporaryFolders } from "./temporary-folder.ts";

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 10, 22, 1, 30);
const POOLS = `
$MONITOR m tcp port=80
$POOL fra monitor=m
  a 192.0.2.1
  b 192.0.2.2
$POOL vir monitor=m
  a 198.51.100.1
www 60 POLICY failover ( fra vir )
`;
const WINDOW = '$WINDOW vir drain cron="0 2 * * *" for=2h\n';

describe("createOverrides()", () => {
  let journals: OverrideJournal[];
  // Before the folders go: what has ended is written down behind the test's back.
  afterEach(() => Promise.all(journals.map((journal) => journal.compact(nowMs))));
  const folder = useTemporaryFolders();
  let home: string;
  let nowMs: number;
  let set: ZoneSet;
  let words: { readonly [id: string]: HealthWord };
  let events: OverrideEvent[];
  let changes: number;
  let ids: number;

  beforeEach(() => {
    home = folder();
    nowMs = START_MS;
    set = loadText(POOLS);
    words = {};
    events = [];
    changes = 0;
    ids = 0;
    journals = [];
  });

  async function open(): Promise<Overrides> {
    const overrides: Overrides = createOverrides({
      now: () => nowMs,
      newId: () => `id-${++ids}`,
      served() {
        const policies = [...(set.zones[0]?.nodes.values() ?? [])].flatMap(({ policy }) =>
          policy === undefined ? [] : [{ owner: policy.name, policy }],
        );
        const observed = snapshot([...set.definitions.pools.values()], words);
        return {
          set,
          definitions: set.definitions,
          policies,
          snapshot: withForcedStates(observed, overrides.forcedAt(set.definitions, nowMs)),
        };
      },
      onChange: () => changes++,
      onEvent: (event) => events.push(event),
      onFault: (error) => {
        throw error;
      },
    });
    const journal = await openOverrideJournal(home);
    journals.push(journal);
    overrides.begin(journal, (await readAcceptedCopy(home, "forced.yaml"))?.overrides ?? []);
    return overrides;
  }

  const wish = { state: "drain", forMs: HOUR_MS, reason: "kernel", owner: "ann@desk", force: false } as const;
  const forced = (overrides: Overrides): string =>
    Array.from(overrides.forcedAt(set.definitions, nowMs), ([id, state]) => `${id}=${state}`).join(" ");

  it("is in force once it is set, over a restart, and not from its last millisecond on", async () => {
    const first = await open();
    const outcome = await first.set({ ...wish, ref: "fra/*" });
    expect(outcome).to.deep.include({ ok: true });
    const overrides = await open();
    expect(forced(overrides)).to.equal("fra/a=drain fra/b=drain");
    expect(overrides.nextChangeMs()).to.equal(START_MS + HOUR_MS);
    nowMs = START_MS + HOUR_MS - 1;
    expect(forced(overrides)).to.equal("fra/a=drain fra/b=drain");
    // Going back in time ends nothing and begins nothing anew.
    nowMs = START_MS - HOUR_MS;
    expect(forced(overrides)).to.equal("fra/a=drain fra/b=drain");
    nowMs = START_MS + HOUR_MS;
    expect(forced(overrides)).to.equal("");
    expect(overrides.list()).to.deep.equal([]);
    overrides.settle();
    expect(events.map(({ ref, from, to, reason }) => [ref, from, to, reason])).to.deep.equal([
      ["fra/*", null, "drain", "kernel"],
      ["fra/*", "drain", null, "its end has come"],
    ]);
    expect(overrides.nextChangeMs()).to.equal(undefined);
    expect((await open()).list()).to.deep.equal([]);
  });

  it("takes the place of what was set for the same REF; of others the last one counts", async () => {
    const overrides = await open();
    await overrides.set({ ...wish, ref: "fra" });
    await overrides.set({ ...wish, ref: "fra/a", state: "up" });
    expect(forced(overrides)).to.equal("fra/a=up fra/b=drain");
    await overrides.set({ ...wish, ref: "fra", state: "down", forMs: 10_000 });
    expect(forced(overrides)).to.equal("fra/a=down fra/b=down");
    expect(overrides.list().map(({ id, matches }) => [id, matches])).to.deep.equal([
      ["id-2", 1],
      ["id-3", 2],
    ]);
    nowMs += 10_000;
    expect(forced(overrides)).to.equal("fra/a=up");
  });

  it("refuses what would empty a policy, unless it is forced, and a broken rule always", async () => {
    const overrides = await open();
    await overrides.set({ ...wish, ref: "fra" });
    const refusal = await overrides.set({ ...wish, ref: "vir" });
    expect(refusal).to.deep.include({ ok: false, kind: "refused" });
    expect(!refusal.ok && refusal.message).to.match(
      /^Cannot force vir drain: it would leave www\.example\.com\. A nothing/,
    );
    expect((await overrides.set({ ...wish, ref: "vir", force: true })).ok).to.equal(true);
    await overrides.clear({ ref: "vir" });
    set = loadText(`${POOLS}$RULE at-least 1 of ( fra vir )\n`);
    const ruled = await overrides.set({ ...wish, ref: "vir", force: true });
    expect(!ruled.ok && ruled.message).to.match(
      /\$RULE at-least 1 of \( fra vir \) stands at zones\/.*; nothing overrules a rule$/,
    );
    expect((await open()).list().map(({ ref }) => ref)).to.deep.equal(["fra"]);
  });

  it("judges two at one time one after the other", async () => {
    const overrides = await open();
    const outcomes = await Promise.all([
      overrides.set({ ...wish, ref: "fra" }),
      overrides.set({ ...wish, ref: "vir" }),
    ]);
    expect(outcomes.map(({ ok }) => ok)).to.deep.equal([true, false]);
  });

  it("says once that an override has ended, also one that ends while a change is written down", async () => {
    const overrides = await open();
    await overrides.set({ ...wish, ref: "fra/a", forMs: 1_000 });
    await overrides.set({ ...wish, ref: "fra/b", forMs: 2_000 });
    for (const change of [
      () => overrides.set({ ...wish, ref: "vir", state: "up" }),
      () => overrides.clear({ ref: "fra/b" }),
    ]) {
      const changed = change();
      // It is judged in the next microtasks, and to be on disk only behind the event loop.
      await Promise.resolve().then(() => undefined);
      nowMs += 1_000;
      overrides.settle();
      await changed;
      overrides.settle();
    }
    const ends = events.filter(({ to }) => to === null).map(({ ref, reason }) => `${ref}: ${reason}`);
    expect(ends).to.deep.equal(["fra/a: its end has come", "fra/b: its end has come"]);
    expect(overrides.list().map(({ ref }) => ref)).to.deep.equal(["vir"]);
  });

  it("knows what it does not know: a REF, an override, whose it is", async () => {
    const overrides = await open();
    const unknown = await overrides.set({ ...wish, ref: "frb" });
    expect(unknown).to.deep.equal({
      ok: false,
      kind: "unknown",
      message: "no endpoint matches 'frb'; did you mean 'fra'?",
    });
    const none = await overrides.clear({ ref: "fra" });
    expect(none).to.deep.equal({ ok: false, kind: "unknown", message: "no override 'fra' is in force" });
    await overrides.set({ ...wish, ref: "fra" });
    // The zones change: it stays, and is shown to match nothing.
    set = loadText(POOLS.replaceAll("fra", "ber"));
    expect(overrides.list().map(({ ref, matches }) => [ref, matches])).to.deep.equal([["fra", 0]]);
    expect(forced(overrides)).to.equal("");
    expect((await overrides.clear({ id: "id-1" })).ok).to.equal(true);
  });

  describe("and windows", () => {
    beforeEach(() => {
      set = loadText(POOLS + WINDOW);
    });

    it("are in force from their start to their end, over a restart, and yield to operators", async () => {
      const overrides = await open();
      overrides.settle();
      expect(overrides.nextChangeMs()).to.equal(START_MS + HOUR_MS / 2);
      nowMs = START_MS + HOUR_MS;
      const restarted = await open();
      restarted.settle();
      expect(forced(restarted)).to.equal("vir/a=drain");
      expect(restarted.list().map(({ source, ref }) => `${source} ${ref}`)).to.deep.equal(["window vir"]);
      const clear = await restarted.clear({ ref: "vir" });
      expect(!clear.ok && clear.message).to.match(
        /^Cannot clear 'vir': it stands in zones\/example\.com\.zone:\d+$/,
      );
      await restarted.set({ ...wish, ref: "vir", state: "up" });
      expect(forced(restarted)).to.equal("vir/a=up");
      nowMs = START_MS + 2.5 * HOUR_MS;
      restarted.settle();
      expect(forced(restarted)).to.equal("");
      expect(events.map(({ kind, from, to }) => `${kind} ${from} ${to}`)).to.deep.equal([
        "window null drain",
        "override null up",
        "override up null",
        "window drain null",
      ]);
    });

    it("are refused while they would empty a policy, and tried again", async () => {
      words = { "fra/a": "down", "fra/b": "down" };
      nowMs = START_MS + HOUR_MS;
      const overrides = await open();
      overrides.settle();
      expect(forced(overrides)).to.equal("");
      expect(overrides.hasRefusedWindow()).to.equal(true);
      expect(overrides.windows()[0]?.refused).to.match(/would leave www/);
      overrides.settle();
      expect(events.map(({ refused }) => refused?.slice(0, 14))).to.deep.equal(["it would leave"]);
      words = { "fra/a": "down" };
      overrides.settle();
      expect(forced(overrides)).to.equal("vir/a=drain");
      // What dies later is no reason to send anybody to where people are at work.
      words = { "fra/a": "down", "fra/b": "down" };
      overrides.settle();
      expect(forced(overrides)).to.equal("vir/a=drain");
      expect(overrides.hasRefusedWindow()).to.equal(false);
      set = loadText(POOLS);
      overrides.settle();
      expect(forced(overrides)).to.equal("");
      expect(events.at(-1)).to.deep.include({ kind: "window", from: "drain", to: null });
    });
  });

  describe("and the file of overrides", () => {
    const UNTIL = "2026-11-22T04:00:00+01:00";
    const entry = (ref: string, more = ""): string =>
      `- ref: ${ref}\n  state: drain\n  until: ${UNTIL}\n  reason: disks\n${more}`;

    const openFile = async (overrides: Overrides) => {
      const path = join(home, "forced.yaml");
      const files: string[] = [];
      const accepted = await readAcceptedCopy(home, path);
      const file = createOverrideFile({
        path,
        stateFolder: home,
        accepted,
        overrides,
        now: () => nowMs,
        record: ({ to, reason }) => void files.push(`${to}: ${reason}`),
      });
      const load = async (text: string): Promise<string | undefined> => {
        writeFileSync(path, text);
        await file.reload();
        return file.view().fault;
      };
      return { file, load, files };
    };

    it("is taken as a whole, or what was accepted last stays", async () => {
      const overrides = await open();
      const { load } = await openFile(overrides);
      expect(await load(entry("fra/a"))).to.equal(undefined);
      expect(forced(overrides)).to.equal("fra/a=drain");
      for (const faulty of [
        `${entry("fra/b")}- ref: vir\n`,
        entry("nowhere"),
        `${entry("fra")}${entry("vir")}`,
        "",
      ]) {
        expect(await load(faulty)).to.be.a("string");
        expect(forced(overrides)).to.equal("fra/a=drain");
      }
      nowMs += 1_000;
      expect(await load(entry("fra/a") + entry("fra/b"))).to.equal(undefined);
      const [first, second] = overrides.list();
      expect([first?.fromMs, second?.fromMs]).to.deep.equal([START_MS, START_MS + 1_000]);
      expect(await load(`${entry("fra")}${entry("vir", "  force: true\n")}`)).to.equal(undefined);
      expect(forced(overrides)).to.equal("fra/a=drain fra/b=drain vir/a=drain");
      expect(await load("[]")).to.equal(undefined);
      expect(forced(overrides)).to.equal("");
    });

    it("may rest on what it forces up itself", async () => {
      words = { "fra/a": "down", "fra/b": "down" };
      const overrides = await open();
      const { load } = await openFile(overrides);
      const up = entry("fra/a", "  force: true\n").replace("drain", "up");
      expect(await load(up + entry("vir"))).to.equal(undefined);
      expect(forced(overrides)).to.equal("fra/a=up vir/a=drain");
      expect(await load(entry("vir"))).to.be.a("string");
    });

    it("is recorded once where it is accepted, and once where it is refused, and not at a start that finds it so", async () => {
      const overrides = await open();
      const { file, load, files } = await openFile(overrides);
      await load(entry("fra/a"));
      await file.reload();
      await load("");
      await file.reload();
      await load(entry("nowhere"));
      await load(entry("fra/a"));
      await load("[]");
      const path = join(home, "forced.yaml");
      expect(files).to.deep.equal([
        "accepted: 1 overrides",
        `refused: ${path}:1: expected a list of {ref, state, until, reason}, or [] for nothing`,
        "refused: no endpoint matches 'nowhere'",
        "accepted: 1 overrides",
        "accepted: 0 overrides",
      ]);
      const later = await openFile(await open());
      await later.file.reload();
      expect(later.files).to.deep.equal([]);
    });

    it("waits where only what it meets speaks against it, and not where it is faulty or accepted", async () => {
      const overrides = await open();
      const { file, load } = await openFile(overrides);
      words = { "vir/a": "down" };
      await load(entry("fra"));
      expect([file.view().success, file.isWaiting()]).to.deep.equal([false, true]);
      words = {};
      await file.reload();
      expect([file.view().success, file.isWaiting()]).to.deep.equal([true, false]);
      expect(forced(overrides)).to.equal("fra/a=drain fra/b=drain");
      await load("");
      expect([file.view().success, file.isWaiting()]).to.deep.equal([false, false]);
    });

    it("is remembered as it was accepted", async () => {
      const { load } = await openFile(await open());
      await load(entry("fra/a"));
      const copy = await readAcceptedCopy(home, join(home, "forced.yaml"));
      expect(copy?.overrides.map(({ ref, owner, untilMs }) => [ref, owner, untilMs])).to.deep.equal([
        ["fra/a", "override-file", Date.UTC(2026, 10, 22, 3)],
      ]);
      expect(await readAcceptedCopy(home, "another.yaml")).to.equal(undefined);
    });

    const faults: readonly (readonly [text: string, message: RegExp])[] = [
      ["", /^f\.yaml:1: expected a list of/],
      ["a: 1", /^f\.yaml:1: expected a list of/],
      ["- a: [", /^f\.yaml:\d: is not YAML/],
      ["- fra", /^f\.yaml:1: expected \{ref, state, until, reason\}/],
      [`${entry("fra")}${entry("fra")}`, /^f\.yaml:5: 'fra' stands twice/],
      [entry("fra").replace("drain", "off"), /^f\.yaml:1: 'state' is none of/],
      [entry("fra").replace(UNTIL, "tomorrow"), /^f\.yaml:1: 'until' is missing, or no time with its zone/],
      [entry("fra").replace(UNTIL, "2036-01-01T00:00:00Z"), /^f\.yaml:1: 'until': longer than 90d from now/],
      [entry("fra", "  why: x\n"), /^f\.yaml:1: field 'why' is unknown/],
    ];
    for (const [text, message] of faults) {
      it(`refuses ${JSON.stringify(text.slice(0, 40))}`, () => {
        const parsed = parseOverrideFile("f.yaml", text, [], START_MS);
        expect(!parsed.ok && parsed.message).to.match(message);
      });
    }

    it("leaves out what has ended", () => {
      const parsed = parseOverrideFile(
        "f.yaml",
        entry("fra").replace(UNTIL, "2026-11-22T01:30:00Z"),
        [],
        START_MS,
      );
      expect(parsed.ok && parsed.overrides).to.deep.equal([]);
    });
  });
});
