/**
 * Places in groups, so that a policy is not asked of each place what it makes of it: where it asks for no distance, all
 * places of one country, subdivision, continent and AS number are alike to it. A database of cities has 100,000 places,
 * and some thousands of these.
 */

import { type GeoDatabase, placeAt, placeCount } from "../geo/database.ts";

export interface PlaceGroups {
  /** By number of a place. */
  readonly groupOf: Uint32Array;
  /** By group: the first place of it. Groups are in the order of these. */
  readonly examples: ArrayLike<number>;
}

export interface Grouping {
  /** Places that are alike but for their coordinates are together. */
  readonly regions: PlaceGroups;
  /** Each place by itself. */
  readonly single: PlaceGroups;
}

const PLACES_A_STEP = 4_096;

export function* groupInSteps(geo: GeoDatabase): Generator<undefined, Grouping> {
  const count = placeCount(geo);
  const groupOf = new Uint32Array(count);
  const examples: number[] = [];
  const known = new Map<string, number>();
  for (let number = 0; number < count; number++) {
    if (number % PLACES_A_STEP === PLACES_A_STEP - 1) yield undefined;
    const place = placeAt(geo.words, number);
    const text = place && `${place.country} ${place.subdivision} ${place.continent} ${place.asn}`;
    let group = known.get(text ?? "");
    if (group === undefined) {
      group = examples.push(number) - 1;
      known.set(text ?? "", group);
    }
    groupOf[number] = group;
  }
  const each = new Uint32Array(count);
  for (let number = 0; number < count; number++) each[number] = number;
  return { regions: { groupOf, examples }, single: { groupOf: each, examples: each } };
}
