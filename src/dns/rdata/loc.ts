/**
 * LOC: a place on Earth (RFC 1876). Its text is `d1 [m1 [s1]] N|S d2 [m2 [s2]] E|W alt[m] [size[m] [hp[m] [vp[m]]]]`, so
 * the whole rdata is one field:
 *
 *     0 VERSION  1 SIZE  2 HORIZ PRE  3 VERT PRE  4 LATITUDE (32 bits)  8 LONGITUDE (32 bits)  12 ALTITUDE (32 bits)
 *
 * Angles are thousandths of a second of arc around 2^31, altitudes centimetres above −100,000 m, sizes centimetres as a
 * digit and a power of ten in four bits each.
 */

import { append, type Field, readRest, type TokenSource } from "../fields/field.ts";
import { numberOctets } from "../fields/numbers.ts";
import { TYPE } from "../types.ts";
import type { RdataType } from "./rdata-type.ts";

const RDATA_OCTETS = 16;
const EQUATOR = 2 ** 31;
const MILLISECONDS_PER_DEGREE = 3_600_000;
const MAX_LATITUDE_DEGREES = 90;
const MAX_LONGITUDE_DEGREES = 180;
const ALTITUDE_BASE_CM = 10_000_000;
const MAX_ALTITUDE_CM = 2 ** 32 - 1 - ALTITUDE_BASE_CM;
/** Nine times ten to the ninth power is the largest that the two half-octets say. */
const MAX_SIZE_CM = 9e9;

/** What stands where text leaves it out (RFC 1876 §3): 1 m, 10 km, 10 m. */
const SIZES = [
  { what: "size", defaultCm: 100 },
  { what: "horizontal precision", defaultCm: 1_000_000 },
  { what: "vertical precision", defaultCm: 1000 },
] as const;

const place: Field = {
  what: "latitude",
  isName: false,
  mayBeAbsent: false,
  parse: parsePlace,
  read: readRest(1),
  format: formatPlace,
};

export const loc: RdataType = { type: TYPE.LOC, fields: [place], check: checkPlace };

function parsePlace(source: TokenSource, wire: number[]): string | undefined {
  const latitude = parseAngle(source, "latitude", "NS", MAX_LATITUDE_DEGREES);
  if (typeof latitude === "string") return latitude;
  const longitude = parseAngle(source, "longitude", "EW", MAX_LONGITUDE_DEGREES);
  if (typeof longitude === "string") return longitude;
  const altitudeCm = parseMetres(source, "altitude", -ALTITUDE_BASE_CM, MAX_ALTITUDE_CM);
  if (typeof altitudeCm === "string") return altitudeCm;
  wire.push(0);
  for (const { what, defaultCm } of SIZES) {
    const isWritten = source.next < source.tokens.length;
    const sizeCm = isWritten ? parseMetres(source, what, 0, MAX_SIZE_CM) : defaultCm;
    if (typeof sizeCm === "string") return sizeCm;
    wire.push(encodeSize(sizeCm));
  }
  for (const value of [latitude, longitude, altitudeCm + ALTITUDE_BASE_CM]) {
    append(wire, numberOctets(value, 4));
  }
  return undefined;
}

/** Degrees, minutes and seconds up to one of the two letters; the number on the wire, or a message. */
function parseAngle(source: TokenSource, what: string, letters: string, maxDegrees: number): number | string {
  const [positive = "", negative = ""] = letters;
  const units = [
    { unit: "degrees", max: maxDegrees, decimals: 0, milliseconds: MILLISECONDS_PER_DEGREE },
    { unit: "minutes", max: 59, decimals: 0, milliseconds: 60_000 },
    { unit: "seconds", max: 59.999, decimals: 3, milliseconds: 1000 },
  ];
  let sum = 0;
  for (let index = 0; ; index++) {
    const text = source.tokens[source.next]?.text;
    if (text === undefined) return `LOC ${what} ends before its ${positive} or ${negative}`;
    if (index > 0 && (text.toUpperCase() === positive || text.toUpperCase() === negative)) {
      if (sum > maxDegrees * MILLISECONDS_PER_DEGREE) return `LOC ${what} exceeds ${maxDegrees} degrees`;
      source.next += 1;
      return EQUATOR + (text.toUpperCase() === positive ? sum : -sum);
    }
    const step = units[index];
    if (step === undefined) return `LOC ${what} has '${text}' where ${positive} or ${negative} is expected`;
    const scaled = parseDecimal(text, step.decimals);
    if (scaled === undefined || scaled < 0 || scaled > step.max * 10 ** step.decimals) {
      return `LOC ${what} '${text}' is not a number of ${step.unit} from 0 to ${step.max}`;
    }
    sum += (scaled * step.milliseconds) / 10 ** step.decimals;
    source.next += 1;
  }
}

