/**
 * The countries of ISO 3166-1 alpha-2 by continent, in the two-letter codes that zone files and geo databases use
 * (GeoNames' division, which MaxMind's follows). Zone files are held against it, for `country:UK` would match nobody;
 * and a supposed client of whom only the country is given is put on its continent.
 */

export const CONTINENTS = ["AF", "AN", "AS", "EU", "NA", "OC", "SA"] as const;
export type Continent = (typeof CONTINENTS)[number];

const COUNTRIES: Readonly<Record<Continent, string>> = {
  AF:
    "AO BF BI BJ BW CD CF CG CI CM CV DJ DZ EG EH ER ET GA GH GM GN GQ GW KE KM LR LS LY MA MG ML MR MU MW MZ NA NE " +
    "NG RE RW SC SD SH SL SN SO SS ST SZ TD TG TN TZ UG YT ZA ZM ZW",
  AN: "AQ BV GS HM TF",
  AS:
    "AE AF AM AZ BD BH BN BT CC CN CX GE HK ID IL IN IO IQ IR JO JP KG KH KP KR KW KZ LA LB LK MM MN MO MV MY NP OM " +
    "PH PK PS QA SA SG SY TH TJ TM TR TW UZ VN YE",
  EU:
    "AD AL AT AX BA BE BG BY CH CY CZ DE DK EE ES FI FO FR GB GG GI GR HR HU IE IM IS IT JE LI LT LU LV MC MD ME MK " +
    "MT NL NO PL PT RO RS RU SE SI SJ SK SM UA VA",
  NA:
    "AG AI AW BB BL BM BQ BS BZ CA CR CU CW DM DO GD GL GP GT HN HT JM KN KY LC MF MQ MS MX NI PA PM PR SV SX TC TT " +
    "US VC VG VI",
  OC: "AS AU CK FJ FM GU KI MH MP NC NF NR NU NZ PF PG PN PW SB TK TL TO TV UM VU WF WS",
  SA: "AR BO BR CL CO EC FK GF GY PE PY SR UY VE",
};

const continentByCountry: ReadonlyMap<string, Continent> = new Map(
  CONTINENTS.flatMap((continent) => countriesOf(continent).map((country) => [country, continent] as const)),
);

/** The continent of an upper-case country code; `undefined` where there is no such country. */
export function continentOf(country: string): Continent | undefined {
  return continentByCountry.get(country);
}

export function isContinent(text: string): text is Continent {
  return CONTINENTS.some((continent) => continent === text);
}

/** The codes of the countries of a continent. */
export function countriesOf(continent: Continent): readonly string[] {
  return COUNTRIES[continent].split(" ");
}
