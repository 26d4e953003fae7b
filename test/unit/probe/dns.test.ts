import { createSocket, type RemoteInfo } from "node:dgram";
import { once } from "node:events";
import type { Socket } from "node:net";
import { expect } from "chai";
import { Packet } from "dns2";
import { after, before, describe, it } from "mocha";
import type { Verdict } from "../../../src/health/verdict.ts";
import { probeDns } from "../../../src/probe/dns.ts";
import { needPeers } from "../../peers.ts";
import { type Nsd, startNsd } from "../../support/peers/nsd.ts";
import { monitorOf, PATIENCE_MS, patienceFor, targetOf } from "./monitors.ts";
import { listen, type Running, rawServer } from "./servers.ts";

type Keys = Readonly<Record<string, string>>;

async function probe(
  keys: Keys,
  port: number,
  host = "127.0.0.1",
  timeoutMs = PATIENCE_MS,
): Promise<Verdict> {
  const monitor = monitorOf("dns", {
    query: "www.example.com.",
    timeout: `${timeoutMs}ms`,
    every: "20s",
    ...keys,
  });
  return await probeDns(targetOf(monitor, host, port), AbortSignal.timeout(timeoutMs));
}

const ZONE = `
@ 300 SOA ns hostmaster 1 1h 10m 2w 30
@ NS ns
ns A 192.0.2.53
www A 192.0.2.1
www A 192.0.2.2
www AAAA 2001:db8::1
www TXT "two strings " "in one; record"
alias CNAME www
@ MX 10 mail.example.com.
mail A 192.0.2.3
_x._tcp SRV 1 2 443 www
@ CAA 0 issue "ca.example.net"
big TXT ${Array.from({ length: 8 }, (_, index) => `"${String(index).repeat(200)}"`).join(" ")}
`;

describe("probeDns() of a real server", () => {
  let nsd: Nsd;

  before(async function () {
    needPeers.call(this, "nsd");
    nsd = await startNsd(new Map([["example.com.", ZONE]]));
  });

  after(async () => {
    await nsd?.end();
  });

  /** keys, reason; passes where it begins with the expected code */
  const ROWS: readonly (readonly [Keys, string])[] = [
    [{}, "NOERROR"],
    [{ query: "none.example.com." }, "NXDOMAIN, expected NOERROR"],
    [{ query: "none.example.com.", expect: "NOERROR,NXDOMAIN" }, "NXDOMAIN"],
    [{ query: "www.example.org.", expect: "NXDOMAIN,SERVFAIL" }, "REFUSED, expected NXDOMAIN or SERVFAIL"],
    [{ query: "www.example.org.", expect: "5" }, "REFUSED"],
    [{ receive: "192.0.2.2" }, "NOERROR, A 192.0.2.2"],
    [
      { receive: "192.0.2.9" },
      "no A record of 'www.example.com' is '192.0.2.9': got '192.0.2.1', '192.0.2.2'",
    ],
    [{ qtype: "AAAA", receive: "2001:DB8:0:0::1" }, "NOERROR, AAAA 2001:DB8:0:0::1"],
    [{ query: "alias.example.com.", receive: "192.0.2.1" }, "NOERROR, A 192.0.2.1"],
    [
      { query: "alias.example.com.", qtype: "CNAME", receive: "WWW.example.com." },
      "NOERROR, CNAME WWW.example.com.",
    ],
    [
      { query: "example.com.", qtype: "MX", receive: "10 mail.example.com." },
      "NOERROR, MX 10 mail.example.com.",
    ],
    [{ query: "example.com.", qtype: "NS", receive: "ns.example.com" }, "NOERROR, NS ns.example.com"],
    [
      { query: "example.com.", qtype: "CAA", receive: '0 issue "ca.example.net"' },
      'NOERROR, CAA 0 issue "ca.example.net"',
    ],
    [
      { query: "_x._tcp.example.com.", qtype: "SRV", receive: "1  2 443 www.example.com." },
      "NOERROR, SRV 1  2 443 www.example.com.",
    ],
    [
      {
        query: "example.com.",
        qtype: "SOA",
        receive: "ns.example.com. hostmaster.example.com. 1 3600 600 1209600 30",
      },
      "NOERROR, SOA ns.example.com. hostmaster.example.com. 1 3600 600 1209600 3…",
    ],
    [{ qtype: "TXT", receive: "two strings in one; record" }, "NOERROR, TXT two strings in one; record"],
    [
      { qtype: "TXT", receive: "Two strings in one; record" },
      "no TXT record of 'www.example.com' is 'Two strings in one; record': got 'two strings in one; record'",
    ],
    [
      { query: "mail.example.com.", qtype: "AAAA", receive: "2001:db8::1" },
      "no AAAA record of 'mail.example.com' is '2001:db8::1': the answer has none",
    ],
    // More than 512 octets: truncated, and asked again over TCP.
    [
      { query: "big.example.com.", qtype: "TXT", receive: "0".repeat(200) + "1".repeat(200) },
      `no TXT record of 'big.example.com' is '${"0".repeat(60)}…': got '${"0".repeat(60)}…'`,
    ],
  ];
  for (const [keys, reason] of ROWS) {
    it(`says ${reason.slice(0, 80)} with ${JSON.stringify(keys).slice(0, 120)}`, async () => {
      const verdict = await probe(keys, nsd.port);
      expect(verdict).to.include({ reason, ok: /^[A-Z]+(?:$|, (?!expected))/.test(reason) });
    });
  }
});

