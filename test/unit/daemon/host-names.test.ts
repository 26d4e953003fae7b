import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { Happening } from "../../../src/admin/events/event.ts";
import { askServer } from "../../../src/cli/dns-client.ts";
import type { SocketAddress } from "../../../src/config/socket-address.ts";
import { type Daemon, startDaemon } from "../../../src/daemon/daemon.ts";
import { createHostNames, type HostNames } from "../../../src/daemon/host-names.ts";
import type { Resolution } from "../../../src/daemon/host-resolver.ts";
import { addressOf, type FamilyAnswer } from "../../../src/daemon/host-state.ts";
import { nameOf } from "../../../src/dns/name.ts";
import { formatRdata } from "../../../src/dns/rdata.ts";
import { TYPE } from "../../../src/dns/types.ts";
import { cnameTargetOf } from "../../../src/policy/cname.ts";
import { endpointsOf } from "../../../src/policy/resolved.ts";
import { needPeers, peerPath } from "../../peers.ts";
import { endRegions, PATIENCE_MS, partsOf, type Region, startRegion, until } from "../../support/daemons.ts";
import { type Nsd, startNsd } from "../../support/peers/nsd.ts";
import { loadText, ZONE_HEAD } from "./loaded-zones.ts";
import { useTemporaryFolders } from "./temporary-folder.ts";

const NONE: FamilyAnswer = { kind: "none", reason: "the name has no address" };
const FAILED: FamilyAnswer = { kind: "failed", reason: "no resolver can be reached" };

function resolution(ipv4: string | FamilyAnswer, ...aliases: string[]): Resolution {
  const texts = typeof ipv4 === "string" ? ipv4.split(" ") : [];
  const addresses = texts.flatMap((text) => addressOf(text) ?? []);
  const found: FamilyAnswer = { kind: "addresses", addresses, ttlSeconds: 60 };
  return { answer: { ipv4: typeof ipv4 === "string" ? found : ipv4, ipv6: NONE }, aliases };
}

