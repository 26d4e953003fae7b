/**
 * One zone in the making: the records of a file grouped into owners and RRsets, empty non-terminals added, with the
 * places that the checks report. `check-records`, `check-delegations` and `check-policies` judge the draft; `zoneOf`
 * makes the immutable zone of it. Linear in the records: a zone may have a million.
 */

import { formatName, type Name, nameKey, parentOf } from "../dns/name.ts";
import type { RRset } from "../dns/rrset.ts";
import { formatType, TYPE } from "../dns/types.ts";
import type { Policy } from "../policy/model.ts";
import { describePlace, errorAt, type Report, warningAt } from "./diagnostic.ts";
import type { Position, Zone } from "./model.ts";
import type { PolicyRecordEntry, RecordEntry, ZoneFileSyntax } from "./syntax.ts";
import { type BareNode, ZoneNodes } from "./zone-nodes.ts";

export interface RRsetDraft {
  readonly type: number;
  readonly ttlSeconds: number;
  /** Each distinct rdata once, in the order of the file. */
  readonly records: RecordEntry[];
  /** `rdataKey`s of the records, once there are many. */
  keys: Set<string> | undefined;
}

export interface NodeDraft {
  readonly owner: Name;
  readonly rrsets: Map<number, RRsetDraft>;
  policy: PolicyRecordEntry | undefined;
}

export interface ZoneDraft {
  readonly file: string;
  readonly apex: Name;
  readonly apexKey: string;
  /** `undefined` where the file has none; the first origin then stands in for the apex, for the sake of the checks. */
  readonly soa: RecordEntry | undefined;
  /** By `nameKey`: owners and empty non-terminals. */
  readonly nodes: Map<string, NodeDraft>;
  /** Keys of the owners that the parser could not read whole: nothing is said of what they lack. */
  readonly damagedOwners: ReadonlySet<string>;
}

/** Above so many records in an RRset duplicates are found by a set of keys. */
const FEW_RECORDS = 8;

/** Where a domain name begins in the rdata, by type; the rest of those rdatas is nothing but that name. */
export const NAME_OFFSET: ReadonlyMap<number, number> = new Map([
  [TYPE.NS, 0],
  [TYPE.CNAME, 0],
  [TYPE.DNAME, 0],
  [TYPE.PTR, 0],
  [TYPE.MX, 2],
  [TYPE.SRV, 6],
]);

export function draftZone(file: ZoneFileSyntax, report: Report): ZoneDraft {
  const soa = findSoa(file, report);
  const apex = soa?.owner ?? file.origin;
  const nodes = new Map<string, NodeDraft>();
  const damagedOwners = new Set(file.damage.records.map(({ ownerKey }) => ownerKey));
  const draft: ZoneDraft = { file: file.file, apex, apexKey: nameKey(apex), soa, nodes, damagedOwners };
  nodes.set(draft.apexKey, { owner: apex, rrsets: new Map(), policy: undefined });
  for (const record of file.records) {
    if (record.type === TYPE.SOA && record !== soa) continue;
    const node = nodeFor(draft, record, formatType, report);
    if (node !== undefined) addRecord(node, record, report);
  }
  for (const record of file.policyRecords) {
    const node = nodeFor(draft, { ...record, type: "POLICY" }, String, report);
    if (node?.policy === undefined) {
      if (node !== undefined) node.policy = record;
      continue;
    }
    const message = `'${formatName(record.owner)}' has a POLICY already (${describePlace(node.policy.position)})`;
    report(errorAt(record.position, "two-policies", message));
  }
  return draft;
}

/** The apex is the owner of the SOA; a second one is a fault, wherever it stands. */
function findSoa(file: ZoneFileSyntax, report: Report): RecordEntry | undefined {
  let soa: RecordEntry | undefined;
  for (const record of file.records) {
    if (record.type !== TYPE.SOA) continue;
    if (soa === undefined) {
      soa = record;
    } else if (nameKey(soa.owner) !== nameKey(record.owner) || rdataKey(soa) !== rdataKey(record)) {
      const message = `a zone has one SOA; '${formatName(soa.owner)}' has it (${describePlace(soa.position)})`;
      report(errorAt(record.position, "two-soas", message));
    } else {
      reportDuplicate(record, report);
    }
  }
  const damaged = file.damage.records.some(({ type }) => type === TYPE.SOA || type === undefined);
  if (soa === undefined && !damaged) {
    const start: Position = { file: file.file, line: 1, column: 1 };
    report(errorAt(start, "no-soa", "the zone has no SOA record, so it has no apex"));
  }
  return soa;
}

/** The node of a record's owner, made where it is new, with the empty non-terminals above it (RFC 4592 §2.2.2). */
function nodeFor<Type>(
  draft: ZoneDraft,
  record: { readonly owner: Name; readonly position: Position; readonly type: Type },
  describeType: (type: Type) => string,
  report: Report,
): NodeDraft | undefined {
  const key = nameKey(record.owner);
  const known = draft.nodes.get(key);
  if (known !== undefined) return known;
  if (!isKeyAtOrBelow(key, draft.apexKey)) {
    // Without a SOA nobody knows what the zone is.
    if (draft.soa !== undefined) {
      const what = `${describeType(record.type)} at '${formatName(record.owner)}'`;
      const message = `${what} is outside the zone '${formatName(draft.apex)}'`;
      report(errorAt(record.position, "owner-outside-zone", message));
    }
    return undefined;
  }
  const node: NodeDraft = { owner: record.owner, rrsets: new Map(), policy: undefined };
  draft.nodes.set(key, node);
  addEmptyNonTerminals(draft, key, record.owner);
  return node;
}

