/** What probes say of a real load balancer, nginx, in each of the ways in which one goes wrong. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import type { MonitorKind } from "../../../src/health/monitor.ts";
import { createProbe } from "../../../src/probe/kinds.ts";
import { needPeers } from "../../peers.ts";
import { freePort } from "../../support/peers/network.ts";
import { type Nginx, startServers } from "../../support/peers/nginx.ts";
import { type Certificates, type Identity, makeCertificates } from "./certificates.ts";
import { monitorOf, patienceFor, targetOf } from "./monitors.ts";

const HOST = "www.example.com";

type Keys = Readonly<Record<string, string>>;

/** Each server has an address of its own on one port. */
const ADDRESSES = {
  plain: "127.0.7.1",
  good: "127.0.7.2",
  expired: "127.0.7.3",
  future: "127.0.7.4",
  selfSigned: "127.0.7.5",
  noServer: "127.0.7.9",
} as const;

const LOCATIONS = `
  location = /ok { return 200 "all is well\\n"; }
  location = /moved { return 301 https://elsewhere.example.com/; }
  location = /broken { return 503 "sorry\\n"; }
  location = /dropped { return 444; }
  location = /no-backend { proxy_pass http://127.0.7.9:1; }
  location = /slow { limit_rate_after 2000; limit_rate 100; alias LARGE; }
  location = /large { alias LARGE; }
  location = /host { return 200 "host=$http_host method=$request_method probe=$http_x_probe"; }
  location = /sni { return 200 "sni=$ssl_server_name protocol=$ssl_protocol"; }
  location /grpc { return 502; }
`;

describe("probes of nginx", () => {
  let nginx: Nginx;
  let certificates: Certificates;
  let port: number;

  const write = (name: string, text: string): string => {
    const path = join(certificates.folder, name);
    writeFileSync(path, text, { mode: 0o644 });
    return path;
  };

  before(async function () {
    needPeers.call(this, "nginx", "openssl");
    certificates = makeCertificates();
    port = await freePort(ADDRESSES.plain);
    const large = write("large", `${"x".repeat(70_000)}end`);
    const locations = LOCATIONS.replaceAll("LARGE", large);
    const secure = (name: "good" | "expired" | "future" | "selfSigned"): string => {
      const { key, cert }: Identity = certificates[name];
      const files = `ssl_certificate ${write(`${name}.chain`, cert)}; ssl_certificate_key ${write(`${name}.secret`, key)};`;
      return `server { listen ${ADDRESSES[name]}:${port} ssl http2; ${files} ${locations} }`;
    };
    const servers = ["good", "expired", "future", "selfSigned"] as const;
    const plain = `server { listen ${ADDRESSES.plain}:${port}; ${locations.replace(/.*ssl_server_name.*/, "")} }`;
    nginx = await startServers(
      { address: ADDRESSES.plain, port },
      [plain, ...servers.map(secure)].join("\n"),
    );
  });

  after(async () => {
    await nginx?.stop();
    certificates?.remove();
  });

  const TRUSTING = { host: HOST, ca: "CA" };
  /** kind, server, keys (`CA` stands for the own authority's file), whether it passes and why */
  const ROWS: readonly (readonly [MonitorKind, keyof typeof ADDRESSES, Keys, boolean, string])[] = [
    ["http", "plain", { path: "/ok" }, true, "status 200"],
    ["http", "plain", { path: "/ok", body: "is well" }, true, "status 200"],
    ["http", "plain", { path: "/host", method: "HEAD" }, true, "status 200"],
    [
      "http",
      "plain",
      { path: "/host", host: HOST, "header.X-Probe": "own", body: `host=${HOST} method=GET probe=own` },
      true,
      "status 200",
    ],
    ["http", "plain", { path: "/moved" }, false, "status 301, expected 200–299"],
    ["http", "plain", { path: "/moved", expect: "200-399" }, true, "status 301"],
    ["http", "plain", { path: "/broken", expect: "200-399" }, false, "status 503, expected 200–399"],
    ["http", "plain", { path: "/no-backend" }, false, "status 502, expected 200–299"],
    ["http", "plain", { path: "/dropped" }, false, "connection closed before the response"],
    ["http", "plain", { path: "/slow" }, false, "body timed out after 1 s"],
    ["http", "plain", { path: "/large", body: "end" }, false, "'end' is not in the first 64 KiB of the body"],
    ["http", "plain", { path: "/large", "body-regex": "^x+$" }, true, "status 200"],
    ["http", "good", { path: "/ok" }, false, "status 400, expected 200–299"],
    ["http", "noServer", { path: "/ok" }, false, "connection refused"],
    ["https", "good", { ...TRUSTING, path: "/sni", body: `sni=${HOST}` }, true, "status 200"],
    [
      "https",
      "good",
      { ...TRUSTING, host: "api.example.com" },
      false,
      "certificate is for 'www.example.com', '127.0.0.1', not 'api.example.com'",
    ],
    ["https", "good", { host: HOST }, false, "TLS certificate is issued by an authority that is not trusted"],
    ["https", "expired", TRUSTING, false, "TLS certificate expired 2020-11-01"],
    ["https", "expired", { verify: "off", path: "/ok" }, true, "status 200"],
    ["https", "future", TRUSTING, false, "TLS certificate is not valid before 2098-01-01"],
    ["https", "selfSigned", { host: HOST }, false, "TLS certificate is self-signed"],
    ["https", "plain", { verify: "off" }, false, "TLS handshake failed: wrong version number"],
    ["tls", "good", TRUSTING, true, "connected"],
    ["tls", "expired", TRUSTING, false, "TLS certificate expired 2020-11-01"],
    [
      "tls",
      "good",
      { ...TRUSTING, send: "GET /ok HTTP/1.0\r\n\r\n", receive: "is well" },
      true,
      "received 'is well'",
    ],
    ["tcp", "plain", { port: "1" }, true, "connected"],
    [
      "tcp",
      "plain",
      { port: "1", send: "nonsense\r\n", receive: "400 Bad Request" },
      true,
      "received '400 Bad Request'",
    ],
    ["tcp", "noServer", { port: "1" }, false, "connection refused"],
    ["grpc", "good", TRUSTING, false, "HTTP status 502 in place of a gRPC answer"],
    ["grpc", "expired", TRUSTING, false, "TLS certificate expired 2020-11-01"],
  ];
  for (const [kind, server, keys, ok, reason] of ROWS) {
    it(`${kind} of ${server} with ${JSON.stringify(keys)} says ${reason}`, async () => {
      const ca = keys["ca"] === undefined ? {} : { ca: certificates.caFile };
      const timeoutMs = patienceFor(reason);
      const monitor = monitorOf(kind, { timeout: `${timeoutMs}ms`, every: "20s", ...keys, ...ca });
      const target = targetOf(monitor, ADDRESSES[server], port);
      expect(await createProbe()(target, AbortSignal.timeout(timeoutMs))).to.include({ ok, reason });
    });
  }
});
