/**
 * HTTPS, SRV and MX that follow health, of a running node: what dig and kdig read of them before and after a region is taken
 * out, and that NSD and Knot serve the zone as it is exported.
 */

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { needPeers, peerPath } from "../peers.ts";
import { dig } from "../support/peers/dig.ts";
import { COMMAND, type Fairlead, startFairlead } from "../support/peers/fairlead.ts";
import { startKnot } from "../support/peers/knot.ts";
import { startNsd } from "../support/peers/nsd.ts";
import { eventually } from "../support/peers/program.ts";

const run = promisify(execFile);
const WITHDRAWN_LIMIT_MS = 30_000;

const ZONE = `$TTL 300
@     SOA ns1 hostmaster ( 1 1h 10m 2w 30 )
@     NS  ns1
ns1   A   192.0.2.53
$POOL front monitor=none
    a 203.0.113.1 2001:db8:1::1
$POOL back monitor=none
    b 203.0.113.2 2001:db8:2::1
www       30/10 POLICY failover ( front back )
www             HTTPS 1 . alpn=h2,h3 port=8443 ech=AAAA
www             SVCB  0 www
front     30/10 POLICY front
back      30/10 POLICY back
_sip._tcp       SRV 10 60 5060 front health-aware=on
_sip._tcp       SRV 20 60 5060 back  health-aware=on
mail            MX  10 front health-aware=on
mail            MX  20 back  health-aware=on
`;

describe("HTTPS, SRV and MX of a running node", () => {
  let node: Fairlead;

  before(async function () {
    needPeers.call(this, "dig", "kdig", "nsd", "knotd");
    node = await startFairlead({ zones: { "gtm.test.zone": ZONE } });
  });

  after(() => node?.stop());

  const ask = async (name: string, type: string, server: Pick<Fairlead, "dns">["dns"] = node.dns) =>
    (await dig(server, `${name}.gtm.test`, type)).answer
      .map(({ ttlSeconds, rdata }) => `${ttlSeconds} ${rdata}`)
      .sort();
  const kdig = async (name: string, type: string): Promise<string> => {
    const { stdout } = await run(peerPath("kdig") ?? "", [
      "@127.0.0.1",
      "-p",
      String(node.dns.port),
      `${name}.gtm.test`,
      type,
      "+short",
    ]);
    return stdout.trim();
  };
  const override = (...words: readonly string[]) =>
    run(process.execPath, [COMMAND, "override", ...words, "--server", node.adminUrl]);

  it("dig and kdig read hints where they belong among the parameters", async () => {
    const params = (region: number): string =>
      `port=8443 ipv4hint=203.0.113.${region} ech=AAAA ipv6hint=2001:db8:${region}::1`;
    expect(await ask("www", "HTTPS")).to.deep.equal([`30 1 . alpn="h2,h3" ${params(1)}`]);
    expect(await kdig("www", "HTTPS")).to.equal(`1 . alpn=h2,h3 ${params(1)}`);
    expect(await ask("www", "SVCB")).to.deep.equal(["300 0 www.gtm.test."]);
  });

  it("a region that is taken out is out of hints, SRV and MX at once, and back when it is back", async () => {
    const everything = {
      srv: ["30 10 60 5060 front.gtm.test.", "30 20 60 5060 back.gtm.test."],
      mx: ["30 10 front.gtm.test.", "30 20 back.gtm.test."],
    };
    expect(await ask("_sip._tcp", "SRV")).to.deep.equal(everything.srv);
    expect(await ask("mail", "MX")).to.deep.equal(everything.mx);
    await override("set", "front", "down", "--for", "1h", "--reason", "test", "--force");
    await eventually(
      async () => ((await kdig("www", "HTTPS")).includes("203.0.113.2") ? true : undefined),
      WITHDRAWN_LIMIT_MS,
      node.program.output,
    );
    expect((await ask("_sip._tcp", "SRV")).map((line) => line.split(" ").at(-1))).to.deep.equal([
      "back.gtm.test.",
    ]);
    expect((await ask("mail", "MX")).map((line) => line.split(" ").at(-1))).to.deep.equal(["back.gtm.test."]);
    const withheld = 'fairlead_records_withheld{owner="_sip._tcp.gtm.test.",type="SRV"}';
    expect(await node.metric(withheld)).to.equal(1);
    const explained = await node.fetchText("/api/v1/explain?name=_sip._tcp.gtm.test&type=SRV");
    expect(explained?.text).to.include("left out");
    await override("clear", "front");
    await eventually(
      async () => ((await kdig("www", "HTTPS")).includes("203.0.113.1") ? true : undefined),
      WITHDRAWN_LIMIT_MS,
      node.program.output,
    );
    expect(await ask("_sip._tcp", "SRV")).to.deep.equal(everything.srv);
    expect(await node.metric(withheld)).to.equal(0);
  });

  it("NSD and Knot serve the zone that is exported: every record, and no hints", async () => {
    const exported = await run(process.execPath, [COMMAND, "export", "gtm.test", "--server", node.adminUrl]);
    const zones = new Map([["gtm.test.", exported.stdout]]);
    for (const start of [startNsd, startKnot]) {
      const peer = await start(zones);
      try {
        expect(await ask("_sip._tcp", "SRV", peer)).to.have.length(2);
        expect(await ask("mail", "MX", peer)).to.have.length(2);
        expect(await ask("www", "HTTPS", peer)).to.deep.equal(['300 1 . alpn="h2,h3" port=8443 ech=AAAA']);
      } finally {
        await peer.end();
      }
    }
  });
});
