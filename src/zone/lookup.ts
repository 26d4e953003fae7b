/**
 * What a set of zones says to a name and a type: the algorithm of RFC 1034 §4.3.2 with wildcards (RFC 4592), DNAME
 * (RFC 6672), referrals and empty non-terminals (RFC 8020). It decides no bytes and no health: the result says which
 * RRsets make up each section, or which policy answers, and `answer/` and `image/` turn that into packets.
 *
 * A walk starts at the apex and goes down label by label, so that what lies above wins:
 *
 * | met on the way down                          | result                                             |
 * | -------------------------------------------- | -------------------------------------------------- |
 * | NS below the apex (not: DS asked at the cut) | referral; whatever lies below is occluded          |
 * | DNAME above the name                         | DNAME + synthesised CNAME, go on with the target   |
 * | the name: CNAME, another type asked          | CNAME, go on with the target                       |
 * | the name: POLICY, A or AAAA asked            | policy                                             |
 * | the name: the type                           | answer                                             |
 * | the name, without the type                   | NODATA (an empty non-terminal too)                 |
 * | a label is missing, `*` at closest encloser  | as «the name», with the asked owner                |
 * | a label is missing, no `*` there             | NXDOMAIN                                           |
 */

import {
  isAtOrBelow,
  joinLabels,
  labelCount,
  labelsOf,
  type Name,
  nameKey,
  namesEqual,
  parentOf,
  readUncompressedName,
} from "../dns/name.ts";
import type { RRset } from "../dns/rrset.ts";
import { TYPE } from "../dns/types.ts";
import type { AddressFamily, Policy } from "../policy/model.ts";
import type { Zone, ZoneNode } from "./model.ts";

/** Zones by `nameKey` of their apex. */
export type ZonesByApexKey = ReadonlyMap<string, Zone>;

/**
 * How many CNAMEs and DNAMEs one answer follows. Past that the chain so far is the answer, and the resolver goes on
 * from its last target by itself.
 */
export const MAX_CHAIN = 16;

const ANY = 255;

/** Where the walk ended. The sections follow from it; `chain` of the `Lookup` comes before it in the answer section. */
export type LookupEnd =
  /**
   * The answer section is `rrset`; its owner is the name as asked where a wildcard made it. `node` is where it stands;
   * `undefined` for the CNAME that a DNAME made.
   */
  | {
      readonly kind: "answer";
      readonly zone: Zone;
      readonly rrset: RRset;
      readonly node: ZoneNode | undefined;
    }
  /** QTYPE ANY at a name that exists: RFC 8482 leaves the choice to the answer path. May be empty. */
  | {
      readonly kind: "any";
      readonly zone: Zone;
      readonly owner: Name;
      readonly rrsets: readonly RRset[];
      readonly policy: Policy | undefined;
    }
  /** The policy answers A or AAAA at `owner`, the name as asked; `node` is where it stands (a wildcard perhaps). */
  | {
      readonly kind: "policy";
      readonly zone: Zone;
      readonly owner: Name;
      readonly node: ZoneNode;
      readonly policy: Policy;
      readonly family: AddressFamily;
    }
  /**
   * Authority: `ns`. Additional: `glue` (name servers in the delegated zone: without it nobody gets in, RFC 9471), then
   * `siblingGlue` (addresses known for the others) where it fits. AA is clear where the chain is empty.
   */
  | {
      readonly kind: "referral";
      readonly zone: Zone;
      readonly cut: ZoneNode;
      readonly ns: RRset;
      readonly glue: readonly RRset[];
      readonly siblingGlue: readonly RRset[];
    }
  /**
   * NOERROR with `soa`, its TTL already that of a negative answer (RFC 2308 §5). Where the name has a policy, the same only
   * as long as that draws no CNAME, which speaks for every type.
   */
  | { readonly kind: "nodata"; readonly zone: Zone; readonly soa: RRset; readonly policy?: Policy }
  /** NXDOMAIN with `soa`, also where a chain led here (RFC 6604 §3). */
  | { readonly kind: "nxdomain"; readonly zone: Zone; readonly soa: RRset }
  /** A DNAME's target made the name longer than 255 octets (RFC 6672 §2.3); the DNAME ends the chain. */
  | { readonly kind: "yxdomain"; readonly zone: Zone }
  /** No zone of the set holds the name: REFUSED where the chain is empty, else NOERROR with the chain alone. */
  | { readonly kind: "outside" }
  /** The chain returned to itself or exceeded `MAX_CHAIN`: NOERROR with the chain alone. */
  | { readonly kind: "chain-cut"; readonly zone: Zone };

