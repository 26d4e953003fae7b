/**
 * What a policy's answer takes from the client, how wide it will be valid around the client, and the TTL that a negative one
 * may have.
 *
 * Most policies ask for no more than the class of the client's network. Below a `sticky`, and while a pool is in its slow
 * start, the client's position counts as well: a hash of its network, of a /24 or a /56, so that a client keeps its place
 * from query to query, and so does its neighbour.
 */

import { classOfAddressAt, placeNetworkAt } from "../image/clients.ts";
import { clientsOf, type OpenImage, placesOf } from "../image/open-image.ts";
import { classOfPlacedAddress, placePlacedNetwork } from "../image/place-tables.ts";
import type { DecisionTables } from "../image/tables.ts";
import type { ClientAddress } from "./client-address.ts";
import type { Query } from "./query.ts";
import type { Reply } from "./reply.ts";

/** What health decides may not outlive the policy's TTL in a cache, be it negative. */
export function negativeTtl(tables: DecisionTables, table: number, soaTtlSeconds: number): number {
  return Math.min(soaTtlSeconds, tables.ttlSeconds[table] ?? 0);
}

/** The length of the network by which a client has its position. */
export const POSITION_BITS = { ipv4: 24, ipv6: 56 } as const;

/** Finds the client's position. Its network decides from then on, so the answer is valid no further than that. */
export function positionClient({ place }: Reply, { ecs }: Query, client: ClientAddress): void {
  if (!ecs.present || ecs.sourceBits === 0) {
    const bits = client.length === 4 ? POSITION_BITS.ipv4 : POSITION_BITS.ipv6;
    place.position = positionOf(client.octets, client.length, bits);
    return;
  }
  const longest = ecs.family === 1 ? POSITION_BITS.ipv4 : POSITION_BITS.ipv6;
  const bits = Math.min(ecs.sourceBits, longest);
  place.scopeBits = Math.max(place.scopeBits, bits);
  place.position = positionOf(ecs.octets, ecs.family === 1 ? 4 : 16, bits);
}

/** The first `bits` of an address, mixed until every one of them counts in every bit of the result, of 32. */
export function positionOf(octets: Uint8Array, length: 4 | 16, bits: number): number {
  let hash: number = length;
  for (let at = 0; at * 8 < bits; at++) {
    const left = bits - at * 8;
    const octet = (octets[at] ?? 0) & (left >= 8 ? 0xff : 0xff << (8 - left));
    hash = Math.imul(hash ^ octet, 0x0100_0193);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b_3c6d);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Finds the class of the client in a policy, and how wide the answer will be valid around it. */
export function placeClient(
  reply: Reply,
  query: Query,
  client: ClientAddress,
  image: OpenImage,
  policyNumber: number,
): void {
  const { places } = image;
  const table = placesOf(image, policyNumber);
  if (places === undefined || table === 0) {
    placeByNetwork(reply, query, client, image, policyNumber);
    return;
  }
  const { place } = reply;
  const { ecs } = query;
  place.scopeBits = 0;
  if (ecs.present && ecs.sourceBits > 0) {
    placePlacedNetwork(places, table, ecs.octets, ecs.family === 1 ? 4 : 16, ecs.sourceBits, place);
  } else {
    place.classNumber = classOfPlacedAddress(places, table, client.octets, client.length);
  }
}

/** The same where nothing is known of places: the class is that of the client's network. */
export function placeByNetwork(
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
