/**
 * One zone in the making: the records of a file grouped into nodes and RRsets, empty non-terminals added.
 * `check-records`, `check-delegations` and `check-policies` judge the draft; `zoneOf` makes the immutable zone of it.
 * Everything stays in the record table, in which owners, nodes and records are numbers. Linear in the records: a zone may
 * have a million.
 */

import { formatName, type Name, nameKey } from "../dns/name.ts";
import type { RRset } from "../dns/rrset.ts";
import { formatType, TYPE } from "../dns/types.ts";
import { describePlace, errorAt, type Report, warningAt } from "./diagnostic.ts";
import type { Position } from "./model.ts";
import { octetsMatch } from "./name-table.ts";
import { RdataIndex, rdatasEqual } from "./rdata-index.ts";
import { NONE, type RecordTable } from "./record-table.ts";
import type { PolicyRecordEntry, ZoneFileSyntax } from "./syntax.ts";
import { rrsetAt } from "./zone-nodes.ts";

export interface ZoneDraft {
  readonly file: string;
  readonly apex: Name;
  readonly apexKey: string;
  readonly apexNode: number;
  /** The record; `NONE` where the file has none: the first origin then stands in for the apex, for the checks' sake. */
  readonly soa: number;
  /** Nodes and RRsets are its numbers. */
  readonly table: RecordTable;
  /** By node. */
  readonly policies: ReadonlyMap<number, PolicyRecordEntry>;
  /** By the number of the owner's name, which is no node where nothing else stands there. */
  readonly dryRuns: ReadonlyMap<number, PolicyRecordEntry>;
  /** Keys of the owners that the parser could not read whole: nothing is said of what they lack. */
  readonly damagedOwners: ReadonlySet<string>;
}

export function draftZone(file: ZoneFileSyntax, report: Report): ZoneDraft {
  const table = file.records;
  const soa = findSoa(file, report);
  const apex = soa === NONE ? file.origin : table.ownerNameOf(soa);
  const apexNode = table.names.intern(apex);
  const damagedOwners = new Set(file.damage.records.map(({ ownerKey }) => ownerKey));
  const policies = new Map<number, PolicyRecordEntry>();
  const dryRuns = new Map<number, PolicyRecordEntry>();
  const apexKey = nameKey(apex);
  const draft: ZoneDraft = {
    file: file.file,
    apex,
    apexKey,
    apexNode,
    soa,
    table,
    policies,
    dryRuns,
    damagedOwners,
  };
  table.makeNode(apexNode);
  groupRecords(draft, report);
  placePolicies(draft, { policies, dryRuns }, file.policyRecords, report);
  linkNodes(draft, report);
  return draft;
}

/** The apex is the owner of the SOA; a second one is a fault, wherever it stands. */
function findSoa({ file, records: table, damage }: ZoneFileSyntax, report: Report): number {
  let soa = NONE;
  for (let record = 0; record < table.recordCount; record++) {
    if (table.typeOf(record) !== TYPE.SOA) continue;
    if (soa === NONE) {
      soa = record;
    } else if (table.ownerOf(soa) !== table.ownerOf(record) || !rdatasEqual(table, soa, record)) {
      const owner = formatName(table.ownerNameOf(soa));
      const message = `a zone has one SOA; '${owner}' has it (${describePlace(table.positionOf(soa))})`;
      report(errorAt(table.positionOf(record), "two-soas", message));
    } else {
      reportDuplicate(table, record, report);
    }
  }
  const damaged = damage.records.some(({ type }) => type === TYPE.SOA || type === undefined);
  if (soa === NONE && !damaged) {
    const start: Position = { file, line: 1, column: 1 };
    report(errorAt(start, "no-soa", "the zone has no SOA record, so it has no apex"));
  }
  return soa;
}

/** Every record into the RRset of its owner and type; what lies outside of the zone is left out. */
function groupRecords(draft: ZoneDraft, report: Report): void {
  const { table, soa } = draft;
  const index = new RdataIndex(table);
  for (let record = 0; record < table.recordCount; record++) {
    const type = table.typeOf(record);
    if (type === TYPE.SOA && record !== soa) continue;
    const owner = table.ownerOf(record);
    if (!table.isNode(owner)) {
      if (!isOwnerInZone(draft, owner)) {
        reportOutside(draft, formatType(type), table.ownerNameOf(record), table.positionOf(record), report);
        continue;
      }
      table.makeNode(owner);
    }
    addRecord(table, index, record, report);
  }
}

function addRecord(table: RecordTable, index: RdataIndex, record: number, report: Report): void {
  const owner = table.ownerOf(record);
  const type = table.typeOf(record);
  const rrset = table.rrsetOf(owner, type);
  if (rrset === NONE) {
    table.addRRset(owner, record);
    return;
  }
  if (!index.add(rrset, record)) {
    reportDuplicate(table, record, report);
    return;
  }
  // RFC 2181 §5.2: one TTL for an RRset. We take the first one written, as BIND does, and say so.
  const ttlSeconds = table.ttlSecondsOf(record);
  const first = table.ttlSecondsOf(rrset);
  if (ttlSeconds === first) return;
  const set = `${formatType(type)} at '${formatName(table.ownerNameOf(record))}'`;
  const message = `TTL ${ttlSeconds} of ${set} differs from the first one's; ${first} is used`;
  report(warningAt(table.positionOf(record), "ttl-differs", message));
}