export interface Lookup {
  /** The zone of the asked name, even where a chain ended in another; `undefined` where it is not ours. */
  readonly zone: Zone | undefined;
  /** CNAMEs and DNAMEs passed, in the order of the answer section, synthesised CNAMEs (one rdata) included. */
  readonly chain: readonly RRset[];
  readonly end: LookupEnd;
}

/** The zone whose apex is the closest to `name`, at or above it. */
export function findZone(zones: ZonesByApexKey, name: Name): Zone | undefined {
  const key = nameKey(name);
  for (let at = 0; at < key.length; at += key.charCodeAt(at) + 1) {
    const zone = zones.get(key.slice(at));
    if (zone !== undefined) return zone;
  }
  return undefined;
}

/** As `findZone`, save that DS at an apex belongs to the parent zone where that is ours too (RFC 4035 §3.1.4.1). */
export function findZoneForType(zones: ZonesByApexKey, name: Name, type: number): Zone | undefined {
  const zone = findZone(zones, name);
  if (type !== TYPE.DS || zone === undefined || zone.apex.length !== name.length) return zone;
  const above = parentOf(name);
  return (above === undefined ? undefined : findZone(zones, above)) ?? zone;
}

export function indexZones(zones: readonly Zone[]): ZonesByApexKey {
  return new Map(zones.map((zone) => [nameKey(zone.apex), zone]));
}

/** Answers a question from the whole set; see the table above. */
export function lookup(zones: ZonesByApexKey, qname: Name, qtype: number): Lookup {
  const first = findZoneForType(zones, qname, qtype);
  const chain: RRset[] = [];
  const seen = new Set<string>();
  let name = qname;
  let zone = first;
  for (;;) {
    if (zone === undefined) return { zone: first, chain, end: { kind: "outside" } };
    const step = lookupInZone(zone, name, qtype);
    if (step.kind !== "alias") {
      // QTYPE DNAME can lead back to a DNAME that the chain holds already: it is the answer, and stands there once.
      const isInChain = step.kind === "answer" && holds(chain, step.rrset);
      return { zone: first, chain, end: isInChain ? { kind: "chain-cut", zone } : step };
    }
    // An RRset stands once in an answer, even where the chain passes it again.
    if (step.dname !== undefined && !holds(chain, step.dname)) chain.push(step.dname);
    if (step.cname === undefined) return { zone: first, chain, end: { kind: "yxdomain", zone } };
    // The CNAME that a DNAME made is the answer to QTYPE CNAME like every other; NSD and Knot do so too.
    if (qtype === TYPE.CNAME) {
      return { zone: first, chain, end: { kind: "answer", zone, rrset: step.cname, node: undefined } };
    }
    chain.push(step.cname);
    seen.add(nameKey(name));
    if (seen.size >= MAX_CHAIN || seen.has(nameKey(step.target)) || growsForEver(step)) {
      return { zone: first, chain, end: { kind: "chain-cut", zone } };
    }
    name = step.target;
    zone = findZoneForType(zones, name, qtype);
  }
}

/** Nodes are made anew whenever they are asked for, so an RRset is known by its owner and type. */
function holds(chain: readonly RRset[], { owner, type }: RRset): boolean {
  return chain.some((rrset) => rrset.type === type && namesEqual(rrset.owner, owner));
}

/** A CNAME, or a DNAME with the CNAME made from it (none where the name would be too long). */
interface Alias {
  readonly kind: "alias";
  readonly dname: RRset | undefined;
  readonly cname: RRset | undefined;
  readonly target: Name;
}

/** A DNAME whose target is below itself makes every name longer, until none fits. */
function growsForEver({ dname }: Alias): boolean {
  const target = dname === undefined ? undefined : nameInRdata(dname);
  return dname !== undefined && target !== undefined && isAtOrBelow(target, dname.owner);
}

function lookupInZone(zone: Zone, qname: Name, qtype: number): LookupEnd | Alias {
  const key = nameKey(qname);
  const labelStarts: number[] = [];
  for (let at = 0; at < key.length - zone.apex.length; at += key.charCodeAt(at) + 1) labelStarts.push(at);
  let encloser = zone.nodes.get(key.slice(key.length - zone.apex.length));
  if (encloser === undefined) return negative("nxdomain", zone);
  for (let depth = labelStarts.length - 1; depth >= 0; depth--) {
    const dname = encloser.rrsets.get(TYPE.DNAME);
    if (dname !== undefined) return followDname(qname, dname);
    const below = zone.nodes.get(key.slice(labelStarts[depth]));
    if (below === undefined) {
      const wildcard = zone.nodes.get(`\u0001*${nameKey(encloser.owner)}`);
      return wildcard === undefined
        ? negative("nxdomain", zone)
        : answerFromNode(zone, wildcard, qname, qtype, true);
    }
    const ns = below.rrsets.get(TYPE.NS);
    if (ns !== undefined && !(depth === 0 && qtype === TYPE.DS)) return referral(zone, below, ns);
    encloser = below;
  }
  return answerFromNode(zone, encloser, qname, qtype, false);
}

