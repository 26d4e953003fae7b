import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect } from "chai";
import { beforeEach, describe, it } from "mocha";
import { pino } from "pino";
import { type KeptHealth, keepHealth, MAX_AGE_MS, readHealth } from "../../../src/daemon/health-file.ts";
import { SOON_MS, startHealthKeeping } from "../../../src/daemon/health-keeping.ts";
import { createLogLimiter } from "../../../src/daemon/log.ts";
import { initialState, type ProbeState } from "../../../src/health/hysteresis.ts";
import type { Address } from "../../../src/policy/model.ts";
import { useTemporaryFolders } from "./temporary-folder.ts";

const AT = 1_700_000_000_000;
const UP: ProbeState = { ...initialState(AT), observed: "up", passing: true, run: 4, reason: "status 200" };
const DOWN: ProbeState = { ...UP, observed: "down", passing: false, failingSinceMs: AT - 9, recent: "+-+--" };

const LB: Address = { family: "ipv4", octets: Uint8Array.of(192, 0, 2, 1), text: "192.0.2.1" };

const HEALTH: KeptHealth = {
  states: new Map([
    ["clb 127.0.0.1", UP],
    ["clb ::1", DOWN],
  ]),
  returns: new Map([
    ["near", { ipv4: { kind: "held", sinceMs: AT - 5 }, ipv6: { kind: "serving", rampFromMs: undefined } }],
    ["far", { ipv4: { kind: "serving", rampFromMs: AT - 7 } }],
    ["away", { ipv6: { kind: "withdrawn" }, ipv4: { kind: "fresh" } }],
  ]),
  hosts: new Map([["lb.example.net.", { addresses: [LB], ttlSeconds: 60, resolvedAtMs: AT - 11 }]]),
};

describe("readHealth()", () => {
  const folder = useTemporaryFolders();
  let home: string;
  beforeEach(() => {
    home = folder();
  });

  it("reads what keepHealth() wrote, and its age; nobody else may", async () => {
    await keepHealth(home, HEALTH, AT);
    expect(await readHealth(home, AT + 60_000)).to.deep.equal({
      kind: "read",
      health: HEALTH,
      ageMs: 60_000,
    });
    expect(statSync(join(home, "health.json")).mode & 0o777).to.equal(0o600);
  });

  it("reads back thousands, which keepHealth() writes a piece a turn of the event loop", async () => {
    const states = new Map(
      Array.from({ length: 3_000 }, (_, at) => [`"clb" ${at}`, at % 2 === 0 ? UP : DOWN]),
    );
    let turns = 0;
    let writing = true;
    const count = (): void => {
      turns += 1;
      if (writing) setImmediate(count).unref();
    };
    setImmediate(count);
    await keepHealth(home, { ...HEALTH, states }, AT);
    writing = false;
    expect(turns).to.be.at.least(6);
    const read = await readHealth(home, AT);
    expect(read).to.deep.include({ kind: "read", health: { ...HEALTH, states } });
  });

  it("takes from an old file only how pools come back, and lets what was held wait anew", async () => {
    await keepHealth(home, HEALTH, AT);
    const read = await readHealth(home, AT + MAX_AGE_MS + 1);
    if (read.kind !== "read") throw new Error(read.kind);
    expect(read.health.states.size).to.equal(0);
    expect(read.health.returns.get("near")?.ipv4).to.deep.equal({ kind: "withdrawn" });
    expect(read.health.returns.get("away")?.ipv6).to.deep.equal({ kind: "withdrawn" });
    expect(read.health.hosts?.get("lb.example.net.")?.addresses).to.deep.equal([LB]);
  });

  it("finds nothing in an empty folder", async () => {
    expect(await readHealth(home, AT)).to.deep.equal({ kind: "none" });
  });

  it("survives a file that is cut short at any octet", async () => {
    await keepHealth(home, HEALTH, AT);
    const octets = readFileSync(join(home, "health.json"));
    // The last octet is the line's end.
    for (let length = 0; length < octets.length - 1; length++) {
      writeFileSync(join(home, "health.json"), octets.subarray(0, length));
      expect((await readHealth(home, AT)).kind, `${length} octets`).to.equal("unusable");
    }
  });

  const DAMAGED: Readonly<Record<string, string>> = {
    "another version": '{"version":2,"savedAtMs":1,"states":{},"returns":{}}',
    "no object": "[]",
    "a state that is none":
      '{"version":1,"savedAtMs":1,"states":{"a b":{"observed":"sideways"}},"returns":{}}',
    "a return that is none":
      '{"version":1,"savedAtMs":1,"states":{},"returns":{"near":{"ipv4":{"kind":"held"}}}}',
    "octets that are no text": "\xff\xfe\x00",
  };
  for (const [name, text] of Object.entries(DAMAGED)) {
    it(`does without ${name}`, async () => {
      writeFileSync(join(home, "health.json"), text, "latin1");
      expect((await readHealth(home, AT)).kind).to.equal("unusable");
    });
  }

  it("does without a file that is a folder", async () => {
    const { mkdirSync } = await import("node:fs");
    mkdirSync(join(home, "health.json"));
    expect(await readHealth(home, AT)).to.deep.equal({ kind: "unusable", reason: "EISDIR" });
  });
});

describe("startHealthKeeping()", () => {
  const folder = useTemporaryFolders();
  const silent = pino({ level: "silent" });

  it("writes soon after a change, and at the end what has come since", async () => {
    const home = folder();
    let states = HEALTH.states;
    const keeping = startHealthKeeping({
      stateFolder: home,
      keep: () => ({ ...HEALTH, states }),
      now: () => AT,
      limiter: createLogLimiter(1000, () => performance.now()),
      log: silent,
    });
    keeping.noteChange();
    const endsAt = performance.now() + 4 * SOON_MS;
    while ((await readHealth(home, AT)).kind !== "read") {
      if (performance.now() > endsAt) throw new Error("nothing was written");
      await setTimeout(50);
    }
    states = new Map([["clb 127.0.0.2", DOWN]]);
    await keeping.stop();
    const read = await readHealth(home, AT);
    expect(read.kind === "read" && [...read.health.states.keys()]).to.deep.equal(["clb 127.0.0.2"]);
  });

  it("tells of a write that fails, once in a while, and does not fail itself", async () => {
    const lines: string[] = [];
    const keeping = startHealthKeeping({
      stateFolder: join(folder(), "missing"),
      keep: () => HEALTH,
      now: () => AT,
      limiter: createLogLimiter(60_000, () => performance.now()),
      log: pino({ level: "warn" }, { write: (line: string) => void lines.push(line) }),
    });
    await keeping.stop();
    expect(lines.map((line) => JSON.parse(line).msg)).to.deep.equal(["cannot write health down"]);
  });
});