interface UdpServer {
  readonly port: number;
  readonly queries: Buffer[];
  close(): void;
}

type Reply = (query: Buffer, send: (octets: Buffer) => void) => void;

async function udpServer(reply: Reply, host = "127.0.0.1", port = 0): Promise<UdpServer> {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  const queries: Buffer[] = [];
  socket.on("message", (query: Buffer, from: RemoteInfo) => {
    queries.push(query);
    reply(query, (octets) => socket.send(octets, from.port, from.address));
  });
  socket.bind(port, host);
  await once(socket, "listening");
  return { port: socket.address().port, queries, close: () => socket.close() };
}

/** An answer with no records to the query, with some octets of the header changed. */
function answerTo(query: Buffer, changes: Readonly<Record<number, number>> = {}): Buffer {
  const answer = Buffer.from(query);
  answer[2] = 0x81;
  for (const [at, octet] of Object.entries(changes)) answer[Number(at)] = octet;
  return answer;
}

describe("probeDns() of a server that misbehaves", () => {
  const HEADER = Packet.HEADER_SIZE;
  const wrongId = (query: Buffer): Buffer => answerTo(query, { 0: (query[0] ?? 0) ^ 0xff });
  const otherName = (query: Buffer): Buffer => answerTo(query, { [HEADER + 1]: 0x78 });
  /** A thousand pointers, each to the one before, ended by the root: dear to follow, and allowed. */
  const pointerChain = (query: Buffer): Buffer => {
    const answer = answerTo(query, { 6: 0xff, 7: 0xff });
    const chain = Buffer.alloc(4_000);
    for (let at = 2; at < chain.length; at += 2) chain.writeUInt16BE(0xc000 | (answer.length + at - 2), at);
    return Buffer.concat([answer, chain]);
  };
  const PASSED_OVER = "DNS answer timed out after 1 s (what came was passed over: ";
  const ROWS: readonly (readonly [string, Reply, string])[] = [
    ["is silent", () => undefined, "DNS answer timed out after 1 s"],
    [
      "answers with another identifier",
      (query, send) => send(wrongId(query)),
      `${PASSED_OVER}a message with another identifier)`,
    ],
    [
      "answers another question",
      (query, send) => send(otherName(query)),
      `${PASSED_OVER}an answer to another question)`,
    ],
    [
      "sends the query back",
      (query, send) => send(query),
      `${PASSED_OVER}a message that is no answer to a query)`,
    ],
    [
      "sends garbage",
      (_query, send) => send(Buffer.from("garbage")),
      `${PASSED_OVER}a message without a whole header)`,
    ],
    [
      "sends too much",
      (query, send) => send(Buffer.concat([answerTo(query), Buffer.alloc(20_000)])),
      `${PASSED_OVER}a message longer than 16384 octets)`,
    ],
    [
      "sends garbage, then the answer",
      (query, send) => {
        send(Buffer.from("garbage"));
        send(wrongId(query));
        send(otherName(query));
        send(answerTo(query));
      },
      "NOERROR",
    ],
    [
      "writes the question in capitals",
      (query, send) => send(answerTo(query, { [HEADER + 1]: 0x57 })),
      "NOERROR",
    ],
    [
      "refuses without the question",
      (query, send) => send(answerTo(query, { 3: 5, 5: 0 }).subarray(0, HEADER)),
      "REFUSED, expected NOERROR",
    ],
    ["promises records that do not come", (query, send) => send(answerTo(query, { 7: 9 })), "NOERROR"],
    ["sends chains of pointers", (query, send) => send(pointerChain(query)), "NOERROR"],
  ];
  for (const [what, reply, reason] of ROWS) {
    it(`says '${reason}' of one that ${what}`, async () => {
      const server = await udpServer(reply);
      const verdict = await probe({}, server.port, "127.0.0.1", patienceFor(reason));
      expect(verdict).to.include({ ok: reason === "NOERROR", reason });
      server.close();
    });
  }

  it("sends the query again, since a datagram may be lost", async () => {
    let seen = 0;
    const server = await udpServer((query, send) => {
      if (++seen > 1) send(answerTo(query));
    });
    expect(await probe({}, server.port)).to.include({ ok: true });
    expect(server.queries[0]).to.deep.equal(server.queries[1]);
    server.close();
  });

  it("asks with an identifier of its own each time, and for recursion", async () => {
    const server = await udpServer((query, send) => send(answerTo(query)));
    for (let attempt = 0; attempt < 5; attempt++) await probe({}, server.port);
    const ids = new Set(server.queries.map((query) => query.readUInt16BE(0)));
    expect(ids.size).to.be.above(1);
    expect(server.queries.every((query) => query[2] === 1)).to.equal(true);
    server.close();
  });

  it("says that nobody listens, over IPv4 and IPv6, and speaks both", async () => {
    for (const host of ["127.0.0.1", "::1"]) {
      const server = await udpServer((query, send) => send(answerTo(query)), host);
      expect(await probe({}, server.port, host)).to.include({ ok: true });
      server.close();
      expect(await probe({}, server.port, host)).to.include({
        ok: false,
        reason: "port unreachable: nobody listens",
      });
    }
  });

  it("resolves a host name of target=", async () => {
    const server = await udpServer((query, send) => send(answerTo(query)));
    expect(await probe({}, server.port, "localhost")).to.include({ ok: true });
    server.close();
    expect(await probe({}, server.port, "no-such-host.invalid")).to.include({ ok: false });
  });

  it("says so when it was stopped", async () => {
    const target = targetOf(monitorOf("dns", { query: "a.example" }), "127.0.0.1", 9);
    expect(await probeDns(target, AbortSignal.abort())).to.include({ reason: "DNS answer was stopped" });
  });
});

