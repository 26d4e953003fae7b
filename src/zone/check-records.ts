/**
 * What may stand beside what at one owner, and below it: CNAME (RFC 1034 §3.6.2, RFC 2181 §10.1), DNAME (RFC 6672
 * §2.4), NS at the apex. Names that records point at are judged in `check-delegations`, POLICY records in
 * `check-policies`.
 */

import { formatName } from "../dns/name.ts";
import { formatType, TYPE } from "../dns/types.ts";
import { describePlace, errorAt, type Report, warningAt } from "./diagnostic.ts";
import type { Position } from "./model.ts";
import type { NodeDraft, RRsetDraft, ZoneDraft } from "./zone-draft.ts";

/** DNSSEC's own records are no data of the owner (RFC 4034 §3, §4). */
const BESIDE_CNAME: ReadonlySet<number> = new Set([TYPE.CNAME, TYPE.RRSIG, TYPE.NSEC]);

export function checkRecords(draft: ZoneDraft, report: Report): void {
  checkApex(draft, report);
  const markers = { dname: false, cut: false };
  for (const [key, node] of draft.nodes) {
    checkCname(node, report);
    checkDname(node, key === draft.apexKey, report);
    markers.dname ||= node.rrsets.has(TYPE.DNAME);
    markers.cut ||= key !== draft.apexKey && node.rrsets.has(TYPE.NS);
  }
  if (!markers.dname && !markers.cut) return;
  for (const [key, node] of draft.nodes) {
    const place = placeOf(node);
    if (place === undefined) continue;
    const above = occluderOf(draft, key);
    if (above?.rrsets.has(TYPE.DNAME)) {
      const message = `'${formatName(node.owner)}' is below the DNAME at '${formatName(above.owner)}'; nothing may be`;
      report(errorAt(place, "data-below-dname", message));
      continue;
    }
    const ns = node.rrsets.get(TYPE.NS)?.records[0];
    if (above !== undefined && ns !== undefined) {
      const message = `NS at '${formatName(node.owner)}' is below the zone cut at '${formatName(above.owner)}', never served`;
      report(warningAt(ns.position, "ns-below-ns", message));
    }
  }
}

function checkApex(draft: ZoneDraft, report: Report): void {
  const { soa, apex, apexKey } = draft;
  if (soa === undefined || draft.damagedOwners.has(apexKey)) return;
  if (draft.nodes.get(apexKey)?.rrsets.has(TYPE.NS) === true) return;
  const message = `the zone '${formatName(apex)}' has no NS record at its apex`;
  report(errorAt(soa.position, "no-apex-ns", message));
}

function checkCname({ owner, rrsets }: NodeDraft, report: Report): void {
  const cname = rrsets.get(TYPE.CNAME);
  if (cname === undefined) return;
  reportSecond(cname, "two-cnames", `'${formatName(owner)}' has a CNAME already`, report);
  const others = [...rrsets.keys()].filter((type) => !BESIDE_CNAME.has(type));
  const position = cname.records[0]?.position;
  if (others.length === 0 || position === undefined) return;
  const types = others.map(formatType).join(", ");
  const message = `CNAME at '${formatName(owner)}' stands beside other data (${types}); a CNAME stands alone`;
  report(errorAt(position, "cname-beside-other-data", message));
}

function checkDname({ owner, rrsets }: NodeDraft, atApex: boolean, report: Report): void {
  const dname = rrsets.get(TYPE.DNAME);
  if (dname === undefined) return;
  reportSecond(dname, "two-dnames", `'${formatName(owner)}' has a DNAME already`, report);
  const ns = rrsets.get(TYPE.NS)?.records[0];
  if (atApex || ns === undefined) return;
  const message = `NS at '${formatName(owner)}' stands beside a DNAME: a name is delegated or redirected, not both`;
  report(errorAt(ns.position, "ns-beside-dname", message));
}

/** For types of which an owner has one at most; equal ones have been dropped before. */
function reportSecond(rrset: RRsetDraft, code: string, message: string, report: Report): void {
  const [first, ...more] = rrset.records;
  for (const { position } of more) {
    report(errorAt(position, code, `${message} (${describePlace(first?.position ?? position)})`));
  }
}

/** Where a node's first record stands; `undefined` for an empty non-terminal. */
function placeOf(node: NodeDraft): Position | undefined {
  const [rrset] = node.rrsets.values();
  return rrset?.records[0]?.position ?? node.policy?.position;
}

/** The highest owner above `key` that a walk from the apex would stop at: a zone cut below the apex, or a DNAME. */
export function occluderOf(draft: ZoneDraft, key: string): NodeDraft | undefined {
  let highest: NodeDraft | undefined;
  if (key === draft.apexKey) return undefined;
  for (let at = key.charCodeAt(0) + 1; ; at += key.charCodeAt(at) + 1) {
    const isApex = key.length - at === draft.apexKey.length;
    const node = draft.nodes.get(isApex ? draft.apexKey : key.slice(at));
    if (node?.rrsets.has(TYPE.DNAME) || (!isApex && node?.rrsets.has(TYPE.NS))) highest = node;
    if (isApex) return highest;
  }
}
