/** Reading records and names in the image's bytes, where a chain is followed. Indices are octets. */

import { foldOctet } from "../dns/name.ts";
import { RECORD_HEAD_OCTETS, RRSET, WORD_OCTETS } from "../image/layout.ts";
import type { OpenImage } from "../image/open-image.ts";

/** Where the first record of an RRset stands with no name in it compressed but its owner's. */
export function plainAt(words: Int32Array, rrset: number): number {
  return (rrset + (words[rrset + RRSET.plainOffset] ?? 0)) * WORD_OCTETS;
}

/** Where the rdata of that record stands. */
export function rdataAt({ words }: OpenImage, rrset: number): number {
  return plainAt(words, rrset) + RECORD_HEAD_OCTETS;
}

export function ttlOf({ words, view }: OpenImage, rrset: number): number {
  return view.getUint32(plainAt(words, rrset) + 6);
}

/** Octets of the uncompressed name at `at`, the root label included. */
export function nameOctets(octets: Uint8Array, at: number): number {
  let end = at;
  while ((octets[end] ?? 0) !== 0) end += (octets[end] ?? 0) + 1;
  return end + 1 - at;
}

/** Whether two names of the same length are one, without regard to case. */
export function sameName(octets: Uint8Array, one: number, other: number, length: number): boolean {
  for (let index = 0; index < length; index++) {
    if (foldOctet(octets[one + index] ?? 0) !== foldOctet(octets[other + index] ?? 0)) return false;
  }
  return true;
}

/** Whether the name at `at` is the one at `suffixAt` or lies below it. */
export function isSuffix(
  octets: Uint8Array,
  at: number,
  length: number,
  suffixAt: number,
  suffixLength: number,
): boolean {
  let label = at;
  while (at + length - label > suffixLength) label += (octets[label] ?? 0) + 1;
  return at + length - label === suffixLength && sameName(octets, label, suffixAt, suffixLength);
}
