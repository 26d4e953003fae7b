/**
 * What holds for every packet, sentence by sentence, against a running Fairlead. What takes many clients, slow ones or a
 * clock stands with its room: the limits of connections in test/unit/server, lookups in bulk beside this file.
 */

import { expect } from "chai";
import { after, afterEach, before, describe, it } from "mocha";
import { nameOf } from "../../src/dns/name.ts";
import { loadLibc } from "../../src/server/libc.ts";
import { join, opt, option, packet, parsed, query, summary } from "../support/packets.ts";
import { type Fairlead, startFairlead } from "../support/peers/fairlead.ts";
import { freePort } from "../support/peers/network.ts";
import { framed, UDP_TRANSPORTS } from "../support/servers.ts";
import { loadTexts } from "../support/zones.ts";
import { UdpAsker, writeTcp } from "./asking.ts";
import { observe } from "./observation.ts";
import { rankOf } from "./outcome.ts";
import { ecs } from "./rows/headers.ts";
import { questionOf } from "./rows/row.ts";

const many = (owner: string, count: number): string =>
  Array.from({ length: count }, (_, at) => `${owner} A 192.0.2.${at + 1}`).join("\n");

/** `ns1.example. A` is what every packet is followed by. */
const ZONE = `
$TTL 300
@ 3600   SOA ns1 hostmaster ( 1 3600 600 86400 60 )
@        NS  ns1
@        MX  10 target
ns1      A   192.0.2.53
target   A   192.0.2.1
toTarget CNAME target
reverse  PTR target
service  SRV 0 0 53 target
web      SVCB 1 target
safe     HTTPS 1 target
moved    DNAME target
\\195\\129  A 192.0.2.2
${many("big", 100)}
toBig    CNAME big
${many("ns.wide", 40)}
wide     NS  ns.wide
apart    NS  big
$POOL one monitor=none
    a 203.0.113.1
$POOL two monitor=none
    b 203.0.113.2
$POOL rest monitor=none
    c 203.0.113.3
near     POLICY geo ( net:10.0.0.0/8=one net:10.1.0.0/16=two net:2001:db8::/32=two *=rest )
`;

