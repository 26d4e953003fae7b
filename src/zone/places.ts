/**
 * Networks, countries and continents as zone files write them: in the entries of `geo`, in `location=` and behind the
 * `from` of an expectation.
 */

import { formatIp, parseIp } from "../dns/address.ts";
import { CONTINENTS, continentOf, isContinent } from "../geo/country.ts";
import { type Network, networkOf } from "../geo/network.ts";
import type { GeoMatch } from "../policy/expression.ts";
import { formatMatch } from "../policy/expression-text.ts";
import type { Location } from "../policy/model.ts";
import { accepted, refused, type ValueParse } from "./key-values.ts";
import { didYouMean, nearest } from "./suggest.ts";

const MAX_ASN = 0xffffffff;
const MAX_LATITUDE = 90;
const MAX_LONGITUDE = 180;
const GEO_KINDS = ["net", "asn", "country", "continent"] as const;

/** `192.0.2.0/24`, `2001:db8::/32`, or an address, which is a network of all its bits. */
export function parseNetwork(text: string): ValueParse<Network> {
  const slash = text.indexOf("/");
  const address = slash === -1 ? text : text.slice(0, slash);
  const octets = parseIp(address);
  if (octets === undefined) return refused(`'${address}' is not an IP address`);
  const allBits = octets.length * 8;
  const bits = slash === -1 ? String(allBits) : text.slice(slash + 1);
  if (!/^(?:0|[1-9][0-9]{0,2})$/.test(bits) || Number(bits) > allBits) {
    return refused(`'${bits}' is not a prefix length from 0 to ${allBits}`);
  }
  const network = networkOf(octets, Number(bits));
  if (network.octets.some((octet, index) => octet !== octets[index])) {
    const meant = `${formatIp(network.octets)}/${bits}`;
    return refused(`'${text}' has bits behind its prefix; did you mean '${meant}'?`);
  }
  return accepted(network);
}

interface Region {
  readonly country: string;
  readonly subdivision: string | undefined;
}

/** `DE` or `US-VA` (ISO 3166), in any case; upper case in the result. */
export function parseRegion(text: string): ValueParse<Region> {
  const parts = /^([A-Z]{2})(?:-([A-Z0-9]{1,3}))?$/.exec(text.toUpperCase());
  if (parts === null) {
    return refused(`'${text}' is not a country code such as DE, or one with a subdivision such as US-VA`);
  }
  const [, country = "", subdivision] = parts;
  if (continentOf(country) !== undefined) return accepted({ country, subdivision });
  // The one mistake that everybody makes.
  const guess = country === "UK" ? "; did you mean 'GB'?" : "";
  return refused(`'${country}' is not a country of ISO 3166-1${guess}`);
}

export function parseLocation(text: string): ValueParse<Location> {
  if (!text.includes(",")) {
    const region = parseRegion(text);
    if (region.ok) return accepted({ kind: "region", ...region.value });
    return /^[-+.0-9]+$/.test(text) ? refused(`'${text}' is not 'latitude,longitude'`) : region;
  }
  const [latitude, longitude] = text.split(",").map(parseDegrees);
  const isPair = text.split(",").length === 2;
  if (!isPair || latitude === undefined || longitude === undefined) {
    return refused(`'${text}' is not 'latitude,longitude' in degrees, such as 50.11,8.68`);
  }
  if (Math.abs(latitude) > MAX_LATITUDE || Math.abs(longitude) > MAX_LONGITUDE) {
    return refused(`'${text}' exceeds ±${MAX_LATITUDE},±${MAX_LONGITUDE} degrees`);
  }
  return accepted({ kind: "coordinates", latitude, longitude });
}

function parseDegrees(text: string): number | undefined {
  return /^[-+]?[0-9]{1,3}(?:\.[0-9]{1,10})?$/.test(text) ? Number(text) : undefined;
}

/** What stands before the `=` of a geo entry. */
export function parseGeoMatch(text: string): ValueParse<GeoMatch> {
  if (text === "*") return accepted({ kind: "any" });
  const colon = text.indexOf(":");
  const kind = colon === -1 ? text : text.slice(0, colon);
  const value = text.slice(colon + 1);
  const known = GEO_KINDS.find((candidate) => candidate === kind);
  if (colon === -1 || known === undefined) {
    const word = nearest(kind, GEO_KINDS);
    const guess = word === undefined ? "" : `; did you mean '${word}:${colon === -1 ? "…" : value}'?`;
    return refused(`'${text}' is none of net:…, asn:…, country:…, continent:… and *${guess}`);
  }
  switch (known) {
    case "net": {
      const network = parseNetwork(value);
      return network.ok ? accepted<GeoMatch>({ kind: "net", network: network.value, text: value }) : network;
    }
    case "asn":
      if (/^[1-9][0-9]{0,9}$/.test(value) && Number(value) <= MAX_ASN) {
        return accepted({ kind: "asn", asn: Number(value) });
      }
      return refused(`'${value}' is not an AS number from 1 to ${MAX_ASN}`);
    case "country": {
      const region = parseRegion(value);
      if (!region.ok) return region;
      const { country, subdivision } = region.value;
      return accepted(
        subdivision === undefined
          ? { kind: "country", country }
          : { kind: "subdivision", country, subdivision },
      );
    }
    case "continent": {
      const continent = parseContinent(value);
      return continent.ok ? accepted<GeoMatch>({ kind: "continent", continent: continent.value }) : continent;
    }
  }
}

export function parseContinent(text: string): ValueParse<string> {
  const continent = text.toUpperCase();
  if (isContinent(continent)) return accepted(continent);
  return refused(`'${text}' is not one of ${CONTINENTS.join(" ")}${didYouMean(text, CONTINENTS)}`);
}

/** The same text for matches that are the same, however their networks are written. */
export function keyOfMatch(match: GeoMatch): string {
  if (match.kind !== "net") return formatMatch(match);
  return `net:${formatIp(match.network.octets)}/${match.network.prefixBits}`;
}
