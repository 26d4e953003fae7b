/**
 * The clients that an expression treats differently, by what of it is up: one for each way to a leaf, of whom nothing is
 * known but what the `geo`s on that way ask for, and the one of whom nothing is known at all.
 *
 * Whoever matches more is offered more, and every kind of expression is up while any of its offers is. So where some client
 * has nothing, one of these has nothing: that one who is known just well enough to get to where the other one was sent.
 */

import { type Client, NOWHERE, type Place, UNKNOWN_CLIENT } from "../geo/client.ts";
import { continentOf } from "../geo/country.ts";
import { contains } from "../geo/network.ts";
import { policyNamed } from "./definitions.ts";
import { childrenOf, type Expression, type GeoMatch } from "./expression.ts";
import type { Definitions } from "./model.ts";

/** The unknown one first, each once. Names must be resolved. */
export function distinctClients(expression: Expression, definitions: Definitions): readonly Client[] {
  const clients = new Map([[keyOf(UNKNOWN_CLIENT), UNKNOWN_CLIENT]]);
  const seen = new Map<string, Set<string>>();
  const walk = (next: Expression, client: Client): void => {
    if (next.kind === "geo") {
      for (const { match, expression: child } of next.entries) {
        const matching = narrowed(client, match);
        if (matching === undefined || child === "nodata") continue;
        clients.set(keyOf(matching), matching);
        walk(child, matching);
      }
      return;
    }
    if (next.kind === "policy") {
      const known = seen.get(next.policy) ?? new Set();
      seen.set(next.policy, known);
      if (known.has(keyOf(client))) return;
      known.add(keyOf(client));
      walk(policyNamed(next.policy, definitions), client);
    }
    for (const child of childrenOf(next)) walk(child, client);
  };
  walk(expression, UNKNOWN_CLIENT);
  return [...clients.values()];
}

/** The same client, of whom it is known as well that it matches; `undefined` where none does both. */
function narrowed(client: Client, match: GeoMatch): Client | undefined {
  switch (match.kind) {
    case "any":
      return client;
    case "net": {
      const { network } = client;
      if (network === undefined || contains(network, match.network)) {
        return { ...client, network: match.network };
      }
      return contains(match.network, network) ? client : undefined;
    }
    case "asn":
      return placed(client, { asn: match.asn });
    case "subdivision":
      return placed(client, {
        country: match.country,
        subdivision: match.subdivision,
        continent: continentOf(match.country),
      });
    case "country":
      return placed(client, { country: match.country, continent: continentOf(match.country) });
    case "continent":
      return placed(client, { continent: match.continent });
  }
}

function placed(client: Client, known: Partial<Place>): Client | undefined {
  const place: Place = client.place ?? NOWHERE;
  const contradicts =
    differs(place.country, known.country) ||
    differs(place.subdivision, known.subdivision) ||
    differs(place.continent, known.continent) ||
    differs(place.asn, known.asn);
  if (contradicts) return undefined;
  return {
    ...client,
    place: {
      country: known.country ?? place.country,
      subdivision: known.subdivision ?? place.subdivision,
      continent: known.continent ?? place.continent,
      asn: known.asn ?? place.asn,
      coordinates: place.coordinates,
    },
  };
}

function differs<T>(one: T | undefined, other: T | undefined): boolean {
  return one !== undefined && other !== undefined && one !== other;
}

function keyOf({ network, place }: Client): string {
  const where = [place?.asn, place?.country, place?.subdivision, place?.continent].join(" ");
  return `${network === undefined ? "" : `${network.octets.join(".")}/${network.prefixBits}`} ${where}`;
}

/** For sentences: `10.0.0.0/8`, `country:US`; the empty string for a client of whom nothing is known. */
export function describeClient({ network, place }: Client): string {
  const words: string[] = [];
  if (network !== undefined) words.push(`${addressText(network.octets)}/${network.prefixBits}`);
  if (place?.asn !== undefined) words.push(`asn:${place.asn}`);
  if (place?.country !== undefined) {
    words.push(`country:${place.country}${place.subdivision === undefined ? "" : `-${place.subdivision}`}`);
  } else if (place?.continent !== undefined) words.push(`continent:${place.continent}`);
  return words.join(" ");
}

function addressText(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join(".");
  const groups = Array.from(
    { length: 8 },
    (_, at) => ((octets[at * 2] ?? 0) << 8) | (octets[at * 2 + 1] ?? 0),
  );
  return groups
    .map((group) => group.toString(16))
    .join(":")
    .replace(/(?:^|:)0(?::0)+$/, "::");
}
