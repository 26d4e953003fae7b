/**
 * Answers everything, record by record: aliases and DNAMEs followed from name to name, ANY, DS at an apex, and whatever
 * does not fit and has to be cut at an RRset's border. The algorithm is that of `zone/lookup`, over the image's bytes;
 * a bulk test holds the two together.
 *
 * The names of a chain stand in one room, a place each: the question first, then every target.
 */

import { MAX_NAME_OCTETS } from "../dns/name.ts";
import { CLASS, RCODE, TYPE } from "../dns/types.ts";
import { closestEncloser, findNode, findRRset, linkOf } from "../image/find.ts";
import {
  FLAG_APEX,
  FLAG_CNAME,
  KIND,
  KIND_MASK,
  LIVE,
  NODE,
  OWNER_MASK,
  OWNER_SHIFT,
  RRSET,
  RRSETS_SHIFT,
  WORD_OCTETS,
  ZONE,
} from "../image/layout.ts";
import { answerCounterOf, dryRunOf, type OpenImage } from "../image/open-image.ts";
import type { ClientAddress } from "./client-address.ts";
import { Completion } from "./completion.ts";
import { LiveRecords } from "./live-records.ts";
import { negativeTtl } from "./place-client.ts";
import { POLICY_RESULT, type PolicyRecords } from "./policy-records.ts";
import { HEADER_OCTETS, type Query } from "./query.ts";
import { isSuffix, nameOctets, rdataAt, sameName, ttlOf } from "./record-reading.ts";
import { refer, TTL_OF_SOA, writeRequired, writeSoa } from "./record-writing.ts";
import { NO_ZONE, type Reply } from "./reply.ts";

/** How many CNAMEs and DNAMEs one answer follows; `zone/lookup` has the same limit. */
const MAX_CHAIN = 16;
/** A name of 255 octets, rounded up. */
const ROOM_OCTETS = 256;
const QUESTION_TAIL_OCTETS = 4;
const ANY = 255;
/** RFC 8482 §4.2: the stand-in for all the types of a name. Its CPU field says so, its OS field is empty. */
const ANY_STAND_IN = Uint8Array.of(7, 0x52, 0x46, 0x43, 0x38, 0x34, 0x38, 0x32, 0);
/** Long, so that whoever keeps asking is answered from a cache. */
const ANY_TTL_SECONDS = 3_600;

export class Walk {
  /** Whether answers are left as they are, or completed as `answer/completion` says. */
  minimal = true;
  readonly #policies: PolicyRecords;
  readonly #live: LiveRecords;
  readonly #completion = new Completion();
  /** The node that a positive answer is from, and its RRset; 0: there is none. */
  #answeredNode = 0;
  #answeredRRset = 0;
  readonly #names = new Uint8Array((MAX_CHAIN + 1) * ROOM_OCTETS);
  readonly #view = new DataView(this.#names.buffer);
  readonly #lengths = new Uint16Array(MAX_CHAIN + 1);
  /** The name that records are written for. */
  readonly #owner = { octets: this.#names, at: 0 };
  /** RRsets of DNAMEs that stand in the answer: each stands there once. */
  readonly #passed = new Int32Array(MAX_CHAIN);
  #passedCount = 0;
  /** Of `#locate`: there is no node of the name; what was found is its closest encloser. */
  #isMissing = false;

  constructor(policies: PolicyRecords) {
    this.#policies = policies;
    this.#live = new LiveRecords(policies);
  }

