import { expect } from "chai";
import { describe, it } from "mocha";
import { NOWHERE } from "../../../src/geo/client.ts";
import { placeOfRecord } from "../../../src/geo/record-place.ts";

const ROWS: readonly [string, unknown, object | undefined][] = [
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
});
