/** How far places are from one another: along a great circle of a round earth, which is within half a percent of the truth. */

import { centroidOf } from "./centroids.ts";
import type { Coordinates, Place } from "./client.ts";

const EARTH_RADIUS_KM = 6371;

/** Kilometres, by the haversine formula, which stays exact for places that are close together. */
export function distanceKm(one: Coordinates, other: Coordinates): number {
  const north = Math.sin(radians(other.latitude - one.latitude) / 2);
  const east = Math.sin(radians(other.longitude - one.longitude) / 2);
  const square =
    north * north + Math.cos(radians(one.latitude)) * Math.cos(radians(other.latitude)) * east * east;
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(square)));
}

/** Where a place lies, as exactly as is known; `undefined` where not even its country is. */
export function coordinatesOf({ coordinates, country, subdivision }: Place): Coordinates | undefined {
  if (coordinates !== undefined || country === undefined) return coordinates;
  return centroidOf(country, subdivision);
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}
