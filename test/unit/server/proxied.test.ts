import { execFile } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import { expect } from "chai";
import { describe, it } from "mocha";
import type { ClientNetwork } from "../../../src/answer/settings.ts";
import { loadLibc } from "../../../src/server/libc.ts";
import { needPeers } from "../../peers.ts";
import { join, query, summary } from "../../support/packets.ts";
import { proxyHeader } from "../../support/proxy-headers.ts";
import { sampleImage } from "../../support/sample-zones.ts";
import {
  askUdp,
  framed,
  type ListenerChanges,
  type Listeners,
  readMessages,
  UDP_TRANSPORTS,
} from "../../support/servers.ts";
import { useListeners } from "./use-listeners.ts";

const run = promisify(execFile);
const LOOPBACK: ClientNetwork = { octets: Uint8Array.of(127, 0, 0, 0), prefixBits: 8 };
const ELSEWHERE: ClientNetwork = { octets: Uint8Array.of(192, 0, 2, 0), prefixBits: 24 };
const WWW = query("www.example.", "A");
/** Answered from 203.0.113.1 for clients in 10.0.0.0/8, from two others elsewhere. */
const NEAR = query("near.example.", "A");
const INSIDE = "10.9.8.7";
const FOR_INSIDE = "NOERROR aa qd=1 an=1";
const FOR_OTHERS = "NOERROR aa qd=1 an=2";

describe("clients behind a load balancer", () => {
  const image = sampleImage();
  const { serve: serveWith, open } = useListeners(() => image);
  const serve = (network: ClientNetwork, changes: ListenerChanges = {}): Promise<Listeners> =>
    serveWith({ proxyNetworks: [network], ...changes });
  const faultsOf = ({ streamCounts }: Listeners): string[] =>
    streamCounts
      .faults()
      .filter(({ value }) => value > 0)
      .map(({ labels, value }) => `${labels.transport} ${labels.reason} ${value}`);
  const droppedOf = ({ counters }: Listeners): string[] =>
    counters
      .dropped()
      .filter(({ value }) => value > 0)
      .map(({ reason, value }) => `${reason} ${value}`);

  it("are answered as themselves over TCP, in however many pieces the header comes", async () => {
    const servers = await serve(LOOPBACK);
    const octets = join(proxyHeader(INSIDE), framed(NEAR), framed(NEAR));
    for (const cut of [0, 1, 12, 16, 20, 28, 30]) {
      const socket = await open(servers);
      socket.write(octets.subarray(0, cut));
      await new Promise((resolve) => setImmediate(resolve));
      socket.write(octets.subarray(cut));
      expect((await readMessages(socket, 2)).map(summary)).to.deep.equal([FOR_INSIDE, FOR_INSIDE]);
    }
    expect(faultsOf(servers)).to.deep.equal([]);
  });

  it("are the balancer itself where it says so", async () => {
    const socket = await open(await serve(LOOPBACK));
    socket.write(join(proxyHeader("", 1, { versionAndCommand: 0x20 }), framed(NEAR)));
    expect((await readMessages(socket, 1)).map(summary)).to.deep.equal([FOR_OTHERS]);
  });

  it("count together by their own address, not by the balancer's", async () => {
    const servers = await serve(LOOPBACK, { limits: { connectionsPerClient: 1 } });
    const [one, other] = [await open(servers), await open(servers)];
    one.write(join(proxyHeader("198.51.100.1"), framed(WWW)));
    await readMessages(one, 1);
    other.write(join(proxyHeader("198.51.100.2"), framed(WWW)));
    await readMessages(other, 1);
    one.write(framed(WWW));
    expect(await readMessages(one, 1)).to.have.lengthOf(1);
    const same = await open(servers);
    const yielded = once(one.resume(), "end");
    same.write(join(proxyHeader("198.51.100.1"), framed(WWW)));
    await yielded;
    const met = servers.streamCounts.limits().filter(({ value }) => value > 0);
    expect(met.map(({ labels, value }) => [labels.limit, value])).to.deep.equal([
      ["connections-per-client", 1],
    ]);
  });

  for (const [what, octets] of [
    ["no header", framed(WWW)],
    ["a wrong header", join(proxyHeader(INSIDE, 2), framed(WWW))],
    ["half a header", proxyHeader(INSIDE).subarray(0, 20)],
  ] as const) {
    it(`are closed on where their balancer sends ${what}`, async () => {
      const servers = await serve(LOOPBACK);
      const socket = await open(servers);
      socket.end(octets);
      expect(await readMessages(socket, 1)).to.deep.equal([]);
      expect(faultsOf(servers)).to.deep.equal(["tcp proxy-header 1"]);
    });
  }

  it("are not believed to be there where the peer is not trusted", async () => {
    const servers = await serve(ELSEWHERE, { limits: { messageMs: 100 } });
    const plain = await open(servers);
    plain.write(framed(NEAR));
    expect((await readMessages(plain, 1)).map(summary)).to.deep.equal([FOR_OTHERS]);
    const liar = await open(servers);
    liar.write(join(proxyHeader(INSIDE), framed(NEAR)));
    expect(await readMessages(liar, 1)).to.deep.equal([]);
  });

  for (const udpTransport of UDP_TRANSPORTS) {
    it(`are answered as themselves over UDP, by ${udpTransport}`, async function () {
      if (udpTransport === "batch" && !(await loadLibc()).ok) this.skip();
      const servers = await serve(LOOPBACK, { udpTransport });
      expect(summary(await askUdp(servers.udp, join(proxyHeader(INSIDE, 2), NEAR)))).to.equal(FOR_INSIDE);
      for (const wrong of [NEAR, proxyHeader(INSIDE, 2), join(proxyHeader(INSIDE, 1), NEAR)]) {
        expect(await askUdp(servers.udp, wrong, 200).catch(() => "none")).to.equal("none");
      }
      expect(summary(await askUdp(servers.udp, join(proxyHeader("192.0.2.9", 2), NEAR)))).to.equal(
        FOR_OTHERS,
      );
      expect(droppedOf(servers)).to.deep.equal(["short 1", "proxy-header 2"]);
    });
  }

  it("are answered as themselves where kdig writes the header", async function () {
    needPeers.call(this, "kdig");
    const servers = await serve(LOOPBACK);
    for (const [server, words] of [
      [servers.udp, []],
      [servers.tcp, ["+tcp"]],
    ] as const) {
      const where = [
        `@${server.address}`,
        "-p",
        String(server.port),
        `+proxy=${INSIDE}-192.0.2.53`,
        "+retry=0",
      ];
      const { stdout } = await run("kdig", [...where, ...words, "near.example.", "A"]);
      expect(stdout).to.match(/ANSWER: 1;[^]*203\.0\.113\.1$/m);
    }
  });
});
