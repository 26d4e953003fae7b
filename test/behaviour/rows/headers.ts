/** Bits of the header, and EDNS with its options (RFC 6891, 5001, 7828, 7830, 7871, 7873). */

import { opt, option, packet, query } from "../../support/packets.ts";
import { both, type Row, tcp, udp, WWW, withFlags, withOptions } from "./row.ts";

/** ECS: family, source prefix, scope prefix, address. */
export function ecs(family: number, source: number, scope: number, ...address: number[]): Uint8Array {
  return option(8, 0, family, source, scope, ...address);
}

const edns = (parts: Parameters<typeof opt>[0]): Uint8Array => query("www.example.", "A", opt(parts));
const cookie = (octets: number): Uint8Array =>
  withOptions(option(10, ...Array.from({ length: octets }, (_, index) => index + 1)));

export const HEADER_ROWS: readonly Row[] = [
  both("1035§4.1.1", "RD=1 copied, RA=0, AA=1", withFlags(0x0100), "NOERROR rd=1 ra=0 aa=1 an=2"),
  both("6895§2.1", "Z bit set: ignored and cleared", withFlags(0x0040), "NOERROR an=2 z=0"),
  both("4035§3.1.6", "AD+CD set: AD=0", withFlags(0x0030), "NOERROR an=2 ad=0"),
  both(
    "1035§4.1.1",
    "TC+AA+RCODE set in query: ignored",
    withFlags(0x0605),
    "NOERROR an=2 tc=0 ‖ FORMERR ‖ drop",
  ),
  both(
    "6891§6.1.1",
    "EDNS0 → OPT v0 in reply, size>=512",
    edns({}),
    "NOERROR an=2 opt=1 version=0 size>=512",
  ),
  both(
    "6891§6.1.3",
    "EDNS version 1 → BADVERS, OPT v0, no answer",
    edns({ version: 1 }),
    "BADVERS an=0 opt=1 version=0",
  ),
  both(
    "6891§6.1.3",
    "EDNS version 255 + unknown option",
    edns({ version: 255, options: [option(65_001, 1)] }),
    "BADVERS an=0 version=0",
  ),
  both(
    "6891§6.1.2",
    "unknown option 65001: ignored, not echoed",
    withOptions(option(65_001, 1, 2, 3)),
    "NOERROR an=2 unknown=0",
  ),
  both("6891§6.2.3", "EDNS size 0 treated as 512", edns({ size: 0 }), "NOERROR opt=1 octets<=512"),
  both("3225§3", "DO=1 copied into reply", edns({ flags: 0x8000 }), "NOERROR an=2 do=1"),
  both("6891§6.1.4", "unknown EDNS Z flags cleared", edns({ flags: 0x7fff }), "NOERROR an=2 do=0 ez=0"),
  both("6891§7", "no OPT in query → none in reply", packet({ question: WWW }), "NOERROR an=2 opt=0"),
  both(
    "6891§7",
    "REFUSED also carries OPT when asked with OPT",
    query("www.elsewhere.test.", "A", opt()),
    "REFUSED an=0 opt=1",
  ),
  both("5001", "NSID asked → returned", withOptions(option(3)), "NOERROR an=2 options=3 ‖ NOERROR an=2"),
  both("5001§2.1", "NSID not asked → absent", edns({}), "NOERROR an=2 nsid=none"),
  both(
    "7873§5.2.3/9018",
    "client cookie → 8+16 byte cookie",
    cookie(8),
    "NOERROR an=2 cookie=24 ‖ NOERROR an=2 ‖ BADCOOKIE",
  ),
  both("7873§5.2.2", "7-byte cookie", cookie(7), "FORMERR an=0"),
  both("7873§5.2.2", "8+1 byte cookie", cookie(9), "FORMERR an=0"),
  both("7873§5.2.2", "41-byte cookie", cookie(41), "FORMERR an=0"),
  both("7873§5.2.4", "bad server cookie", cookie(24), "NOERROR an=2 ‖ BADCOOKIE"),
  both(
    "7871§7.2",
    "ECS 192.0.2.0/24: echoed w/ scope<=24.. or absent",
    withOptions(ecs(1, 24, 0, 192, 0, 2)),
    "NOERROR an=2 source=24 scope<=24 ‖ NOERROR an=2 scope=none",
  ),
  both(
    "7871§7.1.2",
    "ECS scope!=0 in query",
    withOptions(ecs(1, 24, 8, 192, 0, 2)),
    "FORMERR an=0 ‖ NOERROR",
  ),
  both(
    "7871§6",
    "ECS source prefix 33 for IPv4",
    withOptions(ecs(1, 33, 0, 192, 0, 2, 0, 0)),
    "FORMERR an=0 ‖ NOERROR",
  ),
  udp(
    "7828§3.2.1",
    "keepalive option over UDP ignored",
    withOptions(option(11)),
    "NOERROR an=2 keepalive=none",
  ),
  tcp(
    "7828§3.3.2",
    "keepalive over TCP answered with timeout",
    withOptions(option(11)),
    "NOERROR an=2 keepalive>=0 ‖ NOERROR an=2",
  ),
  udp(
    "7830§4/8467",
    "padding over clear UDP: not padded",
    withOptions(option(12, 0, 0, 0, 0)),
    "NOERROR an=2 padding=none",
  ),
];
