import { expect } from "chai";
import { describe, it } from "mocha";
import { centroidOf } from "../../../src/geo/centroids.ts";
import { NOWHERE } from "../../../src/geo/client.ts";
import { CONTINENTS, countriesOf } from "../../../src/geo/country.ts";
import { coordinatesOf, distanceKm } from "../../../src/geo/distance.ts";

const LONDON = { latitude: 51.5, longitude: -0.1 };
const NEW_YORK = { latitude: 40.7, longitude: -74 };

describe("distanceKm()", () => {
  const rows: [string, number, number, number][] = [
    ["London to New York", distanceKm(LONDON, NEW_YORK), 5560, 5580],
    ["to where one is", distanceKm(LONDON, LONDON), 0, 0],
    [
      "over the date line",
      distanceKm({ latitude: 0, longitude: 179 }, { latitude: 0, longitude: -179 }),
      222,
      223,
    ],
    [
      "to the other end",
      distanceKm({ latitude: 0, longitude: 0 }, { latitude: 0, longitude: 180 }),
      20_015,
      20_016,
    ],
  ];
  for (const [what, km, least, most] of rows) {
    it(what, () => {
      expect(km).to.be.within(least, most);
    });
  }
});

describe("centroidOf()", () => {
  it("knows every country", () => {
    const unknown = CONTINENTS.flatMap(countriesOf).filter(
      (country) => centroidOf(country, undefined) === undefined,
    );
    expect(unknown).to.deep.equal([]);
  });

  it("takes a subdivision's own place where it is known, and its country's where it is not", () => {
    expect(coordinatesOf({ ...NOWHERE, country: "CA", subdivision: "BC" })?.longitude).to.be.below(-120);
    expect(centroidOf("DE", "BY")).to.deep.equal(centroidOf("DE", undefined));
    expect(coordinatesOf({ ...NOWHERE, continent: "EU" })).to.equal(undefined);
  });
});
