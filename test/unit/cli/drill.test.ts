/** Drills as operators run them: the command against a node that serves, is killed, and starts again. */

import { type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect } from "chai";
import { afterEach, describe, it } from "mocha";
import { askServer } from "../../../src/cli/dns-client.ts";
import { nameOf } from "../../../src/dns/name.ts";
import { formatRdata } from "../../../src/dns/rdata.ts";
import { TYPE } from "../../../src/dns/types.ts";
import { ZONE_HEAD } from "../daemon/loaded-zones.ts";
import { useTemporaryFolders } from "../daemon/temporary-folder.ts";
import { kill, run, start } from "./fairlead.ts";
import { type Node, useNodes } from "./nodes.ts";

const ZONE = `${ZONE_HEAD}$POOL near monitor=none capacity=100
  n 192.0.2.1
$POOL far monitor=none capacity=100
  f 198.51.100.1
www 2 POLICY failover ( near far ) demand=80
`;
const NEAR = "192.0.2.1";
const FAR = "198.51.100.1";
const REASON = ["--reason", "game day", "--owner", "ann@desk"];

describe("fairlead drill", function () {
  this.timeout(180_000);
  const folder = useTemporaryFolders();
  const serve = useNodes();
  const followers: ChildProcess[] = [];
  afterEach(() => Promise.all(followers.splice(0).map(kill)));

  function makeZones(text = ZONE): string {
    const dir = folder();
    mkdirSync(join(dir, "zones"));
    writeFileSync(join(dir, "zones", "example.com.zone"), text);
    return dir;
  }

  const drill = (node: Node, ...words: readonly string[]) => run(["drill", ...words, "--server", node.admin]);
  const answer = async ({ listen }: Node): Promise<string> => {
    const [address = "", port] = listen.split(":");
    const question = { name: nameOf("www.example.com."), type: TYPE.A };
    const server = { address, port: Number(port) };
    const outcome = await askServer(server, question, { overTcp: false, deadlineMs: 10_000 });
    if (!outcome.ok) return outcome.message;
    return outcome.reply.message.answers.map((record) => formatRdata(record.type, record.rdata)).join(" ");
  };
  const get = async ({ admin }: Node, path: string): Promise<string> => (await fetch(admin + path)).text();

  /** Begins one, and returns once the command says that it runs. */
  async function follow(node: Node, ...words: readonly string[]) {
    const args = ["drill", "--drain", "near", "--for", "10m", ...REASON, ...words, "--server", node.admin];
    const child = start(args, {}, "pipe");
    followers.push(child);
    if (child.stdout === null) throw new Error("it says nothing");
    const lines: string[] = [];
    const reading = createInterface({ input: child.stdout });
    const ended = once(reading, "close");
    const runs = new Promise<string>((resolve) => {
      reading.on("line", (line) => {
        lines.push(line);
        const [, id] = /^drill (\S+) runs until /.exec(line) ?? [];
        if (id !== undefined) resolve(id);
      });
    });
    const exits = once(child, "exit");
    const id = await Promise.race([
      runs,
      exits.then(() => Promise.reject(new Error(`it ended: ${lines.join("\n")}`))),
    ]);
    return { child, id, lines, end: () => Promise.all([exits, ended]) };
  }

  it("prints what would be, what happens and the verdict, and keeps it", async () => {
    const node = await serve(makeZones());
    const looked = await drill(node, "--drain", "near", "--for", "10m", ...REASON, "--dry-run");
    expect([looked.status, looked.err]).to.deep.equal([0, ""]);
    expect(looked.out).to.equal(
      `answered by 1 policies, kept by resolvers for up to 2 s
load of near: 80 → 0 of 100
load of far: 0 → 80 of 100
  before    during  pool  policy
100.00 %    0.00 %  near  www.example.com.
  0.00 %  100.00 %  far   www.example.com.
nothing speaks against it
`,
    );
    const done = await drill(node, "--drain", "near", "--for", "3s", ...REASON);
    expect([done.status, done.err]).to.deep.equal([0, ""]);
    const [, id = ""] = /^drill (\S+) runs until \S+: near \(drain\)$/m.exec(done.out) ?? [];
    expect(done.out).to.match(/^ {2}20\S+Z {2}forced {2}near\/n {2}drain {2}observed up/m);
    expect(done.out).to.include(`drill ${id} passed: it ran its time, and nothing went bad\n`);
    expect(done.out).to.match(/^took away: near \(drain\); ann@desk: game day$/m);
    expect(done.out).to.match(/^100\.00 % {4}0\.00 % {2}100\.00 % {2}near {2}www\.example\.com\.$/m);
    expect(done.out).to.match(/^near drained: it was not answered at all$/m);
    const shown = await drill(node, "show", id);
    expect(done.out.endsWith(shown.out)).to.equal(true);
    const list = await drill(node, "list");
    expect(list.out).to.match(
      new RegExp(`^${id} {2}passed {2}20\\S+Z {2}near \\(drain\\) {2}ann@desk {2}it ran`),
    );
    expect((await run(["events", "--kind", "drill", "--server", node.admin])).out).to.match(
      /near {2}running {2,}game day \(ann@desk\)\n.*near {2}running → passed {2}it ran its time/,
    );
  });

  it("is refused, in words, where it would do harm", async () => {
    const node = await serve(makeZones(ZONE.replace("demand=80", "demand=120")));
    const refused = await drill(node, "--drain", "near", "--for", "10m", ...REASON);
    expect(refused.status).to.equal(1);
    expect(refused.err).to.equal(
      "fairlead: Cannot begin the drill: pool far gets 120 of its capacity of 100\n",
    );
    expect(refused.out).to.match(/^load of far: 0 → 120 of 100$/m);
    expect(refused.out).to.match(/^objection: pool far gets 120 of its capacity of 100$/m);
    const forced = await drill(node, "--drain", "near", "--for", "1s", ...REASON, "--force", "--json");
    expect(forced.status).to.equal(0);
    expect(JSON.parse(forced.out)).to.include({ outcome: "passed", force: true });
    expect(await answer(node)).to.equal(NEAR);
  });

  it("ends when it is interrupted, with the drain lifted and the verdict printed", async () => {
    const node = await serve(makeZones());
    const { child, lines, id, end } = await follow(node);
    expect(await answer(node)).to.equal(FAR);
    child.kill("SIGINT");
    const [[status]] = await end();
    expect(status).to.equal(1);
    expect(lines.join("\n")).to.match(new RegExp(`^drill ${id} aborted: asked to by \\S+@\\S+$`, "m"));
    expect(await get(node, "/api/v1/overrides")).to.equal("[]");
    expect(await answer(node)).to.equal(NEAR);
    const again = await drill(node, "abort", id);
    expect([again.status, again.err]).to.deep.equal([1, `fairlead: drill '${id}' has ended\n`]);
  });

  it("goes on without the command, is lifted when its node was killed, and is reported", async () => {
    const dir = makeZones();
    const first = await serve(dir);
    const { child, id, end } = await follow(first);
    child.kill("SIGKILL");
    await end();
    expect(await get(first, `/api/v1/drills/${id}`)).to.match(/"outcome":"running"/);
    expect(await answer(first)).to.equal(FAR);
    await first.kill();
    const second = await serve(dir);
    expect(await answer(second)).to.equal(NEAR);
    expect(await get(second, "/api/v1/overrides")).to.equal("[]");
    expect(JSON.parse(await get(second, `/api/v1/drills/${id}`))).to.include({
      outcome: "aborted",
      why: "the node restarted",
      answers: null,
    });
    expect(await get(second, "/metrics")).to.match(/^fairlead_drills_total\{outcome="aborted"\} 1$/m);
    const events = await run(["events", "--kind", "drill,override", "--server", second.admin]);
    expect(events.out).to.match(
      /override {2}near {2}drain → none .*cleared[^]*running → aborted .*the node restarted/,
    );
    await second.kill();
    // Once: what is written down as ended is not ended again.
    const third = await serve(dir);
    expect(JSON.parse(await get(third, "/api/v1/drills"))).to.have.length(1);
    expect(await get(third, "/metrics")).to.match(/^fairlead_drills_total\{outcome="aborted"\} 0$/m);
  });

  it("takes a schedule from the configuration, and no faulty one", async () => {
    const dir = makeZones();
    const config = join(dir, "fairlead.yaml");
    const drills = (more: string): void =>
      writeFileSync(
        config,
        `drills:\n  - name: quarterly\n    drain: near\n    for: 10m\n    reason: game day\n    ${more}\n`,
      );
    drills('cron: "0 10 1 1 *"\n    tz: Europe/Berlin\n    abort-when: "pool:far"');
    const node = await serve(dir, ["--config", config]);
    expect((await drill(node, "list")).out).to.match(
      /^quarterly {2}scheduled {2}20\d\d-01-01T09:00:00\.000Z {2}near \(drain\) {2}cron="0 10 1 1 \*" tz=Europe\/Berlin {2}for=10m\n$/,
    );
    drills('cron: "0 10 1 13 *"');
    const refused = await run([
      "serve",
      join(dir, "zones"),
      "--state",
      join(dir, "other"),
      "--config",
      config,
    ]);
    expect(refused.status).to.equal(1);
    expect(refused.err).to.match(/^fairlead: drills: quarterly: 'cron': .*13/m);
  });

  const misuses: readonly (readonly [words: readonly string[], message: RegExp])[] = [
    [["--drain", "near", "--reason", "x"], /say for how long/],
    [["--drain", "near", "--for", "10m"], /say why/],
    [["show"], /missing required argument 'id'/],
  ];
  for (const [words, message] of misuses) {
    it(`calls '${words.join(" ")}' wrong usage`, async () => {
      const ended = await run(["drill", ...words]);
      expect(ended.status).to.equal(2);
      expect(ended.err).to.match(message);
    });
  }

  it("calls a condition that is none wrong usage", async () => {
    const node = await serve(makeZones());
    const ended = await drill(
      node,
      "--drain",
      "near",
      "--for",
      "1m",
      ...REASON,
      "--abort-when",
      "far is down",
    );
    expect(ended.status).to.equal(2);
    expect(ended.err).to.match(
      /^fairlead: Cannot read the drill: 'far is down' is no condition: expected endpoint:REF/,
    );
  });
});
