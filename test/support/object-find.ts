/**
 * What zones say to a question, from their objects: the oracle that the image's bytes are held to. `zone/lookup` decides;
 * this makes sections of it.
 */

import { type Name, nameOf, namesEqual } from "../../src/dns/name.ts";
import type { RRset } from "../../src/dns/rrset.ts";
import { RCODE, TYPE } from "../../src/dns/types.ts";
import type { ZonePart } from "../../src/image/zones.ts";
import { type LookupEnd, lookup, negativeSoa, type ZonesByApexKey } from "../../src/zone/lookup.ts";
import type { Zone } from "../../src/zone/model.ts";

/** `zoneNumber` and `policyNumber` where there is none. */
export const NONE = -1;

export interface Found {
  /** The zone of the asked name; NONE: the name is not ours. */
  readonly zoneNumber: number;
  readonly rcode: number;
  readonly authoritative: boolean;
  readonly answer: readonly RRset[];
  readonly authority: readonly RRset[];
  /** What a referral is of no use without (RFC 9471): the answer is truncated where it does not fit. */
  readonly glue: readonly RRset[];
  /** What may be left out. */
  readonly additional: readonly RRset[];
  /** Decides what follows the answer section; NONE: nothing follows. */
  readonly policyNumber: number;
  /** The policy's owner as the answer has to name it. */
  readonly policyOwner: Name | undefined;
  /** The SOA of a policy's NODATA. */
  readonly policySoa: RRset | undefined;
}

/** RFC 8482 §4.2: the stand-in for all the types of a name. Its CPU field says so, its OS field is empty. */
const ANY_STAND_IN = Uint8Array.of(7, 0x52, 0x46, 0x43, 0x38, 0x34, 0x38, 0x32, 0);
/** Long, so that whoever keeps asking is answered from a cache. */
const ANY_TTL_SECONDS = 3_600;

const NOTHING: readonly RRset[] = [];

/** `zones` are the same as those of `part`, and were not compiled, so that nothing is read from the image. */
export function find(zones: ZonesByApexKey, part: ZonePart, qname: Name, qtype: number): Found {
  const { zone, chain, end } = lookup(zones, qname, qtype);
  const zoneNumber = zone === undefined ? NONE : part.zones.findIndex((entry) => isSameZone(entry, zone));
  return { ...UNANSWERED, zoneNumber, answer: chain, ...sectionsOf(part, end, chain) };
}

const UNANSWERED: Found = {
  zoneNumber: NONE,
  rcode: RCODE.NOERROR,
  authoritative: true,
  answer: NOTHING,
  authority: NOTHING,
  glue: NOTHING,
  additional: NOTHING,
  policyNumber: NONE,
  policyOwner: undefined,
  policySoa: undefined,
};

/** What the end of a lookup adds to, or changes in, the answer that holds its chain. */
function sectionsOf(part: ZonePart, end: LookupEnd, chain: readonly RRset[]): Partial<Found> {
  switch (end.kind) {
    case "answer":
      return { answer: [...chain, end.rrset] };
    case "any":
      return { answer: [...chain, standInFor(end)] };
    case "policy":
      return {
        policyNumber: part.policies.findIndex(
          (entry) => isSameZone(entry, end.zone) && namesEqual(nameOf(entry.owner), end.node.owner),
        ),
        policyOwner: end.owner,
        policySoa: negativeSoa(end.zone),
      };
    case "referral":
      // AA speaks of the first owner of the answer section (RFC 1035 §4.1.1), so a chain keeps it.
      return {
        authoritative: chain.length > 0,
        authority: [end.ns],
        glue: end.glue,
        additional: end.siblingGlue,
      };
    case "nodata":
      return { authority: [end.soa] };
    case "nxdomain":
      return { rcode: RCODE.NXDOMAIN, authority: [end.soa] };
    case "yxdomain":
      return { rcode: RCODE.YXDOMAIN };
    case "outside":
      return chain.length > 0 ? {} : { rcode: RCODE.REFUSED, authoritative: false };
    case "chain-cut":
      return {};
  }
}

function isSameZone(entry: { readonly zone: Zone }, zone: Zone): boolean {
  return namesEqual(entry.zone.apex, zone.apex);
}

function standInFor({ owner, rrsets }: LookupEnd & { kind: "any" }): RRset {
  const cname = rrsets.find(({ type }) => type === TYPE.CNAME);
  return cname ?? { owner, type: TYPE.HINFO, ttlSeconds: ANY_TTL_SECONDS, rdatas: [ANY_STAND_IN] };
}
