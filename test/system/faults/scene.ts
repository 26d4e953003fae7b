/**
 * What the fault table is played on: servers that are well until `break` is called, and then each go wrong in a way of
 * their own, all at one moment. nginx plays load balancers, unbound a nameserver, grpc-js a service; what no real server
 * can be made to do at a given moment is done by sockets of our own.
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";
import { peerPath } from "../../peers.ts";
import { dig } from "../../support/peers/dig.ts";
import { freePort } from "../../support/peers/network.ts";
import { startReloadable, startServers } from "../../support/peers/nginx.ts";
import { eventually, startProgram } from "../../support/peers/program.ts";
import { type Certificates, type Identity, makeCertificates } from "../../unit/probe/certificates.ts";
import { listen } from "../../unit/probe/servers.ts";

const START_LIMIT_MS = 30_000;
const HOST = "www.example.com";
const PATH = "/healthz";
const NGINX_ADDRESS = "127.0.60.1";
const FROZEN_ADDRESS = "127.0.60.2";
const OWN_ADDRESS = "127.0.0.1";

/** One row of the table. */
export interface FaultRow {
  readonly fault: string;
  readonly kind: string;
  readonly address: string;
  /** Of the monitor, as a zone file writes them. */
  readonly keys: string;
  /** Word by word. */
  readonly reason: string;
}

export interface Scene {
  readonly rows: readonly FaultRow[];
  break(): void;
  end(): Promise<void>;
}

/** What one server of nginx says while it is well, and once it is broken. */
interface NginxRow {
  readonly fault: string;
  readonly kind: "http" | "https" | "tls";
  readonly keys: string;
  /** Left out: the port is closed. */
  readonly broken: string | undefined;
  /** Certificates, for those with TLS. */
  readonly identity?: Identity;
  readonly reason: string;
}

function nginxRows(certificates: Certificates, timeout: string): NginxRow[] {
  const elsewhere = certificates.issue(
    "elsewhere",
    "20200101000000Z",
    "20990101000000Z",
    "DNS:api.example.com",
  );
  const trusting = `host=${HOST} ca=${certificates.caFile}`;
  const secure = (fault: string, identity: Identity, reason: string): NginxRow[] =>
    (["https", "tls"] as const).map((kind) => ({
      fault,
      kind,
      keys: trusting,
      broken: WELL,
      identity,
      reason,
    }));
  return [
    { fault: "connection refused", kind: "http", keys: "", broken: undefined, reason: "connection refused" },
    {
      fault: "status 5xx",
      kind: "http",
      keys: "expect=200-399",
      broken: "return 503;",
      reason: "status 503, expected 200–399",
    },
    {
      fault: "backend gone",
      kind: "http",
      keys: "",
      broken: `proxy_pass http://${OWN_ADDRESS}:1;`,
      reason: "status 502, expected 200–299",
    },
    {
      fault: "status not expected",
      kind: "http",
      keys: "",
      broken: "return 301 https://elsewhere.example.com/;",
      reason: "status 301, expected 200–299",
    },
    {
      fault: "another body",
      kind: "http",
      keys: 'body="is well"',
      broken: 'return 200 "maintenance\\n";',
      reason: "'is well' is not in the body",
    },
    {
      fault: "slow body",
      kind: "http",
      keys: "",
      broken: "limit_rate_after 2000; limit_rate 100; alias LARGE;",
      reason: `body timed out after ${timeout}`,
    },
    {
      fault: "closed without a response",
      kind: "http",
      keys: "",
      broken: "return 444;",
      reason: "connection closed before the response",
    },
    ...secure("certificate expired", certificates.expired, "TLS certificate expired 2020-11-01"),
    ...secure(
      "certificate for another name",
      elsewhere,
      "certificate is for 'api.example.com', not 'www.example.com'",
    ),
    ...secure("certificate self-signed", certificates.selfSigned, "TLS certificate is self-signed"),
  ];
}

const WELL = 'return 200 "all is well\\n";';

