/**
 * Which names within rdata are compressed: those of types that RFC 1035 defines, and no others (RFC 3597 §4). Its obsolete
 * ones (MD, MF, MB, MG, MR, MINFO) have no codec here and go uncompressed, as they may. The names come after a fixed number
 * of octets and one behind the other:
 *
 *     type           octets before   names
 *     NS CNAME PTR         0           1
 *     MX                   2           1
 *     SOA                  0           2
 *
 * Two small tables by type code, because the answer path asks for every record that it writes.
 */

import { TYPE } from "../types.ts";

const HIGHEST_TYPE = TYPE.MX;
const nameCounts = new Uint8Array(HIGHEST_TYPE + 1);
const leadingOctets = new Uint8Array(HIGHEST_TYPE + 1);

for (const type of [TYPE.NS, TYPE.CNAME, TYPE.PTR, TYPE.MX]) nameCounts[type] = 1;
nameCounts[TYPE.SOA] = 2;
leadingOctets[TYPE.MX] = 2;

/** How many names of the rdata may be compressed; 0 for most types. */
export function compressibleNameCount(type: number): number {
  return nameCounts[type] ?? 0;
}

/** The octets that stand before the first of them. */
export function octetsBeforeNames(type: number): number {
  return leadingOctets[type] ?? 0;
}
