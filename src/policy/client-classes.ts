/**
 * The clients that one policy, or two side by side, treat differently: for whoever lists them and not their answers. Beside
 * those that the words of the policies name (`policy/distinct-clients`) they are those whose place decides by distance: of
 * all the countries, and the subdivisions whose middle is known, one for each order in which a `nearest` would try its
 * children, for each network that the policies name.
 *
 * Places within a country that only a database knows are not looked at: they are thousands, and a policy that tells them
 * apart says so by coordinates that no list has.
 */

import { knownPlaces } from "../geo/centroids.ts";
import { type Client, type Place, UNKNOWN_CLIENT } from "../geo/client.ts";
import type { Network } from "../geo/network.ts";
import { askedOf, askedPlacesOf } from "./asked-places.ts";
import { clientSignature } from "./client-signature.ts";
import { describeClient, distinctClients } from "./distinct-clients.ts";
import type { Expression } from "./expression.ts";
import type { Definitions } from "./model.ts";

export interface Judging {
  readonly expression: Expression;
  readonly definitions: Definitions;
}

/** By how they are described, the unknown one first. Names must be resolved. */
export function clientClasses(policies: readonly Judging[]): ReadonlyMap<string, Client> {
  const clients = new Map<string, Client>([["", UNKNOWN_CLIENT]]);
  for (const { expression, definitions } of policies) {
    for (const client of distinctClients(expression, definitions)) {
      clients.set(describeClient(client), client);
    }
  }
  const places = placesByDistance(policies);
  if (places.length === 0) return clients;
  const signatureOf = (client: Client): string =>
    policies
      .map(({ expression, definitions }) => clientSignature(expression, definitions, client))
      .join(" | ");
  const networks = new Map<string, Network | undefined>();
  for (const { network } of clients.values()) {
    networks.set(`${network?.octets.join()}/${network?.prefixBits}`, network);
  }
  const known = new Set(Array.from(clients.values(), signatureOf));
  for (const network of networks.values()) {
    for (const place of places) {
      const client = { network, place };
      const signature = signatureOf(client);
      if (known.has(signature)) continue;
      known.add(signature);
      clients.set(describeClient(client), client);
    }
  }
  return clients;
}

/** One of each kind that the policies can tell apart; none where none of them asks for a distance. */
function placesByDistance(policies: readonly Judging[]): readonly Place[] {
  const asked = policies.flatMap(({ expression, definitions }) => {
    const places = askedPlacesOf(expression, definitions);
    return places === undefined || places.nearest.length === 0 ? [] : [{ places, definitions }];
  });
  if (asked.length === 0) return [];
  const kinds = new Map<string, Place>();
  for (const place of knownPlaces()) {
    const kind = asked.map(({ places, definitions }) => askedOf(places, definitions, place)).join(" | ");
    if (!kinds.has(kind)) kinds.set(kind, place);
  }
  return [...kinds.values()];
}
