/**
 * Places against brute force: random small geo databases and policies, and for any client and prefix the class and the
 * scope that come of looking at every address at which anything could change.
 */

import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import type { Client } from "../../../src/geo/client.ts";
import { placeOfNetwork } from "../../../src/geo/database.ts";
import { contains, type Network, networkOf } from "../../../src/geo/network.ts";
import type { ClientPlace } from "../../../src/image/clients.ts";
import { compileDecisions, compilePlaces, compileZones, makeImage } from "../../../src/image/image.ts";
import { placesOf } from "../../../src/image/open-image.ts";
import { classOfPlacedAddress, placePlacedNetwork } from "../../../src/image/place-tables.ts";
import { clientSignature } from "../../../src/policy/client-signature.ts";
import { evaluate, sharesOf } from "../../../src/policy/evaluate.ts";
import type { Evaluation } from "../../../src/policy/evaluation.ts";
import type { Expression, GeoEntry } from "../../../src/policy/expression.ts";
import { reachOf } from "../../../src/policy/reach.ts";
import {
  arbitraryAddress,
  arbitraryEntries,
  arbitraryNetwork,
  COUNTRIES,
  databaseOf,
} from "../../support/geo.ts";
import { writeMmdb } from "../../support/mmdb.ts";
import { definitions, endpoint, policy, pool, snapshot } from "../../support/policies.ts";
import { setOfPolicies } from "./policy-set.ts";

const POOLS = [
  pool("a", [endpoint("a", "x", ["203.0.113.1"])], {
    location: { kind: "region", country: "DE", subdivision: undefined },
  }),
  pool("b", [endpoint("b", "x", ["203.0.113.2"])], {
    location: { kind: "coordinates", latitude: 35.7, longitude: 139.7 },
  }),
  pool("c", [endpoint("c", "x", ["203.0.113.3"])], {
    location: { kind: "region", country: "US", subdivision: "VA" },
  }),
  pool("d", [endpoint("d", "x", ["203.0.113.4"])]),
];
const DEFINITIONS = definitions(POOLS);

const named = fc.constantFrom("a", "b", "c", "d").map((name): Expression => ({ kind: "pool", pool: name }));
const nearest = fc
  .uniqueArray(named, { minLength: 1, maxLength: 4, selector: (child) => JSON.stringify(child) })
  .map((children): Expression => ({ kind: "nearest", children }));
const match = fc.oneof(
  arbitraryNetwork.map((network) => ({ kind: "net", network, text: network.octets.join() }) as const),
  fc.constantFrom(...COUNTRIES).map((country) => ({ kind: "country", country }) as const),
  fc.constantFrom("EU", "AS", "NA").map((continent) => ({ kind: "continent", continent }) as const),
);
const geoOf = (children: fc.Arbitrary<Expression>): fc.Arbitrary<Expression> =>
  fc
    .tuple(fc.array(fc.record({ match, expression: children }), { maxLength: 6 }), children)
    .map(([entries, rest]): Expression => {
      const last: GeoEntry = { match: { kind: "any" }, expression: rest };
      return { kind: "geo", entries: [...entries, last] };
    });
const child = fc.oneof(
  named,
  nearest,
  fc.tuple(named, named).map((children): Expression => ({ kind: "failover", children })),
);
const expression = fc.oneof(nearest, geoOf(child), geoOf(fc.oneof(child, geoOf(child))));
const health = fc.record(
  Object.fromEntries(
    ["a/x", "b/x", "c/x", "d/x"].map((id) => [id, fc.constantFrom("up", "up", "down")] as const),
  ),
);

const PLACE = (): ClientPlace => ({ classNumber: 0, scopeBits: 0, position: 0 });

/** The first address of a network, and the one behind its last where there is one. */
function edgesOf({ octets, prefixBits }: Network): Uint8Array[] {
  const behind = Uint8Array.from(octets);
  for (let bit = prefixBits - 1; bit >= 0; bit--) {
    const octet = bit >> 3;
    const value = 0x80 >> (bit & 7);
    behind[octet] = (behind[octet] ?? 0) ^ value;
    if (((behind[octet] ?? 0) & value) !== 0) return [octets, behind];
  }
  return [octets];
}

