import { expect } from "chai";
import { describe, it } from "mocha";
import { type ConfigInput, resolveConfig } from "../../../src/config/resolve.ts";

const HOME = { HOME: "/home/op" };

function input(part: { yaml?: string; environment?: Record<string, string>; flags?: object }): ConfigInput {
  return {
    file: part.yaml === undefined ? undefined : { path: "fairlead.yaml", text: part.yaml },
    environment: part.environment ?? HOME,
    flags: { ...part.flags },
    hostName: "ns1",
    cores: 6,
  };
}

describe("resolveConfig()", () => {
  it("fills every default", () => {
    expect(resolveConfig(input({}))).to.deep.equal({
      ok: true,
      options: {
        zones: ["zones"],
        listen: [
          { address: "127.0.0.1", port: 5300 },
          { address: "::1", port: 5300 },
        ],
        admin: { address: "127.0.0.1", port: 9153 },
        workers: 6,
        cpuAffinity: undefined,
        busyPollUs: 0,
        state: "/home/op/.local/state/fairlead",
        node: "ns1",
        geoip: undefined,
        adminTokenFile: undefined,
        resolvers: [],
        overrideFile: undefined,
        drills: [],
        maxShift: undefined,
        user: undefined,
        transfer: undefined,
        streams: {
          tcp: {},
          listenTls: [],
          listenHttps: [],
          httpsPath: undefined,
          identity: undefined,
          proxyNetworks: [],
        },
        answering: {
          cookies: { kind: "own" },
          rateLimit: undefined,
          explainNetworks: [],
          minimalResponses: true,
          serverVersion: undefined,
          serverId: undefined,
        },
      },
    });
  });

  it("reads who may transfer zones", () => {
    const notify = '["192.0.2.54", "192.0.2.55:5353 transfer.key", "2001:db8::1 k", "[2001:db8::1]:54"]';
    const yaml = `transfer:\n  networks: [192.0.2.0/24, "2001:db8::1"]\n  keys: k.keys\n  notify: ${notify}`;
    const result = resolveConfig(input({ yaml }));
    expect(result.ok && result.options.transfer).to.deep.equal({
      networks: [
        { address: "192.0.2.0", prefixBits: 24 },
        { address: "2001:db8::1", prefixBits: 128 },
      ],
      keys: "k.keys",
      notify: [
        { server: { address: "192.0.2.54", port: 53 }, keyName: undefined },
        { server: { address: "192.0.2.55", port: 5353 }, keyName: "transfer.key" },
        { server: { address: "2001:db8::1", port: 53 }, keyName: "k" },
        { server: { address: "2001:db8::1", port: 54 }, keyName: undefined },
      ],
    });
  });

  const precedence: [string, Parameters<typeof input>[0], string][] = [
    ["the file", { yaml: "node: file" }, "file"],
    ["the environment", { yaml: "node: file", environment: { ...HOME, FAIRLEAD_NODE: "env" } }, "env"],
    [
      "a flag",
      { yaml: "node: file", environment: { ...HOME, FAIRLEAD_NODE: "env" }, flags: { node: "flag" } },
      "flag",
    ],
    ["no empty variable", { yaml: "node: file", environment: { ...HOME, FAIRLEAD_NODE: "" } }, "file"],
  ];
  for (const [who, part, node] of precedence) {
    it(`lets ${who} win`, () => {
      const result = resolveConfig(input(part));
      expect(result.ok && result.options.node).to.equal(node);
    });
  }

  const states: [Record<string, string>, string][] = [
    [
      { STATE_DIRECTORY: "/var/lib/fairlead:/other", XDG_STATE_HOME: "/xdg", HOME: "/h" },
      "/var/lib/fairlead",
    ],
    [{ XDG_STATE_HOME: "/xdg", HOME: "/h" }, "/xdg/fairlead"],
    [{ FAIRLEAD_STATE: "/mine", STATE_DIRECTORY: "/var/lib/fairlead" }, "/mine"],
  ];
  for (const [environment, state] of states) {
    it(`keeps its state in ${state} under ${Object.keys(environment).join(" ")}`, () => {
      const result = resolveConfig(input({ environment }));
      expect(result.ok && result.options.state).to.equal(state);
    });
  }

  it("reads lists from the file, from commas and from repeated flags", () => {
    const wanted = [
      { address: "192.0.2.1", port: 53 },
      { address: "2001:db8::1", port: 53 },
    ];
    const spelled = ["192.0.2.1:53", "[2001:db8::1]:53"];
    for (const part of [
      { yaml: `listen: ["${spelled.join('", "')}"]` },
      { environment: { ...HOME, FAIRLEAD_LISTEN: spelled.join(", ") } },
      { flags: { listen: spelled } },
    ]) {
      const result = resolveConfig(input(part));
      expect(result.ok && result.options.listen).to.deep.equal(wanted);
    }
    const single = resolveConfig(input({ yaml: "listen: 192.0.2.1:53" }));
    expect(single.ok && single.options.listen).to.deep.equal(wanted.slice(0, 1));
  });

  it("makes a worker for each core that is named", () => {
    for (const part of [
      { yaml: "cpu-affinity: 0,2-3" },
      { environment: { ...HOME, FAIRLEAD_CPU_AFFINITY: "0,2-3" } },
      { flags: { "cpu-affinity": "0,2-3" } },
    ]) {
      const result = resolveConfig(input(part));
      expect(result.ok && [result.options.workers, result.options.cpuAffinity]).to.deep.equal([3, [0, 2, 3]]);
    }
    const one = resolveConfig(input({ yaml: "cpu-affinity: 5\nbusy-poll-us: 50" }));
    expect(one.ok && [one.options.workers, one.options.cpuAffinity, one.options.busyPollUs]).to.deep.equal([
      1,
      [5],
      50,
    ]);
  });

  const faults: [string, Parameters<typeof input>[0], string[]][] = [
    [
      "a listen address of the file, with its line",
      { yaml: "node: a\nlisten:\n  - localhost:53\n" },
      [
        "fairlead.yaml:3: listen: 'localhost:53' is not an address and a port, as in 127.0.0.1:5300 or [::1]:5300",
      ],
    ],
    [
      "an address of the environment",
      { environment: { ...HOME, FAIRLEAD_ADMIN: "9153" } },
      ["FAIRLEAD_ADMIN: '9153' is not an address and a port, as in 127.0.0.1:5300 or [::1]:5300"],
    ],
    [
      "a port that is none",
      { flags: { admin: "127.0.0.1:70000" } },
      ["--admin: '127.0.0.1:70000' is not an address and a port, as in 127.0.0.1:5300 or [::1]:5300"],
    ],
    [
      "workers that are no number",
      { flags: { workers: "many" } },
      ["--workers: 'many' is not a number of workers"],
    ],
    ["no worker", { flags: { workers: "0" } }, ["--workers: is less than 1"]],
    [
      "a share that is none",
      { yaml: "max-shift: 20" },
      [
        "fairlead.yaml:1: max-shift: has the wrong kind of value: Invalid input: expected string, received number",
      ],
    ],
    [
      "a share above all",
      { flags: { "max-shift": "101%" } },
      ["--max-shift: '101%' is not a share from 0% to 100%, as in 20%"],
    ],
    ["too many workers", { flags: { workers: "1025" } }, ["--workers: is more than 1024 workers"]],
    [
      "cores that are none",
      { flags: { "cpu-affinity": "0,x" } },
      ["--cpu-affinity: '0,x' is not a list of cores, as in 0,2-3"],
    ],
    [
      "more workers than cores to pin them to",
      { yaml: "cpu-affinity: 0-1", flags: { workers: "3" } },
      ["--cpu-affinity: names 2 for 3 workers, and each needs a core of its own"],
    ],
    [
      "a busy poll that would outlast the look for a stop",
      { yaml: "busy-poll-us: 100001" },
      ["fairlead.yaml:1: busy-poll-us: is more than 100000 microseconds"],
    ],
    ["NATS", { flags: { nats: ["nats://127.0.0.1"] } }, ["--nats: is not built in this version"]],
    [
      "a key that is no setting",
      { yaml: "lisen: 127.0.0.1:53" },
      [
        "fairlead.yaml:1: lisen: is no setting; the settings are zones listen admin workers cpu-affinity busy-poll-us state node geoip nats admin-token-file override-file max-shift user transfer tcp tls https proxy-protocol cookies rate-limit explain-networks minimal-responses server-version server-id resolver drills",
      ],
    ],
    [
      "a network, a secondary and a part that are none",
      { yaml: "transfer:\n  networks: [192.0.2.0/33]\n  keys: k\n  notify:\n    - ns2\n  secret: no" },
      [
        "fairlead.yaml:2: transfer.networks: '192.0.2.0/33' is not a network, as in 192.0.2.0/24",
        "fairlead.yaml:5: transfer.notify: 'ns2' is not an address, perhaps with a port and the name of a key, as in 192.0.2.54, [2001:db8::1]:5353 or 192.0.2.54:53 transfer.key",
        "fairlead.yaml:6: transfer.secret: is no part of 'transfer'",
      ],
    ],
    [
      "transfers that nobody may make",
      { yaml: "node: a\ntransfer:\n  networks: []" },
      [
        "fairlead.yaml:3: transfer.networks: needs at least one value",
        "fairlead.yaml:2: transfer.keys: is missing",
      ],
    ],
    [
      "a wrong kind of value",
      { yaml: "node: [a]" },
      ["fairlead.yaml:1: node: has the wrong kind of value: Invalid input: expected string, received array"],
    ],
    ["a list as a file", { yaml: "- a" }, ["fairlead.yaml: is not a map of settings to values"]],
    ["an empty list", { yaml: "listen: []" }, ["fairlead.yaml:1: listen: needs at least one value"]],
    [
      "no place for the state",
      { environment: {} },
      ["--state: has no default here: none of STATE_DIRECTORY, XDG_STATE_HOME and HOME is set"],
    ],
    [
      "a variable for what the file alone says",
      { environment: { ...HOME, FAIRLEAD_MINIMAL_RESPONSES: "no", FAIRLEAD_COOKIES: "" } },
      ["FAIRLEAD_MINIMAL_RESPONSES: is read by nobody: 'minimal-responses' stands in the configuration file"],
    ],
    [
      "faults of every source at once, overridden ones too",
      { yaml: "node: ''", environment: { ...HOME, FAIRLEAD_NODE: "a b" }, flags: { node: "good" } },
      [
        "fairlead.yaml:1: node: is empty, expected a name",
        "FAIRLEAD_NODE: holds a blank or a character outside ASCII",
      ],
    ],
  ];
  for (const [what, part, messages] of faults) {
    it(`refuses ${what}`, () => {
      const result = resolveConfig(input(part));
      expect(result.ok).to.equal(false);
      if (result.ok) return;
      expect(result.faults.map(({ source, message }) => `${source}: ${message}`)).to.deep.equal(messages);
    });
  }

  it("says where a file is not YAML", () => {
    const result = resolveConfig(input({ yaml: "node: a\nlisten: [\n" }));
    expect(!result.ok && result.faults[0]?.source).to.match(/^fairlead\.yaml:[23]$/);
    expect(!result.ok && result.faults[0]?.message).to.match(/^is not YAML: /);
  });
});