for (const udpTransport of UDP_TRANSPORTS)
  describe(`behaviour beside UDP by ${udpTransport}`, () => {
    let server: Fairlead;
    let asker: UdpAsker;

    before(async () => {
      const flags = ["--node", "node-1"];
      server = await startFairlead({ zones: { "example.zone": ZONE }, flags, udpTransport });
      asker = await UdpAsker.open(server.dns);
    });

    after(async () => {
      asker?.close();
      await server?.stop();
    });

    const askUdp = async (octets: Uint8Array): Promise<Uint8Array> => {
      const reply = await asker.ask(octets);
      if (reply === undefined) throw new Error("no reply");
      return reply;
    };
    const askTcp = async (octets: Uint8Array): Promise<Uint8Array> => {
      const { reply, outcome } = await writeTcp(server.dns, framed(octets));
      if (reply === undefined) throw new Error(`no reply: ${outcome}`);
      return reply;
    };
    const holds = (octets: Uint8Array, reply: Uint8Array, outcome: string): void => {
      expect(rankOf(outcome, observe(octets, reply)), summary(reply)).to.equal(0);
    };

    for (const [name, type, isCompressed] of [
      ["example.", "NS", true],
      ["example.", "MX", true],
      ["toTarget.example.", "CNAME", true],
      ["reverse.example.", "PTR", true],
      ["service.example.", "SRV", false],
      ["web.example.", "SVCB", false],
      ["safe.example.", "HTTPS", false],
      ["moved.example.", "DNAME", false],
    ] as const) {
      it(`${isCompressed ? "compresses" : "does not compress"} the name in ${type} (RFC 3597 §4)`, async () => {
        const reply = Buffer.from(await askUdp(query(name, type)));
        const target = Buffer.from(nameOf(type === "NS" ? "ns1.example." : "target.example."));
        expect(reply.includes(target)).to.equal(!isCompressed);
        expect(parsed(reply).answers).to.have.length(1);
      });
    }

    it("matches names without regard to ASCII case, and to no other (RFC 4343)", async () => {
      const folded = query("TARGET.eXample.", "A");
      holds(folded, await askUdp(folded), "NOERROR an=1 question=same");
      const own = packet({ question: questionOf(join(Uint8Array.of(2, 0xc3, 0x81), nameOf("EXAMPLE."))) });
      holds(own, await askUdp(own), "NOERROR an=1 question=same");
      const small = packet({ question: questionOf(join(Uint8Array.of(2, 0xe3, 0xa1), nameOf("example."))) });
      holds(small, await askUdp(small), "NXDOMAIN an=0");
    });

    it("never cuts an RRset in half, and keeps question and OPT when it cuts", async () => {
      for (const size of [0, 512, 800, 1_232, 4_096]) {
        const big = query("big.example.", "A", opt({ size }));
        holds(big, await askUdp(big), "NOERROR tc=1 an=0 qd=1 opt=1");
        const toBig = query("toBig.example.", "A", opt({ size }));
        holds(toBig, await askUdp(toBig), "NOERROR tc=1 an=1 qd=1 opt=1 answer=CNAME");
      }
      const whole = query("toBig.example.", "A", opt());
      holds(whole, await askTcp(whole), "NOERROR tc=0 an=101 opt=1");
    });

    it("drops addresses that help first, without TC, and truncates where glue is missing (RFC 9471)", async () => {
      const apart = query("x.apart.example.", "A");
      holds(apart, await askUdp(apart), "NOERROR tc=0 ns=1 ar=0");
      holds(apart, await askTcp(apart), "NOERROR tc=0 ns=1 ar=100");
      const wide = query("x.wide.example.", "A");
      holds(wide, await askUdp(wide), "NOERROR tc=1 ns=1 ar=0");
      holds(wide, await askTcp(wide), "NOERROR tc=0 ns=1 ar=40");
    });

    it("adds nothing that was not asked for", async () => {
      for (const type of ["MX", "NS", "SOA"]) {
        const octets = query("example.", type);
        holds(octets, await askUdp(octets), "NOERROR an=1 ns=0 ar=0");
      }
    });

    it("says its name where NSID is asked for (RFC 5001)", async () => {
      const octets = query("target.example.", "A", opt({ options: [option(3)] }));
      holds(octets, await askUdp(octets), "NOERROR options=3 nsid=node-1");
      holds(octets, await askTcp(octets), "NOERROR options=3 nsid=node-1");
    });

    it("says 1232 for its own size, whatever theirs is", async () => {
      for (const size of [512, 1_232, 65_535]) {
        const octets = query("target.example.", "A", opt({ size }));
        holds(octets, await askUdp(octets), "NOERROR size=1232");
        holds(octets, await askTcp(octets), "NOERROR size=1232");
      }
    });

    for (const [what, subnet, outcome] of [
      ["inside the longest network", ecs(1, 24, 0, 10, 1, 2), "NOERROR rdata=203.0.113.2 source=24 scope=16"],
      [
        "inside a network, beside a longer one",
        ecs(1, 24, 0, 10, 2, 2),
        "NOERROR rdata=203.0.113.1 scope=15",
      ],
      [
        "inside a network, far from a longer one",
        ecs(1, 24, 0, 10, 128, 2),
        "NOERROR rdata=203.0.113.1 scope=9",
      ],
      ["as wide as a network", ecs(1, 8, 0, 10), "NOERROR rdata=203.0.113.1 source=8 scope=8"],
      ["in no network", ecs(1, 24, 0, 192, 0, 2), "NOERROR rdata=203.0.113.3 scope=1"],
      ["of IPv6", ecs(2, 48, 0, 0x20, 1, 0x0d, 0xb8, 0, 1), "NOERROR rdata=203.0.113.2 scope=32"],
      ["of nobody", ecs(1, 0, 0), "NOERROR rdata=203.0.113.3 source=0 scope=0"],
      ["with bits beyond its prefix", ecs(1, 23, 0, 10, 1, 3), "FORMERR an=0 opt=1"],
      ["with more address than its prefix", ecs(1, 24, 0, 10, 1, 3, 0), "FORMERR an=0 opt=1"],
      ["with less address than its prefix", ecs(1, 24, 0, 10, 1), "FORMERR an=0 opt=1"],
      ["of a family that is none", ecs(3, 0, 0), "FORMERR an=0 opt=1"],
      ["with an IPv6 prefix of 129", ecs(2, 129, 0, ...new Uint8Array(17)), "FORMERR an=0 opt=1"],
      ["cut short", option(8, 0, 1, 24), "FORMERR an=0 opt=1"],
    ] as const) {
      it(`answers a client subnet ${what}: ${outcome}`, async () => {
        const octets = query("near.example.", "A", opt({ options: [subnet] }));
        holds(octets, await askUdp(octets), outcome);
        holds(octets, await askTcp(octets), outcome);
      });
    }

    it("says scope 0 where the client did not matter", async () => {
      const octets = query("target.example.", "A", opt({ options: [ecs(1, 24, 0, 10, 1, 2)] }));
      holds(octets, await askUdp(octets), "NOERROR an=1 source=24 scope=0");
    });

    it("says NODATA for other types at a name that has only a policy", async () => {
      for (const type of ["MX", "TXT", "TYPE65280"]) {
        const octets = query("near.example.", type);
        holds(octets, await askUdp(octets), "NOERROR aa=1 an=0 authority=SOA soattl=60");
      }
    });

    it("takes messages in pieces of any size over TCP", async () => {
      const octets = query("target.example.", "A");
      const whole = framed(octets);
      for (let at = 1; at < whole.length; at++) {
        const { reply } = await writeTcp(server.dns, whole.subarray(0, at), whole.subarray(at));
        expect(summary(reply)).to.equal("NOERROR aa qd=1 an=1");
      }
    });

    it("does not answer a datagram that is its own reply, so that no two servers talk for ever", async () => {
      const reply = await askUdp(query("target.example.", "A"));
      expect(await asker.ask(reply)).to.equal(undefined);
      const error = await askUdp(packet({ counts: [1, 0, 0, 0] }));
      expect(await asker.ask(error)).to.equal(undefined);
    });
  });

