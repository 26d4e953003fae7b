/** What names say: negative answers, wildcards, aliases, delegations (RFC 1034 §4.3.2, 2308, 4592, 6672, 8020). */

import { nameOf } from "../../../src/dns/name.ts";
import { join, packet, query } from "../../support/packets.ts";
import { both, longName, questionOf, type Row } from "./row.ts";

/** Labels of octets that text cannot hold. */
const BINARY = join(Uint8Array.of(2, 0x00, 0xff, 1, 0x2e), nameOf("wild.example."));

export const NAME_ROWS: readonly Row[] = [
  both(
    "2308§3,§5",
    "NXDOMAIN: AA, SOA TTL=min(3600,60)=60",
    query("missing.example.", "A"),
    "NXDOMAIN an=0 aa=1 authority=SOA soattl=60",
  ),
  both(
    "2308§2.2",
    "NODATA: NOERROR, AA, SOA TTL 60",
    query("www.example.", "MX"),
    "NOERROR an=0 aa=1 authority=SOA soattl=60",
  ),
  both(
    "8020/4592§2.2.2",
    "empty non-terminal → NODATA",
    query("ent.example.", "A"),
    "NOERROR an=0 aa=1 authority=SOA",
  ),
  both("8020", "below a leaf → NXDOMAIN", query("below.www.example.", "A"), "NXDOMAIN an=0 aa=1"),
  both(
    "4592§2.2.1",
    "wildcard synthesises with the asked owner",
    query("x.wild.example.", "A"),
    "NOERROR an=1 aa=1 owner=asked",
  ),
  both(
    "4592§2.2.1",
    "wildcard matches several labels",
    query("z.y.x.wild.example.", "A"),
    "NOERROR an=1 owner=asked",
  ),
  both(
    "4592§2.2.1",
    "existing sibling blocks wildcard: NODATA",
    query("leaf.wild.example.", "A"),
    "NOERROR an=0 aa=1",
  ),
  both(
    "4592§2.2.1",
    "below existing sibling: NXDOMAIN",
    query("x.leaf.wild.example.", "A"),
    "NXDOMAIN an=0 aa=1",
  ),
  both("4592§2.2.2", "ENT beside wildcard: NODATA", query("ent.wild.example.", "A"), "NOERROR an=0 aa=1"),
  both(
    "4592",
    "wildcard, absent type: NODATA + SOA",
    query("x.wild.example.", "MX"),
    "NOERROR an=0 aa=1 authority=SOA",
  ),
  both("4592§2.3", "literal * query", query("*.wild.example.", "A"), "NOERROR an=1 owner=asked"),
  both(
    "4592§3.3.3",
    "wildcard CNAME followed",
    query("x.wcname.example.", "A"),
    "NOERROR aa=1 an=3 answer=CNAME+A",
  ),
  both(
    "2181§11",
    "label bytes 00 ff . under wildcard",
    packet({ question: questionOf(BINARY) }),
    "NOERROR an=1 owner=asked",
  ),
  both(
    "1035§2.3.4",
    "255-octet QNAME under wildcard",
    packet({ question: questionOf(longName(255, nameOf("wild.example."))) }),
    "NOERROR an=1 owner=asked",
  ),
  both(
    "1034§3.6.2",
    "CNAME in-zone: CNAME + target RRs",
    query("alias.example.", "A"),
    "NOERROR aa=1 an=3 answer=CNAME+A",
  ),
  both(
    "1034§3.6.2",
    "QTYPE=CNAME: only the CNAME",
    query("alias.example.", "CNAME"),
    "NOERROR aa=1 an=1 answer=CNAME",
  ),
  both("1034§4.3.2", "CNAME chain of 2", query("chain.example.", "A"), "NOERROR aa=1 an=4"),
  both(
    "1034§4.3.2",
    "CNAME out of zone: CNAME only, NOERROR, AA",
    query("out.example.", "A"),
    "NOERROR aa=1 an=1",
  ),
  both(
    "6604§3",
    "CNAME to NXDOMAIN: CNAME + NXDOMAIN + SOA",
    query("dangling.example.", "A"),
    "NXDOMAIN aa=1 an=1 authority=SOA",
  ),
  both(
    "2308§2.2",
    "CNAME to NODATA: CNAME + SOA",
    query("nodata.example.", "A"),
    "NOERROR aa=1 an=1 authority=SOA",
  ),
  both("1034§5.2.2", "CNAME loop: bounded, prompt", query("toloop.example.", "A"), "NOERROR/SERVFAIL an<=32"),
  both(
    "1034§4.2.1",
    "below delegation: referral AA=0 + NS + A/AAAA glue",
    query("x.sub.example.", "A"),
    "NOERROR aa=0 an=0 authority=NS additional=A+AAAA",
  ),
  both(
    "1034§4.2.1",
    "NS at the cut: referral AA=0",
    query("sub.example.", "NS"),
    "NOERROR aa=0 an=0 authority=NS",
  ),
  both(
    "4035§3.1.4.1",
    "DS at the cut: parent answers NODATA AA=1",
    query("sub.example.", "DS"),
    "NOERROR aa=1 an=0 authority=SOA",
  ),
  both(
    "2181§5.4.1",
    "glue name asked directly: referral, not answer",
    query("ns.sub.example.", "A"),
    "NOERROR aa=0 an=0 authority=NS",
  ),
  both(
    "6672§3.1",
    "DNAME: DNAME+CNAME+target",
    query("here.moved.example.", "A"),
    "NOERROR aa=1 answer=DNAME+CNAME+A",
  ),
  both(
    "6672§2.3",
    "DNAME owner itself, A: NODATA",
    query("moved.example.", "A"),
    "NOERROR aa=1 an=0 authority=SOA",
  ),
  both(
    "6672§2.2",
    "DNAME expansion >255: YXDOMAIN",
    query(`${"x".repeat(60)}.long.second.test.`, "A"),
    "YXDOMAIN",
  ),
];
