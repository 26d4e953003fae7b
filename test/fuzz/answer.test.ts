/** Seeded packets at the answer path and at real sockets: every reply parses, nothing throws, nothing is overrun. */

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { expect } from "chai";
import { describe, it } from "mocha";
import { type AnswerSettings, TRANSPORT, type Transport } from "../../src/answer/answer.ts";
import { createRateTable } from "../../src/answer/rate-limit.ts";
import { loadLibc } from "../../src/server/libc.ts";
import { createAsker } from "../support/answering.ts";
import { join, parsed, query, summary } from "../support/packets.ts";
import { sampleImage } from "../support/sample-zones.ts";
import {
  askUdp,
  connectTcp,
  framed,
  readMessages,
  startListeners,
  UDP_TRANSPORTS,
} from "../support/servers.ts";
import { createPacketSource } from "./packet-source.ts";

const SEED = 20_261_122;
const DIRECT_PACKETS = 30_000;
const SOCKET_PACKETS = 2_500;
/** Packets in the air at once: few enough for any receive buffer. */
const BURST = 50;
const ALIVE = query("www.example.", "A");
const ALIVE_SUMMARY = "NOERROR aa qd=1 an=2";

const DSO = 6;

const ANYONE = [{ octets: new Uint8Array(4), prefixBits: 0 }];
const EVERYTHING: AnswerSettings = {
  nsid: new Uint8Array(128),
  minimalResponses: false,
  keepaliveMs: 10_000,
  serverVersion: "fuzz",
  serverId: "x".repeat(255),
  cookieSecrets: [new Uint8Array(16), new Uint8Array(16).fill(1)],
  rateLimit: {
    responsesPerSecond: 1,
    windowSeconds: 1,
    slip: 2,
    ipv4PrefixBits: 24,
    ipv6PrefixBits: 56,
    exempt: [],
    table: createRateTable(1_024),
    seed: 1,
  },
  explain: { networks: ANYONE, zonesId: 0, labels: noLabels() },
  tsigKeys: [],
  isStale: true,
};

/** Of no policy at all. */
function noLabels(): SharedArrayBuffer {
  const shared = new SharedArrayBuffer(2);
  new Uint8Array(shared).set(Buffer.from("[]"));
  return shared;
}

/** Shorter than a header, or a response, or DSO over UDP. */
function mustBeDropped(octets: Uint8Array, transport: Transport): boolean {
  const flags = octets[2] ?? 0;
  const isDso = ((flags >> 3) & 0x0f) === DSO;
  return octets.length < 12 || (flags & 0x80) !== 0 || (isDso && transport === TRANSPORT.udp);
}