describe("probeDns() of a truncated answer", () => {
  const framed = (octets: Buffer): Buffer => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(octets.length);
    return Buffer.concat([length, octets]);
  };
  const withQuery = (reply: (query: Buffer, socket: Socket) => void) => (socket: Socket) =>
    void socket.once("data", (octets) => reply(octets.subarray(2), socket));
  const ROWS: readonly (readonly [string, (socket: Socket) => void, string])[] = [
    ["answers", withQuery((query, socket) => socket.end(framed(answerTo(query)))), "NOERROR"],
    [
      "answers in pieces",
      withQuery((query, socket) => {
        const octets = framed(answerTo(query));
        socket.write(octets.subarray(0, 1), () =>
          socket.write(octets.subarray(1, 20), () => socket.end(octets.subarray(20))),
        );
      }),
      "NOERROR",
    ],
    [
      "truncates again",
      withQuery((query, socket) => socket.end(framed(answerTo(query, { 2: 0x83 })))),
      "answer is truncated, also over TCP",
    ],
    [
      "answers another question",
      withQuery((query, socket) => socket.end(framed(answerTo(query, { 14: 0x78 })))),
      "an answer to another question",
    ],
    ["closes", (socket) => socket.end(), "connection closed before the DNS answer"],
    [
      "closes within",
      withQuery((query, socket) => socket.end(framed(query).subarray(0, 9))),
      "connection closed before the DNS answer",
    ],
    ["is silent", () => undefined, "DNS answer over TCP timed out after 1 s"],
    [
      "announces too much",
      withQuery((_query, socket) => socket.write(Buffer.from([0xff, 0xff, 0]))),
      "DNS answer of 65535 octets is longer than 16384",
    ],
  ];
  for (const [what, onConnection, reason] of ROWS) {
    it(`says '${reason}' where the server ${what} over TCP`, async () => {
      const tcp: Running = await listen(rawServer(onConnection));
      const udp = await udpServer((query, send) => send(answerTo(query, { 2: 0x83 })), "127.0.0.1", tcp.port);
      const verdict = await probe({}, tcp.port, "127.0.0.1", patienceFor(reason));
      expect(verdict).to.include({ ok: reason === "NOERROR", reason });
      udp.close();
      await tcp.close();
    });
  }
});