function answerFromNode(
  zone: Zone,
  node: ZoneNode,
  qname: Name,
  qtype: number,
  synthesised: boolean,
): LookupEnd | Alias {
  const owned = (rrset: RRset): RRset => (synthesised ? { ...rrset, owner: qname } : rrset);
  if (qtype === ANY) {
    const rrsets = [...node.rrsets.values()].map(owned);
    if (rrsets.length === 0 && node.policy === undefined) return negative("nodata", zone);
    return { kind: "any", zone, owner: qname, rrsets, policy: node.policy };
  }
  const cname = node.rrsets.get(TYPE.CNAME);
  if (cname !== undefined && qtype !== TYPE.CNAME) {
    const target = nameInRdata(cname);
    if (target !== undefined) return { kind: "alias", dname: undefined, cname: owned(cname), target };
  }
  if (node.policy !== undefined && (qtype === TYPE.A || qtype === TYPE.AAAA)) {
    const family = qtype === TYPE.A ? "ipv4" : "ipv6";
    return { kind: "policy", zone, owner: qname, node, policy: node.policy, family };
  }
  const rrset = node.rrsets.get(qtype);
  if (rrset !== undefined) return { kind: "answer", zone, rrset: owned(rrset), node };
  const { policy } = node;
  return { ...negative("nodata", zone), ...(policy === undefined ? {} : { policy }) };
}

/** The labels in front of the DNAME's owner are kept, the owner is replaced by its target (RFC 6672 §2.2). */
function followDname(qname: Name, dname: RRset): Alias {
  const target = nameInRdata(dname) ?? dname.owner;
  const kept = labelsOf(qname).slice(0, labelCount(qname) - labelCount(dname.owner));
  const name = joinLabels(kept, target);
  if (name === undefined) return { kind: "alias", dname, cname: undefined, target };
  // RFC 6672 §3.1: the synthesised CNAME has the TTL of the DNAME.
  const cname: RRset = { owner: qname, type: TYPE.CNAME, ttlSeconds: dname.ttlSeconds, rdatas: [name] };
  return { kind: "alias", dname, cname, target: name };
}

function referral(zone: Zone, cut: ZoneNode, ns: RRset): LookupEnd {
  const glue: RRset[] = [];
  const siblingGlue: RRset[] = [];
  for (const rdata of ns.rdatas) {
    const server = readUncompressedName(rdata, 0);
    const node = server === undefined ? undefined : zone.nodes.get(nameKey(server));
    if (server === undefined || node === undefined) continue;
    const addresses = [node.rrsets.get(TYPE.A), node.rrsets.get(TYPE.AAAA)].filter(
      (rrset) => rrset !== undefined,
    );
    (isAtOrBelow(server, cut.owner) ? glue : siblingGlue).push(...addresses);
  }
  return { kind: "referral", zone, cut, ns, glue, siblingGlue };
}

function negative(kind: "nodata" | "nxdomain", zone: Zone): LookupEnd {
  return { kind, zone, soa: negativeSoa(zone) };
}

/** The SOA of a negative answer: its TTL is the lesser of its own and its MINIMUM (RFC 2308 §3, §5). */
export function negativeSoa(zone: Zone): RRset {
  const ttlSeconds = Math.min(zone.soa.ttlSeconds, soaMinimumSeconds(zone.soa));
  return { ...zone.soa, ttlSeconds };
}

/** MINIMUM is the last field of the SOA (RFC 1035 §3.3.13). */
function soaMinimumSeconds(soa: RRset): number {
  const rdata = soa.rdatas[0];
  if (rdata === undefined) return 0;
  return new DataView(rdata.buffer, rdata.byteOffset, rdata.byteLength).getUint32(rdata.length - 4);
}

function nameInRdata(rrset: RRset): Name | undefined {
  const rdata = rrset.rdatas[0];
  return rdata === undefined ? undefined : readUncompressedName(rdata, 0);
}
