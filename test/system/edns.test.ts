/**
 * What dig and kdig make of the options of answers, of a running node: over UDP, TCP and TLS, with a secret that is changed
 * while it runs.
 */

import { execFile } from "node:child_process";
import { createSocket } from "node:dgram";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { FLAG } from "../../src/dns/header.ts";
import { needPeers, peerPath } from "../peers.ts";
import { query } from "../support/packets.ts";
import { dig } from "../support/peers/dig.ts";
import { COMMAND, type Fairlead, startFairlead } from "../support/peers/fairlead.ts";
import { freePort } from "../support/peers/network.ts";
import { eventually } from "../support/peers/program.ts";

const run = promisify(execFile);

const ZONE = `$TTL 300
@     SOA ns1 hostmaster ( 1 1h 10m 2w 30 )
@     NS  ns1
ns1   A   192.0.2.53
$MONITOR closed tcp port=1 every=200ms timeout=100ms fall=1
$POOL near monitor=none
    a 203.0.113.1
$POOL far monitor=none
    b 198.51.100.1
$POOL dead monitor=closed
    c 127.0.0.1
geo   30  POLICY geo ( net:10.0.0.0/8=near net:10.1.0.0/16=far *=far )
open  30  POLICY dead
`;
const SECRETS = ["00112233445566778899aabbccddeeff", "ffeeddccbbaa99887766554433221100"];
const QUERIES = 200;
const FLOOD_LIMIT_MS = 10_000;

const cookieOf = (text: string): string => /COOKIE: ([0-9a-f]+)/.exec(text)?.[1] ?? "";
const optionOf = (text: string, name: string): string => new RegExp(`${name}: (.*)`).exec(text)?.[1] ?? "";