/** One nginx with a port for each row; a new configuration is taken up at one moment, by its own SIGHUP. */
async function nginxScene(certificates: Certificates, timeout: string): Promise<Scene> {
  const rows = nginxRows(certificates, timeout);
  const { folder } = certificates;
  const write = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o644 });
    return path;
  };
  const large = write("large", "x".repeat(70_000));
  const ports: number[] = [];
  for (const _ of rows) ports.push(await freePort(NGINX_ADDRESS));
  const blockOf = (row: NginxRow, at: number, location: string, { key, cert }: Identity): string => {
    const tls = row.kind === "http" ? "" : "ssl";
    const files =
      tls === ""
        ? ""
        : `ssl_certificate ${write(`${at}.cert`, cert)}; ssl_certificate_key ${write(`${at}.key`, key)};`;
    const body = location.replace("LARGE", large);
    return `server { listen ${NGINX_ADDRESS}:${ports[at]} ${tls}; ${files} location = ${PATH} { ${body} } }`;
  };
  const well = rows.map((row, at) => blockOf(row, at, WELL, certificates.good)).join("\n");
  const include = write("servers.conf", well);
  const at = { address: NGINX_ADDRESS, port: ports[0] ?? 0 };
  const nginx = await startReloadable(at, `include ${include};`);
  return {
    rows: rows.map(({ fault, kind, keys, reason }, at) => ({
      fault,
      kind,
      reason,
      address: NGINX_ADDRESS,
      keys: `port=${ports[at]} ${kind === "tls" ? "" : `path=${PATH}`} ${keys}`,
    })),
    break() {
      const broken = rows.map((row, at) =>
        row.broken === undefined ? "" : blockOf(row, at, row.broken, row.identity ?? certificates.good),
      );
      write("servers.conf", broken.join("\n"));
      nginx.program.signal("SIGHUP");
    },
    end: () => nginx.stop(),
  };
}

/** A load balancer that is stopped in the middle of its work: the system still accepts connections for it. */
async function frozenScene(certificates: Certificates, timeout: string): Promise<Scene> {
  const [plain, tls] = [await freePort(FROZEN_ADDRESS), await freePort(FROZEN_ADDRESS)];
  const cert = join(certificates.folder, "good.pem");
  const key = join(certificates.folder, "good.key");
  const nginx = await startServers(
    { address: FROZEN_ADDRESS, port: plain },
    `server { listen ${FROZEN_ADDRESS}:${plain}; listen ${FROZEN_ADDRESS}:${tls} ssl;
       ssl_certificate ${cert}; ssl_certificate_key ${key}; location / { ${WELL} } }`,
  );
  const address = FROZEN_ADDRESS;
  const trusting = `host=${HOST} ca=${certificates.caFile}`;
  return {
    rows: [
      {
        fault: "accepts and is silent",
        kind: "http",
        address,
        keys: `port=${plain}`,
        reason: `response timed out after ${timeout}`,
      },
      {
        fault: "TLS handshake stalls",
        kind: "https",
        address,
        keys: `port=${tls} ${trusting}`,
        reason: `TLS handshake timed out after ${timeout}`,
      },
    ],
    break: () => nginx.program.signal("SIGSTOP"),
    async end() {
      nginx.program.signal("SIGCONT");
      await nginx.stop();
    },
  };
}

const HEAD = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n";

/** Resets, which nginx does not make at a given octet. */
async function resetScene(): Promise<Scene> {
  let isBroken = false;
  const play = (broken: (socket: Socket) => void) =>
    listen(
      createServer((socket) => {
        socket.once("data", () => {
          if (isBroken) broken(socket);
          else socket.end(HEAD + "x".repeat(100));
        });
      }),
    );
  const atOnce = await play((socket) => socket.resetAndDestroy());
  const within = await play((socket) => {
    // Once the head has been read by the other end, so that the reset does not overtake it.
    socket.write(`${HEAD}x`, () => setTimeout(() => socket.resetAndDestroy(), 50));
  });
  const row = (fault: string, port: number, reason: string): FaultRow => ({
    fault,
    reason,
    kind: "http",
    address: OWN_ADDRESS,
    keys: `port=${port}`,
  });
  return {
    rows: [
      row("reset before the response", atOnce.port, "connection reset before the response"),
      row("reset within the body", within.port, "connection reset within the body"),
    ],
    break() {
      isBroken = true;
    },
    async end() {
      await atOnce.close();
      await within.close();
    },
  };
}

