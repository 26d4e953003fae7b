import { expect } from "chai";
import fc from "fast-check";
import { Reader } from "mmdb-lib";
import { describe, it } from "mocha";
import { formatIp, parseIp } from "../../../src/dns/address.ts";
import { formatPlace } from "../../../src/geo/client.ts";
import { buildGeoDatabase, type GeoDatabase, placeCount, placeOfNetwork } from "../../../src/geo/database.ts";
import { networkOf } from "../../../src/geo/network.ts";
import { arbitraryAddress, arbitraryEntries, databaseOf } from "../../support/geo.ts";
import { type MmdbEntry, type MmdbForm, writeMmdb } from "../../support/mmdb.ts";

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

const addresses = fc.array(arbitraryAddress, { maxLength: 30 });
const form: fc.Arbitrary<readonly [4 | 6, MmdbForm]> = fc.tuple(
  fc.constantFrom(4, 6, 6),
  fc.record({
    recordBits: fc.constantFrom(24, 28, 32),
    pointers: fc.boolean(),
    // So that pointers of each size stand in the data.
    paddingOctets: fc.constantFrom(0, 0, 3_000, 600_000),
  }),
);

describe("buildGeoDatabase()", () => {
  it("finds of every address what the reader of such files finds", () => {
    fc.assert(
      fc.property(arbitraryEntries, addresses, form, (entries, drawn, [ipVersion, written]) => {
        const held = entries.filter(({ network }) => ipVersion === 6 || network.family === "ipv4");
        const file = writeMmdb(held, ipVersion, undefined, written);
        const reader = new Reader(file);
        const database = databaseOf(file);
        const borders = held.map(({ network }) => network.octets);
        for (const octets of [...drawn, ...borders]) {
          if (ipVersion === 4 && octets.length === 16) continue;
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

  it("gives no place to where the tree of IPv4 hangs once more", () => {
    const aliases = ["2002::", "::ffff:0:0"].map((text, at) =>
      networkOf(parseIp(text) ?? new Uint8Array(16), at === 0 ? 16 : 96),
    );
    const entries = [entry("1.2.3.0/24", "DE"), entry("2001:db8::/32", "FR")];
    for (const recordBits of [24, 28, 32] as const) {
      const file = writeMmdb(entries, 6, undefined, { recordBits, aliases });
      // It does hang there.
      expect(new Reader(file).get("2002:102:304::")).to.deep.equal({ country_code: "DE" });
      const database = databaseOf(file);
      expect(countryOf(database, "1.2.3.4")).to.equal("DE");
      expect(countryOf(database, "2001:db8::1")).to.equal("FR");
      expect(countryOf(database, "2002:102:304::")).to.equal(undefined);
      expect(countryOf(database, "::ffff:1.2.3.4")).to.equal(undefined);
    }
  });

  it("takes records of more than 24 bits apart", () => {
    for (const recordBits of [28, 32] as const) {
      const entries = [entry("0.0.0.0/1", "DE"), entry("128.0.0.0/1", "FR")];
      const database = databaseOf(writeMmdb(entries, 4, undefined, { recordBits, paddingOctets: 2 ** 24 }));
      expect(countryOf(database, "1.2.3.4")).to.equal("DE");
      expect(countryOf(database, "192.0.2.1")).to.equal("FR");
    }
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
