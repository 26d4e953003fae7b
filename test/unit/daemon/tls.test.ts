import { execFile } from "node:child_process";
import { once } from "node:events";
import { renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import { promisify } from "node:util";
import { expect } from "chai";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { pino } from "pino";
import { resolveConfig } from "../../../src/config/resolve.ts";
import type { SocketAddress } from "../../../src/config/socket-address.ts";
import { type Daemon, type StartResult, startDaemon } from "../../../src/daemon/daemon.ts";
import { loadLibc } from "../../../src/server/libc.ts";
import { needPeers } from "../../peers.ts";
import { eventually } from "../../support/peers/program.ts";
import { typescriptThread } from "../../support/threads.ts";
import { type Certificates, type Identity, makeCertificates } from "../probe/certificates.ts";
import { ZONE_HEAD } from "./loaded-zones.ts";
import { useTemporaryFolders } from "./temporary-folder.ts";

const run = promisify(execFile);
const STREAM_WORKER = typescriptThread(
  new URL("../../../src/server/stream-worker-entry.ts", import.meta.url),
);
const LIMIT_MS = 30_000;

describe("a node that speaks TLS", () => {
  const folder = useTemporaryFolders();
  let certificates: Certificates;
  let home: string;
  let daemon: Daemon | undefined;
  let logged: string[];

  before(function () {
    needPeers.call(this, "openssl");
    certificates = makeCertificates();
  });
  after(() => certificates?.remove());
  beforeEach(() => {
    home = folder();
    logged = [];
    writeFileSync(join(home, "example.com.zone"), `${ZONE_HEAD}www 60 A 192.0.2.1\n`);
  });
  afterEach(async () => {
    await daemon?.stop();
    daemon = undefined;
  });

  const write = ({ cert, key }: Identity): void => {
    writeFileSync(join(home, "node.crt"), cert);
    writeFileSync(join(home, "node.key"), key);
  };

  async function startNode(): Promise<StartResult> {
    const here = ["127.0.0.1:0"];
    const resolved = resolveConfig({
      file: undefined,
      environment: {},
      flags: {
        zones: [join(home, "example.com.zone")],
        state: join(home, "state"),
        listen: here,
        admin: here[0],
        workers: "1",
        "listen-tls": here,
        "listen-https": here,
        "tls-certificate": join(home, "node.crt"),
        "tls-key": join(home, "node.key"),
      },
      hostName: "node",
      cores: 1,
    });
    if (!resolved.ok) throw new Error(resolved.faults.map(({ message }) => message).join("; "));
    const place = (await loadLibc()).ok ? "thread" : "main";
    const result = await startDaemon({
      options: resolved.options,
      log: pino({}, { write: (line: string) => void logged.push(line) }),
      clock: { now: Date.now, monotonic: () => performance.now() },
      random: Math.random,
      serviceManager: { tell: () => Promise.resolve() },
      adminToken: undefined,
      answering: { udp: { transports: ["dgram"] }, streams: { entry: STREAM_WORKER, places: [place] } },
    });
    if (result.ok) ({ daemon } = result);
    return result;
  }

  async function start(): Promise<Daemon> {
    const result = await startNode();
    if (!result.ok) throw new Error(result.message);
    return result.daemon;
  }

  async function issuerShown({ listenTls: [server] }: Daemon): Promise<unknown> {
    const socket = connect({ host: server?.address, port: server?.port ?? 0, rejectUnauthorized: false });
    await once(socket, "secureConnect");
    const { CN } = socket.getPeerCertificate().issuer;
    socket.destroy();
    return CN;
  }
  const untilShown = (node: Daemon, issuer: string): Promise<true> =>
    eventually(
      async () => ((await issuerShown(node)) === issuer ? true : undefined),
      LIMIT_MS,
      () => logged.join(""),
    );
  async function metric({ admin }: Daemon, name: string): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${admin.port}/metrics`)).text();
    return Number(new RegExp(`^${name} (.*)$`, "m").exec(text)?.[1]);
  }
  const kdig = async (server: SocketAddress | undefined, ...words: string[]): Promise<string> => {
    const where = [`@${server?.address}`, "-p", String(server?.port), "+retry=0", "+time=2"];
    const trust = [`+tls-ca=${certificates.caFile}`, "+tls-hostname=www.example.com"];
    return (await run("kdig", [...where, ...trust, ...words, "www.example.com", "A"])).stdout;
  };

  it("answers kdig over TLS and HTTPS, with the certificate of its files", async function () {
    needPeers.call(this, "kdig");
    write(certificates.good);
    const node = await start();
    expect(await kdig(node.listenTls[0], "+tls")).to.match(/^www\.example\.com\.\s.*192\.0\.2\.1$/m);
    const url = "+https=www.example.com/dns-query";
    expect(await kdig(node.listenHttps[0], url)).to.match(/^www\.example\.com\.\s.*192\.0\.2\.1$/m);
    expect(await metric(node, "fairlead_tls_certificate_expiry_timestamp_seconds")).to.equal(
      Date.UTC(2099, 0, 1) / 1_000,
    );
    expect(await metric(node, "fairlead_tls_certificate_load_success")).to.equal(1);
    expect(await metric(node, 'fairlead_dns_connections_opened_total\\{transport="https"\\}')).to.equal(1);
    expect(logged.some((line) => line.includes('"listenTls":["127.0.0.1:'))).to.equal(true);
  });

  it("shows a new certificate once its files hold one, and keeps the old one while they hold none", async () => {
    write(certificates.good);
    const node = await start();
    write(certificates.selfSigned);
    await untilShown(node, "www.example.com");
    writeFileSync(join(home, "node.key"), certificates.good.key);
    await eventually(
      async () => ((await metric(node, "fairlead_tls_certificate_load_success")) === 0 ? true : undefined),
      LIMIT_MS,
      () => logged.join(""),
    );
    expect(await issuerShown(node)).to.equal("www.example.com");
    expect(logged.join("")).to.match(/the key is of another certificate.*is refused, the old one stays/);
    writeFileSync(join(home, "node.crt"), certificates.expired.cert);
    writeFileSync(join(home, "node.key"), certificates.expired.key);
    await node.reload();
    expect(logged.at(-2) ?? "").to.match(/has expired at 2020-11-01/);
    expect(await issuerShown(node)).to.equal("www.example.com");
    write(certificates.good);
    await node.reload();
    expect(await metric(node, "fairlead_tls_certificate_load_success")).to.equal(1);
    await untilShown(node, "Own CA");
  });

  it("follows links that are exchanged, as who renews certificates does", async () => {
    for (const [part, text] of [
      ["crt", certificates.good.cert],
      ["key", certificates.good.key],
    ] as const) {
      writeFileSync(join(home, `1.${part}`), text);
      symlinkSync(`1.${part}`, join(home, `node.${part}`));
    }
    const node = await start();
    for (const [part, text] of [
      ["crt", certificates.selfSigned.cert],
      ["key", certificates.selfSigned.key],
    ] as const) {
      writeFileSync(join(home, `2.${part}`), text);
      symlinkSync(`2.${part}`, join(home, `next.${part}`));
      renameSync(join(home, `next.${part}`), join(home, `node.${part}`));
    }
    await untilShown(node, "www.example.com");
  });

  it("starts with a certificate that has expired, and says so", async () => {
    write(certificates.expired);
    expect(await issuerShown(await start())).to.equal("Own CA");
    expect(logged.join("")).to.include("the node's certificate has expired");
  });

  const faulty: [what: string, spoil: () => void, message: RegExp][] = [
    [
      "without a certificate",
      () => rmSync(join(home, "node.crt")),
      /^Cannot speak TLS: .*node\.crt: no such file/,
    ],
    [
      "with one that is none",
      () => writeFileSync(join(home, "node.crt"), "x"),
      /the certificate is not PEM$/,
    ],
    [
      "with a key that is none",
      () => writeFileSync(join(home, "node.key"), "x"),
      /the key is not PEM without/,
    ],
    [
      "with another key",
      () => writeFileSync(join(home, "node.key"), certificates.selfSigned.key),
      /the key is of another certificate$/,
    ],
  ];
  for (const [what, spoil, message] of faulty) {
    it(`does not start ${what}, and says why in one line`, async () => {
      write(certificates.good);
      spoil();
      const result = await startNode();
      expect(result.ok ? "it started" : result.message).to.match(message);
    });
  }
});
