/** Clients during a slow start: each keeps its place, and moves once. */

import { expect } from "chai";
import { describe, it } from "mocha";
import { POSITION_BITS, positionOf } from "../../../src/answer/place-client.ts";
import { compileDecisions, compileZones, makeImage } from "../../../src/image/image.ts";
import { createAsker } from "../../support/answering.ts";
import { answersOf, opt, option, query } from "../../support/packets.ts";
import { snapshot } from "../../support/policies.ts";
import { sampleSet } from "../../support/sample-zones.ts";

const POSITIONS = 2 ** 32;
const EMPTY = new Uint8Array(0);

/** `fail` is failover ( one four ): one is back for a part of the clients. */
function askerAt(part: number) {
  const zones = compileZones(sampleSet());
  const { definitions } = zones.set;
  const health = {
    ...snapshot([...definitions.pools.values()]),
    holds: new Map([["one", { ipv4: { kind: "ramping", part } as const }]]),
  };
  const image = makeImage(1, zones, compileDecisions(zones, health));
  return createAsker(() => image);
}

const BACK = "203.0.113.1";
const AWAY = "203.0.113.21";

describe("answer() during a slow start", () => {
  const addressFor = (asker: ReturnType<typeof askerAt>, client: string): string | undefined =>
    answersOf(asker.ask(query("fail.example.", "A"), { client }) ?? EMPTY)[0]
      ?.split(" ")
      .at(-1);

  it("sends a client to one place, that of its network, however often it asks", () => {
    const asker = askerAt(0.5);
    for (const client of ["10.0.0.1", "10.9.8.7", "192.0.2.200", "2001:db8::1"]) {
      const first = addressFor(asker, client);
      for (let count = 0; count < 20; count++) expect(addressFor(asker, client)).to.equal(first);
    }
    expect(addressFor(asker, "10.0.7.1")).to.equal(addressFor(asker, "10.0.7.254"));
  });

  it("lets its part of the clients in, and nobody go back as the part grows", () => {
    const clients = Array.from({ length: 2_000 }, (_, index) => `10.${index >> 8}.${index & 0xff}.9`);
    let before = new Set<string>();
    for (const part of [0.1, 0.25, 0.5, 0.9]) {
      const asker = askerAt(part);
      const now = new Set(clients.filter((client) => addressFor(asker, client) === BACK));
      expect(now.size / clients.length).to.be.closeTo(part, 0.04);
      for (const client of before) expect(now.has(client), client).to.equal(true);
      before = now;
    }
  });

  it("takes a resolver's word for the client, and says that the answer is for that network alone", () => {
    const asker = askerAt(0.5);
    const rows: readonly (readonly [readonly number[], number])[] = [
      [[0, 1, 24, 0, 10, 1, 2], 24],
      [[0, 1, 32, 0, 10, 1, 2, 3], 24],
      [[0, 1, 16, 0, 10, 1], 16],
      [[0, 2, 48, 0, 0x20, 1, 0x0d, 0xb8, 0, 1], 48],
      [[0, 2, 64, 0, 0x20, 1, 0x0d, 0xb8, 0, 1, 0, 2], 56],
    ];
    for (const [ecs, scope] of rows) {
      const octets = query("fail.example.", "A", opt({ options: [option(8, ...ecs)] }));
      const reply = asker.ask(octets) ?? EMPTY;
      expect(reply[reply.length - ecs.length + 3], ecs.join(".")).to.equal(scope);
    }
    const direct = addressFor(asker, "10.1.2.99");
    const forwarded = asker.ask(
      query("fail.example.", "A", opt({ options: [option(8, 0, 1, 24, 0, 10, 1, 2)] })),
    );
    expect(
      answersOf(forwarded ?? EMPTY)[0]
        ?.split(" ")
        .at(-1),
    ).to.equal(direct);
    expect([BACK, AWAY]).to.include(direct);
  });

  it("decides at the end of a CNAME chain as well", () => {
    const asker = askerAt(0.5);
    for (const client of ["10.0.0.1", "10.7.0.1", "10.8.0.1", "10.9.0.1"]) {
      const answers = answersOf(asker.ask(query("topolicy.example.", "A"), { client }) ?? EMPTY);
      expect(answers.at(-1)?.split(" ").at(-1)).to.equal(addressFor(asker, client));
    }
  });
});

describe("positionOf()", () => {
  it("spreads neighbouring networks evenly", () => {
    const buckets = new Uint32Array(16);
    for (let network = 0; network < 65_536; network++) {
      const octets = Uint8Array.of(10, network >> 8, network & 0xff, 0);
      const position = positionOf(octets, 4, POSITION_BITS.ipv4);
      expect(position).to.be.within(0, POSITIONS - 1);
      const bucket = Math.floor((position / POSITIONS) * 16);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    // Expected 4,096 each, with a standard deviation of 62.
    for (const count of buckets) expect(count).to.be.within(3_786, 4_406);
  });

  it("looks at the network alone", () => {
    const one = positionOf(Uint8Array.of(10, 1, 2, 3), 4, 24);
    expect(positionOf(Uint8Array.of(10, 1, 2, 200), 4, 24)).to.equal(one);
    expect(positionOf(Uint8Array.of(10, 1, 3, 3), 4, 24)).to.not.equal(one);
    const odd = positionOf(Uint8Array.of(10, 1, 0b1010_0000, 0), 4, 20);
    expect(positionOf(Uint8Array.of(10, 1, 0b1010_1111, 9), 4, 20)).to.equal(odd);
    expect(positionOf(Uint8Array.of(10, 1, 0b1011_0000, 0), 4, 20)).to.not.equal(odd);
  });
});
