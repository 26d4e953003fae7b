/**
 * What records point at, as far as this zone can tell: name servers without an address (glue, RFC 1034 §4.2.1), and
 * NS, MX and SRV that name an alias (RFC 2181 §10.3, RFC 2782). All of it is a warning: resolvers cope, slowly or not
 * at all, and BIND serves such zones.
 */

import { formatName, nameKey, ROOT, readUncompressedName } from "../dns/name.ts";
import { formatType, TYPE } from "../dns/types.ts";
import { type Report, warningAt } from "./diagnostic.ts";
import { NAME_OFFSET } from "./rdata-index.ts";
import { NONE, type RecordTable } from "./record-table.ts";
import { isInZone, type ZoneDraft } from "./zone-draft.ts";

const POINTING_TYPES: ReadonlySet<number> = new Set([TYPE.NS, TYPE.MX, TYPE.SRV]);

export function checkTargets(draft: ZoneDraft, report: Report): void {
  const { table } = draft;
  for (let node = 0; node < table.names.count; node++) {
    for (let rrset = table.firstRRset(node); rrset !== NONE; rrset = table.nextRRset(rrset)) {
      if (!POINTING_TYPES.has(table.typeOf(rrset))) continue;
      for (let record = rrset; record !== NONE; record = table.nextRecord(record)) {
        checkTarget(draft, record, report);
      }
    }
  }
}

function checkTarget(draft: ZoneDraft, record: number, report: Report): void {
  const { table, damagedOwners } = draft;
  const { names, rdata } = table;
  const type = table.typeOf(record);
  const offset = NAME_OFFSET.get(type) ?? 0;
  const at = table.rdataStartOf(record) + offset;
  const length = table.rdataLengthOf(record) - offset;
  if (!isInZone(draft, rdata, at, at + length)) return;
  if (damagedOwners.size > 0 && damagedOwners.has(nameKey(rdata.subarray(at, at + length)))) return;
  const own = names.find(rdata, at, length);
  const node = own !== NONE && table.isNode(own) ? own : NONE;
  const encloser = node === NONE ? encloserOf(table, rdata, at, length) : table.parentOf(node);
  const match = node === NONE ? wildcardOf(table, encloser) : node;
  if (match !== NONE && table.rrsetOf(match, TYPE.CNAME) !== NONE) {
    const what = describeTarget(draft, record, at);
    const message = `${what}, which is a CNAME; it must name the host itself`;
    report(warningAt(table.rdataPositionOf(record), "target-is-cname", message));
  } else if (type === TYPE.NS && !hasAddress(draft, match) && !isRedirected(table, encloser)) {
    const isDelegation = table.ownerOf(record) !== draft.apexNode;
    const glue = isDelegation ? ": its glue is missing" : "";
    const message = `${describeTarget(draft, record, at)}, which has no address here${glue}`;
    report(warningAt(table.rdataPositionOf(record), "missing-glue", message));
  }
}

function describeTarget(draft: ZoneDraft, record: number, at: number): string {
  const { table } = draft;
  const target = formatName(readUncompressedName(table.rdata, at) ?? ROOT);
  const what = `${formatType(table.typeOf(record))} at '${formatName(table.ownerNameOf(record))}'`;
  return `${what} names '${target}'`;
}

function hasAddress({ table, policies }: ZoneDraft, node: number): boolean {
  if (node === NONE) return false;
  if (policies.has(node) || table.rrsetOf(node, TYPE.A) !== NONE) return true;
  return table.rrsetOf(node, TYPE.AAAA) !== NONE;
}

/** The closest node above a name of the zone, which is none itself. */
function encloserOf(table: RecordTable, octets: Uint8Array, at: number, length: number): number {
  const end = at + length;
  for (let label = at; end - label > 1; ) {
    label += (octets[label] ?? 0) + 1;
    const name = table.names.find(octets, label, end - label);
    if (name !== NONE && table.isNode(name)) return name;
  }
  return NONE;
}

/** The node of the wildcard that answers for names whose closest encloser a node is. */
function wildcardOf(table: RecordTable, encloser: number): number {
  const wildcard = encloser === NONE ? NONE : table.names.findWildcard(encloser);
  return wildcard !== NONE && table.isNode(wildcard) ? wildcard : NONE;
}

/** Below a DNAME the addresses are found at its target. */
function isRedirected(table: RecordTable, encloser: number): boolean {
  for (let node = encloser; node !== NONE; node = table.parentOf(node)) {
    if (table.rrsetOf(node, TYPE.DNAME) !== NONE) return true;
  }
  return false;
}