describe("createHostNames()", function () {
  this.timeout(2 * PATIENCE_MS);
  let names: HostNames | undefined;
  let asked: string[];
  let happenings: Happening[];
  let changes: number;

  beforeEach(() => {
    asked = [];
    happenings = [];
    changes = 0;
  });
  afterEach(() => names?.stop());

  /** The answers in turn, the last one for good. */
  function keeper(...answers: readonly Resolution[]): HostNames {
    names = createHostNames({
      resolver: {
        async resolve(hostName) {
          const answer = answers[Math.min(asked.length, answers.length - 1)];
          asked.push(hostName);
          return answer ?? resolution(FAILED);
        },
        stop: () => undefined,
      },
      now: Date.now,
      random: () => 0.5,
      record: (happening) => void happenings.push(happening),
      onChange: () => changes++,
    });
    return names;
  }

  const set = loadText(`$POOL near monitor=none
  one lb.example.net.
  two lb.example.net. weight=2
  three 192.0.2.3
www 5 POLICY near`);

  const told = (): string[] =>
    happenings.map(({ ref, from, to, reason }) => {
      expect(ref).to.equal("lb.example.net.");
      return `${from} → ${to}: ${reason}`;
    });

  const addressesIn = (from: HostNames): string[] =>
    endpointsOf(from.live(set).definitions).map(
      ({ name, addresses }) => `${name} ${addresses.map(({ text }) => text).join(" ")}`,
    );

  it("asks once for a name that two endpoints have, before the set is served", async () => {
    const keeping = keeper(resolution("192.0.2.9 192.0.2.8"));
    await keeping.prepare(set);
    expect(addressesIn(keeping)).to.deep.equal([
      "one 192.0.2.8 192.0.2.9",
      "two 192.0.2.8 192.0.2.9",
      "three 192.0.2.3",
    ]);
    expect(asked).to.deep.equal(["lb.example.net."]);
    expect(keeping.counts()).to.deep.equal({ ok: 1, failed: 0 });
  });

  it("goes on with what was kept while the resolver fails, tries again, and tells of the change", async () => {
    const first = keeper(resolution("192.0.2.1"));
    await first.prepare(set);
    const kept = first.keep();
    first.stop();
    asked = [];
    const second = keeper(resolution(FAILED), resolution("192.0.2.2"));
    second.restore(kept);
    await second.prepare(set);
    expect(addressesIn(second)[0]).to.equal("one 192.0.2.1");
    await until("the first failure", () => second.counts().failed === 1);
    const [failing] = [...second.readings()];
    expect(failing).to.include({ failure: "no resolver can be reached", hostName: "lb.example.net." });
    await until("the other address", () => changes > 0);
    expect(addressesIn(second)[0]).to.equal("one 192.0.2.2");
    expect(told().slice(-2)).to.deep.equal([
      "192.0.2.1 → unresolved, 192.0.2.1 stay: no resolver can be reached",
      "unresolved, 192.0.2.1 stay → 192.0.2.2: 1 address, asked for again in 60 s",
    ]);
    expect([...second.readings()][0]?.failure).to.equal(undefined);
  });

  it("records each change of what a name stands for once, and nothing where it stays", async () => {
    const keeping = keeper(
      resolution("192.0.2.1"),
      resolution("192.0.2.1"),
      resolution("192.0.2.2 192.0.2.1"),
      resolution(FAILED),
      resolution(FAILED),
      resolution("192.0.2.2 192.0.2.1"),
      resolution("192.0.2.1 192.0.2.2"),
    );
    await keeping.prepare(set);
    for (let times = 1; times < 7; times += 1) {
      // Whoever comes back after it has been left out is asked for at once.
      keeping.live(loadText("www A 192.0.2.7"));
      keeping.live(set);
      await until(`answer ${times}`, () => keeping.counts().ok + keeping.counts().failed > times);
    }
    expect(told()).to.deep.equal([
      "null → 192.0.2.1: 1 address, asked for again in 60 s",
      "192.0.2.1 → 192.0.2.1 192.0.2.2: 2 addresses, asked for again in 60 s",
      "192.0.2.1 192.0.2.2 → unresolved, 192.0.2.1 192.0.2.2 stay: no resolver can be reached",
      "unresolved, 192.0.2.1 192.0.2.2 stay → 192.0.2.1 192.0.2.2: 2 addresses, asked for again in 60 s",
    ]);
  });

  it("takes no address from a name that leads back to a POLICY of the set", async () => {
    const keeping = keeper(resolution("192.0.2.9", "cdn.example.net.", "www.example.com."));
    await keeping.prepare(set);
    expect(addressesIn(keeping)[0]).to.equal("one ");
    const [reading] = [...keeping.readings()];
    expect(reading?.failure).to.equal(
      "it is an alias of www.example.com., which a POLICY of these zones answers",
    );
  });

  it("lets no name that leads back be answered as CNAME, and tells of the change", async () => {
    const cnames = loadText(`$POOL near monitor=none
  one lb.example.net. as=cname
www 5 POLICY near`);
    const answerAs = (from: HostNames): string[] =>
      endpointsOf(from.live(cnames).definitions).map((one) => cnameTargetOf(one) ?? "addresses");
    const keeping = keeper(
      resolution("192.0.2.9", "cdn.example.net.", "www.example.com."),
      { ...resolution(FAILED), answer: { ipv4: FAILED, ipv6: FAILED } },
      resolution("192.0.2.9", "cdn.example.net."),
    );
    await keeping.prepare(cnames);
    expect(answerAs(keeping)).to.deep.equal(["addresses"]);
    await until("the second try, which says nothing", () => keeping.counts().failed === 2);
    expect(answerAs(keeping)).to.deep.equal(["addresses"]);
    await until("that it leads elsewhere", () => changes === 2);
    expect(answerAs(keeping)).to.deep.equal(["lb.example.net."]);
  });

  it("forgets nothing of a name that a set leaves out and the next one has again", async () => {
    const keeping = keeper(resolution("192.0.2.1"), resolution(FAILED));
    await keeping.prepare(set);
    keeping.live(loadText("www A 192.0.2.7"));
    expect([...keeping.readings()]).to.deep.equal([]);
    expect(addressesIn(keeping)[0]).to.equal("one 192.0.2.1");
  });
});

