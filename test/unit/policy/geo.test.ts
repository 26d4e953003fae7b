/** Which entries of a `geo` match a client, in what order: held against the rule as CONTRACT.md words it. */

import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { type Client, NOWHERE } from "../../../src/geo/client.ts";
import { contains, networkOf } from "../../../src/geo/network.ts";
import type { GeoEntry, GeoMatch } from "../../../src/policy/expression.ts";
import { matchingEntries } from "../../../src/policy/geo.ts";

const ORDER: readonly GeoMatch["kind"][] = ["net", "asn", "subdivision", "country", "continent", "any"];

function matches(match: GeoMatch, { network, place }: Client): boolean {
  if (match.kind === "net") return network !== undefined && contains(match.network, network);
  if (match.kind === "asn") return place?.asn === match.asn;
  if (match.kind === "continent") return place?.continent === match.continent;
  if (match.kind === "any") return true;
  if (place?.country !== match.country) return false;
  return match.kind === "country" || place.subdivision === match.subdivision;
}

const bitsOf = ({ match }: GeoEntry): number => (match.kind === "net" ? match.network.prefixBits : 0);

const entryOf = (match: GeoMatch): GeoEntry => ({ match, expression: { kind: "pool", pool: "a" } });

/** Few octets of few values: many of them lie in one another. */
const networks = fc.oneof(
  fc
    .tuple(
      fc.array(fc.constantFrom(0, 10, 128), { minLength: 4, maxLength: 4 }),
      fc.integer({ min: 0, max: 32 }),
    )
    .map(([octets, bits]) => networkOf(Uint8Array.from(octets), bits)),
  fc
    .tuple(fc.constantFrom(0, 10), fc.constantFrom(0, 1, 128), fc.integer({ min: 0, max: 128 }))
    .map(([first, last, bits]) => networkOf(Uint8Array.of(first, ...Array(14).fill(0), last), bits)),
);
const countries = fc.constantFrom("US", "DE");
const subdivisions = fc.constantFrom("CA", "VA");
const asns = fc.constantFrom(1, 2);
const continents = fc.constantFrom("EU", "NA");
const matchesOfAllKinds = fc.oneof<fc.Arbitrary<GeoMatch>[]>(
  networks.map((network) => ({ kind: "net", network, text: "" })),
  asns.map((asn) => ({ kind: "asn", asn })),
  fc
    .tuple(countries, subdivisions)
    .map(([country, subdivision]) => ({ kind: "subdivision", country, subdivision })),
  countries.map((country) => ({ kind: "country", country })),
  continents.map((continent) => ({ kind: "continent", continent })),
  fc.constant({ kind: "any" }),
);
const clients: fc.Arbitrary<Client> = fc.record({
  network: fc.option(networks, { nil: undefined }),
  place: fc.option(
    fc.record({
      country: fc.option(countries, { nil: undefined }),
      subdivision: fc.option(subdivisions, { nil: undefined }),
      continent: fc.option(continents, { nil: undefined }),
      asn: fc.option(asns, { nil: undefined }),
      coordinates: fc.constant(undefined),
    }),
    { nil: undefined },
  ),
});

describe("matchingEntries()", () => {
  it("are all that match, the kinds in their order and the longest network first", () => {
    fc.assert(
      fc.property(fc.array(matchesOfAllKinds, { maxLength: 30 }), clients, (all, client) => {
        const entries = all.map(entryOf);
        const expected = entries
          .filter(({ match }) => matches(match, client))
          .sort(
            (one, other) =>
              ORDER.indexOf(one.match.kind) - ORDER.indexOf(other.match.kind) || bitsOf(other) - bitsOf(one),
          );
        expect(matchingEntries(entries, client)).to.deep.equal(expected);
      }),
      { numRuns: 1_000 },
    );
  });

  it("are found among as many networks as there are, for as many clients", () => {
    const networksOf = Array.from({ length: 30_000 }, (_, at) =>
      networkOf(Uint8Array.of(10, at >> 8, at & 255, 0), 24),
    );
    const entries = networksOf.map((network) => entryOf({ kind: "net", network, text: "" }));
    const clientsOf = networksOf.map((network): Client => ({ network, place: NOWHERE }));
    const wrong = clientsOf.filter((client, at) => {
      const [first, ...others] = matchingEntries(entries, client);
      return first !== entries[at] || others.length > 0;
    });
    expect(wrong).to.deep.equal([]);
  });
});
