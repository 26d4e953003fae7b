/** What a policy's answer takes from the client: the class that decides, and the TTL that a negative one may have. */

import { classOfAddressAt, placeNetworkAt } from "../image/clients.ts";
import { clientsOf, type OpenImage } from "../image/open-image.ts";
import type { DecisionTables } from "../image/tables.ts";
import type { ClientAddress } from "./client-address.ts";
import type { Query } from "./query.ts";
import type { Reply } from "./reply.ts";

/** What health decides may not outlive the policy's TTL in a cache, be it negative. */
export function negativeTtl(tables: DecisionTables, table: number, soaTtlSeconds: number): number {
  return Math.min(soaTtlSeconds, tables.ttlSeconds[table] ?? 0);
}

/** Finds the class of the client in a policy, and how wide the answer will be valid around it. */
export function placeClient(
  { place }: Reply,
  { ecs }: Query,
  client: ClientAddress,
  image: OpenImage,
  policyNumber: number,
): void {
  const clients = clientsOf(image, policyNumber);
  place.classNumber = 0;
  place.scopeBits = 0;
  if (clients === 0) return;
  if (ecs.present && ecs.sourceBits > 0) {
    placeNetworkAt(image.words, clients, ecs.octets, ecs.family === 1 ? 4 : 16, ecs.sourceBits, place);
  } else {
    place.classNumber = classOfAddressAt(image.words, clients, client.octets, client.length);
  }
}
