/** A dry run in a node that runs: evaluated as health changes, published, counted, and never served. */

import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { pino } from "pino";
import { askServer } from "../../../src/cli/dns-client.ts";
import { resolveConfig } from "../../../src/config/resolve.ts";
import { type Daemon, startDaemon } from "../../../src/daemon/daemon.ts";
import { nameOf } from "../../../src/dns/name.ts";
import { formatRdata } from "../../../src/dns/rdata.ts";
import { TYPE } from "../../../src/dns/types.ts";
import { ZONE_HEAD } from "./loaded-zones.ts";
import { useTemporaryFolders } from "./temporary-folder.ts";

const PATIENCE_MS = 20_000;

describe("a node with dry runs", function () {
  this.timeout(2 * PATIENCE_MS);
  const folder = useTemporaryFolders();
  let region: Server;
  let regionStatus: number;
  let daemon: Daemon;

  const zoneText = (port: number): string => `${ZONE_HEAD}
$MONITOR m http every=200ms timeout=190ms fall=5 rise=3
$POOL near monitor=none
  n 192.0.2.1
$POOL far monitor=m
  f 198.51.100.1 probe=127.0.0.1:${port}
www  5 POLICY failover ( near far )
www 60 POLICY failover ( far near ) dry-run
old 60 A 192.0.2.9
old 60 POLICY far when-down=servfail dry-run
`;

  beforeEach(async () => {
    regionStatus = 200;
    region = createServer((_request, response) => response.writeHead(regionStatus).end());
    region.listen(0, "127.0.0.1");
    await once(region, "listening");
    const address = region.address();
    const home = folder();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    writeFileSync(join(home, "example.com.zone"), zoneText(port));
    const flags = {
      zones: [home],
      listen: ["127.0.0.1:0"],
      admin: "127.0.0.1:0",
      workers: "1",
      state: join(home, "state"),
    };
    const resolved = resolveConfig({ file: undefined, environment: {}, flags, hostName: "node", cores: 1 });
    if (!resolved.ok) throw new Error(resolved.faults.map(({ message }) => message).join("; "));
    const started = await startDaemon({
      options: resolved.options,
      log: pino({ level: "silent" }),
      clock: { now: Date.now, monotonic: () => performance.now() },
      random: Math.random,
      serviceManager: { tell: () => Promise.resolve() },
      adminToken: undefined,
    });
    if (!started.ok) throw new Error(started.message);
    daemon = started.daemon;
  });
  afterEach(async () => {
    await daemon?.stop();
    region.closeAllConnections();
    region.close();
  });

  async function ask(owner: string): Promise<string> {
    const [server] = daemon.listen;
    if (server === undefined) throw new Error("it does not listen");
    const question = { name: nameOf(`${owner}.example.com.`), type: TYPE.A };
    const outcome = await askServer(server, question, { overTcp: false, deadlineMs: PATIENCE_MS });
    if (!outcome.ok) return outcome.message;
    return outcome.reply.message.answers.map(({ type, rdata }) => formatRdata(type, rdata)).join(" ");
  }

  async function get(path: string): Promise<string> {
    return (await fetch(`http://127.0.0.1:${daemon.admin.port}${path}`)).text();
  }

  const share = (owner: string, pool: string, mode: string): string =>
    `\nfairlead_policy_share{policy="${owner}.example.com.",pool="${pool}",mode="${mode}"} `;
  const counted = (owner: string): string =>
    `\nfairlead_dry_run_answers_total{policy="${owner}.example.com.",pool="far",endpoint="f"} `;

  it("answers as if there were none, and counts what they would have answered", async () => {
    expect([await ask("www"), await ask("www"), await ask("old")]).to.deep.equal([
      "192.0.2.1",
      "192.0.2.1",
      "192.0.2.9",
    ]);
    const metrics = await get("/metrics");
    expect(metrics).to.include(`${counted("www")}2\n`);
    expect(metrics).to.include(`${counted("old")}1\n`);
    expect(metrics).to.not.include('fairlead_answers_total{policy="old');
    expect(await get("/api/v1/explain?name=www.example.com&mode=dry-run")).to.match(
      /"pool":"far"[^]*"dryRun":true/,
    );
  });

  it("evaluates them when health changes, and never says that one is failing", async () => {
    expect(await get("/metrics")).to.include(`${share("www", "far", "dry-run")}1\n`);
    regionStatus = 503;
    const endsAt = performance.now() + PATIENCE_MS;
    while (!(await get("/metrics")).includes(`${share("www", "near", "dry-run")}1\n`)) {
      if (performance.now() > endsAt) throw new Error("the dry run never moved");
      await setTimeout(50);
    }
    const metrics = await get("/metrics");
    expect(metrics).to.include(`${share("www", "near", "serving")}1\n`);
    expect(metrics).to.include('\nfairlead_policy_rung{policy="www.example.com."} 1\n');
    expect(metrics).to.not.match(/^fairlead_policy_(?:rung|failing_open|rto_seconds)\{policy="old/m);
    expect(await get("/api/v1/events?kind=policy")).to.not.include("old.example.com.");
    expect([await ask("www"), await ask("old")]).to.deep.equal(["192.0.2.1", "192.0.2.9"]);
  });
});
