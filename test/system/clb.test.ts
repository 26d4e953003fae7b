/**
 * A load balancer that moves between its zones by itself, and `grace`: a zone failure does not move the region, a region
 * failure does. nginx is the balancer: it sends every request to its primary zone, and after so many that failed there to its
 * secondary one. So what it takes to move is counted in probes and not in seconds, and nothing here hangs on how fast the
 * machine is: what is asserted is what follows from the times that the node's own events tell.
 *
 *     zone failure     down after `fall` probes, moved after MOVES_AFTER, up after `rise` more; grace is longer than all that
 *     region failure   down after `fall` probes, withdrawn when grace is over
 */

import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { needPeers } from "../peers.ts";
import { dig } from "../support/peers/dig.ts";
import { type Fairlead, startFairlead } from "../support/peers/fairlead.ts";
import { freePort } from "../support/peers/network.ts";
import { type Nginx, startBackend, startServers } from "../support/peers/nginx.ts";
import { eventually } from "../support/peers/program.ts";
import { type Server, startResolver } from "../support/peers/resolution.ts";
import { fetchEvents, type SeenEvent } from "./faults/table.ts";

const ORIGIN = "clb.test";
const REGION = "127.0.61.1";
const PRIMARY = "127.0.61.11";
const SECONDARY = "127.0.61.12";
const OTHER_REGION = "192.0.2.80";

/** Thirty-five seconds, and thirty for the move, made shorter. */
const GRACE_MS = 9_000;
const EVERY_MS = 500;
const TIMEOUT_MS = 450;
const FALL = 2;
const RISE = 2;
/** Failed requests after which the balancer moves, and not before. */
const MOVES_AFTER = 6;
const MAX_TTL_SECONDS = 300;
const MIN_TTL_SECONDS = 1;
/** What a busy machine may add. */
const MACHINE_MS = 15_000;
const PATIENCE_MS = 60_000;

function zone(port: number): string {
  return `$TTL 60
@    SOA  ns1 hostmaster 1 1h 10m 2w 1
@    NS   ns1
ns1  A    127.0.0.1
$MONITOR clb http port=${port} every=${EVERY_MS}ms timeout=${TIMEOUT_MS}ms fall=${FALL} rise=${RISE}
$POOL region monitor=clb grace=${GRACE_MS}ms
    e  ${REGION}
$POOL other monitor=none
    e  ${OTHER_REGION}
www ${MAX_TTL_SECONDS}/${MIN_TTL_SECONDS} POLICY failover ( region other )
`;
}

/** The balancer: what fails counts against the primary zone, and is not tried again at the other one. */
function balancer(port: number, backendPort: number): string {
  return `upstream zones {
      server ${PRIMARY}:${backendPort} max_fails=${MOVES_AFTER} fail_timeout=600s;
      server ${SECONDARY}:${backendPort} backup;
    }
    server { listen ${REGION}:${port}; location / { proxy_pass http://zones; proxy_next_upstream off; } }`;
}

