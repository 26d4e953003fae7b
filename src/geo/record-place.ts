/**
 * What a data record of an MMDB file says of a place. Files of several makers are told apart by what they hold, not by
 * their names:
 *
 * | maker                    | country             | subdivision                | continent           | AS number                          | coordinates          |
 * | ------------------------ | ------------------- | -------------------------- | ------------------- | ---------------------------------- | -------------------- |
 * | GeoLite2, GeoIP2, DB-IP  | `country.iso_code`  | `subdivisions[0].iso_code` | `continent.code`    | `autonomous_system_number`         | `location.latitude`… |
 * | the same, no country     | `registered_country.iso_code` |                  |                     | `traits.autonomous_system_number`  |                      |
 * | IPinfo                   | `country_code`, or `country` as two letters | `region_code` | `continent_code`, or `continent` | `asn`: `AS64500` | `latitude`, `lat`… |
 * | ip-location-db           | `country_code`      |                            |                     | `autonomous_system_number`         |                      |
 *
 * What is not well-formed is not known. Without a continent it is the country's (`geo/country`). Coordinates are kept to a
 * tenth of a degree, some 11 km: no maker promises more, and fewer places are told apart.
 */

import type { Coordinates, Place } from "./client.ts";
import { continentOf, isContinent } from "./country.ts";

/** Every key of the table, at whatever depth: nothing else of a record is looked at. */
export const PLACE_KEYS: ReadonlySet<string> = new Set(
  (
    "country registered_country iso_code country_code subdivisions region_code continent code continent_code " +
    "autonomous_system_number traits asn location latitude lat longitude lng lon"
  ).split(" "),
);

const MAX_ASN = 0xffff_ffff;
const STEPS_A_DEGREE = 10;

/** `undefined` where the record says nothing that a policy could ask for. */
export function placeOfRecord(record: unknown): Place | undefined {
  if (!isMap(record)) return undefined;
  const country =
    code(/^[A-Z]{2}$/, at(record, "country", "iso_code")) ??
    code(/^[A-Z]{2}$/, record["country_code"]) ??
    code(/^[A-Z]{2}$/, record["country"]) ??
    code(/^[A-Z]{2}$/, at(record, "registered_country", "iso_code"));
  const continent = continentIn(record) ?? (country === undefined ? undefined : continentOf(country));
  const subdivision = country === undefined ? undefined : subdivisionIn(record, country);
  const asn = asnIn(record);
  const coordinates = coordinatesIn(record);
  const isNothing = (continent ?? asn ?? coordinates) === undefined && country === undefined;
  return isNothing ? undefined : { country, subdivision, continent, asn, coordinates };
}

function continentIn(record: Record<string, unknown>): string | undefined {
  const candidates = [at(record, "continent", "code"), record["continent_code"], record["continent"]];
  return candidates.find((value): value is string => typeof value === "string" && isContinent(value));
}

/** ISO 3166-2 without the country, whether the file writes it before it or not. */
function subdivisionIn(record: Record<string, unknown>, country: string): string | undefined {
  const { subdivisions } = record;
  const first: unknown = Array.isArray(subdivisions) ? subdivisions[0] : undefined;
  const found = (isMap(first) ? first["iso_code"] : undefined) ?? record["region_code"];
  if (typeof found !== "string") return undefined;
  return code(/^[A-Z0-9]{1,3}$/, found.startsWith(`${country}-`) ? found.slice(country.length + 1) : found);
}

function asnIn(record: Record<string, unknown>): number | undefined {
  const found =
    record["autonomous_system_number"] ??
    at(record, "traits", "autonomous_system_number") ??
    at(record, "asn", "asn") ??
    record["asn"];
  const number = typeof found === "string" ? Number(found.replace(/^AS/, "")) : found;
  const isAsn = typeof number === "number" && Number.isInteger(number) && number > 0 && number <= MAX_ASN;
  return isAsn ? number : undefined;
}

function coordinatesIn(record: Record<string, unknown>): Coordinates | undefined {
  const location = isMap(record["location"]) ? record["location"] : record;
  const latitude = degrees(location["latitude"] ?? location["lat"], 90);
  const longitude = degrees(location["longitude"] ?? location["lng"] ?? location["lon"], 180);
  return latitude === undefined || longitude === undefined ? undefined : { latitude, longitude };
}

function degrees(value: unknown, most: number): number | undefined {
  const number = typeof value === "string" && value !== "" ? Number(value) : value;
  if (typeof number !== "number" || !(Math.abs(number) <= most)) return undefined;
  return Math.round(number * STEPS_A_DEGREE) / STEPS_A_DEGREE + 0;
}

function code(form: RegExp, value: unknown): string | undefined {
  return typeof value === "string" && form.test(value) ? value : undefined;
}

function at(record: Record<string, unknown>, key: string, inner: string): unknown {
  const value = record[key];
  return isMap(value) ? value[inner] : undefined;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
