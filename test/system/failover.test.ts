/**
 * The main job end to end, with real parts: unbound resolves through an NSD parent that delegates to Fairlead; nginx
 * plays the regions' load balancers, Frankfurt at layer 7 and Virginia at layer 4, each in front of a primary and a
 * secondary backend. Regions are told apart by loopback address.
 */

import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { after, afterEach, before, describe, it } from "mocha";
import { needPeers } from "../peers.ts";
import { dig } from "../support/peers/dig.ts";
import { type Fairlead, startFairlead } from "../support/peers/fairlead.ts";
import { freePort } from "../support/peers/network.ts";
import {
  type Nginx,
  type SocketAddress,
  startBackend,
  startLayer4,
  startLayer7,
} from "../support/peers/nginx.ts";
import { eventually } from "../support/peers/program.ts";
import { type Server, startParent, startResolver } from "../support/peers/resolution.ts";

const PARENT_ADDRESS = "127.0.53.1";
const FAIRLEAD_ADDRESS = "127.0.53.2";
const FRANKFURT = "127.0.49.1";
const VIRGINIA = "127.0.1.1";
const NAME = "www.gtm.example.test";

const EVERY_MS = 500;
const TIMEOUT_MS = 400;
const FALL = 3;
const RISE = 4;
const TTL_SECONDS = 1;
/** CONTRACT's bound on detection, and a second for the machine. */
const WITHDRAWN_WITHIN_MS = FALL * EVERY_MS + TIMEOUT_MS + 1000;
const RETURNED_WITHIN_MS = RISE * EVERY_MS + TIMEOUT_MS + 1000;
/** Of a region that is given more time, so that what happens before it is withdrawn can be seen. */
const LATE_FALL = 12;
const LONG_TTL_SECONDS = 300;
/** What a resolver may keep, and a second because TTLs are whole seconds. */
const CACHED_MS = TTL_SECONDS * 1000 + 1000;

const PARENT_ZONE = `$ORIGIN example.test.
$TTL 60
@        SOA  ns hostmaster 1 3600 600 86400 1
@        NS   ns
ns       A    ${PARENT_ADDRESS}
gtm      NS   ns1.gtm
ns1.gtm  A    ${FAIRLEAD_ADDRESS}
`;

function zone(ports: { readonly frankfurt: number; readonly virginia: number }): string {
  const health = `every=${EVERY_MS}ms timeout=${TIMEOUT_MS}ms fall=${FALL} rise=${RISE}`;
  return `$TTL 60
@    SOA  ns1 hostmaster 1 1h 10m 2w 1
@    NS   ns1
ns1  A    ${FAIRLEAD_ADDRESS}
$MONITOR fra http port=${ports.frankfurt} path=/healthz ${health}
$MONITOR late http port=${ports.frankfurt} path=/healthz every=${EVERY_MS}ms timeout=${TIMEOUT_MS}ms fall=${LATE_FALL} rise=${RISE}
$MONITOR iad tcp  port=${ports.virginia} ${health}
$POOL frankfurt monitor=fra min-up=1
    fra-1  ${FRANKFURT}  ::1
$POOL virginia monitor=iad min-up=1
    iad-1  ${VIRGINIA}
$POOL calm monitor=late
    calm-1  ${FRANKFURT}
calm ${LONG_TTL_SECONDS}/${TTL_SECONDS} POLICY failover ( calm virginia )
www  ${TTL_SECONDS}  POLICY  failover ( frankfurt virginia )
$EXPECT www A                      is frankfurt
$EXPECT www A when frankfurt=down  is virginia
`;
}

