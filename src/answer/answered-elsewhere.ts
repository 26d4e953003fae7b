/**
 * Counts what is not answered by the answer path, and is a query of a client all the same: zone transfers, many messages
 * for one. They count like every other query, in the zone that their name falls in, and once, by their first message's
 * response code.
 */

import { closestEncloser, findNode } from "../image/find.ts";
import { NODE } from "../image/layout.ts";
import type { OpenImage } from "../image/open-image.ts";
import type { CounterWriter } from "./counter-writer.ts";
import { HEADER_OCTETS } from "./query.ts";
import { NO_ZONE } from "./reply.ts";
import type { Transport } from "./transport.ts";

const RCODE_BITS = 0x0f;

/** `query` has a whole question without a pointer; `response` is a message. */
export function countAnsweredElsewhere(
  query: Uint8Array,
  response: Uint8Array,
  transport: Transport,
  counters: CounterWriter,
  image: OpenImage,
): void {
  const view = new DataView(query.buffer, query.byteOffset, query.byteLength);
  let end = HEADER_OCTETS;
  while ((query[end] ?? 0) !== 0) end += 1 + (query[end] ?? 0);
  const nameOctets = end + 1 - HEADER_OCTETS;
  const node =
    findNode(image, view, HEADER_OCTETS, nameOctets) ||
    closestEncloser(image, view, HEADER_OCTETS, nameOctets);
  const zoneNumber = node === 0 ? NO_ZONE : (image.words[node + NODE.zone] ?? 0);
  counters.meet(image);
  counters.countResponse(zoneNumber, view.getUint16(end + 1), transport, (response[3] ?? 0) & RCODE_BITS);
}
