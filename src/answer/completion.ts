/**
 * What `minimal-responses: no` adds to a positive answer, as BIND does: the zone's NS records as authority, unless they
 * are the answer, and the addresses that the image has for the names in NS, MX and SRV records. All of it is for the
 * client's convenience: what does not fit is left out without TC (RFC 2181 §9).
 *
 * Names with a policy are left to be asked for: an answer drawn here would be cached without the client's network, and
 * counted for nobody.
 */

import { TYPE } from "../dns/types.ts";
import { closestEncloser, findNode, findRRset, linkOf } from "../image/find.ts";
import { KIND, KIND_MASK, NODE, RECORD_HEAD_OCTETS, ZONE } from "../image/layout.ts";
import type { OpenImage } from "../image/open-image.ts";
import { nameOctets, plainAt, sameName } from "./record-reading.ts";
import { writeNodeRRset, writeOwnedRRset } from "./record-writing.ts";
import type { Reply } from "./reply.ts";

/** More names than these are not looked up for one answer. */
const MOST_NAMES = 32;

/** Octets of rdata in front of the name whose addresses a client will ask for next; −1: there is none. */
function octetsBeforeName(type: number): number {
  switch (type) {
    case TYPE.NS:
      return 0;
    case TYPE.MX:
      return 2;
    case TYPE.SRV:
      return 6;
    default:
      return -1;
  }
}

/** Made once for each answer path. */
export class Completion {
  /** Where names stand in the image's octets. */
  readonly #seen = new Int32Array(MOST_NAMES);
  #seenCount = 0;

  /** Adds to a reply whose writer is open and whose answer came from `node`; `rrset` is what it is, 0 for a policy's. */
  complete(reply: Reply, image: OpenImage, node: number, rrset: number): void {
    if (reply.truncated) return;
    const { words } = image;
    const apex = words[image.zonesAt + (words[node + NODE.zone] ?? 0) * ZONE.words + ZONE.apex] ?? 0;
    const ns = findRRset(words, apex, TYPE.NS);
    this.#seenCount = 0;
    if (ns !== rrset) reply.authorityCount += writeNodeRRset(reply, image, apex, ns);
    if (rrset !== 0) this.#addAddresses(reply, image, rrset, rrset);
    if (ns !== rrset && reply.authorityCount > 0) this.#addAddresses(reply, image, ns, rrset);
  }

  /** Those of the names in `rrset`; `answered` stands in the answer already. */
  #addAddresses(reply: Reply, image: OpenImage, rrset: number, answered: number): void {
    const { words, octets, view } = image;
    const before = octetsBeforeName((words[rrset] ?? 0) & 0xffff);
    if (before < 0) return;
    let at = plainAt(words, rrset);
    for (let count = (words[rrset] ?? 0) >>> 16; count > 0; count--) {
      const rdata = at + RECORD_HEAD_OCTETS;
      at = rdata + view.getUint16(at + 10);
      const name = rdata + before;
      const length = nameOctets(octets, name);
      const node = nodeFor(image, name, length);
      if (node === 0 || !this.#isNew(octets, name, length)) continue;
      for (const type of [TYPE.A, TYPE.AAAA]) {
        const addresses = findRRset(words, node, type);
        if (addresses === 0 || addresses === answered) continue;
        reply.additionalCount += writeOwnedRRset(reply, image, name, addresses);
      }
    }
  }

  #isNew(octets: Uint8Array, name: number, length: number): boolean {
    for (let index = 0; index < this.#seenCount; index++) {
      const seen = this.#seen[index] ?? 0;
      if (nameOctets(octets, seen) === length && sameName(octets, seen, name, length)) return false;
    }
    if (this.#seenCount === MOST_NAMES) return false;
    this.#seen[this.#seenCount++] = name;
    return true;
  }
}

/** The node that answers for a name in the image's octets, be it that of a wildcard; 0: none does. */
function nodeFor(image: OpenImage, name: number, length: number): number {
  const { words, view } = image;
  const node = findNode(image, view, name, length);
  if (node !== 0) return ((words[node] ?? 0) & KIND_MASK) === KIND.belowDname ? 0 : node;
  const encloser = closestEncloser(image, view, name, length);
  if (encloser === 0 || ((words[encloser] ?? 0) & KIND_MASK) !== KIND.plain) return 0;
  return linkOf(words, encloser);
}