const wholly = (octets: Uint8Array): Network => networkOf(octets, octets.length * 8);

function sameShares(one: Evaluation, other: Evaluation): boolean {
  const textOf = (evaluation: Evaluation): string =>
    JSON.stringify([
      evaluation.outcome,
      evaluation.ttlSeconds,
      evaluation.rung,
      sharesOf(evaluation).map(({ endpoint: { id }, share }) => [id, share]),
    ]);
  return textOf(one) === textOf(other);
}

describe("compilePlaces()", () => {
  it("finds the class of a client, and exactly how far around it everybody is answered alike", () => {
    const drawn = fc.record({
      entries: arbitraryEntries,
      expression,
      health,
      addresses: fc.array(fc.tuple(arbitraryAddress, fc.integer({ min: 1, max: 128 })), { maxLength: 12 }),
    });
    fc.assert(
      fc.property(drawn, ({ entries, expression: asked, health: words, addresses }) => {
        const geo = databaseOf(writeMmdb(entries));
        const zones = compileZones(setOfPolicies([policy(asked)], DEFINITIONS));
        const places = compilePlaces(zones, geo);
        const state = snapshot(POOLS, words);
        const image = makeImage(1, zones, compileDecisions(zones, state, DEFINITIONS, places));
        const table = placesOf(image, 0);
        const classes = places.clients[0];
        if (classes === undefined || image.places === undefined) {
          expect(table).to.equal(0);
          return;
        }
        const { networks } = reachOf(asked, DEFINITIONS);
        const edges = [...entries.map(({ network }) => network), ...networks].flatMap(edgesOf);
        const clientAt = (octets: Uint8Array): Client => ({
          network: wholly(octets),
          place: placeOfNetwork(geo, wholly(octets)),
        });
        const signatureOf = (client: Client): string => clientSignature(asked, DEFINITIONS, client);
        const isAlike = (network: Network): boolean => {
          const inside = [network.octets, ...edges].filter((octets) => contains(network, wholly(octets)));
          return new Set(inside.map((octets) => signatureOf(clientAt(octets)))).size === 1;
        };
        for (const [octets, drawnBits] of addresses) {
          const length = octets.length === 4 ? 4 : 16;
          const own = classes[classOfPlacedAddress(image.places, table, octets, length)];
          expect(own && signatureOf(own)).to.equal(signatureOf(clientAt(octets)));
          const client = clientAt(octets);
          const ofClass = own && evaluate(policy(asked), DEFINITIONS, state, own, "ipv4");
          expect(
            ofClass && sameShares(ofClass, evaluate(policy(asked), DEFINITIONS, state, client, "ipv4")),
          ).to.equal(true);
          const source = networkOf(octets, Math.min(drawnBits, length * 8));
          let exact = 0;
          while (exact < source.prefixBits && !isAlike(networkOf(source.octets, exact))) exact++;
          const found = PLACE();
          placePlacedNetwork(image.places, table, source.octets, length, source.prefixBits, found);
          expect(found.scopeBits).to.equal(exact);
          const ofNetwork = classes[found.classNumber];
          const asWhole = isAlike(source)
            ? clientAt(source.octets)
            : { network: source, place: placeOfNetwork(geo, source) };
          expect(ofNetwork && signatureOf(ofNetwork)).to.equal(signatureOf(asWhole));
        }
      }),
      { numRuns: 300 },
    );
  });

  it("shares the tables of policies that tell clients apart alike", () => {
    const geo = databaseOf(writeMmdb([]));
    const of = (name: string): Expression => ({
      kind: "geo",
      entries: [
        { match: { kind: "country", country: "DE" }, expression: { kind: "pool", pool: name } },
        { match: { kind: "any" }, expression: { kind: "pool", pool: "d" } },
      ],
    });
    const zones = compileZones(setOfPolicies([policy(of("a")), policy(of("b"))], DEFINITIONS));
    const words = new Int32Array(compilePlaces(zones, geo).bytes);
    expect(words[0]).to.equal(words[1]).and.not.equal(0);
  });
});