/** Metres with up to two decimals and an `m` that may be left out; centimetres, or a message. */
function parseMetres(source: TokenSource, what: string, minCm: number, maxCm: number): number | string {
  const text = source.tokens[source.next]?.text;
  if (text === undefined) return `LOC record ends before its ${what}`;
  const centimetres = parseDecimal(text.replace(/m$/i, ""), 2);
  if (centimetres === undefined || centimetres < minCm || centimetres > maxCm) {
    return `LOC ${what} '${text}' is not a number of metres from ${metres(minCm)} to ${metres(maxCm)}`;
  }
  source.next += 1;
  return centimetres;
}

/** A decimal number times 10 to the power of `decimals`, exactly; `undefined` where it is none or has more decimals. */
function parseDecimal(text: string, decimals: number): number | undefined {
  const match = /^(-?)([0-9]{1,8})(?:\.([0-9]*))?$/.exec(text);
  const [, sign = "", whole = "", fraction = ""] = match ?? [];
  if (match === null || fraction.length > decimals) return undefined;
  const scaled = Number(whole + fraction.padEnd(decimals, "0"));
  return sign === "" ? scaled : -scaled;
}

/** The leading digit and the power of ten; further digits are lost, as RFC 1876 §2 has it. */
function encodeSize(centimetres: number): number {
  let digit = centimetres;
  let power = 0;
  for (; digit > 9; power++) digit = Math.floor(digit / 10);
  return (digit << 4) | power;
}

function decodeSize(octet: number): number {
  return (octet >> 4) * 10 ** (octet & 0x0f);
}

function formatPlace(octets: Uint8Array): string {
  const [latitude, longitude, altitude] = numbersOf(octets);
  const sizes = Array.from(octets.subarray(1, 4), (octet) => metres(decodeSize(octet)));
  return [
    formatAngle(latitude, "N", "S"),
    formatAngle(longitude, "E", "W"),
    ...[metres(altitude - ALTITUDE_BASE_CM), ...sizes].map((text) => `${text}m`),
  ].join(" ");
}

function formatAngle(value: number, positive: string, negative: string): string {
  const sum = Math.abs(value - EQUATOR);
  const degrees = Math.floor(sum / MILLISECONDS_PER_DEGREE);
  const minutes = Math.floor(sum / 60_000) % 60;
  const seconds = ((sum % 60_000) / 1000).toFixed(3);
  return `${degrees} ${minutes} ${seconds} ${value >= EQUATOR ? positive : negative}`;
}

function metres(centimetres: number): string {
  return (centimetres / 100).toFixed(2);
}

/** Latitude, longitude and altitude as they are on the wire. */
function numbersOf(octets: Uint8Array): [latitude: number, longitude: number, altitude: number] {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  return [view.getUint32(4), view.getUint32(8), view.getUint32(12)];
}

/** Octets that have no text: another version, an angle beyond the poles, a size whose half-octets are not digits. */
function checkPlace(rdata: Uint8Array): string | undefined {
  if (rdata[0] !== 0 || rdata.length !== RDATA_OCTETS) return "LOC version is not 0";
  const [latitude, longitude] = numbersOf(rdata);
  const isOnEarth =
    Math.abs(latitude - EQUATOR) <= MAX_LATITUDE_DEGREES * MILLISECONDS_PER_DEGREE &&
    Math.abs(longitude - EQUATOR) <= MAX_LONGITUDE_DEGREES * MILLISECONDS_PER_DEGREE;
  if (!isOnEarth) return "LOC latitude or longitude is out of range";
  const sizesAreExact = rdata.subarray(1, 4).every((octet) => {
    const hasDigits = octet >> 4 <= 9 && (octet & 0x0f) <= 9;
    return hasDigits && encodeSize(decodeSize(octet)) === octet;
  });
  return sizesAreExact ? undefined : "LOC size or precision is not a digit and a power of ten";
}
