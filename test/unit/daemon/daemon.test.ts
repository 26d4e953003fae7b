import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { z } from "zod";
import { askServer } from "../../../src/cli/dns-client.ts";
import type { ServeOptions } from "../../../src/config/options.ts";
import { type Daemon, type DaemonParts, type StartResult, startDaemon } from "../../../src/daemon/daemon.ts";
import { nameOf } from "../../../src/dns/name.ts";
import { TYPE } from "../../../src/dns/types.ts";
import {
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
import { LOOPBACK_NETWORK, writeMmdb } from "../../support/mmdb.ts";
import { ZONE_HEAD } from "./loaded-zones.ts";
import { useTemporaryFolders } from "./temporary-folder.ts";

describe("startDaemon()", function () {
  this.timeout(3 * PATIENCE_MS);
  const folder = useTemporaryFolders();
  let home: string;
  let near: Region;
  let far: Region;
  let daemons: Daemon[];
  let logged: string[];

  beforeEach(async () => {
    home = folder();
    [near, far] = await Promise.all([startRegion(), startRegion()]);
    daemons = [];
    logged = [];
  });
  afterEach(async () => {
    await Promise.all(daemons.map((daemon) => daemon.stop()));
    endRegions(near, far);
  });

  const zoneText = (more = ""): string => twoRegions(near, far) + more;
  const zoneFile = (): string => join(home, "example.com.zone");
  const writeZone = (text: string): void => writeFileSync(zoneFile(), text);

  const parts = (changes: Partial<ServeOptions> = {}): DaemonParts => partsOf(home, changes, logged);

  async function start(changes: Partial<ServeOptions> = {}): Promise<Daemon> {
    const result = await startDaemon(parts(changes));
    if (!result.ok) throw new Error(result.message);
    daemons.push(result.daemon);
    return result.daemon;
  }

  const observedOf = async (daemon: Daemon, endpoint: string): Promise<string | undefined> => {
    const text = await get(daemon, "/metrics");
    return new RegExp(`^fairlead_endpoint_observed_up\\{.*endpoint="${endpoint}"\\} (.*)$`, "m").exec(
      text,
    )?.[1];
  };

  const failure = async (starting: Promise<StartResult>): Promise<string> => {
    const result = await starting;
    if (result.ok) daemons.push(result.daemon);
    return result.ok ? "it started" : result.message;
  };

  it("serves after one round of probes, from what they found", async () => {
    writeZone(zoneText());
    near.healthy = false;
    const daemon = await start();
    expect(await ask(daemon)).to.equal("198.51.100.1");
    expect(await get(daemon, "/readyz")).to.match(/^200 /);
    expect(await get(daemon, "/metrics")).to.match(/^fairlead_zone_load_success 1$/m);
  });

  it("moves the answer when a region dies and back when it has recovered, and logs both", async () => {
    writeZone(zoneText());
    const daemon = await start();
    expect(await ask(daemon)).to.equal("192.0.2.1");
    near.healthy = false;
    await until("the other region", async () => (await ask(daemon)) === "198.51.100.1");
    near.healthy = true;
    await until("the first region again", async () => (await ask(daemon)) === "192.0.2.1");
    const events = logged.filter(
      (line) => line.includes('"event":"endpoint"') && line.includes('"ref":"near/n"'),
    );
    expect(events.filter((line) => line.includes('"to":"down"'))).to.have.length(1);
    expect(events.filter((line) => line.includes('"to":"up"'))).to.have.length(2);
  });

  it("keeps a record of what happened, over a restart too", async () => {
    writeZone(zoneText());
    const first = await start();
    near.healthy = false;
    await until("the other region", async () => (await ask(first)) === "198.51.100.1");
    writeZone(`${zoneText()}www POLICY nonsense ( near )\n`);
    await first.reload();
    await first.stop();
    const second = await start();
    const told = async (kinds: string): Promise<string[]> => {
      const reply = await get(second, `/api/v1/events?kind=${kinds}`);
      return z
        .array(z.looseObject({ id: z.number(), kind: z.string(), ref: z.string(), to: z.string() }))
        .parse(JSON.parse(reply.slice("200 ".length)))
        .map(({ kind, ref, to }) => `${kind} ${ref} ${to}`);
    };
    // The reload that was asked for and the start; one by the watched file may have come between them.
    expect(await told("reload")).to.have.length.of.at.least(2);
    expect(new Set(await told("reload"))).to.deep.equal(new Set(["reload test-node refused"]));
    expect(await told("endpoint,pool,node")).to.deep.equal([
      "endpoint near/n up",
      "endpoint far/f up",
      "node test-node serving",
      "endpoint near/n down",
      "pool near down",
      "node test-node stopping",
      "pool near down",
      "node test-node serving",
    ]);
  });

  it("goes on over a restart from what it knew: one failed probe is no outage, and one that passes no recovery", async () => {
    // So many that they take seconds: what is looked at after the start comes before the last of them.
    writeZone(zoneText().replace("fall=5 rise=3", "fall=20 rise=20"));
    near.healthy = false;
    const first = await start();
    expect(await ask(first)).to.equal("198.51.100.1");
    await first.stop();
    near.healthy = true;
    far.healthy = false;
    const second = await start();
    // Neither has had enough probes to be another one.
    expect(await ask(second)).to.equal("198.51.100.1");
    expect(await observedOf(second, "n")).to.equal("0");
    expect(await observedOf(second, "f")).to.equal("1");
    await until("the region that has recovered", async () => (await ask(second)) === "192.0.2.1");
  });

  it("gives a pool grace, and keeps one that has recovered back, over a restart as well", async () => {
    const text = zoneText()
      .replace("$POOL near monitor=m", "$POOL near monitor=m grace=1500ms failback=manual")
      .replace("every=200ms timeout=190ms", "every=100ms timeout=95ms");
    writeZone(text);
    const first = await start();
    const failedAt = performance.now();
    near.healthy = false;
    await until("the endpoint down", async () => (await observedOf(first, "n")) === "0");
    if (performance.now() - failedAt < 1_000) expect(await ask(first), "in grace").to.equal("192.0.2.1");
    await until("the other region", async () => (await ask(first)) === "198.51.100.1");
    // The first failed probe came after the fault, so grace cannot have been shorter.
    expect(performance.now() - failedAt).to.be.at.least(1_400);
    near.healthy = true;
    await until("the endpoint up", async () => (await observedOf(first, "n")) === "1");
    expect(await ask(first)).to.equal("198.51.100.1");
    await first.stop();
    const second = await start();
    expect(await ask(second)).to.equal("198.51.100.1");
    far.healthy = false;
    await until(
      "the pool that is held back, as nothing else is up",
      async () => (await ask(second)) === "192.0.2.1",
    );
  });

  it("fails open when everything is down, and says so", async () => {
    writeZone(zoneText());
    near.healthy = false;
    far.healthy = false;
    const daemon = await start();
    expect(await ask(daemon)).to.equal("192.0.2.1");
    expect(logged.some((line) => line.includes("policy is failing open"))).to.equal(true);
    expect(await get(daemon, "/api/v1/explain?name=www.example.com&type=A")).to.include('"rung":4');
    expect(await get(daemon, "/metrics")).to.match(
      /^fairlead_policy_last_resorts_total\{policy="www\.example\.com\.",rung="4"\} 1$/m,
    );
  });

  it("reloads: what is new is served, and health stays", async () => {
    writeZone(zoneText());
    near.healthy = false;
    const daemon = await start();
    writeZone(zoneText("new 60 TXT x\n"));
    const outcome = await daemon.reload();
    expect(outcome.ok).to.equal(true);
    expect(await ask(daemon, "new.example.com.", TYPE.TXT)).to.equal('"x"');
    expect(await ask(daemon)).to.equal("198.51.100.1");
    expect(await observedOf(daemon, "n")).to.equal("0");
    expect(await observedOf(daemon, "f")).to.equal("1");
  });

  it("sees a changed file by itself, and a new one", async () => {
    writeZone(zoneText());
    const daemon = await start();
    writeZone(zoneText("new 60 TXT x\n"));
    await until("the changed file", async () => (await ask(daemon, "new.example.com.", TYPE.TXT)) === '"x"');
    writeFileSync(join(home, "example.net.zone"), `${ZONE_HEAD}t 60 TXT y\n`);
    await until("the new file", async () => (await ask(daemon, "t.example.net.", TYPE.TXT)) === '"y"');
  });

  it("answers by where clients are, and exchanges the geo database while it runs", async () => {
    const file = join(home, "geo.mmdb");
    const writeGeo = (country: string): void =>
      writeFileSync(file, writeMmdb([{ network: LOOPBACK_NETWORK, record: { country_code: country } }]));
    const geo = "geo 5 POLICY geo ( country:JP=near *=far )\n";
    writeZone(zoneText(`${geo}$EXPECT geo A from 127.0.0.1 is near\n`));
    writeGeo("JP");
    const daemon = await start({ geoip: file });
    expect(await ask(daemon, "geo.example.com.")).to.equal("192.0.2.1");
    writeGeo("DE");
    await until("the other country", async () => (await ask(daemon, "geo.example.com.")) === "198.51.100.1");
  });

  const faulty: [string, () => string, RegExp][] = [
    ["a syntax error", () => zoneText("bad A 1.2.3\n"), /1\.2\.3/],
    ["a failed expectation", () => zoneText("$EXPECT www A is far\n"), /\$EXPECT www A is far/],
  ];
  for (const [what, text, message] of faulty) {
    it(`keeps the running set on ${what}`, async () => {
      writeZone(zoneText());
      const daemon = await start();
      writeZone(text());
      const outcome = await daemon.reload();
      expect(outcome.ok).to.equal(false);
      expect(outcome.diagnostics.find(({ severity }) => severity === "error")?.message).to.match(message);
      expect(await ask(daemon)).to.equal("192.0.2.1");
      expect(await get(daemon, "/metrics")).to.match(/^fairlead_zone_load_success 0$/m);
      writeZone(zoneText());
      expect((await daemon.reload()).ok).to.equal(true);
      expect(await get(daemon, "/metrics")).to.match(/^fairlead_zone_load_success 1$/m);
    });
  }

  it("serves the last accepted set when it is started on faulty files, and without one does not start", async () => {
    writeZone("garbage");
    expect(await failure(startDaemon(parts()))).to.match(
      /^\d+ errors? in the zones, and .* holds no accepted set to serve$/,
    );
    expect(readdirSync(join(home, "state"))).to.deep.equal([]);
    writeZone(zoneText());
    await (await start()).stop();
    writeZone("garbage");
    const daemon = await start();
    expect(await ask(daemon)).to.equal("192.0.2.1");
    expect(await get(daemon, "/metrics")).to.match(/^fairlead_zone_load_success 0$/m);
    writeZone(zoneText("new 60 TXT x\n"));
    expect((await daemon.reload()).ok).to.equal(true);
    expect(await get(daemon, "/metrics")).to.match(/^fairlead_zone_load_success 1$/m);
  });

  it("stops: never ready again, what was asked is answered, and everything is given back", async () => {
    writeZone(zoneText());
    const daemon = await start();
    const asked = ask(daemon);
    await setTimeout(1);
    const startedMs = performance.now();
    const stopped = daemon.stop();
    const readiness = await get(daemon, "/readyz").catch(() => "gone");
    await stopped;
    expect(performance.now() - startedMs).to.be.below(PATIENCE_MS);
    expect(readiness).to.match(/^503 .*stopping|^gone$/);
    expect(await asked).to.equal("192.0.2.1");
    const kept = readdirSync(join(home, "state")).map((name) => name.replace(/[0-9]{13}/, "ID"));
    expect(kept).to.deep.equal(["accepted-1.zones", "availability.jsonl", "events-ID.jsonl", "health.json"]);
    await start({ listen: daemon.listen, admin: daemon.admin });
  });

  it("answers on every address of the machine where it listens on all, over one port", async () => {
    writeZone(zoneText());
    const daemon = await start({ listen: [{ address: "0.0.0.0", port: 0 }] });
    const server = { address: "127.0.0.1", port: daemon.listen[0]?.port ?? 0 };
    for (const overTcp of [false, true]) {
      const question = { name: nameOf("www.example.com."), type: TYPE.A };
      const outcome = await askServer(server, question, { overTcp, deadlineMs: 3000 });
      expect(outcome.ok && outcome.reply.message.answers.length, `over TCP: ${overTcp}`).to.equal(1);
    }
  });

  it("says in one line why it cannot start, and gives everything back", async () => {
    writeZone(zoneText());
    const daemon = await start();
    const other = join(home, "other");
    const [listen] = daemon.listen;
    expect(await failure(startDaemon(parts()))).to.equal(
      `Cannot start: state folder ${join(home, "state")} is in use by process ${process.pid}`,
    );
    expect(await failure(startDaemon(parts({ state: other, listen: daemon.listen })))).to.equal(
      `Cannot listen on 127.0.0.1:${listen?.port}: another process listens there`,
    );
    expect(await failure(startDaemon(parts({ state: other, admin: daemon.admin })))).to.equal(
      `Cannot open the admin address 127.0.0.1:${daemon.admin.port}: another process listens there`,
    );
    expect(await failure(startDaemon(parts({ state: join(zoneFile(), "state") })))).to.match(
      /^Cannot use the state folder: .*: not a directory$/,
    );
    const tuned = parts({ state: other, cpuAffinity: [1_023], busyPollUs: 50 });
    expect(await failure(startDaemon(tuned))).to.match(
      /^Cannot pin workers to cores 1023 and busy-poll for 50 µs: ./,
    );
    expect(readdirSync(other)).to.deep.equal(["accepted-1.zones"]);
  });
});
