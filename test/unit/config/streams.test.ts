import { expect } from "chai";
import { describe, it } from "mocha";
import { type ConfigResult, resolveConfig } from "../../../src/config/resolve.ts";
import type { StreamOptions } from "../../../src/config/streams.ts";

const HOME = { HOME: "/home/op" };
const FILES = "certificate: c.pem\n  key: k.pem";

function resolve(yaml: string, environment: Record<string, string> = {}, flags: object = {}): ConfigResult {
  return resolveConfig({
    file: { path: "fairlead.yaml", text: yaml },
    environment: { ...HOME, ...environment },
    flags: { ...flags },
    hostName: "ns1",
    cores: 1,
  });
}

function streamsOf(...given: Parameters<typeof resolve>): StreamOptions {
  const result = resolve(...given);
  if (!result.ok)
    throw new Error(result.faults.map(({ source, message }) => `${source}: ${message}`).join("; "));
  return result.options.streams;
}

function faultsOf(...given: Parameters<typeof resolve>): string[] {
  const result = resolve(...given);
  return result.ok ? [] : result.faults.map(({ source, message }) => `${source}: ${message}`);
}

describe("resolveConfig() of connections", () => {
  it("reads what the file says of them", () => {
    const yaml = `tls:
  listen: 192.0.2.1:853
  ${FILES}
https: { listen: ["192.0.2.1:443", "[2001:db8::1]:443"], path: /q }
proxy-protocol: { networks: [10.0.0.0/8, "2001:db8::/32"] }
tcp: { connections: 20, write-backlog: 65536, idle-timeout: 2m, write-timeout: 500ms }`;
    expect(streamsOf(yaml)).to.deep.equal({
      tcp: { connections: 20, "write-backlog": 65_536, "idle-timeout": 120_000, "write-timeout": 500 },
      listenTls: [{ address: "192.0.2.1", port: 853 }],
      listenHttps: [
        { address: "192.0.2.1", port: 443 },
        { address: "2001:db8::1", port: 443 },
      ],
      httpsPath: "/q",
      identity: { certificate: "c.pem", key: "k.pem" },
      proxyNetworks: [
        { address: "10.0.0.0", prefixBits: 8 },
        { address: "2001:db8::", prefixBits: 32 },
      ],
    });
  });

  it("lets the environment override parts of the file, and flags both", () => {
    const environment = {
      FAIRLEAD_LISTEN_TLS: "192.0.2.1:853, 192.0.2.2:853",
      FAIRLEAD_TLS_KEY: "environment.pem",
    };
    const flags = { "tls-key": "flag.pem", "listen-https": ["192.0.2.3:443"] };
    const streams = streamsOf(
      `tls:\n  listen: 192.0.2.9:853\n  ${FILES}\nhttps: { path: /q }`,
      environment,
      flags,
    );
    expect(streams.listenTls.map(({ address }) => address)).to.deep.equal(["192.0.2.1", "192.0.2.2"]);
    expect(streams.listenHttps.map(({ address }) => address)).to.deep.equal(["192.0.2.3"]);
    expect(streams.identity).to.deep.equal({ certificate: "c.pem", key: "flag.pem" });
    expect(streams.httpsPath).to.equal("/q");
  });

  const faults: [what: string, given: Parameters<typeof resolve>, messages: string[]][] = [
    [
      "TLS without a certificate",
      ["", {}, { "listen-tls": ["127.0.0.1:853"] }],
      ["--tls-certificate: is missing, and --listen-tls needs it"],
    ],
    [
      "HTTPS without a key",
      ["tls: { certificate: c.pem }\nhttps: { listen: '127.0.0.1:443' }"],
      ["--tls-key: is missing, and --listen-https needs it"],
    ],
    ["a key alone", ["tls: { key: k.pem }"], ["--tls-key: stands alone: --tls-certificate is missing"]],
    [
      "a certificate for nobody",
      [`tls: { ${FILES.replace("\n ", ",")} }`],
      ["--tls-certificate: stands alone: neither --listen-tls nor --listen-https is there"],
    ],
    ["a path for nobody", ["https: { path: /q }"], ["https.path: stands alone: --listen-https is missing"]],
    [
      "a part that is missing",
      ["proxy-protocol: {}"],
      ["fairlead.yaml:1: proxy-protocol.networks: is missing"],
    ],
    [
      "another part that is missing",
      ["node: n\nrate-limit: { slip: 1 }"],
      ["fairlead.yaml:2: rate-limit.responses-per-second: is missing"],
    ],
    [
      "an address of a part, by its line",
      ["tls:\n  certificate: c.pem\n  listen: [somewhere]"],
      [
        "fairlead.yaml:3: tls.listen: 'somewhere' is not an address and a port, as in 127.0.0.1:5300 or [::1]:5300",
      ],
    ],
    [
      "an address of a part's variable and of its flag",
      ["", { FAIRLEAD_LISTEN_TLS: "x" }, { "listen-https": ["y"] }],
      [
        "FAIRLEAD_LISTEN_TLS: 'x' is not an address and a port, as in 127.0.0.1:5300 or [::1]:5300",
        "--listen-https: 'y' is not an address and a port, as in 127.0.0.1:5300 or [::1]:5300",
      ],
    ],
    [
      "a limit that is none",
      ["tcp:\n  conections: 1"],
      ["fairlead.yaml:2: tcp.conections: is no part of 'tcp'"],
    ],
    [
      "no connection at all",
      ["tcp: { connections: 0 }"],
      ["fairlead.yaml:1: tcp.connections: is less than 1"],
    ],
    [
      "a time without its unit",
      ["tcp: { idle-timeout: '10' }"],
      ["fairlead.yaml:1: tcp.idle-timeout: '10' is not a time from 1ms to 60m, as in 10s"],
    ],
    [
      "a network that is none",
      ["proxy-protocol: { networks: [10.0.0.0/33] }"],
      ["fairlead.yaml:1: proxy-protocol.networks: '10.0.0.0/33' is not a network, as in 192.0.2.0/24"],
    ],
    [
      "a path that is none",
      ["https: { path: dns query }"],
      ["fairlead.yaml:1: https.path: is not the path of a URL, as in /dns-query"],
    ],
  ];
  for (const [what, given, messages] of faults) {
    it(`refuses ${what}`, () => {
      expect(faultsOf(...given)).to.deep.equal(messages);
    });
  }
});
