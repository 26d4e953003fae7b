import { expect } from "chai";
import fc from "fast-check";
import { Reader } from "mmdb-lib";
import { describe, it } from "mocha";
import { formatIp, parseIp } from "../../../src/dns/address.ts";
import { formatPlace } from "../../../src/geo/client.ts";
import { buildGeoDatabase, type GeoDatabase, placeCount, placeOfNetwork } from "../../../src/geo/database.ts";
import { networkOf } from "../../../src/geo/network.ts";
import { arbitraryAddress, arbitraryEntries, databaseOf } from "../../support/geo.ts";
import { type MmdbEntry, writeMmdb } from "../../support/mmdb.ts";

function countryOf(database: GeoDatabase, ip: string): string | undefined {
  const octets = parseIp(ip) ?? new Uint8Array(4);
  return formatPlace(placeOfNetwork(database, networkOf(octets, octets.length * 8)));
}

function entry(text: string, country: string): MmdbEntry {
  const [ip = "", bits] = text.split("/");
  return {
    network: networkOf(parseIp(ip) ?? new Uint8Array(4), Number(bits)),
    record: { country_code: country },
  };
}

describe("buildGeoDatabase()", () => {
  it("finds of every address what the reader of such files finds", () => {
    fc.assert(
      fc.property(arbitraryEntries, fc.array(arbitraryAddress, { maxLength: 30 }), (entries, addresses) => {
        const file = writeMmdb(entries);
        const reader = new Reader(file);
        const database = databaseOf(file);
        const borders = entries.map(({ network }) => network.octets);
        for (const octets of [...addresses, ...borders]) {
          const expected: unknown = reader.get(formatIp(octets));
          const found = placeOfNetwork(database, networkOf(octets, octets.length * 8))?.country;
          expect({ country_code: found ?? null }).to.deep.equal(expected ?? { country_code: null });
        }
      }),
    );
  });

  it("tells IPv4 from IPv6 of the same bits", () => {
    const database = databaseOf(writeMmdb([entry("1.2.3.0/24", "DE"), entry("2001:db8::/32", "FR")]));
    expect(countryOf(database, "1.2.3.4")).to.equal("DE");
    expect(countryOf(database, "1.2.4.4")).to.equal(undefined);
    expect(countryOf(database, "2001:db8::1")).to.equal("FR");
    expect(countryOf(database, "::1")).to.equal(undefined);
    expect(placeCount(database)).to.equal(3);
  });

  it("takes files of IPv4 alone", () => {
    const database = databaseOf(writeMmdb([entry("192.0.2.0/24", "JP")], 4));
    expect(countryOf(database, "192.0.2.9")).to.equal("JP");
    expect(countryOf(database, "2001:db8::1")).to.equal(undefined);
  });

  it("is at an end with a tree that leads in circles", () => {
    const circle = Uint8Array.of(0, 0, 0, 0, 0, 0);
    const tree = { octets: circle, nodeCount: 1, recordBits: 24, ipVersion: 6 } as const;
    const database = buildGeoDatabase({ tree, recordOf: () => undefined });
    expect(placeCount(database)).to.equal(1);
  });
});
