/**
 * How zones lie in an image's bytes: 32-bit words in one SharedArrayBuffer, `image/zone-bytes` writes them and
 * `image/open-image` gives views of them to any thread. Places are word indices unless «octet» is said; 0 is nowhere, as
 * the header is there.
 *
 * Each zone is a block of its own. Places in it are relative to what holds them, so a block says the same wherever it
 * lies: a later image copies the blocks of zones that have not changed, and sets but the numbers that count through all
 * zones (`NODE.zone`, `NODE.policy`).
 *
 * ```
 * header     ZONE_HEADER
 * blocks     one a zone
 *   block    BLOCK: words · nodes · end of the nodes · RRsets · policies before it · apex · SOA template
 *            its nodes, in the order of the file
 *     node   NODE: flags and sizes · zone · policy + 1 · link         4 words
 *            the owner in wire form, padded to words
 *            its RRsets, side by side:
 *     RRset  RRSET: type and count · words of all this · octets of the records · place of the plain form · RRSIG
 *            of a live one (`image/live-rrsets`): LIVE for the octets, the plain form, its number within the zone
 *            the records as they stand in an answer behind a question that asks for this owner: owners as a pointer to the
 *            question, names in rdata compressed against it; padded to words
 *            where rdata holds names that may be compressed, the plain form: the same records with them uncompressed
 *            templates: what answers a question below some name, the anchor; pointers in one are right for a question
 *            that is the anchor itself, and move by as many octets as the question is longer
 *   template TEMPLATE: octets · anchor's octets · counts · pointers · referred RRsets ·
 *            (node, type) of each RRset of the additional section · places of pointers · the octets
 * policies   tables of clients
 *            POLICY: clients · first answer counter · dry run + 1, 3 words each
 * zones      ZONE: SOA template · DS node · DS encloser · apex · block · number of its first live RRset, 6 words each
 * table      slots of [hash, node]: open addressing, at most half full; the nodes that questions reach
 * shadowed   the same of all others: those at or below the apex of another zone of the set
 * ```
 *
 * The fifth word of an RRset is reserved for signatures: the place of the RRSIG set that covers it, 0 while there is none.
 * Records stand in the order of the zone file; signing will need them in canonical order (RFC 4034 §6.3), and can have
 * it, since no order is promised.
 *
 * The link of a node depends on its kind: the wildcard below it, the cut or DNAME above it that occludes it, or the
 * template of a cut's referral. The DS node of a zone is its apex in the zone above it, where that is ours as well, and
 * the DS encloser the nearest node above it that the zone above has instead (RFC 4035 §3.1.4.1).
 */

/** The first word: a number that no other bytes begin with, and the version of this layout. */
export const ZONE_BYTES_MAGIC = 0x466c_5a04;

export const ZONE_HEADER = {
  magic: 0,
  zoneCount: 1,
  policyCount: 2,
  zones: 3,
  policies: 4,
  table: 5,
  /** Slots, less one. */
  tableMask: 6,
  shadowed: 7,
  shadowedMask: 8,
  answerCounters: 9,
  words: 10,
} as const;

/** All but the counts relative to the block; `policies` is the number of the zone's first one. */
export const BLOCK = {
  words: 0,
  nodes: 1,
  nodesEnd: 2,
  rrsets: 3,
  policies: 4,
  apex: 5,
  soa: 6,
  head: 7,
} as const;

/** `linkOffset` leads from the node to its link, 0 to none. */
export const NODE = { head: 0, zone: 1, policy: 2, linkOffset: 3, name: 4 } as const;

/** In a node's head: kind in bits 0–2, flags, octets of the owner in bits 8–15, RRsets in bits 16–31. */
export const KIND_MASK = 0x07;
export const KIND = {
  /** Link: the node of the wildcard below it. */
  plain: 0,
  /** Has a DNAME, which answers for every name below it. */
  dname: 1,
  /** Below a DNAME; link: that node. */
  belowDname: 2,
  /** A zone cut; link: the template of its referral. */
  cut: 3,
  /** Below a cut; link: that node. */
  belowCut: 4,
} as const;
export const FLAG_CNAME = 0x08;
export const FLAG_APEX = 0x10;
/** A dry run stands at the owner. */
export const FLAG_DRY_RUN = 0x20;
export const OWNER_SHIFT = 8;
export const OWNER_MASK = 0xff;
export const RRSETS_SHIFT = 16;

/** `count` is in the upper half of `head`, the type in the lower one; `plainOffset` leads from the RRset to its plain form. */
export const RRSET = { head: 0, words: 1, octets: 2, plainOffset: 3, signatures: 4, records: 5 } as const;
/** In `RRSET.octets`: the records fit into no message, and are left out. */
export const TOO_LONG = 0x10_000;
/** In `RRSET.octets`: the decisions say what is answered. Like what is too long, it is never copied as it stands. */
export const LIVE = 0x20_000;
/** Of a record: owner as a pointer, TYPE, CLASS, TTL, RDLENGTH. */
export const RECORD_HEAD_OCTETS = 12;

/** `counts`: of the authority section, and of the additional one in the upper half; referred nodes are relative to it. */
export const TEMPLATE = { octets: 0, anchor: 1, counts: 2, pointers: 3, referred: 4, body: 5 } as const;
/** Beside the type of a referred RRset: without it the referral leads nowhere. */
export const GLUE_REQUIRED = 0x10_000;

/** The place of the records behind a template's head. */
export function templateRecords(words: Int32Array, template: number): number {
  const referred = words[template + TEMPLATE.referred] ?? 0;
  return template + TEMPLATE.body + referred * 2 + (words[template + TEMPLATE.pointers] ?? 0);
}

export const ZONE = { soa: 0, dsNode: 1, dsEncloser: 2, apex: 3, block: 4, live: 5, words: 6 } as const;
/**
 * `dryRun` is one more than the number of the policy that is drawn from and counted wherever this one is met, 0 where
 * there is none. One that is its own dry run answers nothing: what else stands at the node does.
 */
export const POLICY = { clients: 0, answerCounter: 1, dryRun: 2, words: 3 } as const;

export const WORD_OCTETS = 4;
/** [hash, node] */
export const SLOT_WORDS = 2;

/** A pointer to the name of the question (RFC 1035 §4.1.4), which stands right behind the header. */
export const QUESTION_POINTER = 0xc00c;
export const QUESTION_AT = 12;

export function wordsFor(octets: number): number {
  return (octets + WORD_OCTETS - 1) >>> 2;
}
