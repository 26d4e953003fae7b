/**
 * What records point at, as far as this zone can tell: name servers without an address (glue, RFC 1034 §4.2.1), and
 * NS, MX and SRV that name an alias (RFC 2181 §10.3, RFC 2782). All of it is a warning: resolvers cope, slowly or not
 * at all, and BIND serves such zones.
 */

import { formatName, type Name, nameKey, readUncompressedName } from "../dns/name.ts";
import { formatType, TYPE } from "../dns/types.ts";
import { type Report, warningAt } from "./diagnostic.ts";
import type { RecordEntry } from "./syntax.ts";
import { isKeyAtOrBelow, NAME_OFFSET, type NodeDraft, type ZoneDraft } from "./zone-draft.ts";

const POINTING_TYPES = [TYPE.NS, TYPE.MX, TYPE.SRV] as const;

export function checkTargets(draft: ZoneDraft, report: Report): void {
  for (const { rrsets } of draft.nodes.values()) {
    for (const type of POINTING_TYPES) {
      for (const record of rrsets.get(type)?.records ?? []) checkTarget(draft, record, report);
    }
  }
}

function checkTarget(draft: ZoneDraft, record: RecordEntry, report: Report): void {
  const target = readUncompressedName(record.rdata, NAME_OFFSET.get(record.type) ?? 0);
  if (target === undefined) return;
  const key = nameKey(target);
  if (!isKeyAtOrBelow(key, draft.apexKey) || draft.damagedOwners.has(key)) return;
  const node = matchOf(draft, key);
  const what = `${formatType(record.type)} at '${formatName(record.owner)}'`;
  if (node?.rrsets.has(TYPE.CNAME)) {
    const message = `${what} names '${formatName(target)}', which is a CNAME; it must name the host itself`;
    report(warningAt(record.rdataPosition, "target-is-cname", message));
  } else if (record.type === TYPE.NS && !hasAddress(node) && !isRedirected(draft, key)) {
    report(warningAt(record.rdataPosition, "missing-glue", describeMissing(draft, record, target)));
  }
}

function describeMissing(draft: ZoneDraft, record: RecordEntry, target: Name): string {
  const what = `NS at '${formatName(record.owner)}' names '${formatName(target)}'`;
  const isDelegation = nameKey(record.owner) !== draft.apexKey;
  return `${what}, which has no address here${isDelegation ? ": its glue is missing" : ""}`;
}

function hasAddress(node: NodeDraft | undefined): boolean {
  if (node === undefined) return false;
  return node.rrsets.has(TYPE.A) || node.rrsets.has(TYPE.AAAA) || node.policy !== undefined;
}

/** The node that answers for a name of the zone: its own, or the wildcard's at its closest encloser. */
function matchOf(draft: ZoneDraft, key: string): NodeDraft | undefined {
  const own = draft.nodes.get(key);
  if (own !== undefined) return own;
  for (let at = 0; key.length - at > draft.apexKey.length; ) {
    at += key.charCodeAt(at) + 1;
    const encloserKey = key.slice(at);
    if (draft.nodes.has(encloserKey)) return draft.nodes.get(`\u0001*${encloserKey}`);
  }
  return undefined;
}

/** Below a DNAME the addresses are found at its target. */
function isRedirected(draft: ZoneDraft, key: string): boolean {
  for (let at = 0; key.length - at > draft.apexKey.length; ) {
    at += key.charCodeAt(at) + 1;
    if (draft.nodes.get(key.slice(at))?.rrsets.has(TYPE.DNAME)) return true;
  }
  return false;
}