/** From the parent upwards, until a node is met: what lies above that has been made with it. */
function addEmptyNonTerminals(draft: ZoneDraft, key: string, owner: Name): void {
  let name = owner;
  for (let at = key.charCodeAt(0) + 1; ; at += key.charCodeAt(at) + 1) {
    const parentKey = key.slice(at);
    if (draft.nodes.has(parentKey)) return;
    const parent = parentOf(name);
    if (parent === undefined) return;
    draft.nodes.set(parentKey, { owner: parent, rrsets: new Map(), policy: undefined });
    name = parent;
  }
}

/** `isAtOrBelow` of `dns/name`, on keys. */
export function isKeyAtOrBelow(key: string, ancestorKey: string): boolean {
  let at = 0;
  while (key.length - at > ancestorKey.length) at += key.charCodeAt(at) + 1;
  return key.length - at === ancestorKey.length && key.endsWith(ancestorKey);
}

function addRecord(node: NodeDraft, record: RecordEntry, report: Report): void {
  const rrset = node.rrsets.get(record.type);
  if (rrset === undefined) {
    const { type, ttlSeconds } = record;
    node.rrsets.set(type, { type, ttlSeconds, records: [record], keys: undefined });
    return;
  }
  if (isDuplicate(rrset, record)) {
    reportDuplicate(record, report);
    return;
  }
  // RFC 2181 §5.2: one TTL for an RRset. We take the first one written, as BIND does, and say so.
  if (record.ttlSeconds !== rrset.ttlSeconds) {
    const set = `${formatType(record.type)} at '${formatName(record.owner)}'`;
    const message = `TTL ${record.ttlSeconds} of ${set} differs from the first one's; ${rrset.ttlSeconds} is used`;
    report(warningAt(record.position, "ttl-differs", message));
  }
  rrset.records.push(record);
}

function isDuplicate(rrset: RRsetDraft, record: RecordEntry): boolean {
  const key = rdataKey(record);
  if (rrset.records.length < FEW_RECORDS) return rrset.records.some((other) => rdataKey(other) === key);
  rrset.keys ??= new Set(rrset.records.map(rdataKey));
  const size = rrset.keys.size;
  return rrset.keys.add(key).size === size;
}

/** Equal for equal rdata; names in it are compared without regard to case (RFC 4034 §6.2). */
function rdataKey({ type, rdata }: RecordEntry): string {
  const nameAt = NAME_OFFSET.get(type) ?? rdata.length;
  return String.fromCharCode(...rdata.subarray(0, nameAt)) + nameKey(rdata.subarray(nameAt));
}

function reportDuplicate(record: RecordEntry, report: Report): void {
  const what = `${formatType(record.type)} at '${formatName(record.owner)}'`;
  report(warningAt(record.position, "duplicate-record", `${what} is written twice; one of them counts`));
}

/**
 * The finished zone, once nothing in it is a fault. It uses the draft up, node by node: a zone of a million records
 * would otherwise stand in memory twice.
 */
export function zoneOf(
  draft: ZoneDraft,
  policyFor: (entry: PolicyRecordEntry) => Policy | undefined,
): Zone | undefined {
  const nodes = new Map<string, BareNode>();
  const policies = new Map<string, Policy>();
  for (const [key, { owner, rrsets, policy }] of draft.nodes) {
    nodes.set(key, { owner, rrsets: rrsetsOf(owner, rrsets) });
    const meaning = policy === undefined ? undefined : policyFor(policy);
    if (meaning !== undefined) policies.set(key, meaning);
    draft.nodes.delete(key);
  }
  const soa = nodes.get(draft.apexKey)?.rrsets.get(TYPE.SOA);
  if (soa === undefined) return undefined;
  const { apex, file } = draft;
  return { apex, file, serial: serialOf(soa), soa, nodes: new ZoneNodes(nodes, policies) };
}

const NO_RRSETS: ReadonlyMap<number, RRset> = new Map();

function rrsetsOf(owner: Name, drafts: ReadonlyMap<number, RRsetDraft>): ReadonlyMap<number, RRset> {
  if (drafts.size === 0) return NO_RRSETS;
  const rrsets = new Map<number, RRset>();
  for (const { type, ttlSeconds, records } of drafts.values()) {
    rrsets.set(type, { owner, type, ttlSeconds, rdatas: records.map(({ rdata }) => rdata) });
  }
  return rrsets;
}

/** SERIAL is the first of the five numbers that end a SOA (RFC 1035 §3.3.13). */
function serialOf(soa: RRset): number {
  const rdata = soa.rdatas[0] ?? new Uint8Array(20);
  return new DataView(rdata.buffer, rdata.byteOffset, rdata.byteLength).getUint32(rdata.length - 20);
}
