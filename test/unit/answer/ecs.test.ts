/**
 * Scopes (RFC 7871) against a look at every address: policies over a few neighbouring networks, asked for prefixes of all
 * lengths, and `evaluate` for each single client. The pools have one endpoint each, so every client has one answer.
 */

import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import type { EdnsOption } from "../../../src/dns/edns-option.ts";
import { type Network, networkOf } from "../../../src/geo/network.ts";
import { compileDecisions, compileZones, makeImage } from "../../../src/image/image.ts";
import { evaluate, sharesOf } from "../../../src/policy/evaluate.ts";
import type { ZoneSet } from "../../../src/zone/model.ts";
import { createAsker } from "../../support/answering.ts";
import { answersOf, opt, option, parsed, query } from "../../support/packets.ts";
import { type HealthWord, snapshot } from "../../support/policies.ts";
import { zoneSetOf } from "../../support/zones.ts";

const POOLS = ["a", "b", "c"];
/** All that differs lies in here: 192.0.2.0/26. */
const FIRST: readonly number[] = [192, 0, 2, 0];
const ADDRESSES = 64;
const OWNER = "www.example.";

function setOf(policy: string): ZoneSet {
  const pools = POOLS.map((name, at) => `$POOL ${name} monitor=m\n  x 203.0.113.${at + 1}`).join("\n");
  const head =
    "@ 300 SOA ns h ( 1 3600 600 86400 60 )\n@ 300 NS ns\nns 300 A 192.0.2.53\n$MONITOR m tcp port=80\n";
  return zoneSetOf({ "example.zone": `${head}${pools}\nwww 30 POLICY ${policy}\n` });
}

const child = fc.constantFrom(...POOLS, "failover ( c a )", "weighted ( b )");
const net = fc
  .tuple(fc.integer({ min: 0, max: ADDRESSES - 1 }), fc.integer({ min: 24, max: 32 }))
  .map(([last, bits]) => `net:192.0.2.${networkOf(Uint8Array.of(192, 0, 2, last), bits).octets[3]}/${bits}`);
const geoOf = (children: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.uniqueArray(net, { maxLength: 6 }),
      fc.array(children, { minLength: 6, maxLength: 6 }),
      children,
    )
    .map(([nets, of, any]) => `geo ( ${nets.map((each, at) => `${each}=${of[at]}`).join(" ")} *=${any} )`);
const nested = geoOf(fc.oneof(child, geoOf(child)));
const health = fc.record(
  Object.fromEntries(
    POOLS.map((name) => [`${name}/x`, fc.constantFrom<HealthWord>("up", "up", "down", "failing")]),
  ),
);
const source = fc
  .tuple(fc.integer({ min: 0, max: ADDRESSES - 1 }), fc.integer({ min: 1, max: 32 }))
  .map(([last, bits]) => networkOf(Uint8Array.of(192, 0, 2, last), bits));

/** An image, and what `evaluate` says for a client of it. */
function world(set: ZoneSet, words: { readonly [endpoint: string]: HealthWord }) {
  const zones = compileZones(set);
  const health = snapshot([...set.definitions.pools.values()], words);
  const image = makeImage(1, zones, compileDecisions(zones, health));
  const [entry] = zones.policies;
  if (entry === undefined) throw new Error("no policy");
  const answerOf = (network: Network): string => {
    const { outcome, ttlSeconds, ...rest } = evaluate(
      entry.policy,
      set.definitions,
      health,
      { network, place: undefined },
      "ipv4",
    );
    const addresses = sharesOf({ outcome, ttlSeconds, ...rest }).map((share) => share.addresses[0]?.text);
    return `${OWNER} ${ttlSeconds} A ${addresses.join()}`;
  };
  return { image, answerOf };
}

/** Every address in a network that may be answered otherwise than the rest, and one for all others. */
function* addressesIn({ octets, prefixBits }: Network): Generator<Network> {
  const isIn = (address: readonly number[]): boolean =>
    networkOf(Uint8Array.from(address), prefixBits).octets.every((octet, at) => octet === octets[at]);
  for (let last = 0; last < ADDRESSES; last++) {
    const address = [192, 0, 2, last];
    if (isIn(address)) yield networkOf(Uint8Array.from(address), 32);
  }
  // All that lies outside has one bit of the first 26 that differs; what is behind it does not matter.
  for (let bit = 0; bit < 26; bit++) {
    const address = [...FIRST];
    address[bit >>> 3] = (address[bit >>> 3] ?? 0) ^ (0x80 >>> (bit & 7));
    if (isIn(address)) yield networkOf(Uint8Array.from(address), 32);
  }
}