/** unbound as the nameserver that is probed. */
async function dnsScene(): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-dns-"));
  const port = await freePort();
  const config = (data: string, stub: string): string => `server:
  directory: "${folder}"
  chroot: ""
  username: ""
  pidfile: "${folder}/pid"
  use-syslog: no
  interface: 127.0.0.1
  port: ${port}
  do-not-query-localhost: no
  do-ip6: no
  module-config: "iterator"
  root-hints: ""
  num-threads: 1
  local-zone: "test." nodefault
${data}
remote-control:
  control-enable: no
${stub}`;
  const file = join(folder, "unbound.conf");
  const names = ["gone.test", "other.test", "broken.test"];
  const well = names.map((name) => `  local-data: "${name}. 60 A 192.0.2.1"`).join("\n");
  writeFileSync(file, config(well, ""));
  const unbound = startProgram(peerPath("unbound") ?? "unbound", ["-d", "-p", "-c", file]);
  const server = { address: OWN_ADDRESS, port };
  await eventually(
    async () => ((await dig(server, "gone.test", "A")).status === "NOERROR" ? true : undefined),
    START_LIMIT_MS,
    unbound.output,
  );
  const row = (fault: string, keys: string, reason: string): FaultRow => ({
    fault,
    reason,
    kind: "dns",
    address: OWN_ADDRESS,
    keys: `port=${port} ${keys}`,
  });
  return {
    rows: [
      row("NXDOMAIN", "query=gone.test", "NXDOMAIN, expected NOERROR"),
      row("SERVFAIL", "query=broken.test", "SERVFAIL, expected NOERROR"),
      row(
        "another answer",
        "query=other.test receive=192.0.2.1",
        "no A record of 'other.test' is '192.0.2.1': got '192.0.2.9'",
      ),
    ],
    break() {
      const data = '  local-zone: "gone.test." always_nxdomain\n  local-data: "other.test. 60 A 192.0.2.9"';
      // Nobody listens there.
      const stub = `stub-zone:\n  name: "broken.test"\n  stub-addr: ${OWN_ADDRESS}@1\n`;
      writeFileSync(file, config(data, stub));
      unbound.signal("SIGHUP");
    },
    async end() {
      await unbound.end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function grpcScene(certificates: Certificates): Promise<Scene> {
  const server = new Server();
  const health = new HealthImplementation({ "": "SERVING", shop: "SERVING" });
  health.addToServer(server);
  const { key, cert } = certificates.good;
  const pair = { private_key: Buffer.from(key), cert_chain: Buffer.from(cert) };
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${OWN_ADDRESS}:0`, ServerCredentials.createSsl(null, [pair]), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  const keys = `port=${port} host=${HOST} ca=${certificates.caFile} query=shop`;
  const reason = "service 'shop' is NOT_SERVING";
  return {
    rows: [{ fault: "NOT_SERVING", kind: "grpc", address: OWN_ADDRESS, keys, reason }],
    break: () => health.setStatus("shop", "NOT_SERVING"),
    async end() {
      server.forceShutdown();
    },
  };
}

/** A program that does what a file says. */
function execScene({ folder }: Certificates, timeout: string): Scene {
  const words = { status: "exit 0", deadline: "exit 0" };
  const paths = { status: join(folder, "status.sh"), deadline: join(folder, "deadline.sh") };
  for (const name of ["status", "deadline"] as const) {
    writeFileSync(paths[name], `${words[name]}\n`, { mode: 0o644 });
  }
  const row = (fault: string, path: string, reason: string): FaultRow => ({
    fault,
    reason,
    kind: "exec",
    address: OWN_ADDRESS,
    keys: `command="/bin/sh ${path}"`,
  });
  return {
    rows: [
      row("exit status", paths.status, "exit status 3: the database is gone"),
      row("deadline", paths.deadline, `command timed out after ${timeout}`),
    ],
    break() {
      writeFileSync(paths.status, "echo the database is gone; exit 3\n");
      writeFileSync(paths.deadline, "exec sleep 60\n");
    },
    end: () => Promise.resolve(),
  };
}

/** `timeout` as reasons spell it. */
export async function setScene(timeout: string): Promise<Scene> {
  const certificates = makeCertificates();
  const scenes: Scene[] = [];
  const end = async (): Promise<void> => {
    for (const scene of scenes) await scene.end();
    certificates.remove();
  };
  try {
    scenes.push(await nginxScene(certificates, timeout));
    scenes.push(await frozenScene(certificates, timeout));
    scenes.push(await resetScene());
    scenes.push(await dnsScene());
    scenes.push(await grpcScene(certificates));
    scenes.push(execScene(certificates, timeout));
  } catch (error) {
    await end();
    throw error;
  }
  return {
    rows: scenes.flatMap(({ rows }) => rows),
    break() {
      for (const scene of scenes) scene.break();
    },
    end,
  };
}
