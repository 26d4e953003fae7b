import { execFile } from "node:child_process";
import { once } from "node:events";
import { connect as connectPlain } from "node:net";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { promisify } from "node:util";
import { expect } from "chai";
import { after, afterEach, before, describe, it } from "mocha";
import { needPeers } from "../../peers.ts";
import { join, packet, parsed, query, question, summary } from "../../support/packets.ts";
import { sampleImage } from "../../support/sample-zones.ts";
import {
  framed,
  type ListenerChanges,
  type Listeners,
  readMessages,
  startListeners,
} from "../../support/servers.ts";
import { type Certificates, makeCertificates } from "../probe/certificates.ts";

const run = promisify(execFile);
const WWW = query("www.example.", "A");
const WHOLE = "NOERROR aa qd=1 an=2";

describe("DNS over TLS", () => {
  const image = sampleImage();
  let certificates: Certificates;
  let listeners: Listeners | undefined;
  const sockets: TLSSocket[] = [];

  before(function () {
    needPeers.call(this, "openssl");
    certificates = makeCertificates();
  });
  after(() => certificates?.remove());
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await listeners?.stop();
    listeners = undefined;
  });

  const serve = async (changes: ListenerChanges = {}): Promise<Listeners> => {
    const { cert: certificate, key } = certificates.good;
    listeners = await startListeners(() => image, { identity: { certificate, key }, ...changes });
    return listeners;
  };
  const open = async ({ tls }: Listeners, options: ConnectionOptions = {}): Promise<TLSSocket> => {
    const { address: host, port } = tls;
    const halfOpen = { allowHalfOpen: true };
    const socket = connect({ host, port, rejectUnauthorized: false, ...halfOpen, ...options });
    sockets.push(socket);
    await once(socket, "secureConnect");
    socket.on("error", () => undefined);
    return socket;
  };
  const faultsOf = ({ streamCounts }: Listeners): Record<string, number> =>
    Object.fromEntries(
      streamCounts
        .faults()
        .filter(({ labels, value }) => labels.transport === "tls" && value > 0)
        .map(({ labels, value }) => [labels.reason, value]),
    );

  it("answers kdig, which checks the certificate", async function () {
    needPeers.call(this, "kdig");
    const { tls } = await serve();
    const words = [
      "+tls",
      `+tls-ca=${certificates.caFile}`,
      "+tls-hostname=www.example.com",
      "+time=2",
      "+retry=0",
    ];
    const { stdout } = await run("kdig", [
      `@${tls.address}`,
      "-p",
      String(tls.port),
      ...words,
      "big.example.",
      "A",
    ]);
    expect(stdout).to.match(/TLS session \(TLS1\.3\)/);
    expect(stdout).to.match(/status: NOERROR/);
    expect(stdout.match(/^big\.example\.\s.*\sA\s/gm)).to.have.lengthOf(100);
    const counted = listeners?.counters.queries().filter(({ transport }) => transport === "tls");
    expect(counted?.map(({ value }) => value)).to.deep.equal([1]);
  });

  it("speaks `dot` to openssl, over TLS 1.2 and 1.3 alone", async () => {
    const { tls } = await serve();
    const words = [
      "s_client",
      "-connect",
      `${tls.address}:${tls.port}`,
      "-alpn",
      "dot",
      "-CAfile",
      certificates.caFile,
    ];
    const speak = async (...more: string[]): Promise<string> => {
      const asked = run("openssl", [...words, ...more]);
      asked.child.stdin?.end();
      const { stdout } = await asked.catch((error: { stdout: string }) => error);
      return stdout;
    };
    expect(await speak("-tls1_2")).to.match(/ALPN protocol: dot[^]*Verify return code: 0 \(ok\)/);
    expect(await speak("-tls1_3")).to.match(/ALPN protocol: dot/);
    expect(await speak("-tls1_1", "-cipher", "ALL:@SECLEVEL=0")).to.match(/Cipher is \(NONE\)/);
  });

  it("answers a client that names no protocol, and hangs up on one that wants another", async () => {
    const servers = await serve();
    const socket = await open(servers);
    socket.write(framed(WWW));
    expect((await readMessages(socket, 1)).map(summary)).to.deep.equal([WHOLE]);
    const refusal = await open(servers, { ALPNProtocols: ["h2"] }).catch((error: Error) => error);
    expect(refusal).to.be.instanceOf(Error);
    expect(faultsOf(servers)).to.deep.equal({ handshake: 1 });
  });

  it("answers 64 pipelined queries, and what came before a half-close", async () => {
    const socket = await open(await serve());
    const queries = Array.from({ length: 64 }, (_, id) =>
      framed(packet({ id, question: question("www.example.", "A") })),
    );
    socket.end(join(...queries));
    const replies = await readMessages(socket, 65);
    expect(replies.map((reply) => parsed(reply).id)).to.deep.equal(queries.map((_, id) => id));
    expect(socket.readableEnded).to.equal(true);
  });

  it("closes on a message that deserves no answer, after what came before", async () => {
    const servers = await serve();
    const socket = await open(servers);
    socket.write(join(framed(WWW), Uint8Array.of(0, 0), framed(WWW)));
    expect((await readMessages(socket, 2)).map(summary)).to.deep.equal([WHOLE]);
    expect(faultsOf(servers)).to.deep.equal({ message: 1 });
  });

  it("hangs up on what is no TLS, and cuts off who does not shake hands", async () => {
    const servers = await serve({ limits: { handshakeMs: 200 } });
    const { address: host, port } = servers.tls;
    const plain = connectPlain({ host, port });
    plain.write(framed(WWW));
    plain.resume();
    await once(plain, "close");
    expect(faultsOf(servers)).to.deep.equal({ handshake: 1 });
    const silent = connectPlain({ host, port });
    silent.resume();
    await once(silent, "close");
    const limits = servers.streamCounts.limits().filter(({ value }) => value > 0);
    expect(limits).to.deep.equal([{ labels: { transport: "tls", limit: "handshake-timeout" }, value: 1 }]);
    const socket = await open(servers);
    socket.write(framed(WWW));
    expect((await readMessages(socket, 1)).map(summary)).to.deep.equal([WHOLE]);
  });

  it("shows another certificate without a restart; who is connected stays so", async () => {
    const servers = await serve();
    const before = await open(servers);
    const { cert: certificate, key } = certificates.selfSigned;
    servers.streams.renew({ certificate, key });
    const later = await open(servers);
    expect(before.getPeerCertificate().issuer.CN).to.equal("Own CA");
    expect(later.getPeerCertificate().issuer.CN).to.equal("www.example.com");
    for (const socket of [before, later]) {
      socket.write(framed(WWW));
      expect((await readMessages(socket, 1)).map(summary)).to.deep.equal([WHOLE]);
    }
  });

  it("answers what has arrived before a stop, and is over at its deadline", async () => {
    const servers = await serve();
    const busy = await open(servers);
    await open(servers);
    busy.write(join(framed(WWW), framed(WWW)));
    const replies = readMessages(busy, 2);
    const startedMs = performance.now();
    await servers.streams.stop(500);
    expect(performance.now() - startedMs).to.be.below(9_000);
    expect((await replies).map(summary)).to.deep.equal([WHOLE, WHOLE]);
  });
});
