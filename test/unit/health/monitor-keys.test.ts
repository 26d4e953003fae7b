import { expect } from "chai";
import { describe, it } from "mocha";
import { MONITOR_KINDS, type Monitor, type MonitorKind } from "../../../src/health/monitor.ts";
import { type KeyValue, monitorKeys, parseMonitor } from "../../../src/health/monitor-keys.ts";

/** Pairs as a line writes them, parted by blanks (the values here have none). */
function pairs(line: string): readonly KeyValue[] {
  return line
    .split(" ")
    .filter((word) => word !== "")
    .map((word) => ({ key: word.slice(0, word.indexOf("=")), value: word.slice(word.indexOf("=") + 1) }));
}

function accepted(kind: MonitorKind, line: string): Monitor {
  const result = parseMonitor("m", kind, pairs(line));
  if (!result.ok) {
    throw new Error(result.faults.map((fault) => fault.message).join("; "));
  }
  return result.monitor;
}

/** The least that each kind needs. */
const LEAST: Record<MonitorKind, string> = {
  http: "",
  https: "host=www.example.com",
  tcp: "port=5432",
  tls: "host=www.example.com",
  dns: "query=www.example.com",
  grpc: "host=www.example.com",
  exec: "command=/bin/true",
};

describe("parseMonitor()", () => {
  const PORTS: Record<MonitorKind, number | undefined> = {
    http: 80,
    https: 443,
    tcp: 5432,
    tls: 443,
    dns: 53,
    grpc: 443,
    exec: undefined,
  };
  for (const kind of MONITOR_KINDS) {
    it(`parseMonitor() fills in the defaults of ${kind}`, () => {
      const monitor = accepted(kind, LEAST[kind]);
      expect(monitor).to.include({ name: "m", kind, port: PORTS[kind], everyMs: 5_000, timeoutMs: 2_000 });
      expect(monitor).to.include({ path: "/", method: "GET", verify: true });
      expect(monitor.thresholds).to.deep.equal({ fall: { kind: "consecutive", failures: 3 }, rise: 6 });
      expect(monitor.expect).to.deep.equal([
        kind === "dns" ? { first: 0, last: 0 } : { first: 200, last: 299 },
      ]);
    });
  }

  const GOOD: readonly (readonly [MonitorKind, string, object])[] = [
    ["http", "every=250ms timeout=249ms", { everyMs: 250, timeoutMs: 249 }],
    ["http", "fall=30%/20", { thresholds: { fall: { kind: "ratio", percent: 30, window: 20 }, rise: 6 } }],
    ["http", "fall=1 rise=1", { thresholds: { fall: { kind: "consecutive", failures: 1 }, rise: 1 } }],
    [
      "http",
      "expect=200-299,301",
      {
        expect: [
          { first: 200, last: 299 },
          { first: 301, last: 301 },
        ],
      },
    ],
    ["http", "path=/a%20b?c=d host=WWW.example.com.", { path: "/a%20b?c=d", host: "www.example.com" }],
    ["http", "method=head", { method: "HEAD" }],
    [
      "http",
      "header.X-Probe=1 header.accept=*/*",
      {
        headers: new Map([
          ["x-probe", "1"],
          ["accept", "*/*"],
        ]),
      },
    ],
    ["http", "body=ok body-regex=^o{1,3}k$", { body: "ok", bodyRegex: "^o{1,3}k$" }],
    ["http", "target=[2001:db8::1]:81", { port: 81, target: { host: "2001:db8::1", port: 81 } }],
    ["https", "verify=off", { verify: false, host: undefined }],
    [
      "https",
      "host=a.example ca=/etc/ca.pem cert-expiry=14d",
      { caFile: "/etc/ca.pem", certExpiryMs: 1_209_600_000 },
    ],
    ["https", "target=db.example.com:8443", { host: "db.example.com", port: 8443 }],
    ["https", "target=192.0.2.1:8443 host=a.example", { host: "a.example", port: 8443 }],
    ["tcp", "target=db:5432", { port: 5432, host: undefined }],
    ["tcp", "port=6379 send=PING receive=+PONG", { send: "PING", receive: "+PONG" }],
    ["tls", "host=a.example send=a receive=b", { send: "a", receive: "b" }],
    [
      "dns",
      "query=a.example qtype=aaaa expect=NXDOMAIN,3841",
      {
        query: "a.example",
        qtype: "AAAA",
        expect: [
          { first: 3, last: 3 },
          { first: 3841, last: 3841 },
        ],
      },
    ],
    ["dns", "query=a.example receive=192.0.2.1", { receive: "192.0.2.1" }],
    ["grpc", "host=a.example query=shop.Cart", { query: "shop.Cart" }],
    ["exec", "command=check", { command: ["check"] }],
  ];
  for (const [kind, line, partial] of GOOD) {
    it(`parseMonitor() accepts ${kind} ${line}`, () => {
      expect(accepted(kind, line)).to.deep.include(partial);
    });
  }

  it("parseMonitor() parts a command into words without a shell", () => {
    const result = parseMonitor("m", "exec", [
      { key: "command", value: `/bin/x  -a "b c" 'd "e' f'g h'i ''` },
    ]);
    expect(result.ok ? result.monitor.command : undefined).to.deep.equal([
      "/bin/x",
      "-a",
      "b c",
      'd "e',
      "fg hi",
      "",
    ]);
  });

  const BAD: readonly (readonly [MonitorKind, string, readonly (readonly [number | undefined, string])[]])[] =
    [
      ["http", "pth=/", [[0, 'Unknown key "pth" of http monitors']]],
      ["http", "__proto__=1", [[0, 'Unknown key "__proto__" of http monitors']]],
      ["tcp", "port=1 path=/", [[1, 'Key "path" has no meaning for tcp monitors, only for http, https']]],
      [
        "http",
        "verify=off",
        [[0, 'Key "verify" has no meaning for http monitors, only for https, tls, grpc']],
      ],
      [
        "exec",
        "command=x port=1",
        [[1, 'Key "port" has no meaning for exec monitors, only for http, https, tcp, tls, dns, grpc']],
      ],
      [
        "dns",
        "query=a header.x=1",
        [[1, 'Key "header.x" has no meaning for dns monitors, only for http, https']],
      ],
      ["http", "fall=2 fall=3", [[1, 'Key "fall" is given twice']]],
      ["http", "header.X-a=2 header.x-A=3", [[1, 'Key "header.x-A" is given twice']]],
      ["tcp", "", [[undefined, 'Monitor "m": tcp needs port=NUMBER']]],
      ["dns", "", [[undefined, 'Monitor "m": dns needs query=NAME']]],
      ["exec", "", [[undefined, 'Monitor "m": exec needs command=PROGRAM']]],
      [
        "https",
        "",
        [[undefined, 'Monitor "m": https needs host=NAME to check the certificate against, or verify=off']],
      ],
      [
        "tls",
        "target=192.0.2.1:1",
        [[undefined, 'Monitor "m": tls needs host=NAME to check the certificate against, or verify=off']],
      ],
      ["tcp", "port=0", [[0, 'Cannot parse port: "0" is not a number from 1 to 65535']]],
      ["http", "timeout=5s", [[0, "timeout=5s is not less than every=5s"]]],
      ["http", "every=1s", [[0, "timeout=2s is not less than every=1s"]]],
      [
        "http",
        "every=10ms timeout=1ms",
        [
          [0, "Cannot parse every: 10ms is not from 100ms to 1d"],
          [1, "Cannot parse timeout: 1ms is not from 10ms to 1d"],
        ],
      ],
      [
        "http",
        "every=5",
        [
          [
            0,
            "Cannot parse every: 5 has no unit: expected a number with a unit, such as 250ms, 5s, 1m30s, 2h or 14d",
          ],
        ],
      ],
      [
        "http",
        "fall=0",
        [[0, 'Cannot parse fall: "0" is neither a number from 1 to 1000 nor a share such as 30%/20']],
      ],
      ["http", "fall=101%/20", [[0, "Cannot parse fall: 101% is not from 1% to 100%"]]],
      [
        "http",
        "fall=30%/1",
        [[0, "Cannot parse fall: a share of the last 1 probes: expected from 2 to 1000"]],
      ],
      ["http", "rise=x", [[0, 'Cannot parse rise: "x" is not a number from 1 to 1000']]],
      [
        "http",
        "expect=2xx",
        [
          [
            0,
            'Cannot parse expect: "2xx" is not a status from 100 to 599 or a range of them such as 200-299',
          ],
        ],
      ],
      ["http", "expect=299-200", [[0, "Cannot parse expect: range 299-200 ends before it begins"]]],
      [
        "http",
        "expect=200,",
        [[0, 'Cannot parse expect: "" is not a status from 100 to 599 or a range of them such as 200-299']],
      ],
      [
        "dns",
        "query=a expect=NOPE",
        [
          [
            1,
            'Cannot parse expect: "NOPE" is not a response code: expected NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED, YXDOMAIN or a number',
          ],
        ],
      ],
      [
        "dns",
        "query=a qtype=ANY",
        [[1, 'Cannot parse qtype: "ANY" is not one of A, AAAA, CAA, CNAME, MX, NS, PTR, SOA, SRV, TXT']],
      ],
      [
        "http",
        "path=healthz",
        [
          [
            0,
            'Cannot parse path: "healthz" is not a path: expected one that begins with / and is percent-encoded',
          ],
        ],
      ],
      [
        "http",
        "method=DELETE",
        [[0, 'Cannot parse method: "DELETE" is not one of GET, HEAD, OPTIONS, POST, PUT']],
      ],
      ["http", "host=a:80", [[0, 'Cannot parse host: "a:80" is not a host name (the port goes into port=)']]],
      ["http", "header.Host=a", [[0, "Cannot parse header.Host: header Host is set by the probe itself"]]],
      ["http", "header.=a", [[0, 'Cannot parse header.: "" is not the name of a header']]],
      [
        "http",
        "header.x=a\r\nb:c",
        [[0, "Cannot parse header.x: is not printable ASCII of at most 4096 characters"]],
      ],
      [
        "http",
        "body-regex=a(",
        [[0, 'Cannot parse body-regex: "a(" is not a regular expression: Unterminated group']],
      ],
      [
        "http",
        `body-regex=${"a".repeat(513)}`,
        [[0, "Cannot parse body-regex: is longer than 512 characters"]],
      ],
      ["http", "body=", [[0, "Cannot parse body: value is empty"]]],
      ["http", "method=HEAD body=a", [[1, "body cannot be looked for: the answer to HEAD has no body"]]],
      ["https", "host=a verify=of", [[1, 'Cannot parse verify: "of" is neither on nor off']]],
      ["https", "verify=off ca=/x", [[1, "ca has no meaning beside verify=off"]]],
      ["https", "host=a cert-expiry=1s", [[1, "Cannot parse cert-expiry: 1s is not from 1m to 3650d"]]],
      [
        "http",
        "target=db",
        [
          [
            0,
            'Cannot parse target: "db" is not host:port: expected such as db.example.com:5432, 192.0.2.1:80 or [2001:db8::1]:443',
          ],
        ],
      ],
      ["http", "target=db:1 port=2", [[1, "port has no meaning beside target, which has its own"]]],
      ["exec", 'command="a', [[0, "Cannot parse command: a quote is not closed"]]],
      [
        "tcp",
        "prot=1 rise=0",
        [
          [0, 'Unknown key "prot" of tcp monitors'],
          [1, 'Cannot parse rise: "0" is not a number from 1 to 1000'],
          [undefined, 'Monitor "m": tcp needs port=NUMBER'],
        ],
      ],
    ];
  for (const [kind, line, faults] of BAD) {
    it(`parseMonitor() refuses ${kind} ${line.slice(0, 60)}`, () => {
      const result = parseMonitor("m", kind, pairs(line));
      expect(result.ok ? [] : result.faults.map((fault) => [fault.pairIndex, fault.message])).to.deep.equal(
        faults,
      );
    });
  }
});

describe("monitorKeys()", () => {
  it("monitorKeys() lists every key of the contract for some kind", () => {
    const contract =
      "port path method host header.NAME expect body body-regex verify ca send receive query qtype command every timeout fall rise cert-expiry target";
    const listed = new Set(MONITOR_KINDS.flatMap((kind) => monitorKeys(kind)));
    expect([...listed].sort()).to.deep.equal(contract.split(" ").sort());
  });
});