describe("a load balancer that moves between its zones, with grace", function () {
  this.timeout(180_000);
  const running: { [name: string]: Nginx } = {};
  let fairlead: Fairlead;
  let resolver: Server;

  before(async function () {
    needPeers.call(this, "nginx", "unbound", "dig");
    const [port, backendPort] = [await freePort(REGION), await freePort(PRIMARY)];
    running["primary"] = await startBackend("primary", { address: PRIMARY, port: backendPort });
    running["secondary"] = await startBackend("secondary", { address: SECONDARY, port: backendPort });
    const at = { address: REGION, port };
    running["balancer"] = await startServers(at, balancer(port, backendPort));
    fairlead = await startFairlead({ zones: { [`${ORIGIN}.zone`]: zone(port) } });
    resolver = await startResolver(ORIGIN, fairlead.dns.address, fairlead.dns.port);
    await eventually(async () => ((await poolUp()) === 1 ? true : undefined), PATIENCE_MS, log);
  });

  after(async () => {
    await resolver?.stop();
    await fairlead?.stop();
    for (const each of Object.values(running)) await each.stop();
  });

  const log = (): string => fairlead.program.output().slice(-3000);
  const poolUp = () => fairlead.metric('fairlead_pool_up{pool="region"}');
  const kill = async (name: string): Promise<number> => {
    const atMs = Date.now();
    await running[name]?.program.end("SIGKILL");
    return atMs;
  };
  const answerOf = async (server: { readonly address: string; readonly port: number }) =>
    (await dig(server, `www.${ORIGIN}`, "A")).answer[0];
  const eventsSince = async (ref: string, sinceMs: number): Promise<SeenEvent[]> =>
    (await fetchEvents(fairlead, ref)).filter(({ atMs }) => atMs >= sinceMs);
  const eventTo = (ref: string, to: string, sinceMs: number): Promise<SeenEvent> =>
    eventually(
      async () => (await eventsSince(ref, sinceMs)).find((event) => event.to === to),
      PATIENCE_MS,
      log,
    );

  it("stays with the region while the balancer moves, though its probes failed for a while", async () => {
    const killedAtMs = await kill("primary");
    const down = await eventTo("region/e", "down", killedAtMs);
    expect(down.reason).to.equal("status 502, expected 200–299");
    // Asked all the time until it is up again; the short TTL is out, in case it is not.
    const seen = new Set<string>();
    const up = await eventually(
      async () => {
        const answer = await answerOf(fairlead.dns);
        if (answer !== undefined) seen.add(`${answer.rdata} ${answer.ttlSeconds}`);
        return (await eventsSince("region/e", down.atMs)).find(({ to }) => to === "up");
      },
      PATIENCE_MS,
      log,
    );
    // The first probe that failed was before it was down, by `fall` less one, and after the primary zone had died.
    if (up.atMs - killedAtMs >= GRACE_MS) {
      process.stdout.write("    this machine took longer for the move than grace lasts\n");
      return;
    }
    expect([...seen].filter((answer) => !answer.startsWith(`${REGION} `))).to.deep.equal([]);
    expect([...seen]).to.include(`${REGION} ${MIN_TTL_SECONDS}`);
    expect(await eventsSince("region", killedAtMs)).to.deep.equal([]);
    // It is served by the secondary zone now, and at rest again.
    await eventually(
      async () => ((await answerOf(fairlead.dns))?.ttlSeconds === MAX_TTL_SECONDS ? true : undefined),
      PATIENCE_MS,
      log,
    );
  });

  it("withdraws a region that is gone, when grace is over and not before, and its clients hold the short TTL then", async () => {
    await eventually(async () => ((await poolUp()) === 1 ? true : undefined), PATIENCE_MS, log);
    const killedAtMs = await kill("balancer");
    const down = await eventTo("region/e", "down", killedAtMs);
    await eventually(
      async () => {
        const held = await answerOf(resolver);
        return held !== undefined && held.ttlSeconds <= MIN_TTL_SECONDS ? true : undefined;
      },
      PATIENCE_MS,
      log,
    );
    const withdrawn = await eventTo("region", "down", killedAtMs);
    // Grace counts from the first failed probe, which was before this and after the balancer had died.
    expect(withdrawn.atMs).to.be.at.least(killedAtMs + GRACE_MS);
    expect(withdrawn.atMs - killedAtMs).to.be.at.most(GRACE_MS + EVERY_MS + TIMEOUT_MS + MACHINE_MS);
    expect(withdrawn.atMs).to.be.at.least(down.atMs);
    // Within the short TTL, and not the long one: PATIENCE_MS is far less than that.
    expect(PATIENCE_MS).to.be.lessThan(MAX_TTL_SECONDS * 1_000);
    await eventually(
      async () => ((await answerOf(resolver))?.rdata === OTHER_REGION ? true : undefined),
      PATIENCE_MS,
      log,
    );
    expect(await poolUp()).to.equal(0);
  });
});
