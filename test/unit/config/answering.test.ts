import { expect } from "chai";
import { describe, it } from "mocha";
import { resolveConfig } from "../../../src/config/resolve.ts";

function resolve(yaml: string) {
  return resolveConfig({
    file: { path: "fairlead.yaml", text: yaml },
    environment: { HOME: "/home/op" },
    flags: {},
    hostName: "ns1",
    cores: 1,
  });
}

const DEFAULTS = {
  cookies: { kind: "own" },
  rateLimit: undefined,
  explainNetworks: [],
  minimalResponses: true,
  serverVersion: undefined,
  serverId: undefined,
};

const RATE_LIMIT = {
  responsesPerSecond: 200,
  windowSeconds: 15,
  slip: 2,
  ipv4PrefixBits: 24,
  ipv6PrefixBits: 56,
  exempt: [],
  tableEntries: 262_144,
};

const ACCEPTED: readonly (readonly [yaml: string, options: object])[] = [
  ["", {}],
  ["cookies: off", { cookies: { kind: "off" } }],
  ["cookies: false", { cookies: { kind: "off" } }],
  [
    "cookies: { secret-file: /etc/fairlead/cookies }",
    { cookies: { kind: "file", path: "/etc/fairlead/cookies" } },
  ],
  ["minimal-responses: no", { minimalResponses: false }],
  ["minimal-responses: false", { minimalResponses: false }],
  ["minimal-responses: yes", {}],
  ["explain-networks: 192.0.2.1", { explainNetworks: [{ address: "192.0.2.1", prefixBits: 32 }] }],
  [
    "server-version: none of your business\nserver-id: ns1",
    { serverVersion: "none of your business", serverId: "ns1" },
  ],
  ["rate-limit: { responses-per-second: 200 }", { rateLimit: RATE_LIMIT }],
  [
    "rate-limit: { responses-per-second: 5, window: 5, slip: 0, ipv4-prefix: 32, ipv6-prefix: 64, exempt: [192.0.2.0/24], table-size: 4096 }",
    {
      rateLimit: {
        responsesPerSecond: 5,
        windowSeconds: 5,
        slip: 0,
        ipv4PrefixBits: 32,
        ipv6PrefixBits: 64,
        exempt: [{ address: "192.0.2.0", prefixBits: 24 }],
        tableEntries: 4096,
      },
    },
  ],
];

const REFUSED: readonly (readonly [yaml: string, fault: string])[] = [
  ["cookies: on", "fairlead.yaml:1: cookies: is neither 'off' nor a map with a secret-file"],
  ["cookies: { secret: x }", "fairlead.yaml:1: cookies: is neither 'off' nor a map with a secret-file"],
  ["minimal-responses: maybe", "fairlead.yaml:1: minimal-responses: 'maybe' is neither yes nor no"],
  [
    "explain-networks: [here]",
    "fairlead.yaml:1: explain-networks: 'here' is not a network, as in 192.0.2.0/24",
  ],
  ['server-id: ""', "fairlead.yaml:1: server-id: is empty, expected a text"],
  [`server-version: ${"ü".repeat(128)}`, "fairlead.yaml:1: server-version: is longer than 255 octets"],
  [
    "rate-limit:\n  responses-per-second: 0",
    "fairlead.yaml:2: rate-limit.responses-per-second: is less than 1",
  ],
  [
    "rate-limit:\n  responses-per-second: 9\n  ipv4-prefix: 33",
    "fairlead.yaml:3: rate-limit.ipv4-prefix: is more than 32 bits",
  ],
  [
    "rate-limit:\n  responses-per-second: 9\n  rate: 3",
    "fairlead.yaml:3: rate-limit.rate: is no part of 'rate-limit'",
  ],
];

describe("resolveConfig() for what answers hold", () => {
  for (const [yaml, options] of ACCEPTED) {
    it(`takes ${yaml === "" ? "nothing" : yaml.replaceAll("\n", " ⏎ ")}`, () => {
      const result = resolve(yaml);
      expect(result.ok && result.options.answering).to.deep.equal({ ...DEFAULTS, ...options });
    });
  }
  for (const [yaml, fault] of REFUSED) {
    it(`refuses ${yaml.replaceAll("\n", " ⏎ ").slice(0, 60)}`, () => {
      const result = resolve(yaml);
      const faults = result.ok ? [] : result.faults.map(({ source, message }) => `${source}: ${message}`);
      expect(faults).to.deep.equal([fault]);
    });
  }

  it("wants a rate where there is a limit", () => {
    const result = resolve("rate-limit: { slip: 3 }");
    expect(result.ok ? "" : (result.faults[0]?.source ?? "")).to.equal(
      "fairlead.yaml:1: rate-limit.responses-per-second",
    );
  });
});
