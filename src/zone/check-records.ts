/**
 * What may stand beside what at one owner, and below it: CNAME (RFC 1034 §3.6.2, RFC 2181 §10.1), DNAME (RFC 6672
 * §2.4), NS at the apex. Names that records point at are judged in `check-delegations`, POLICY records in
 * `check-policies`.
 */

import { formatName } from "../dns/name.ts";
import { formatType, TYPE } from "../dns/types.ts";
import { describePlace, errorAt, type Report, warningAt } from "./diagnostic.ts";
import type { Position } from "./model.ts";
import { NONE } from "./record-table.ts";
import { ownerText, type ZoneDraft } from "./zone-draft.ts";

/** DNSSEC's own records are no data of the owner (RFC 4034 §3, §4). */
const BESIDE_CNAME: ReadonlySet<number> = new Set([TYPE.CNAME, TYPE.RRSIG, TYPE.NSEC]);

export function checkRecords(draft: ZoneDraft, report: Report): void {
  const { table, apexNode } = draft;
  checkApex(draft, report);
  let hasBarriers = false;
  for (let node = 0; node < table.names.count; node++) {
    for (let rrset = table.firstRRset(node); rrset !== NONE; rrset = table.nextRRset(rrset)) {
      const type = table.typeOf(rrset);
      if (type === TYPE.CNAME) checkCname(draft, node, rrset, report);
      if (type === TYPE.DNAME) checkDname(draft, node, rrset, report);
      hasBarriers ||= type === TYPE.DNAME || (type === TYPE.NS && node !== apexNode);
    }
  }
  if (!hasBarriers) return;
  for (let node = 0; node < table.names.count; node++) {
    if (table.isNode(node)) checkOccluded(draft, node, report);
  }
}

function checkApex({ soa, apex, apexKey, apexNode, table, damagedOwners }: ZoneDraft, report: Report): void {
  if (soa === NONE || damagedOwners.has(apexKey)) return;
  if (table.rrsetOf(apexNode, TYPE.NS) !== NONE) return;
  const message = `the zone '${formatName(apex)}' has no NS record at its apex`;
  report(errorAt(table.positionOf(soa), "no-apex-ns", message));
}

function checkCname(draft: ZoneDraft, node: number, cname: number, report: Report): void {
  reportSecond(draft, cname, "two-cnames", `'${ownerText(draft, node)}' has a CNAME already`, report);
  const others = typesOf(draft, node).filter((type) => !BESIDE_CNAME.has(type));
  if (others.length === 0) return;
  const types = others.map(formatType).join(", ");
  const message = `CNAME at '${ownerText(draft, node)}' stands beside other data (${types}); a CNAME stands alone`;
  report(errorAt(draft.table.positionOf(cname), "cname-beside-other-data", message));
}

function checkDname(draft: ZoneDraft, node: number, dname: number, report: Report): void {
  reportSecond(draft, dname, "two-dnames", `'${ownerText(draft, node)}' has a DNAME already`, report);
  const ns = draft.table.rrsetOf(node, TYPE.NS);
  if (node === draft.apexNode || ns === NONE) return;
  const owner = ownerText(draft, node);
  const message = `NS at '${owner}' stands beside a DNAME: a name is delegated or redirected, not both`;
  report(errorAt(draft.table.positionOf(ns), "ns-beside-dname", message));
}

/** For types of which an owner has one at most; equal ones have been dropped before. */
function reportSecond(
  { table }: ZoneDraft,
  first: number,
  code: string,
  message: string,
  report: Report,
): void {
  for (let record = table.nextRecord(first); record !== NONE; record = table.nextRecord(record)) {
    const place = describePlace(table.positionOf(first));
    report(errorAt(table.positionOf(record), code, `${message} (${place})`));
  }
}

/** What lies below a zone cut or a DNAME. */
function checkOccluded(draft: ZoneDraft, node: number, report: Report): void {
  const { table } = draft;
  const above = occluderOf(draft, node);
  if (above === NONE) return;
  const place = placeOf(draft, node);
  if (place === undefined) return;
  const owner = ownerText(draft, node);
  if (table.rrsetOf(above, TYPE.DNAME) !== NONE) {
    const message = `'${owner}' is below the DNAME at '${ownerText(draft, above)}'; nothing may be`;
    report(errorAt(place, "data-below-dname", message));
    return;
  }
  const ns = table.rrsetOf(node, TYPE.NS);
  if (ns === NONE) return;
  const message = `NS at '${owner}' is below the zone cut at '${ownerText(draft, above)}', never served`;
  report(warningAt(table.positionOf(ns), "ns-below-ns", message));
}

/** Where a node's first record stands; `undefined` for an empty non-terminal. */
function placeOf({ table, policies }: ZoneDraft, node: number): Position | undefined {
  const rrset = table.firstRRset(node);
  return rrset === NONE ? policies.get(node)?.position : table.positionOf(rrset);
}

/** The types of a node's RRsets. */
export function typesOf({ table }: ZoneDraft, node: number): number[] {
  const types: number[] = [];
  for (let rrset = table.firstRRset(node); rrset !== NONE; rrset = table.nextRRset(rrset)) {
    types.push(table.typeOf(rrset));
  }
  return types;
}

/** The highest node above one that a walk from the apex would stop at: a zone cut below the apex, or a DNAME. */
export function occluderOf({ table, apexNode }: ZoneDraft, node: number): number {
  let highest = NONE;
  for (let above = table.parentOf(node); above !== NONE; above = table.parentOf(above)) {
    const isCut = above !== apexNode && table.rrsetOf(above, TYPE.NS) !== NONE;
    if (isCut || table.rrsetOf(above, TYPE.DNAME) !== NONE) highest = above;
  }
  return highest;
}