describe("replies leave from the address that was asked", () => {
  let server: Fairlead | undefined;
  afterEach(() => server?.stop());

  const answers = async (address: string, port: number): Promise<void> => {
    // A socket that is connected takes nothing that comes from elsewhere.
    const asker = await UdpAsker.open({ address, port });
    expect(summary(await asker.ask(query("target.example.", "A")))).to.equal("NOERROR aa qd=1 an=1");
    asker.close();
  };

  for (const udpTransport of UDP_TRANSPORTS) {
    it(`where several are bound, over UDP by ${udpTransport}`, async () => {
      const port = await freePort("127.0.0.2");
      const flags = ["--listen", `127.0.0.2:${port}`];
      server = await startFairlead({ zones: { "example.zone": ZONE }, udpTransport, flags });
      await answers(server.dns.address, server.dns.port);
      await answers("127.0.0.2", port);
    });
  }

  for (const udpTransport of UDP_TRANSPORTS) {
    it(`where a wildcard is bound, over UDP by ${udpTransport}`, async () => {
      const port = await freePort();
      const flags = ["--listen", `0.0.0.0:${port}`, "--listen", `[::]:${port}`];
      server = await startFairlead({ zones: { "example.zone": ZONE }, udpTransport, flags });
      for (const address of ["127.0.0.1", "::1"]) await answers(address, port);
      // Node's sockets cannot say where a datagram came to, so there it stands for addresses known at the start.
      if (udpTransport === "batch" && (await loadLibc()).ok) await answers("127.0.0.3", port);
    });
  }
});

/** A record to a line, below a head of SOA, NS and its address. */
const LOADED: readonly (readonly [what: string, code: string, lines: string])[] = [
  ["CNAME beside other data", "cname-beside-other-data", "a CNAME ns1\na A 192.0.2.1"],
  ["two CNAMEs", "two-cnames", "a CNAME ns1\na CNAME ns2"],
  ["two DNAMEs at an owner", "two-dnames", "a DNAME ns1\na DNAME ns2"],
  ["two SOAs", "two-soas", "@ SOA ns1 hostmaster 2 1h 10m 2w 30"],
  ["an owner outside the zone", "owner-outside-zone", "a.elsewhere.test. A 192.0.2.1"],
  ["data below a DNAME", "data-below-dname", "a DNAME ns1\nb.a A 192.0.2.1"],
  ["NS beside DNAME", "ns-beside-dname", "a DNAME ns1\na NS ns1"],
  ["a label over 63 octets", "bad-name", `${"a".repeat(64)} A 192.0.2.1`],
  ["a name over 255 octets", "bad-name", `${"abcdefg.".repeat(32)}a A 192.0.2.1`],
  ["a TTL over 2^31−1", "bad-ttl", "a 2147483648 A 192.0.2.1"],
  ["an A that is none", "bad-rdata", "a A 192.0.2.256"],
  ["an AAAA that is none", "bad-rdata", "a AAAA 2001:db8::g"],
  ["a number that is none", "bad-rdata", "a MX 65536 ns1"],
];

const WARNED: typeof LOADED = [
  ["duplicate record", "duplicate-record", "a A 192.0.2.1\na A 192.0.2.1"],
  ["NS below NS", "ns-below-ns", "a NS ns1\nb.a NS ns1"],
  ["a glue address that is missing", "missing-glue", "a NS ns.a"],
  ["MX naming a CNAME", "target-is-cname", "a MX 1 b\nb CNAME ns1"],
  ["NS naming a CNAME", "target-is-cname", "a NS b\nb CNAME ns1"],
  ["SRV naming a CNAME", "target-is-cname", "a SRV 1 1 1 b\nb CNAME ns1"],
];

describe("loading a zone", () => {
  const SOA = "@ 300 SOA ns1 hostmaster 1 1h 10m 2w 30\n";
  const NS = "@ 300 NS ns1\nns1 A 192.0.2.53\n";
  const codes = (text: string, severity: string): string[] =>
    loadTexts({ "load.test.zone": `$TTL 300\n${text}\n` })
      .diagnostics.filter((each) => each.severity === severity)
      .map(({ code }) => code);

  for (const [what, code, lines] of LOADED) {
    it(`is refused for ${what}`, () => expect(codes(SOA + NS + lines, "error")).to.deep.equal([code]));
  }

  for (const [what, code, lines] of WARNED) {
    it(`warns of ${what}`, () => {
      expect(codes(SOA + NS + lines, "error")).to.deep.equal([]);
      expect(codes(SOA + NS + lines, "warning")).to.deep.equal([code]);
    });
  }

  it("is refused without SOA, and without NS at the apex", () => {
    expect(codes(NS, "error")).to.deep.equal(["no-soa"]);
    expect(codes(`${SOA}ns1 A 192.0.2.53`, "error")).to.deep.equal(["no-apex-ns"]);
  });

  it("takes a DNAME beside NS at the apex", () => {
    expect(codes(`${SOA}@ NS ns.elsewhere.test.\n@ DNAME elsewhere.test.`, "error")).to.deep.equal([]);
  });
});
