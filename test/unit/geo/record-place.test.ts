import { expect } from "chai";
import { describe, it } from "mocha";
import { NOWHERE } from "../../../src/geo/client.ts";
import { placeOfNetwork } from "../../../src/geo/database.ts";
import { networkOf } from "../../../src/geo/network.ts";
import { placeOfRecord } from "../../../src/geo/record-place.ts";
import { databaseOf } from "../../support/geo.ts";
import { type MmdbEntry, writeMmdb } from "../../support/mmdb.ts";

/** What somebody makes, and what it says. */
const MADE: readonly [string, MmdbEntry["record"], object][] = [
  [
    "GeoLite2 City",
    {
      continent: { code: "NA" },
      country: { iso_code: "US" },
      registered_country: { iso_code: "DE" },
      subdivisions: [{ iso_code: "VA" }, { iso_code: "X" }],
      location: { latitude: 38.9876, longitude: -77.4, accuracy_radius: 20 },
    },
    {
      country: "US",
      subdivision: "VA",
      continent: "NA",
      coordinates: { latitude: 39, longitude: -77.4 },
    },
  ],
  ["GeoLite2 ASN", { autonomous_system_number: 64500, autonomous_system_organization: "x" }, { asn: 64500 }],
  [
    "a registered country alone",
    { registered_country: { iso_code: "FR" } },
    { country: "FR", continent: "EU" },
  ],
  [
    "IPinfo Lite",
    { asn: "AS64500", continent_code: "AS", country: "Japan", country_code: "JP" },
    { asn: 64500, continent: "AS", country: "JP" },
  ],
  [
    "IPinfo location",
    { country: "CA", region: "Ontario", region_code: "ON", lat: "43.7", lng: "-79.41" },
    {
      country: "CA",
      subdivision: "ON",
      continent: "NA",
      coordinates: { latitude: 43.7, longitude: -79.4 },
    },
  ],
  ["ip-location-db", { country_code: "BR" }, { country: "BR", continent: "SA" }],
  [
    "a subdivision with its country",
    { country_code: "US", region_code: "US-CA" },
    { country: "US", subdivision: "CA", continent: "NA" },
  ],
  ["a country of no continent", { country_code: "XK" }, { country: "XK" }],
];

const ROWS: readonly [string, unknown, object | undefined][] = [
  ...MADE,
  ["nothing that could be asked for", { is_anonymous: true }, undefined],
  ["values of other kinds", { country: 7, asn: "ASX", lat: "", lng: null, subdivisions: {} }, undefined],
  ["no map", ["DE"], undefined],
  ["nothing", null, undefined],
];

describe("placeOfRecord()", () => {
  for (const [what, record, expected] of ROWS) {
    it(`reads ${what}`, () => {
      expect(placeOfRecord(record)).to.deep.equal(expected && { ...NOWHERE, ...expected });
    });
  }

  for (const [what, record, expected] of MADE) {
    it(`reads ${what} from a file, among what nobody asks for`, () => {
      const names = { de: "Ort", en: "Place" };
      const beside = {
        first: names,
        city: { names, code: 7 },
        ...record,
        postal: { code: "10115" },
        last: [names, 1],
      };
      const network = networkOf(Uint8Array.of(192, 0, 2, 0), 24);
      const other = networkOf(Uint8Array.of(198, 51, 100, 0), 24);
      const entries = [network, other].map((each) => ({ network: each, record: beside }));
      const database = databaseOf(writeMmdb(entries, 4, undefined, { pointers: true }));
      expect(placeOfNetwork(database, network)).to.deep.equal({ ...NOWHERE, ...expected });
      expect(placeOfNetwork(database, other)).to.deep.equal({ ...NOWHERE, ...expected });
    });
  }
});
