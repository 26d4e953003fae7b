/** Small geo databases and clients at random: few distinct octets, so that networks nest, touch and are met. */

import fc from "fast-check";
import { buildGeoDatabase, type GeoDatabase } from "../../src/geo/database.ts";
import { openMmdb } from "../../src/geo/mmdb.ts";
import { networkOf } from "../../src/geo/network.ts";
import type { MmdbEntry } from "./mmdb.ts";

const octet = fc.constantFrom(0, 1, 2, 3, 127, 128, 254, 255);
const bitsOfIpv4 = fc.integer({ min: 1, max: 32 });
const bitsOfIpv6 = fc.integer({ min: 17, max: 128 });
const ipv4 = fc.array(octet, { minLength: 4, maxLength: 4 }).map((octets) => Uint8Array.from(octets));
const ipv6 = fc
  .tuple(fc.constantFrom(0x20, 0x2a), fc.array(octet, { minLength: 5, maxLength: 5 }), octet)
  .map(([first, octets, last]) => Uint8Array.of(first, ...octets, 0, 0, 0, 0, 0, 0, 0, 0, 0, last));

export const arbitraryAddress = fc.oneof(ipv4, ipv6);

export const arbitraryNetwork = fc.oneof(
  fc.tuple(ipv4, bitsOfIpv4).map(([octets, bits]) => networkOf(octets, bits)),
  fc.tuple(ipv6, bitsOfIpv6).map(([octets, bits]) => networkOf(octets, bits)),
);

export const COUNTRIES = ["DE", "FR", "US", "JP", "BR"] as const;

export const arbitraryEntries: fc.Arbitrary<MmdbEntry[]> = fc
  .uniqueArray(arbitraryNetwork, {
    maxLength: 12,
    selector: ({ octets, prefixBits }) => `${octets.join(".")}/${prefixBits}`,
  })
  .chain((networks) =>
    fc.tuple(...networks.map((network) => fc.constantFrom(...COUNTRIES).map((code) => ({ network, code })))),
  )
  .map((drawn) => drawn.map(({ network, code }) => ({ network, record: { country_code: code } })));

/** As `daemon/geo-file` opens them. */
export function databaseOf(file: Buffer): GeoDatabase {
  const opened = openMmdb(file);
  if (!opened.ok) throw new Error(opened.fault);
  return buildGeoDatabase(opened.file);
}