  /** Fills in a reply that has begun and holds nothing. */
  answer(reply: Reply, query: Query, client: ClientAddress, image: OpenImage): void {
    const nameAt = reply.start + HEADER_OCTETS;
    const octets = reply.questionEnd - HEADER_OCTETS - QUESTION_TAIL_OCTETS;
    for (let index = 0; index < octets; index++) this.#names[index] = reply.buffer[nameAt + index] ?? 0;
    this.#lengths[0] = octets;
    this.#passedCount = 0;
    this.#answeredNode = 0;
    this.#answeredRRset = 0;
    reply.openWriter();
    let link = 0;
    while (this.#step(reply, query, client, image, link)) link++;
    if (!this.minimal && this.#answeredNode !== 0) {
      this.#completion.complete(reply, image, this.#answeredNode, this.#answeredRRset);
    }
    reply.closeWriter();
  }

  /** Answers for the name at `link` of the chain; true: with an alias, and its target stands behind it. */
  #step(reply: Reply, query: Query, client: ClientAddress, image: OpenImage, link: number): boolean {
    const { words } = image;
    let node = this.#locate(image, link, query.qtype);
    if (link === 0) reply.zoneNumber = node === 0 ? NO_ZONE : (words[node + NODE.zone] ?? 0);
    if (node === 0) {
      if (link > 0) return false;
      reply.rcode = RCODE.REFUSED;
      reply.authoritative = false;
      return false;
    }
    this.#owner.at = link * ROOM_OCTETS;
    const linked = linkOf(words, node);
    switch ((words[node] ?? 0) & KIND_MASK) {
      case KIND.belowDname:
        return this.#followDname(reply, query, image, linked, link);
      case KIND.dname:
        if (this.#isMissing) return this.#followDname(reply, query, image, node, link);
        break;
      case KIND.belowCut:
        return refer(reply, image, linked, link);
      case KIND.cut:
        if (this.#isMissing || query.qtype !== TYPE.DS) return refer(reply, image, node, link);
        break;
      default:
        if (!this.#isMissing) break;
        if (linked === 0) {
          reply.rcode = RCODE.NXDOMAIN;
          return writeSoa(reply, image, node, TTL_OF_SOA);
        }
        node = linked;
    }
    const { qtype } = query;
    const policy = words[node + NODE.policy] ?? 0;
    if (policy === 0 || (qtype !== TYPE.A && qtype !== TYPE.AAAA)) {
      return this.#answerFrom(reply, query, client, image, node, policy, link);
    }
    const dryRun = dryRunOf(image, policy - 1);
    // One that is its own dry run answers nothing: what else stands here does.
    const served = dryRun === policy ? 0 : policy;
    const goesOn = this.#answerFrom(reply, query, client, image, node, served, link);
    if (dryRun !== 0 && !reply.truncated) {
      this.#policies.countDryRun(reply, query, client, image, dryRun - 1, qtype === TYPE.A ? 0 : 1);
    }
    return goesOn;
  }

  /** The node of a name of the chain, or its closest encloser; 0: it is not ours. */
  #locate(image: OpenImage, link: number, qtype: number): number {
    const { words } = image;
    const at = link * ROOM_OCTETS;
    const octets = this.#lengths[link] ?? 0;
    const node = findNode(image, this.#view, at, octets);
    this.#isMissing = node === 0;
    if (node === 0) return closestEncloser(image, this.#view, at, octets);
    if (qtype !== TYPE.DS || ((words[node] ?? 0) & FLAG_APEX) === 0) return node;
    // DS is the parent's to answer, where that is ours as well.
    const zone = image.zonesAt + (words[node + NODE.zone] ?? 0) * ZONE.words;
    const encloser = words[zone + ZONE.dsEncloser] ?? 0;
    this.#isMissing = encloser !== 0;
    return encloser || words[zone + ZONE.dsNode] || node;
  }

  #answerFrom(
    reply: Reply,
    query: Query,
    client: ClientAddress,
    image: OpenImage,
    node: number,
    policy: number,
    link: number,
  ): boolean {
    const { words } = image;
    const { qtype } = query;
    const head = words[node] ?? 0;
    if (policy !== 0 && image.tables.policyCnames[policy - 1] === 1) {
      return this.#answerByPolicy(reply, query, client, image, node, link);
    }
    if (qtype === ANY) {
      const isEmpty = head >>> RRSETS_SHIFT === 0 && policy === 0;
      return isEmpty ? writeSoa(reply, image, node, TTL_OF_SOA) : this.#answerAny(reply, image, node);
    }
    if ((head & FLAG_CNAME) !== 0 && qtype !== TYPE.CNAME) {
      return this.#followCname(reply, image, findRRset(words, node, TYPE.CNAME), link);
    }
    if (policy !== 0 && (qtype === TYPE.A || qtype === TYPE.AAAA)) {
      return this.#answerByPolicy(reply, query, client, image, node, link);
    }
    const rrset = findRRset(words, node, qtype);
    if (rrset === 0) return writeSoa(reply, image, node, TTL_OF_SOA);
    // QTYPE DNAME can lead back to a DNAME that the answer holds already: it is the answer, and stands there once.
    if (!this.#isMissing && this.#hasPassed(rrset)) return false;
    reply.answerCount +=
      words[rrset + RRSET.octets] === LIVE
        ? this.#live.write(reply, query, client, image, node, rrset, this.#owner)
        : writeRequired(reply, image, this.#owner.octets, this.#owner.at, rrset);
    this.#answeredNode = node;
    this.#answeredRRset = rrset;
    return false;
  }

  #answerAny(reply: Reply, image: OpenImage, node: number): boolean {
    const { octets, at } = this.#owner;
    const cname = findRRset(image.words, node, TYPE.CNAME);
    if (cname !== 0) {
      reply.answerCount += writeRequired(reply, image, octets, at, cname);
      return false;
    }
    if (reply.truncated) return false;
    const { writer } = reply;
    const fits = writer.writeRecord(octets, at, TYPE.HINFO, CLASS.IN, ANY_TTL_SECONDS, ANY_STAND_IN);
    if (fits) reply.answerCount++;
    else reply.truncated = true;
    return false;
  }

  #followCname(reply: Reply, image: OpenImage, rrset: number, link: number): boolean {
    reply.answerCount += writeRequired(reply, image, this.#owner.octets, this.#owner.at, rrset);
    const target = rdataAt(image, rrset);
    const octets = nameOctets(image.octets, target);
    this.#setName(link + 1, 0, image.octets, target, octets);
    return this.#mayGoOn(link);
  }

  /** RFC 6672 §2.2: the labels in front of the DNAME's owner are kept, the owner is replaced by its target. */
  #followDname(reply: Reply, query: Query, image: OpenImage, node: number, link: number): boolean {
    const { words, octets } = image;
    const rrset = findRRset(words, node, TYPE.DNAME);
    const ownerAt = (node + NODE.name) * WORD_OCTETS;
    const ownerOctets = ((words[node] ?? 0) >>> OWNER_SHIFT) & OWNER_MASK;
    if (!this.#hasPassed(rrset)) {
      reply.answerCount += writeRequired(reply, image, octets, ownerAt, rrset);
      this.#passed[this.#passedCount++] = rrset;
    }
    const target = rdataAt(image, rrset);
    const targetOctets = nameOctets(octets, target);
    const kept = (this.#lengths[link] ?? 0) - ownerOctets;
    if (kept + targetOctets > MAX_NAME_OCTETS) {
      reply.rcode = RCODE.YXDOMAIN;
      return false;
    }
    const to = (link + 1) * ROOM_OCTETS;
    this.#names.copyWithin(to, link * ROOM_OCTETS, link * ROOM_OCTETS + kept);
    this.#setName(link + 1, kept, octets, target, targetOctets);
    this.#writeMadeCname(reply, link, ttlOf(image, rrset));
    // The CNAME that a DNAME made is the answer to QTYPE CNAME like every other.
    if (query.qtype === TYPE.CNAME) return false;
    // A DNAME whose target is below itself makes every name longer, until none fits.
    const tail = targetOctets - ownerOctets;
    const grows = tail >= 0 && isSuffix(octets, target, targetOctets, ownerAt, ownerOctets);
    return !grows && this.#mayGoOn(link);
  }

  /** RFC 6672 §3.1: it has the TTL of the DNAME. */
  #writeMadeCname(reply: Reply, link: number, ttlSeconds: number): void {
    if (reply.truncated) return;
    const from = (link + 1) * ROOM_OCTETS;
    const to = from + (this.#lengths[link + 1] ?? 0);
    const { octets, at } = this.#owner;
    const fits = reply.writer.writeRecord(
      octets,
      at,
      TYPE.CNAME,
      CLASS.IN,
      ttlSeconds,
      this.#names,
      from,
      to,
    );
    if (fits) reply.answerCount++;
    else reply.truncated = true;
  }

  /** Whether the chain is short enough and does not come back to a name that it has passed. */
  #mayGoOn(link: number): boolean {
    if (link + 1 >= MAX_CHAIN) return false;
    const octets = this.#lengths[link + 1] ?? 0;
    for (let before = 0; before <= link; before++) {
      if (this.#lengths[before] !== octets) continue;
      if (sameName(this.#names, before * ROOM_OCTETS, (link + 1) * ROOM_OCTETS, octets)) return false;
    }
    return true;
  }

  #answerByPolicy(
    reply: Reply,
    query: Query,
    client: ClientAddress,
    image: OpenImage,
    node: number,
    link: number,
  ): boolean {
    if (reply.truncated) return false;
    const { words, tables } = image;
    const { qtype } = query;
    const policyNumber = (words[node + NODE.policy] ?? 0) - 1;
    // What a CNAME says to other types is drawn as it is for A.
    const family = qtype === TYPE.AAAA ? 1 : 0;
    const table = this.#policies.tableFor(reply, query, client, image, policyNumber, family);
    const counter = answerCounterOf(image, policyNumber);
    const result = this.#policies.writeAny(reply, image, table, counter, qtype, this.#owner);
    if (result === POLICY_RESULT.cname) return this.#followDrawn(reply, image, node, qtype, link);
    if (result > 0) {
      reply.answerCount += result;
      this.#answeredNode = node;
    } else if (result === POLICY_RESULT.truncated) {
      reply.truncated = true;
    } else if (result === POLICY_RESULT.servfail) {
      // Without the chain that led to it.
      reply.restart();
      reply.openWriter();
      reply.rcode = RCODE.SERVFAIL;
      reply.authoritative = false;
    } else if (qtype === ANY) {
      return this.#answerAny(reply, image, node);
    } else {
      writeSoa(reply, image, node, negativeTtl(tables, table, TTL_OF_SOA));
    }
    return false;
  }

  /** A CNAME has been drawn and stands in the answer: the rest is as for one of a zone file. */
  #followDrawn(reply: Reply, image: OpenImage, node: number, qtype: number, link: number): boolean {
    reply.answerCount++;
    if (qtype === TYPE.CNAME) this.#answeredNode = node;
    if (qtype === TYPE.CNAME || qtype === ANY) return false;
    const { records } = image.tables;
    const target = this.#policies.cnameTarget;
    this.#setName(link + 1, 0, records, target, nameOctets(records, target));
    return this.#mayGoOn(link);
  }

  #hasPassed(rrset: number): boolean {
    for (let index = 0; index < this.#passedCount; index++) if (this.#passed[index] === rrset) return true;
    return false;
  }

  /** The name at `link`: what it begins with is there already, the rest comes from `source`. */
  #setName(link: number, kept: number, source: Uint8Array, from: number, octets: number): void {
    const to = link * ROOM_OCTETS + kept;
    for (let index = 0; index < octets; index++) this.#names[to + index] = source[from + index] ?? 0;
    this.#lengths[link] = kept + octets;
  }
}
