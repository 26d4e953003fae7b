/**
 * What an expression asks of a client's place: all that it can tell places apart by. Places that are alike in it are
 * answered alike, so a compiler need not ask for each of thousands of places what a policy makes of it.
 */

import { NOWHERE, type Place } from "../geo/client.ts";
import { policyNamed } from "./definitions.ts";
import { childrenOf, type Expression } from "./expression.ts";
import type { Definitions } from "./model.ts";
import { byDistance } from "./nearest.ts";

export interface AskedPlaces {
  readonly asns: ReadonlySet<number>;
  /** `US-VA` */
  readonly subdivisions: ReadonlySet<string>;
  readonly countries: ReadonlySet<string>;
  readonly continents: ReadonlySet<string>;
  /** The children of each `nearest`. */
  readonly nearest: readonly (readonly Expression[])[];
}

/** `undefined` where it asks nothing of a place. */
export function askedPlacesOf(expression: Expression, definitions: Definitions): AskedPlaces | undefined {
  const asns = new Set<number>();
  const subdivisions = new Set<string>();
  const countries = new Set<string>();
  const continents = new Set<string>();
  const nearest = new Set<readonly Expression[]>();
  const policies = new Set<string>();
  const walk = (next: Expression): void => {
    if (next.kind === "policy") {
      if (policies.has(next.policy)) return;
      policies.add(next.policy);
      walk(policyNamed(next.policy, definitions));
    } else if (next.kind === "nearest") nearest.add(next.children);
    else if (next.kind === "geo") {
      for (const { match } of next.entries) {
        if (match.kind === "asn") asns.add(match.asn);
        if (match.kind === "subdivision") subdivisions.add(`${match.country}-${match.subdivision}`);
        if (match.kind === "country") countries.add(match.country);
        if (match.kind === "continent") continents.add(match.continent);
      }
    }
    for (const child of childrenOf(next)) walk(child);
  };
  walk(expression);
  const asksNothing = asns.size + subdivisions.size + countries.size + continents.size + nearest.size === 0;
  return asksNothing ? undefined : { asns, subdivisions, countries, continents, nearest: [...nearest] };
}

/** What of a place is asked for, as text. */
export function askedOf(asked: AskedPlaces, definitions: Definitions, place: Place = NOWHERE): string {
  const { asn, country, subdivision, continent } = place;
  const region = `${country}-${subdivision}`;
  const orders = asked.nearest.map((children) => {
    const ordered = byDistance(children, definitions, place);
    return ordered.map(({ child }) => children.indexOf(child)).join();
  });
  return [
    asn !== undefined && asked.asns.has(asn) ? asn : "",
    asked.subdivisions.has(region) ? region : "",
    country !== undefined && asked.countries.has(country) ? country : "",
    continent !== undefined && asked.continents.has(continent) ? continent : "",
    ...orders,
  ].join(" ");
}
