/**
 * Which names within rdata may be compressed: those of the types that RFC 1035 defines, and no others (RFC 3597 §4). All of
 * them have the names after a fixed number of octets and one behind the other:
 *
 *     type                      octets before   names
 *     NS CNAME PTR MD MF MB MG MR     0           1
 *     MX                              2           1
 *     SOA MINFO                       0           2
 *
 * Two small tables by type code, because the answer path asks for every record that it writes.
 */

import { TYPE } from "../types.ts";

const HIGHEST_TYPE = TYPE.MX;
const nameCounts = new Uint8Array(HIGHEST_TYPE + 1);
const leadingOctets = new Uint8Array(HIGHEST_TYPE + 1);

for (const type of [TYPE.NS, TYPE.CNAME, TYPE.PTR, TYPE.MD, TYPE.MF, TYPE.MB, TYPE.MG, TYPE.MR, TYPE.MX]) {
  nameCounts[type] = 1;
}
nameCounts[TYPE.SOA] = 2;
nameCounts[TYPE.MINFO] = 2;
leadingOctets[TYPE.MX] = 2;

/** How many names of the rdata may be compressed; 0 for most types. */
export function compressibleNameCount(type: number): number {
  return nameCounts[type] ?? 0;
}

/** The octets that stand before the first of them. */
export function octetsBeforeNames(type: number): number {
  return leadingOctets[type] ?? 0;
}
