/**
 * Zone transfers as others make them: dig and kdig with keys, and NSD and Knot as secondaries that learn of a zone by
 * NOTIFY alone. The zone's refresh timer is an hour, so whatever they have within seconds they were told of.
 */

import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { formatName } from "../../src/dns/name.ts";
import { needPeers, peerPath } from "../peers.ts";
import { query } from "../support/packets.ts";
import { dig, readDig } from "../support/peers/dig.ts";
import { COMMAND, type Fairlead, startFairlead } from "../support/peers/fairlead.ts";
import { freePort } from "../support/peers/network.ts";
import { eventually } from "../support/peers/program.ts";
import type { RunningPeer } from "../support/peers/running-peer.ts";
import { startKnotSecondary, startNsdSecondary } from "../support/peers/secondaries.ts";
import { framed } from "../support/servers.ts";
import { digKey, keyFileLine, SHA256_KEY, SHA512_KEY, signedQuery } from "../support/tsig.ts";

const run = promisify(execFile);
const BROKEN_OFF = 'fairlead_dns_transfers_total{result="broken-off"}';
const TOLD_LIMIT_MS = 30_000;
const NAMES = 3_000;

const zoneText = (serial: number, more = ""): string => `$TTL 300
@     SOA ns1 hostmaster ( ${serial} 1h 10m 2w 30 )
@     NS  ns1
ns1   A   192.0.2.53
$POOL near monitor=none
    a 203.0.113.1 2001:db8::1
    b 203.0.113.2
$POOL far monitor=none
    c 198.51.100.1
www   30/5 POLICY failover ( near far )
*.any 30   POLICY far
$GENERATE 1-${NAMES} n$ 60 TXT "name number $"
${more}`;