describe("EDNS with real clients", () => {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-edns-"));
  const secretFile = join(folder, "secrets");
  const writeSecrets = (...secrets: readonly (string | undefined)[]): void =>
    writeFileSync(secretFile, `${secrets.join("\n")}\n`, { mode: 0o600 });
  let node: Fairlead;
  let tlsPort: number;

  before(async function () {
    needPeers.call(this, "dig", "kdig", "openssl");
    const certificate = join(folder, "certificate.pem");
    const key = join(folder, "key.pem");
    const subject = ["-subj", "/CN=localhost", "-days", "1", "-nodes", "-newkey", "rsa:2048"];
    await run(peerPath("openssl") ?? "", ["req", "-x509", ...subject, "-keyout", key, "-out", certificate]);
    writeSecrets(SECRETS[0]);
    const config = join(folder, "fairlead.yaml");
    writeFileSync(
      config,
      `cookies: { secret-file: ${secretFile} }
explain-networks: 127.0.0.1
rate-limit: { responses-per-second: 20, window: 1 }
server-id: me
`,
    );
    tlsPort = await freePort();
    const tls = ["--listen-tls", `127.0.0.1:${tlsPort}`, "--tls-certificate", certificate, "--tls-key", key];
    node = await startFairlead({
      zones: { "gtm.test.zone": ZONE },
      flags: ["--config", config, "--node", "edns-node", ...tls],
    });
  });

  after(async () => {
    await node?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const ask = (name: string, type: string, ...words: string[]) => dig(node.dns, name, type, ...words);
  const kdig = async (...words: string[]): Promise<string> => {
    const { stdout } = await run(peerPath("kdig") ?? "", [
      "@127.0.0.1",
      "-p",
      String(node.dns.port),
      ...words,
    ]);
    return stdout;
  };

  /** Sends many queries at once; how many came back whole, and how many cut short. The others were dropped. */
  async function flood(): Promise<[whole: number, cutShort: number]> {
    const socket = createSocket("udp4");
    const replies: number[] = [];
    socket.on("message", (reply) => replies.push(reply.readUInt16BE(2) & FLAG.TC));
    const octets = query("ns1.gtm.test.", "A");
    for (let count = 0; count < QUERIES; count++) socket.send(octets, node.dns.port, node.dns.address);
    await eventually(
      async () => {
        const dropped = (await node.metric('fairlead_dns_rate_limited_total{action="drop"}')) ?? 0;
        return replies.length + dropped === QUERIES ? true : undefined;
      },
      FLOOD_LIMIT_MS,
      () => `${replies.length} replies`,
    );
    socket.close();
    const cutShort = replies.filter((flag) => flag !== 0).length;
    return [replies.length - cutShort, cutShort];
  }

  it("dig is given a cookie, brings it back, and keeps it over a change of the secret without a restart", async () => {
    const first = cookieOf((await ask("ns1.gtm.test", "A", "+cookie")).text);
    expect(first).to.have.length(48);
    const again = await ask("ns1.gtm.test", "A", `+cookie=${first}`);
    expect(again.text).to.include(`COOKIE: ${first} (good)`);
    writeSecrets(SECRETS[1], SECRETS[0]);
    await run(process.execPath, [COMMAND, "reload", "--server", node.adminUrl]);
    const renewed = cookieOf((await ask("ns1.gtm.test", "A", `+cookie=${first}`)).text);
    expect(renewed).not.to.equal(first);
    const kept = await ask("ns1.gtm.test", "A", `+cookie=${renewed}`);
    expect(cookieOf(kept.text)).to.equal(renewed);
  });

  it("dig and kdig are told who answers", async () => {
    expect((await ask("ns1.gtm.test", "A", "+nsid")).text).to.include('("edns-node")');
    expect(await kdig("+nsid", "ns1.gtm.test")).to.include('"edns-node"');
    expect((await ask("id.server", "TXT", "-c", "CH")).text).to.match(/CH\s+TXT\s+"me"/);
    expect((await ask("version.bind", "TXT", "-c", "CH")).status).to.equal("REFUSED");
  });

  it("dig is told what is the matter", async () => {
    expect(optionOf((await ask("no.test", "A")).text, "EDE")).to.equal("20 (Not Authoritative)");
    const open = await ask("open.gtm.test", "A");
    expect(open.answer.map(({ rdata }) => rdata)).to.deep.equal(["127.0.0.1"]);
    expect(optionOf(open.text, "EDE")).to.equal("0 (Other): (all endpoints down: failing open)");
    expect((await ask("open.gtm.test", "A", "+noedns")).text).not.to.include("EDE");
  });

  it("dig and kdig are told how far an answer holds", async () => {
    const wide = await ask("geo.gtm.test", "A", "+subnet=10.2.3.0/24");
    expect(optionOf(wide.text, "CLIENT-SUBNET")).to.equal("10.2.3.0/24/15");
    expect(wide.answer[0]?.rdata).to.equal("203.0.113.1");
    const within = await kdig("+subnet=10.1.2.0/24", "geo.gtm.test");
    expect(optionOf(within, "CLIENT-SUBNET")).to.equal("10.1.2.0/24/16");
  });

  it("dig is told why", async () => {
    const { text } = await ask("geo.gtm.test", "TXT", "-c", "CH", "+subnet=10.2.3.0/24");
    expect(text).to.include('"client=10.2.3.0/24 class=10.0.0.0/8 scope=15"');
    expect(text).to.include('"A answer rung=1 ttl=30" "A near/a 100%"');
  });

  it("kdig is answered in padded messages over TLS, and told how long it may stay", async () => {
    const tls = ["@127.0.0.1", "-p", String(tlsPort), "+tls"];
    const { stdout } = await run(peerPath("kdig") ?? "", [...tls, "+padding", "ns1.gtm.test"]);
    expect(stdout)
      .to.match(/Received 468 B/)
      .and.to.match(/PADDING: \d+ B/);
    expect(stdout).to.include("192.0.2.53");
    const tcp = await ask("ns1.gtm.test", "A", "+tcp", "+keepalive");
    expect(tcp.text).to.match(/TCP KEEPALIVE: [1-9]/);
  });

  it("a flood is held back, and dig gets its answer over TCP or with its cookie", async () => {
    const good = cookieOf((await ask("ns1.gtm.test", "A", "+cookie")).text);
    const [whole, cutShort] = await flood();
    expect(whole).to.be.within(1, 60);
    expect(cutShort).to.be.within((QUERIES - whole) / 2 - 1, (QUERIES - whole) / 2 + 1);
    expect((await ask("ns1.gtm.test", "A", `+cookie=${good}`)).answer).to.have.length(1);
    expect((await ask("ns1.gtm.test", "A", "+tcp")).answer).to.have.length(1);
  });
});
