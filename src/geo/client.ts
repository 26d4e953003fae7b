/** Where a query comes from, as far as it is known. `place` follows from the geo database, or from a `from` clause. */

import type { Network } from "./network.ts";

/** Degrees: north and east are positive. */
export interface Coordinates {
  readonly latitude: number;
  readonly longitude: number;
}

export interface Place {
  /** ISO 3166-1 alpha-2, upper case. */
  readonly country: string | undefined;
  /** ISO 3166-2 without the country. */
  readonly subdivision: string | undefined;
  /** `AF AN AS EU NA OC SA`. */
  readonly continent: string | undefined;
  readonly asn: number | undefined;
  /** Where nothing more exact is known than the country or its subdivision, they say where it is (`geo/centroids`). */
  readonly coordinates: Coordinates | undefined;
}

/** Nothing is known of it but what is added. */
export const NOWHERE: Place = {
  country: undefined,
  subdivision: undefined,
  continent: undefined,
  asn: undefined,
  coordinates: undefined,
};

export interface Client {
  /** A single address is a network of 32 or 128 bits. `undefined` where only a place is supposed. */
  readonly network: Network | undefined;
  readonly place: Place | undefined;
}

/** A client of whom nothing is known: matches no network, country or continent. */
export const UNKNOWN_CLIENT: Client = { network: undefined, place: undefined };

/** `US-VA`, `DE` or `EU`; `undefined` where nothing of it is known but its network's operator, or nothing. */
export function formatPlace(place: Place | undefined): string | undefined {
  if (place?.country === undefined) return place?.continent;
  return place.subdivision === undefined ? place.country : `${place.country}-${place.subdivision}`;
}

/** Where a network lies, by a geo database; `undefined` where nobody knows. */
export type PlaceOf = (network: Network) => Place | undefined;

/** Nobody knows. */
export const PLACE_UNKNOWN: PlaceOf = () => undefined;