describe("zone transfers", () => {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-transfer-"));
  let node: Fairlead;
  let tlsPort: number;
  let secondaries: readonly (readonly [string, RunningPeer])[] = [];

  before(async function () {
    needPeers.call(this, "dig", "kdig", "nsd", "knotd", "openssl");
    const primaryPort = await freePort();
    const common = { apex: "gtm.test.", primaryPort };
    const [nsd, knot] = await Promise.all([
      startNsdSecondary({ ...common, key: SHA256_KEY }),
      startKnotSecondary({ ...common, key: SHA512_KEY }),
    ]);
    secondaries = [
      ["NSD", nsd],
      ["Knot", knot],
    ];
    const keys = join(folder, "transfer.keys");
    writeFileSync(keys, `# of the secondaries\n${keyFileLine(SHA256_KEY)}${keyFileLine(SHA512_KEY)}`, {
      mode: 0o600,
    });
    const config = join(folder, "fairlead.yaml");
    writeFileSync(
      config,
      `transfer:
  networks: [127.0.0.1/32]
  keys: ${keys}
  notify:
    - 127.0.0.1:${nsd.port} ${formatName(SHA256_KEY.name)}
    - 127.0.0.1:${knot.port} ${formatName(SHA512_KEY.name)}
`,
    );
    tlsPort = await freePort();
    const [certificate, privateKey] = [join(folder, "node.crt"), join(folder, "node.key")];
    const made = [
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-subj",
      "/CN=ns.test",
    ];
    await run("openssl", ["req", "-x509", ...made, "-keyout", privateKey, "-out", certificate]);
    const tls = [
      "--listen-tls",
      `127.0.0.1:${tlsPort}`,
      "--tls-certificate",
      certificate,
      "--tls-key",
      privateKey,
    ];
    node = await startFairlead({
      zones: { "gtm.test.zone": zoneText(1) },
      flags: ["--config", config, "--listen", `127.0.0.1:${primaryPort}`, ...tls],
    });
  });
  after(async () => {
    await node?.stop();
    await Promise.all(secondaries.map(([, peer]) => peer.end()));
    rmSync(folder, { recursive: true, force: true });
  });

  const exported = async (...words: readonly string[]): Promise<string> =>
    (await run(process.execPath, [COMMAND, "export", ...words], { maxBuffer: 1 << 26 })).stdout;

  for (const program of ["dig", "kdig"] as const) {
    for (const key of [SHA256_KEY, SHA512_KEY]) {
      it(`gives ${program} with ${key.algorithm} what export writes`, async () => {
        const words = ["@127.0.0.1", "-p", String(node.dns.port), "-y", digKey(key), "gtm.test", "AXFR"];
        const { stdout } = await run(peerPath(program) ?? program, words, { maxBuffer: 1 << 26 });
        expect(stdout).to.not.match(/Some TSIG|WARNING: |verify|failed/i);
        const records = readRecords(stdout);
        const [soa] = records;
        expect(records.at(-1)).to.equal(soa);
        expect(records.slice(0, -1)).to.have.length(NAMES + 7);
        expect(records.slice(0, -1)).to.have.members(readRecords(await exported("--server", node.adminUrl)));
      });
    }
  }

  it("exports the same from the files as from the node", async () => {
    const ofNode = await exported("gtm.test", "--server", node.adminUrl);
    expect(await exported("--zones", node.zonesFolder)).to.equal(ofNode);
  });

  const refused: readonly (readonly [what: string, words: readonly string[], status: RegExp])[] = [
    ["no key", [], /REFUSED|Transfer failed/],
    ["a network that may not", ["-b", "127.0.0.2", "-y", digKey(SHA256_KEY)], /REFUSED|Transfer failed/],
    [
      "another secret",
      ["-y", digKey({ ...SHA256_KEY, secret: new Uint8Array(32) })],
      /BADSIG|Transfer failed/,
    ],
    ["a key that nobody has", ["-y", `hmac-sha256:nobody.key:${"A".repeat(43)}=`], /BADKEY|Transfer failed/],
  ];
  for (const [what, words, expected] of refused) {
    it(`refuses a transfer with ${what}`, async () => {
      const reply = await dig(node.dns, "gtm.test", "AXFR", ...words);
      expect(reply.text).to.match(expected).and.not.include("n17.gtm.test");
    });
  }

  it("gives it over TLS as well (RFC 9103)", async () => {
    const words = ["@127.0.0.1", "-p", String(tlsPort), "+tls", "-y", digKey(SHA512_KEY), "gtm.test", "AXFR"];
    const { stdout } = await run(peerPath("kdig") ?? "kdig", words, { maxBuffer: 1 << 26 });
    expect(stdout).to.not.match(/WARNING: |failed/);
    expect(readRecords(stdout)).to.have.length(NAMES + 8);
  });

  it("lets a transfer go whose client has gone", async () => {
    const before = (await node.metric(BROKEN_OFF)) ?? 0;
    const { octets } = signedQuery(query("gtm.test.", "AXFR"), SHA256_KEY, Math.floor(Date.now() / 1_000));
    const socket = connect(node.dns.port, node.dns.address);
    // More transfers, one behind the other, than any socket holds: the client takes none of it.
    for (let count = 0; count < 500; count++) socket.write(framed(octets));
    await once(socket, "readable");
    socket.destroy();
    await eventually(
      async () => ((await node.metric(BROKEN_OFF)) === before + 1 ? true : undefined),
      TOLD_LIMIT_MS,
      node.program.output,
    );
  });

  for (const transport of ["+notcp", "+tcp"]) {
    it(`signs the answers to ordinary queries, ${transport}`, async () => {
      const reply = await dig(node.dns, "www.gtm.test", "A", transport, "-y", digKey(SHA512_KEY));
      expect(reply.status).to.equal("NOERROR");
      expect(reply.answer.map(({ rdata }) => rdata)).to.have.length(1);
      expect(reply.text)
        .to.include("TSIG")
        .and.not.match(/Some TSIG|verify/i);
      const strange = { ...SHA256_KEY, secret: new Uint8Array(32) };
      const wrong = await dig(node.dns, "www.gtm.test", "A", transport, "-y", digKey(strange));
      expect(wrong.text)
        .to.match(/NOTAUTH/)
        .and.to.match(/BADSIG/);
    });
  }

  it("tells its secondaries at the start, and they serve the zone", async () => {
    for (const [name, peer] of secondaries) await servesSerial(name, peer, 1);
    for (const [, peer] of secondaries) {
      const addresses = (await dig(peer, "www.gtm.test", "A")).answer.map(({ rdata }) => rdata);
      expect(addresses).to.have.members(["203.0.113.1", "203.0.113.2"]);
      expect((await dig(peer, "www.gtm.test", "AAAA")).answer[0]).to.include({ ttlSeconds: 30 });
      expect((await dig(peer, "x.any.gtm.test", "A")).answer[0]).to.include({ rdata: "198.51.100.1" });
      expect((await dig(peer, `n${NAMES}.gtm.test`, "TXT")).answer).to.have.length(1);
    }
  });

  it("tells them of a reload that raised the serial", async () => {
    await node.writeZone("gtm.test.zone", zoneText(2, "new A 192.0.2.99\n"));
    for (const [name, peer] of secondaries) await servesSerial(name, peer, 2);
    for (const [, peer] of secondaries) {
      expect((await dig(peer, "new.gtm.test", "A")).answer[0]).to.include({ rdata: "192.0.2.99" });
    }
    expect(node.program.output()).to.include('"msg":"a secondary knows of the zone"');
    expect(node.program.output()).to.include('"msg":"zone transferred"');
    expect(await node.metric('fairlead_dns_notifies_total{result="told"}')).to.equal(4);
    expect(await node.metric('fairlead_dns_transfers_total{result="sent"}')).to.be.at.least(4);
  });

  async function servesSerial(name: string, peer: RunningPeer, serial: number): Promise<void> {
    let seen = "";
    const hasIt = async (): Promise<true | undefined> => {
      const reply = await dig(peer, "gtm.test", "SOA");
      seen = reply.text;
      return reply.answer[0]?.rdata.split(" ")[2] === String(serial) ? true : undefined;
    };
    const describeIt = (): string => `${name}: ${seen}\n${peer.program.output()}\n${node.program.output()}`;
    await eventually(hasIt, TOLD_LIMIT_MS, describeIt);
  }
});

/** `owner ttl type rdata`, blanks alike whoever printed them. */
function readRecords(text: string): string[] {
  const lines = text.split("\n").filter((line) => /^\S+\s+\d+\s+IN\s/.test(line) && !line.startsWith(";"));
  const { answer } = readDig(`;; ANSWER SECTION:\n${lines.join("\n")}\n\n`);
  return answer.map(({ owner, ttlSeconds, type, rdata }) => `${owner} ${ttlSeconds} ${type} ${rdata}`);
}
