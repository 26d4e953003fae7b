/** Seeded packets at the answer path, RRL and staleness included: every reply parses, nothing throws, nothing is overrun. */

import { expect } from "chai";
import { describe, it } from "mocha";
import { type AnswerSettings, TRANSPORT } from "../../src/answer/answer.ts";
import { createRateTable } from "../../src/answer/rate-limit.ts";
import { createAsker } from "../support/answering.ts";
import { parsed, query, summary } from "../support/packets.ts";
import { sampleImage } from "../support/sample-zones.ts";
import { createPacketSource } from "./packet-source.ts";
import { mustBeDropped } from "./soundness.ts";

const SEED = 20_261_122;
const DIRECT_PACKETS = 30_000;
const ALIVE = query("www.example.", "A");

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

describe("fuzz of the answer path", () => {
  const image = sampleImage();

  it(`answer() takes ${DIRECT_PACKETS} packets of any kind`, () => {
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

  it(`answer() takes ${DIRECT_PACKETS} packets with everything switched on`, () => {
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

  it("answer() takes every length from 0 to 65,535", () => {
    const { ask } = createAsker(() => image);
    const octets = new Uint8Array(65_535).fill(0x61);
    octets.set(ALIVE);
    for (let length = 0; length <= 65_535; length++) {
      const reply = ask(octets.subarray(0, length), { transport: TRANSPORT.tcp });
      if (reply !== undefined) parsed(reply);
    }
  });
});