const answersIn = (network: Network, answerOf: (client: Network) => string): Set<string> =>
  new Set(Array.from(addressesIn(network), answerOf));

function ask(image: ReturnType<typeof world>["image"], { octets, prefixBits }: Network) {
  const address = octets.subarray(0, Math.ceil(prefixBits / 8));
  const reply = createAsker(() => image).ask(
    query(OWNER, "A", opt({ options: [option(8, 0, 1, prefixBits, 0, ...address)] })),
  );
  if (reply === undefined) throw new Error("no reply");
  const found = parsed(reply).edns?.options.find(({ kind }: EdnsOption) => kind === "client-subnet");
  if (found?.kind !== "client-subnet") throw new Error("no scope");
  return { answer: answersOf(reply).join(), scopeBits: found.scopePrefixBits, echoed: found };
}

describe("the scope of an answer", () => {
  it("holds: everyone within it is answered alike, and it is never longer than the source prefix", () => {
    fc.assert(
      fc.property(nested, health, source, (policy, words, client) => {
        const { image, answerOf } = world(setOf(policy), words);
        const { answer, scopeBits, echoed } = ask(image, client);
        expect([...echoed.address]).to.deep.equal([...client.octets]);
        expect(echoed.sourcePrefixBits).to.equal(client.prefixBits);
        expect(scopeBits).to.be.at.most(client.prefixBits);
        const answers = answersIn(networkOf(client.octets, scopeBits), answerOf);
        // Where not even the source prefix is one, its scope is all of it, and the answer that of what holds all of it.
        if (answers.size > 1) {
          expect(scopeBits).to.equal(client.prefixBits);
          expect(answer).to.equal(answerOf(client));
        } else {
          expect([answer]).to.deep.equal([...answers]);
        }
      }),
      { seed: 20_261_122, numRuns: 300 },
    );
  });

  it("is as wide as it can be: around any wider one somebody is answered otherwise in some health", () => {
    const everyHealth = Array.from({ length: 2 ** POOLS.length }, (_, mask) =>
      Object.fromEntries(POOLS.map((name, at) => [`${name}/x`, mask & (1 << at) ? "down" : "up"] as const)),
    );
    fc.assert(
      fc.property(geoOf(fc.constantFrom(...POOLS)), source, (policy, client) => {
        const set = setOf(policy);
        const { image } = world(set, {});
        const { scopeBits } = ask(image, client);
        if (scopeBits === 0) return;
        const wider = networkOf(client.octets, scopeBits - 1);
        const differs = everyHealth.some((words) => answersIn(wider, world(set, words).answerOf).size > 1);
        expect(differs, `${policy}, /${client.prefixBits}: /${scopeBits}`).to.equal(true);
      }),
      { seed: 20_261_122, numRuns: 100 },
    );
  });

  it("is 0 where the client does not matter, and where all networks are answered alike", () => {
    for (const policy of ["a", "failover ( a b )", "geo ( net:192.0.2.0/28=a net:192.0.2.16/28=a *=a )"]) {
      expect(
        ask(world(setOf(policy), {}).image, networkOf(Uint8Array.of(192, 0, 2, 1), 24)).scopeBits,
      ).to.equal(0);
    }
  });

  it("passes over the border of networks that are answered alike", () => {
    const { image } = world(setOf("geo ( net:192.0.2.0/28=a net:192.0.2.16/28=a *=b )"), {});
    const scopes = [24, 26, 27, 28, 32].map((bits) =>
      ask(image, networkOf(Uint8Array.of(192, 0, 2, 17), bits)),
    );
    expect(scopes.map(({ scopeBits }) => scopeBits)).to.deep.equal([24, 26, 27, 27, 27]);
    expect(scopes.map(({ answer }) => answer.at(-1))).to.deep.equal(["2", "2", "1", "1", "1"]);
  });
});