function reportDuplicate(table: RecordTable, record: number, report: Report): void {
  const owner = formatName(table.ownerNameOf(record));
  const what = `${formatType(table.typeOf(record))} at '${owner}'`;
  report(
    warningAt(table.positionOf(record), "duplicate-record", `${what} is written twice; one of them counts`),
  );
}

function placePolicies(
  draft: ZoneDraft,
  { policies, dryRuns }: Record<"policies" | "dryRuns", Map<number, PolicyRecordEntry>>,
  entries: readonly PolicyRecordEntry[],
  report: Report,
): void {
  const { table } = draft;
  for (const entry of entries) {
    const node = table.names.intern(entry.owner);
    if (!table.isNode(node) && !isOwnerInZone(draft, node)) {
      reportOutside(draft, "POLICY", entry.owner, entry.position, report);
      continue;
    }
    // What is never answered makes no name exist.
    if (!entry.dryRun) table.makeNode(node);
    const placed = entry.dryRun ? dryRuns : policies;
    const first = placed.get(node);
    if (first === undefined) {
      placed.set(node, entry);
      continue;
    }
    const what = entry.dryRun ? "a dry-run POLICY" : "a POLICY";
    const message = `'${formatName(entry.owner)}' has ${what} already (${describePlace(first.position)})`;
    report(errorAt(entry.position, "two-policies", message));
  }
}

function isOwnerInZone(draft: ZoneDraft, owner: number): boolean {
  const { names } = draft.table;
  const start = names.startOf(owner);
  return isInZone(draft, names.octets, start, start + names.lengthOf(owner));
}

/** Whether the name that stands in `octets` up to `end` is the apex or below it. */
export function isInZone(
  { table: { names }, apexNode }: ZoneDraft,
  octets: Uint8Array,
  start: number,
  end: number,
): boolean {
  const length = names.lengthOf(apexNode);
  let at = start;
  while (end - at > length) at += (octets[at] ?? 0) + 1;
  return end - at === length && octetsMatch(octets, at, names.octets, names.startOf(apexNode), length);
}

function reportOutside(draft: ZoneDraft, type: string, owner: Name, at: Position, report: Report): void {
  // Without a SOA nobody knows what the zone is.
  if (draft.soa === NONE) return;
  const what = `${type} at '${formatName(owner)}'`;
  report(errorAt(at, "owner-outside-zone", `${what} is outside the zone '${formatName(draft.apex)}'`));
}

/** Links every node to the one above it, and makes that where it is missing (RFC 4592 §2.2.2). */
function linkNodes(draft: ZoneDraft, report: Report): void {
  const { table, apexNode } = draft;
  let last = apexNode;
  // What is made on the way comes last in the table, or has been passed: it is linked at once.
  for (let node = 0; node < table.names.count; node++) {
    if (!table.isNode(node)) continue;
    if (table.names.count > table.limits.names) {
      const message = `A zone holds no more than ${table.limits.names} names, those between its owners and its apex included`;
      report(errorAt({ file: draft.file, line: 1, column: 1 }, "zone-too-large", message));
      return;
    }
    let child = node;
    while (child !== apexNode && table.parentOf(child) === NONE) {
      last = parentName(draft, child, last);
      table.setParent(child, last);
      if (table.isNode(last)) break;
      table.makeNode(last);
      child = last;
    }
  }
}

/** The name above a node, a new one where the table has none; `guess` is tried first. */
function parentName({ table: { names }, apexNode }: ZoneDraft, node: number, guess: number): number {
  const start = names.startOf(node);
  const at = start + (names.octets[start] ?? 0) + 1;
  const length = names.lengthOf(node) - (at - start);
  if (length === names.lengthOf(apexNode)) return apexNode;
  // Most nodes have the parent of the one before them.
  const isGuess =
    length === names.lengthOf(guess) &&
    octetsMatch(names.octets, at, names.octets, names.startOf(guess), length);
  return isGuess ? guess : names.internAt(at, length);
}

/** The owner of a node, as `formatName` writes it. */
export function ownerText({ table }: ZoneDraft, node: number): string {
  return formatName(table.names.nameOf(node));
}

/** The SOA RRset; `undefined` where the file has none. */
export function soaOf({ table, soa, apex }: ZoneDraft): RRset | undefined {
  return soa === NONE ? undefined : rrsetAt(table, apex, soa);
}

/** SERIAL is the first of the five numbers that end a SOA (RFC 1035 §3.3.13). */
export function serialOf(soa: RRset): number {
  const rdata = soa.rdatas[0] ?? new Uint8Array(20);
  return new DataView(rdata.buffer, rdata.byteOffset, rdata.byteLength).getUint32(rdata.length - 20);
}