describe("a node with host-name endpoints", function () {
  this.timeout(4 * PATIENCE_MS);
  const folder = useTemporaryFolders();
  let nsd: Nsd;
  let daemon: Daemon | undefined;
  let region: Region;

  beforeEach(async () => {
    const text = `$TTL 7
@ SOA ns hostmaster 1 1h 10m 2w 30
@ NS ns
ns A 127.0.0.1
lb CNAME real
real A 127.0.0.1
real A 127.0.0.2
real AAAA ::1
`;
    nsd = await startNsd(new Map([["example.net.", text]]));
    // Only the first of the addresses has a server.
    region = await startRegion();
  });
  afterEach(async () => {
    await daemon?.stop();
    endRegions(region);
    await nsd.end();
  });

  async function start(home: string, resolvers: readonly SocketAddress[]): Promise<Daemon> {
    const result = await startDaemon(partsOf(home, { resolvers }, []));
    if (!result.ok) throw new Error(result.message);
    daemon = result.daemon;
    return daemon;
  }

  async function ask({ listen: [server] }: Daemon, type: number, name = "www.example.com."): Promise<string> {
    if (server === undefined) throw new Error("it does not listen");
    const question = { name: nameOf(name), type };
    const outcome = await askServer(server, question, { overTcp: false, deadlineMs: 3000 });
    if (!outcome.ok) return outcome.message;
    const { answers } = outcome.reply.message;
    return answers
      .map(({ type: own, rdata, ttlSeconds }) => `${ttlSeconds} ${formatRdata(own, rdata)}`)
      .sort()
      .join(", ");
  }

  it("probes each address that the name has, answers those that are up, and remembers them over a restart", async () => {
    const home = folder();
    writeFileSync(
      join(home, "example.com.zone"),
      `${ZONE_HEAD}
$MONITOR m http port=${region.port} every=200ms timeout=190ms fall=5 rise=2
$POOL cloud monitor=m
  lb lb.example.net.
$POOL sorry monitor=none
  s 192.0.2.80
www 30 POLICY failover ( cloud sorry )
`,
    );
    const first = await start(home, [{ address: nsd.address, port: nsd.port }]);
    // The TTL is the resolver's, as it is shorter than the policy's; 127.0.0.2 and ::1 refuse connections.
    expect(await ask(first, TYPE.A)).to.equal("7 127.0.0.1");
    expect(await ask(first, TYPE.AAAA)).to.equal("");
    const metrics = await (await fetch(`http://127.0.0.1:${first.admin.port}/metrics`)).text();
    expect(metrics).to.match(/^fairlead_host_name_addresses\{host="lb.example.net."\} 3$/m);
    expect(metrics).to.match(/^fairlead_address_up\{.*address="127.0.0.2"\} 0$/m);
    const status: unknown = await (await fetch(`http://127.0.0.1:${first.admin.port}/api/v1/status`)).json();
    expect(JSON.stringify(status)).to.contain('"host":{"name":"lb.example.net.","resolvedAt":"2');
    await first.stop();
    await nsd.end();
    const second = await start(home, [{ address: nsd.address, port: nsd.port }]);
    expect(await ask(second, TYPE.A)).to.equal("7 127.0.0.1");
  });

  it("answers the name itself with as=cname, to every type, as long as an address of it is up", async function () {
    needPeers.call(this, "dig");
    const home = folder();
    writeFileSync(
      join(home, "example.com.zone"),
      `${ZONE_HEAD}
$MONITOR m http port=${region.port} every=200ms timeout=190ms fall=5 rise=2
$POOL cloud monitor=m
  lb lb.example.net. as=cname
$POOL cdn monitor=none
  cdn never.resolved.example. as=cname
$POOL sorry monitor=none
  s 192.0.2.80
www 30/10 POLICY failover ( cloud sorry )
static 30 POLICY cdn
`,
    );
    const node = await start(home, [{ address: nsd.address, port: nsd.port }]);
    // 127.0.0.2 and ::1 refuse connections, so not all is steady.
    for (const type of [TYPE.A, TYPE.AAAA, TYPE.MX, TYPE.HTTPS, TYPE.CNAME]) {
      expect(await ask(node, type)).to.equal("10 lb.example.net.");
    }
    expect(await ask(node, TYPE.A, "static.example.com.")).to.equal("30 never.resolved.example.");
    const explain = await fetch(
      `http://127.0.0.1:${node.admin.port}/api/v1/explain?name=www.example.com&type=MX`,
    );
    const { shares }: { shares: unknown } = Object(await explain.json());
    expect(shares).to.deep.equal([
      { pool: "cloud", endpoint: "lb", addresses: [], cname: "lb.example.net.", share: 1 },
    ]);
    region.healthy = false;
    await until("the address", async () => (await ask(node, TYPE.A)) === "10 192.0.2.80");
    expect(await ask(node, TYPE.MX)).to.equal("");
    region.healthy = true;
    await until("the name again", async () => (await ask(node, TYPE.MX)) === "10 lb.example.net.");
    const [listening] = node.listen;
    const words = [
      `@${listening?.address}`,
      "-p",
      String(listening?.port),
      "+noall",
      "+answer",
      "www.example.com",
    ];
    for (const type of ["A", "AAAA", "HTTPS"]) {
      const { stdout } = await promisify(execFile)(peerPath("dig") ?? "dig", [...words, type]);
      expect(stdout.trim().split(/\s+/).slice(0, 5).join(" ")).to.equal(
        "www.example.com. 10 IN CNAME lb.example.net.",
      );
    }
    const metrics = await (await fetch(`http://127.0.0.1:${node.admin.port}/metrics`)).text();
    expect(metrics).to.match(
      /^fairlead_answers_total\{policy="www.example.com.",pool="cloud",endpoint="lb"\} [1-9]/m,
    );
    expect(metrics).to.match(/^fairlead_endpoint_up\{pool="cdn",endpoint="cdn"\} 1$/m);
  });
});
