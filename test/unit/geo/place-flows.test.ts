import { expect } from "chai";
import fc from "fast-check";
import { describe, it } from "mocha";
import { type GeoDatabase, placeAt, placeOfNetwork } from "../../../src/geo/database.ts";
import { networkOf } from "../../../src/geo/network.ts";
import { placeFlows } from "../../../src/geo/place-flows.ts";
import { arbitraryEntries, COUNTRIES, databaseOf } from "../../support/geo.ts";
import { writeMmdb } from "../../support/mmdb.ts";

const countryAt = ({ words }: GeoDatabase, place: number): string =>
  placeAt(words, place)?.country ?? "nowhere";

/** By country before and after. */
function sizesBetween(before: GeoDatabase, after: GeoDatabase, family: "ipv4" | "ipv6"): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const flow of placeFlows(before, after, family).flows) {
    const key = `${countryAt(before, flow.before)} ${countryAt(after, flow.after)}`;
    sizes.set(key, (sizes.get(key) ?? 0) + flow.size);
  }
  return sizes;
}

describe("placeFlows()", () => {
  const databases = arbitraryEntries.map((entries) => databaseOf(writeMmdb(entries)));

  it("comes to all addresses, whatever the databases hold", () => {
    fc.assert(
      fc.property(databases, databases, (before, after) => {
        const sum = (family: "ipv4" | "ipv6"): number =>
          placeFlows(before, after, family).flows.reduce((total, { size }) => total + size, 0);
        expect(sum("ipv4")).to.equal(2 ** 32);
        // Numbers of that size are 2,048 apart.
        expect(sum("ipv6")).to.be.closeTo(2 ** 64, 2 ** 20);
      }),
      { numRuns: 100 },
    );
  });

  it("moves nobody between a database and itself", () => {
    fc.assert(
      fc.property(databases, (database) => {
        for (const family of ["ipv4", "ipv6"] as const) {
          for (const { before, after } of placeFlows(database, database, family).flows)
            expect(before).to.equal(after);
        }
      }),
      { numRuns: 100 },
    );
  });

  it("counts every address where it is looked up", () => {
    const countries = COUNTRIES.map((country_code, at) => ({
      network: networkOf(Uint8Array.of(at * 32, 0, 0, 0), 3),
      record: { country_code },
    }));
    const before = databaseOf(writeMmdb(countries));
    const inner = { network: networkOf(Uint8Array.of(20, 0, 0, 0), 6), record: { country_code: "BR" } };
    const after = databaseOf(writeMmdb([...countries.slice(0, 3), inner]));
    const sizes = new Map<string, number>();
    for (let first = 0; first < 256; first++) {
      const network = networkOf(Uint8Array.of(first, 0, 0, 0), 8);
      const [from, to] = [before, after].map((one) => placeOfNetwork(one, network)?.country ?? "nowhere");
      const key = `${from} ${to}`;
      sizes.set(key, (sizes.get(key) ?? 0) + 2 ** 24);
    }
    expect(sizesBetween(before, after, "ipv4")).to.deep.equal(sizes);
    expect(placeFlows(before, after, "ipv4").knownSize).to.equal(5 * 2 ** 29);
  });
});