describe("fuzz", () => {
  const image = sampleImage();

  it(`answer() takes ${DIRECT_PACKETS} packets of any kind`, function () {
    this.timeout(60_000);
    const { ask } = createAsker(() => image);
    const next = createPacketSource(SEED);
    const rcodes = new Map<string, number>();
    for (let count = 0; count < DIRECT_PACKETS; count++) {
      const octets = next();
      const where = `packet ${count}: ${Buffer.from(octets).toString("hex")}`;
      const transport = count % 2 === 0 ? TRANSPORT.udp : TRANSPORT.tcp;
      const reply = ask(octets, { transport });
      expect(reply === undefined, where).to.equal(mustBeDropped(octets, transport));
      if (reply === undefined) continue;
      const message = parsed(reply);
      expect(message.id, where).to.equal(((octets[0] ?? 0) << 8) | (octets[1] ?? 0));
      expect(message.isResponse, where).to.equal(true);
      if (transport === TRANSPORT.udp) expect(reply.length, where).to.be.at.most(1_232);
      const rcode = summary(reply).split(" ", 1)[0] ?? "";
      rcodes.set(rcode, (rcodes.get(rcode) ?? 0) + 1);
    }
    // Mutations that only ever met FORMERR would prove little.
    for (const rcode of ["NOERROR", "NXDOMAIN", "FORMERR", "REFUSED", "NOTIMP", "BADVERS"]) {
      expect(rcodes.get(rcode) ?? 0, rcode).to.be.above(20);
    }
  });

  it(`answer() takes ${DIRECT_PACKETS} packets with everything switched on`, function () {
    this.timeout(60_000);
    const { ask, counters } = createAsker(() => image, { settings: { current: EVERYTHING } });
    const next = createPacketSource(SEED + 3);
    const transports = Object.values(TRANSPORT);
    for (let count = 0; count < DIRECT_PACKETS; count++) {
      const octets = next();
      const where = `packet ${count}: ${Buffer.from(octets).toString("hex")}`;
      const transport = transports[count % transports.length] ?? TRANSPORT.udp;
      const client = `192.0.${count % 256}.1`;
      const reply = ask(octets, { transport, client });
      if (mustBeDropped(octets, transport)) expect(reply, where).to.equal(undefined);
      else if (transport !== TRANSPORT.udp) expect(reply, where).not.to.equal(undefined);
      if (reply === undefined) continue;
      parsed(reply);
      if (transport === TRANSPORT.udp) expect(reply.length, where).to.be.at.most(1_232);
    }
    for (const { action, value } of counters.rateLimited()) expect(value, action).to.be.above(20);
    const errors = new Map(counters.extendedErrors().map(({ error, value }) => [error, value]));
    for (const error of ["stale", "not-authoritative", "not-supported"]) {
      expect(errors.get(error), error).to.be.above(20);
    }
  });

  it("answer() takes every length from 0 to 65,535", function () {
    this.timeout(60_000);
    const { ask } = createAsker(() => image);
    const octets = new Uint8Array(65_535).fill(0x61);
    octets.set(ALIVE);
    for (let length = 0; length <= 65_535; length++) {
      const reply = ask(octets.subarray(0, length), { transport: TRANSPORT.tcp });
      if (reply !== undefined) parsed(reply);
    }
  });

  for (const udpTransport of UDP_TRANSPORTS) {
    it(`a UDP socket, by ${udpTransport}, takes ${SOCKET_PACKETS} packets and is alive`, async function () {
      this.timeout(60_000);
      if (udpTransport === "batch" && !(await loadLibc()).ok) this.skip();
      const servers = await startListeners(() => image, { udpTransport });
      const next = createPacketSource(SEED + 1);
      const socket = createSocket("udp4");
      socket.on("message", (reply) => parsed(reply));
      for (let sent = 0; sent < SOCKET_PACKETS; sent += BURST) {
        for (let count = 0; count < BURST; count++) {
          socket.send(next(), servers.udp.port, servers.udp.address);
        }
        expect(summary(await askUdp(servers.udp, ALIVE))).to.equal(ALIVE_SUMMARY);
      }
      socket.close();
      expect(servers.faults).to.deep.equal([]);
      await servers.stop();
    });
  }

  it(`a TCP listener takes ${SOCKET_PACKETS} packets and is alive`, async function () {
    this.timeout(60_000);
    const servers = await startListeners(() => image);
    const next = createPacketSource(SEED + 2);
    for (let sent = 0; sent < SOCKET_PACKETS; sent += BURST) {
      const socket = await connectTcp(servers.tcp);
      const closed = once(socket, "close");
      // What must be dropped ends a connection, so it comes last, and without a length that is true.
      const packets = Array.from({ length: BURST - 1 }, () => next())
        .filter((octets) => !mustBeDropped(octets, TRANSPORT.tcp))
        .map(framed);
      socket.end(join(...packets, next()));
      for (const reply of await readMessages(socket, BURST).catch(() => [])) parsed(reply);
      socket.destroy();
      await closed;
    }
    const socket = await connectTcp(servers.tcp);
    socket.write(framed(ALIVE));
    expect((await readMessages(socket, 1)).map(summary)).to.deep.equal([ALIVE_SUMMARY]);
    socket.destroy();
    expect(servers.faults).to.deep.equal([]);
    await servers.stop();
  });
});
