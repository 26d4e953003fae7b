/** Writing RRsets of the image one record at a time, through a reply's open writer: all of a set or none of it. */

import { CLASS, TYPE } from "../dns/types.ts";
import { findRRset, linkOf } from "../image/find.ts";
import {
  GLUE_REQUIRED,
  NODE,
  RECORD_HEAD_OCTETS,
  RRSET,
  TEMPLATE,
  TOO_LONG,
  templateRecords,
  WORD_OCTETS,
  ZONE,
} from "../image/layout.ts";
import type { OpenImage } from "../image/open-image.ts";
import { plainAt, ttlOf } from "./record-reading.ts";
import type { Reply } from "./reply.ts";

/** As a limit of a TTL: none but that of the SOA itself. */
export const TTL_OF_SOA = 0x7fff_ffff;

/** Writes an RRset without which the answer is not whole: how many records, 0 and TC where it does not fit. */
export function writeRequired(
  reply: Reply,
  image: OpenImage,
  owner: Uint8Array,
  ownerAt: number,
  rrset: number,
  ttlSeconds = ttlOf(image, rrset),
): number {
  if (reply.truncated) return 0;
  const written = writeRRset(reply, image, owner, ownerAt, rrset, ttlSeconds);
  if (written === 0) reply.truncated = true;
  return written;
}

/** Writes an RRset of a node that the answer can do without: how many records, 0 where it does not fit. */
export function writeNodeRRset(reply: Reply, image: OpenImage, node: number, rrset: number): number {
  return writeOwnedRRset(reply, image, nameAt(node), rrset);
}

/** The same for a name that stands at `ownerAt` in the image's octets: one that a wildcard answers for. */
export function writeOwnedRRset(reply: Reply, image: OpenImage, ownerAt: number, rrset: number): number {
  return writeRRset(reply, image, image.octets, ownerAt, rrset, ttlOf(image, rrset));
}

function writeRRset(
  { writer }: Reply,
  { words, octets, view }: OpenImage,
  owner: Uint8Array,
  ownerAt: number,
  rrset: number,
  ttlSeconds: number,
): number {
  if (words[rrset + RRSET.octets] === TOO_LONG) return 0;
  const type = (words[rrset] ?? 0) & 0xffff;
  const count = (words[rrset] ?? 0) >>> 16;
  const mark = writer.mark();
  let at = plainAt(words, rrset);
  for (let record = 0; record < count; record++) {
    const from = at + RECORD_HEAD_OCTETS;
    at = from + view.getUint16(at + 10);
    if (writer.writeRecord(owner, ownerAt, type, CLASS.IN, ttlSeconds, octets, from, at)) continue;
    writer.rollback(mark);
    return 0;
  }
  return count;
}

/** The SOA of a negative answer from the zone of `node`, its TTL no more than `limitSeconds`. Always false: it is the end. */
export function writeSoa(reply: Reply, image: OpenImage, node: number, limitSeconds: number): false {
  const { words, octets, view } = image;
  const zone = image.zonesAt + (words[node + NODE.zone] ?? 0) * ZONE.words;
  const apex = words[zone + ZONE.apex] ?? 0;
  const negative = templateRecords(words, words[zone + ZONE.soa] ?? 0) * WORD_OCTETS;
  const ttlSeconds = Math.min(limitSeconds, view.getUint32(negative + 6));
  const soa = findRRset(words, apex, TYPE.SOA);
  reply.authorityCount += writeRequired(reply, image, octets, nameAt(apex), soa, ttlSeconds);
  return false;
}

/** A referral by `cut`, behind `link` records of a chain. Always false: it is the end. */
export function refer(reply: Reply, image: OpenImage, cut: number, link: number): false {
  const { words, octets } = image;
  // AA speaks of the first owner of the answer section (RFC 1035 §4.1.1), so a chain keeps it.
  if (link === 0) reply.authoritative = false;
  const ns = findRRset(words, cut, TYPE.NS);
  reply.authorityCount += writeRequired(reply, image, octets, nameAt(cut), ns);
  const template = linkOf(words, cut);
  const referred = words[template + TEMPLATE.referred] ?? 0;
  for (let index = 0; index < referred; index++) {
    const node = template + (words[template + TEMPLATE.body + index * 2] ?? 0);
    const what = words[template + TEMPLATE.body + index * 2 + 1] ?? 0;
    const rrset = findRRset(words, node, what & 0xffff);
    if ((what & GLUE_REQUIRED) !== 0) {
      reply.additionalCount += writeRequired(reply, image, octets, nameAt(node), rrset);
    } else if (!reply.truncated) {
      reply.additionalCount += writeNodeRRset(reply, image, node, rrset);
    }
  }
  return false;
}

function nameAt(node: number): number {
  return (node + NODE.name) * WORD_OCTETS;
}
