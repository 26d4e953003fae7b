/** Drills on a node that really serves and probes: those that pass, those that are ended, and what is left of them. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { z } from "zod";
import { type Daemon, startDaemon } from "../../../src/daemon/daemon.ts";
import {
  adminUrl,
  askDaemon as answer,
  endRegions,
  PATIENCE_MS,
  partsOf,
  type Region,
  startRegion,
  until,
} from "../../support/daemons.ts";
import { ZONE_HEAD } from "./loaded-zones.ts";
import { useTemporaryFolders } from "./temporary-folder.ts";

const NEAR = "192.0.2.1";
const FAR = "198.51.100.1";

const drillSchema = z.looseObject({
  id: z.string(),
  outcome: z.string(),
  why: z.string(),
  ended: z.string().nullable(),
});
const shares = z.array(
  z.object({ owner: z.string(), client: z.string(), shares: z.record(z.string(), z.number()) }),
);
const verdictSchema = drillSchema.extend({
  preflight: z.looseObject({ before: shares, during: shares }),
  during: shares.nullable(),
  after: shares.nullable(),
  answers: z.array(z.object({ pool: z.string(), answers: z.number(), perSecond: z.number() })).nullable(),
  drained: z.array(z.looseObject({ pool: z.string(), drained: z.boolean() })).nullable(),
  events: z.array(z.looseObject({ kind: z.string(), ref: z.string(), to: z.string().nullable() })),
});
const refusalSchema = z.looseObject({ error: z.string() });
type Verdict = z.output<typeof verdictSchema>;

describe("createDrills()", function () {
  this.timeout(4 * PATIENCE_MS);
  const folder = useTemporaryFolders();
  let home: string;
  let near: Region;
  let far: Region;
  let other: Region;
  let daemons: Daemon[];
  /** How far the nodes' clock is ahead: a drill is as long as its test needs it. */
  let skewMs: number;

  beforeEach(async () => {
    home = folder();
    [near, far, other] = await Promise.all([startRegion(), startRegion(), startRegion()]);
    daemons = [];
    skewMs = 0;
    const pool = (name: string, address: string, { port }: Region): string =>
      `$POOL ${name} monitor=m\n  e ${address} probe=127.0.0.1:${port}\n`;
    const zone = `${ZONE_HEAD}
$MONITOR m http every=200ms timeout=190ms fall=5 rise=1
${pool("near", NEAR, near)}${pool("far", FAR, far)}${pool("other", "203.0.113.1", other)}
www 2 POLICY failover ( near far )
`;
    writeFileSync(join(home, "example.com.zone"), zone);
  });
  afterEach(async () => {
    await Promise.all(daemons.map((daemon) => daemon.stop()));
    endRegions(near, far, other);
  });

  async function start(): Promise<Daemon> {
    const clock = { now: () => Date.now() + skewMs, monotonic: () => performance.now() };
    const result = await startDaemon({ ...partsOf(home, {}, []), clock });
    if (!result.ok) throw new Error(result.message);
    daemons.push(result.daemon);
    return result.daemon;
  }

  async function ask(daemon: Daemon, path: string, init: RequestInit = {}) {
    const response = await fetch(adminUrl(daemon) + path, init);
    return { status: response.status, text: await response.text() };
  }

  async function post(daemon: Daemon, wish: object) {
    const body = JSON.stringify({ drain: ["near"], for: "10m", reason: "game day", ...wish });
    const { status, text } = await ask(daemon, "/api/v1/drills", { method: "POST", body });
    return { status, body: z.unknown().parse(JSON.parse(text)) };
  }

  /** Begins one and waits until clients are sent elsewhere. */
  async function drill(daemon: Daemon, wish: object = {}): Promise<string> {
    const { status, body } = await post(daemon, wish);
    expect([status, JSON.stringify(body)].join(" ")).to.match(/^201 /);
    const { id } = drillSchema.parse(body);
    // Nobody asks before it is served: what was drained answers nothing any more.
    await until("what is served without it", async () => (await read(daemon, id)).during !== null);
    expect(await answer(daemon)).to.equal(FAR);
    return id;
  }

  const read = async (daemon: Daemon, id: string): Promise<Verdict> =>
    verdictSchema.parse(JSON.parse((await ask(daemon, `/api/v1/drills/${id}`)).text));

  async function verdict(daemon: Daemon, id: string): Promise<Verdict> {
    await until("a verdict", async () => (await read(daemon, id)).outcome !== "running");
    return read(daemon, id);
  }

  const refusalOf = async (daemon: Daemon, wish: object = {}): Promise<string> => {
    const { status, body } = await post(daemon, wish);
    return `${status} ${refusalSchema.parse(body).error}`;
  };
  const metric = async (daemon: Daemon, name: string): Promise<string | undefined> =>
    (await ask(daemon, "/metrics")).text
      .split("\n")
      .find((line) => line.startsWith(`${name} `))
      ?.slice(name.length + 1);
  const overrides = async (daemon: Daemon): Promise<string> => (await ask(daemon, "/api/v1/overrides")).text;

  it("drains, passes at its end, and writes down what came of it", async () => {
    const daemon = await start();
    expect(await answer(daemon)).to.equal(NEAR);
    const id = await drill(daemon, { owner: "ann@desk" });
    expect(await metric(daemon, "fairlead_drill_running")).to.equal("1");
    expect(await overrides(daemon)).to.match(
      /"ref":"near","state":"drain","reason":"drill: game day","owner":"ann@desk"/,
    );
    skewMs = 600_000;
    const told = await verdict(daemon, id);
    expect(told).to.include({ outcome: "passed", why: "it ran its time, and nothing went bad" });
    const line = (pools: object): object => [{ owner: "www.example.com.", client: "", shares: pools }];
    expect(told.preflight.before).to.deep.equal(line({ near: 1 }));
    expect(told.preflight.during).to.deep.equal(line({ far: 1 }));
    expect(told.during).to.deep.equal(line({ far: 1 }));
    expect(told.after).to.deep.equal(line({ near: 1 }));
    expect(told.answers?.find(({ pool }) => pool === "far")?.answers).to.be.at.least(1);
    expect(told.drained?.map(({ pool, drained }) => [pool, drained])).to.deep.equal([["near", true]]);
    expect(told.events.map(({ kind, ref, to }) => `${kind} ${ref} ${to}`)).to.include.members([
      "override near drain",
      "forced near/e drain",
      "override near null",
      "forced near/e null",
    ]);
    expect(await overrides(daemon)).to.equal("[]");
    expect(await answer(daemon)).to.equal(NEAR);
    expect(await metric(daemon, 'fairlead_drills_total{outcome="passed"}')).to.equal("1");
    const events = (await ask(daemon, "/api/v1/events?kind=drill")).text;
    expect(events).to.match(/"ref":"near","owner":"ann@desk","from":null,"to":"running".*"to":"passed"/);
  });

  it("ends by itself when an endpoint that is left dies, and puts back what it took", async () => {
    const daemon = await start();
    const id = await drill(daemon);
    far.healthy = false;
    const told = await verdict(daemon, id);
    expect(told.outcome).to.equal("aborted");
    expect(told.why).to.match(/^endpoint far\/e is down: status 503/);
    expect(await overrides(daemon)).to.equal("[]");
    await until("the drained pool", async () => (await answer(daemon)) === NEAR);
    expect(await metric(daemon, 'fairlead_drills_total{outcome="aborted"}')).to.equal("1");
  });

  it("ends when a metric that was named goes bad", async () => {
    const daemon = await start();
    const id = await drill(daemon, { abortWhen: ['fairlead_pool_up{pool="other"} < 1'] });
    other.healthy = false;
    const told = await verdict(daemon, id);
    expect(told).to.deep.include({
      outcome: "aborted",
      why: 'fairlead_pool_up{pool="other"} < 1: {pool="other"} is 0',
    });
  });

  it("ends when somebody clears its override", async () => {
    const daemon = await start();
    const id = await drill(daemon);
    await ask(daemon, "/api/v1/overrides?ref=near", { method: "DELETE" });
    const told = await verdict(daemon, id);
    expect(told.why).to.equal("its override of near is gone: somebody cleared or replaced it");
  });

  it("ends when another override puts back what it took, instead of passing without having taken it", async () => {
    const daemon = await start();
    const id = await drill(daemon);
    const body = JSON.stringify({ ref: "near/e", state: "up", for: "1h", reason: "we need it" });
    await ask(daemon, "/api/v1/overrides", { method: "POST", body });
    const told = await verdict(daemon, id);
    expect([told.outcome, told.why]).to.deep.equal([
      "aborted",
      "another override has the last word: near/e is not forced drain any more",
    ]);
    expect(await overrides(daemon)).to.match(/^\[\{[^}]*"ref":"near\/e","state":"up"[^}]*\}\]$/);
  });

  it("is ended by whoever asks, once, with the drain lifted when he is answered", async () => {
    const daemon = await start();
    const id = await drill(daemon);
    expect(await refusalOf(daemon)).to.match(/^409 Cannot begin the drill: another drill is running/);
    const ended = await ask(daemon, `/api/v1/drills/${id}`, { method: "DELETE" });
    expect(drillSchema.parse(JSON.parse(ended.text))).to.include({
      outcome: "aborted",
      why: "asked to by 127.0.0.1",
    });
    expect(await overrides(daemon)).to.equal("[]");
    await until("the drained pool", async () => (await answer(daemon)) === NEAR);
    const again = await ask(daemon, `/api/v1/drills/${id}`, { method: "DELETE" });
    expect([again.status, again.text]).to.deep.equal([409, `{"error":"drill '${id}' has ended"}`]);
    expect((await ask(daemon, "/api/v1/drills/x", { method: "DELETE" })).status).to.equal(404);
  });

  it("does not begin where something speaks against it, and tries nothing when it only looks", async () => {
    far.healthy = false;
    const daemon = await start();
    expect(await refusalOf(daemon)).to.equal(
      "409 Cannot begin the drill: it would leave www.example.com. A nothing that is up",
    );
    expect(await refusalOf(daemon, { drain: ["neer"] })).to.equal(
      "404 no endpoint matches 'neer'; did you mean 'near'?",
    );
    expect(await refusalOf(daemon, { abortWhen: ["policy:api"] })).to.equal("404 no policy matches 'api'");
    const looked = await post(daemon, { dryRun: true });
    expect([looked.status, looked.body]).to.deep.include(200);
    expect(looked.body).to.deep.include({ ready: false, policiesTouched: 1 });
    expect(await overrides(daemon)).to.equal("[]");
    expect((await ask(daemon, "/api/v1/drills")).text).to.equal("[]");
    expect(await metric(daemon, 'fairlead_drills_total{outcome="refused"}')).to.equal("1");
    const events = (await ask(daemon, "/api/v1/events?kind=drill")).text;
    expect(events).to.match(
      /^\[\{[^}]*"to":"refused"[^}]*"refused":"Cannot begin the drill: it would leave[^}]*\}\]$/,
    );
  });

  it("goes on where it was forced, until it gets worse than was foreseen", async () => {
    far.healthy = false;
    const daemon = await start();
    const { status, body } = await post(daemon, { force: true });
    expect(status).to.equal(201);
    const { id } = drillSchema.parse(body);
    // Longer than a look takes, and however slow: the drained pool fails as well, which nobody foresaw.
    near.healthy = false;
    const told = await verdict(daemon, id);
    expect(told.why).to.match(/^www\.example\.com\. answers from rung 4/);
  });

  it("ends with its node, and is kept", async () => {
    const first = await start();
    const id = await drill(first);
    await first.stop();
    const kept = readFileSync(join(home, "state", "drills.json"), "utf8");
    expect(kept).to.match(/"outcome":"aborted","why":"the node is stopping"/);
    const second = await start();
    expect(await read(second, id)).to.include({ outcome: "aborted", why: "the node is stopping" });
    expect(await overrides(second)).to.equal("[]");
    expect(await answer(second)).to.equal(NEAR);
  });
});
