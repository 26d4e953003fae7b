/**
 * Templates: what answers every question below one name, their pointers to be moved with the question's length.
 *
 * A negative answer is the zone's SOA, anchored at the apex. A referral is the cut's NS, then glue, anchored at the cut.
 */

import { TYPE } from "../dns/types.ts";
import { NONE, type RecordTable } from "../zone/record-table.ts";
import { GLUE_REQUIRED, TEMPLATE, TOO_LONG } from "./layout.ts";
import type { RecordBytes } from "./record-bytes.ts";
import type { WordBuilder } from "./word-builder.ts";

/** Pointers have 14 bits and may move by 255: beyond this no template is made, and records are written one by one. */
const MAX_TEMPLATE_OCTETS = 0x3c00;
const POINTER_FLAGS = 0xc0;

/** The node of a name server, and what of it belongs into a referral. */
interface GlueNode {
  readonly node: number;
  /** Within the delegated zone: a referral without it leads nowhere (RFC 9471). */
  readonly isRequired: boolean;
}

/** By the order of the NS records. */
function glueNodesOf(table: RecordTable, cut: number, ns: number): GlueNode[] {
  const glue: GlueNode[] = [];
  for (let record = ns; record !== NONE; record = table.nextRecord(record)) {
    const node = table.names.find(table.rdata, table.rdataStartOf(record), table.rdataLengthOf(record));
    if (node !== NONE && table.isNode(node)) glue.push({ node, isRequired: isAtOrBelow(table, node, cut) });
  }
  // What is required comes first, so that what may be left out is at the end.
  return [...glue.filter(({ isRequired }) => isRequired), ...glue.filter(({ isRequired }) => !isRequired)];
}

function isAtOrBelow(table: RecordTable, node: number, ancestor: number): boolean {
  let at = node;
  while (at !== NONE && at !== ancestor) at = table.parentOf(at);
  return at === ancestor;
}

const ADDRESS_TYPES = [TYPE.A, TYPE.AAAA] as const;

/** Appends the template of a negative answer and says where. */
export function appendSoaTemplate(
  builder: WordBuilder,
  records: RecordBytes,
  apex: number,
  ttlSeconds: number,
): number {
  records.begin(apex);
  const fits = records.writeRRset(records.table.rrsetOf(apex, TYPE.SOA), true, ttlSeconds);
  return appendTemplate(builder, records, apex, fits, 1, []);
}

/** Appends the template of a cut's referral and says where; `places` has those of all nodes. */
export function appendReferralTemplate(
  builder: WordBuilder,
  records: RecordBytes,
  cut: number,
  places: Int32Array,
): number {
  const { table } = records;
  const ns = table.rrsetOf(cut, TYPE.NS);
  records.begin(cut);
  let fits = records.writeRRset(ns, true);
  let additional = 0;
  const referred: number[] = [];
  for (const { node, isRequired } of glueNodesOf(table, cut, ns)) {
    for (const type of ADDRESS_TYPES) {
      const rrset = table.rrsetOf(node, type);
      if (rrset === NONE) continue;
      fits &&= records.writeRRset(rrset, false);
      additional += records.count(rrset);
      referred.push(places[node] ?? 0, type | (isRequired ? GLUE_REQUIRED : 0));
    }
  }
  return appendTemplate(builder, records, cut, fits, records.count(ns) | (additional << 16), referred);
}

function appendTemplate(
  builder: WordBuilder,
  records: RecordBytes,
  anchor: number,
  fits: boolean,
  counts: number,
  referred: readonly number[],
): number {
  const octets = records.octets();
  const isMade = fits && octets.length <= MAX_TEMPLATE_OCTETS;
  const pointers = isMade ? pointersIn(octets) : [];
  const at = builder.take(TEMPLATE.body + referred.length + pointers.length);
  const { words } = builder;
  words[at + TEMPLATE.octets] = isMade ? octets.length : TOO_LONG;
  words[at + TEMPLATE.anchor] = records.table.names.lengthOf(anchor);
  words[at + TEMPLATE.counts] = counts;
  words[at + TEMPLATE.pointers] = pointers.length;
  words[at + TEMPLATE.referred] = referred.length / 2;
  referred.forEach((word, index) => {
    words[at + TEMPLATE.body + index] = index % 2 === 0 ? word - at : word;
  });
  words.set(pointers, at + TEMPLATE.body + referred.length);
  if (isMade) builder.append(octets);
  return at;
}

/** Where pointers stand among records: in owners, and in the names of rdata that may be compressed. */
function pointersIn(octets: Uint8Array): number[] {
  const pointers: number[] = [];
  const passName = (start: number): number => {
    let at = start;
    for (;;) {
      const length = octets[at] ?? 0;
      if (length === 0) return at + 1;
      if (length >= POINTER_FLAGS) {
        pointers.push(at);
        return at + 2;
      }
      at += 1 + length;
    }
  };
  for (let at = 0; at < octets.length; ) {
    const head = passName(at);
    const type = uint16(octets, head);
    const rdata = head + 10;
    if (type === TYPE.NS) passName(rdata);
    if (type === TYPE.SOA) passName(passName(rdata));
    at = rdata + uint16(octets, head + 8);
  }
  return pointers;
}

function uint16(octets: Uint8Array, at: number): number {
  return ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0);
}