describe("failover between regions, by nginx, NSD and unbound", () => {
  let parent: Server;
  let resolver: Server;
  let fairlead: Fairlead;
  const running: { [name: string]: Nginx } = {};
  const starts: { [name: string]: () => Promise<Nginx> } = {};

  const start = async (name: string): Promise<void> => {
    const begin = starts[name];
    if (begin === undefined) throw new Error(`nothing is called ${name}`);
    running[name] = await begin();
  };
  const kill = async (name: string): Promise<void> => {
    await running[name]?.program.end("SIGKILL");
    await running[name]?.stop();
    delete running[name];
  };

  const ask = async (server: SocketAddress, type = "A"): Promise<string | undefined> =>
    (await dig(server, NAME, type)).answer.find((record) => record.type === type)?.rdata;
  const direct = (type?: string): Promise<string | undefined> => ask(fairlead.dns, type);
  const resolved = (type?: string): Promise<string | undefined> => ask(resolver, type);
  const becomes = (
    asking: () => Promise<string | undefined>,
    address: string,
    limitMs: number,
  ): Promise<true> =>
    eventually(
      async () => ((await asking()) === address ? true : undefined),
      limitMs,
      () => `no ${address}; log: ${fairlead.program.output().slice(-2000)}`,
    );
  const metrics = async (...series: string[]): Promise<(number | undefined)[]> => {
    const values: (number | undefined)[] = [];
    for (const each of series) values.push(await fairlead.metric(each));
    return values;
  };

  before(async function () {
    needPeers.call(this, "dig", "nsd", "unbound", "nginx");
    if (process.getuid?.() !== 0) {
      if (process.env.FAIRLEAD_REQUIRE_PEERS === "1")
        throw new Error("a delegation needs port 53, and that root");
      this.skip();
    }
    const ports = {
      frankfurt: await freePort(FRANKFURT),
      virginia: await freePort(VIRGINIA),
      backend: await freePort(),
    };
    const backends = (base: string): [SocketAddress, SocketAddress] => [
      { address: `${base}.11`, port: ports.backend },
      { address: `${base}.12`, port: ports.backend },
    ];
    const [fraPrimary, fraSecondary] = backends("127.0.49");
    const [iadPrimary, iadSecondary] = backends("127.0.1");
    starts["fra-primary"] = () => startBackend("fra-primary", fraPrimary);
    starts["fra-secondary"] = () => startBackend("fra-secondary", fraSecondary);
    starts["iad-primary"] = () => startBackend("iad-primary", iadPrimary);
    starts["iad-secondary"] = () => startBackend("iad-secondary", iadSecondary);
    const frankfurt = { address: FRANKFURT, port: ports.frankfurt };
    const frankfurt6 = { address: "::1", port: ports.frankfurt };
    starts["frankfurt"] = () => startLayer7(frankfurt, fraPrimary, fraSecondary);
    starts["frankfurt6"] = () => startLayer7(frankfurt6, fraPrimary, fraSecondary);
    const virginia = { address: VIRGINIA, port: ports.virginia };
    starts["virginia"] = () => startLayer4(virginia, iadPrimary, iadSecondary);
    for (const name of Object.keys(starts)) await start(name);
    parent = await startParent("example.test", PARENT_ZONE, PARENT_ADDRESS);
    resolver = await startResolver("example.test", PARENT_ADDRESS);
    fairlead = await startFairlead({
      zones: { "gtm.example.test.zone": zone(ports) },
      flags: ["--listen", `${FAIRLEAD_ADDRESS}:53`, "--user", "nobody"],
    });
  });

  after(async () => {
    await fairlead?.stop();
    await resolver?.stop();
    await parent?.stop();
    for (const name of Object.keys(running)) await running[name]?.stop();
  });

  afterEach(() => {
    expect(fairlead.program.isRunning(), fairlead.program.output()).to.equal(true);
  });

  it("answers the primary region while all is up", async () => {
    expect(await direct()).to.equal(FRANKFURT);
    expect(await direct("AAAA")).to.equal("::1");
    expect(await resolved()).to.equal(FRANKFURT);
    expect(
      await metrics(
        'fairlead_pool_up{pool="frankfurt"}',
        'fairlead_pool_up{pool="virginia"}',
        'fairlead_policy_rung{policy="www.gtm.example.test."}',
        'fairlead_policy_failing_open{policy="www.gtm.example.test."}',
        "fairlead_zone_load_success",
      ),
    ).to.deep.equal([1, 1, 1, 0, 1]);
  });

  it("does not move for one dead backend", async () => {
    await kill("fra-primary");
    const endsAt = performance.now() + WITHDRAWN_WITHIN_MS;
    while (performance.now() < endsAt) {
      expect(await direct()).to.equal(FRANKFURT);
      await delay(100);
    }
    expect(await metrics('fairlead_endpoint_up{pool="frankfurt",endpoint="fra-1"}')).to.deep.equal([1]);
    await start("fra-primary");
  });

  it("moves when the region is gone, for resolvers within the TTL", async () => {
    await Promise.all([kill("frankfurt"), kill("frankfurt6")]);
    const goneAt = performance.now();
    await becomes(direct, VIRGINIA, WITHDRAWN_WITHIN_MS);
    const left = WITHDRAWN_WITHIN_MS - (performance.now() - goneAt);
    await becomes(resolved, VIRGINIA, left + CACHED_MS);
    // The IPv6 address is probed at moments of its own, and the region is up while either is.
    const poolUp = async () => String(await fairlead.metric('fairlead_pool_up{pool="frankfurt"}'));
    await becomes(poolUp, "0", WITHDRAWN_WITHIN_MS);
    expect(
      await metrics(
        'fairlead_pool_up{pool="frankfurt"}',
        'fairlead_endpoint_observed_up{pool="frankfurt",endpoint="fra-1"}',
        `fairlead_address_up{pool="frankfurt",endpoint="fra-1",address="${FRANKFURT}"}`,
        'fairlead_endpoint_transitions_total{pool="frankfurt",endpoint="fra-1",to="down"}',
      ),
    ).to.deep.equal([0, 0, 0, 1]);
  });

  it("returns after `rise` passes, and not before", async () => {
    await Promise.all([start("frankfurt"), start("frankfurt6")]);
    const revivedAt = performance.now();
    await becomes(direct, FRANKFURT, RETURNED_WITHIN_MS);
    expect(performance.now() - revivedAt).to.be.greaterThan((RISE - 1) * EVERY_MS - TIMEOUT_MS);
    await becomes(resolved, FRANKFURT, CACHED_MS);
  });

  it("sends each family where it works when one IPv4 path is dead and its IPv6 alive", async () => {
    await kill("frankfurt");
    await becomes(direct, VIRGINIA, WITHDRAWN_WITHIN_MS);
    expect(await direct("AAAA")).to.equal("::1");
    expect(
      await metrics(
        `fairlead_address_up{pool="frankfurt",endpoint="fra-1",address="${FRANKFURT}"}`,
        'fairlead_address_up{pool="frankfurt",endpoint="fra-1",address="::1"}',
      ),
    ).to.deep.equal([0, 1]);
    await start("frankfurt");
    await becomes(direct, FRANKFURT, RETURNED_WITHIN_MS);
  });

  it("hands out the short TTL before a region is withdrawn, so that its clients move at once", async () => {
    const ask = async (server: SocketAddress) =>
      (await dig(server, "calm.gtm.example.test", "A")).answer.find(({ type }) => type === "A");
    expect(await ask(fairlead.dns)).to.include({ rdata: FRANKFURT, ttlSeconds: LONG_TTL_SECONDS });
    await kill("frankfurt");
    // From the first failed probe on, and long before the last one that it takes.
    await eventually(
      async () => ((await ask(fairlead.dns))?.ttlSeconds === TTL_SECONDS ? true : undefined),
      WITHDRAWN_WITHIN_MS,
      fairlead.program.output,
    );
    const held = await ask(resolver);
    expect(held?.rdata).to.equal(FRANKFURT);
    expect(held?.ttlSeconds).to.be.at.most(TTL_SECONDS);
    const addressOf = (server: SocketAddress) => async () => (await ask(server))?.rdata;
    await becomes(addressOf(fairlead.dns), VIRGINIA, LATE_FALL * EVERY_MS + TIMEOUT_MS + 1000);
    // A resolver that had asked a moment before the first failed probe would hold on for five minutes.
    await becomes(addressOf(resolver), VIRGINIA, CACHED_MS);
    await start("frankfurt");
    await becomes(direct, FRANKFURT, RETURNED_WITHIN_MS);
    await becomes(addressOf(fairlead.dns), FRANKFURT, RETURNED_WITHIN_MS);
  });

  it("fails open when both regions are dead, counts it and says so", async () => {
    await Promise.all([kill("frankfurt"), kill("frankfurt6"), kill("virginia")]);
    const failsOpen = 'fairlead_policy_failing_open{policy="www.gtm.example.test."}';
    await eventually(
      async () => ((await fairlead.metric(failsOpen)) === 1 ? true : undefined),
      WITHDRAWN_WITHIN_MS,
      fairlead.program.output,
    );
    expect(await direct()).to.equal(FRANKFURT);
    expect(await metrics('fairlead_policy_rung{policy="www.gtm.example.test."}')).to.deep.equal([4]);
    const counted = 'fairlead_policy_last_resorts_total{policy="www.gtm.example.test.",rung="4"}';
    expect(await fairlead.metric(counted)).to.be.greaterThan(0);
    expect(fairlead.program.output()).to.match(/failing open/i);
    await Promise.all([start("frankfurt"), start("frankfurt6"), start("virginia")]);
    await eventually(
      async () => ((await fairlead.metric(failsOpen)) === 0 ? true : undefined),
      RETURNED_WITHIN_MS,
      fairlead.program.output,
    );
    // Whichever region rises first ends the failing open; the first of the failover follows.
    await becomes(direct, FRANKFURT, RETURNED_WITHIN_MS);
  });
});
