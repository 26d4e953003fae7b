/** Sizes and truncation, classes, and types that are no ordinary ones. */

import { nameOf } from "../../../src/dns/name.ts";
import { join, opt, packet, query, question, u16 } from "../../support/packets.ts";
import { both, type Row, tcp, udp } from "./row.ts";

const BIG = packet({ question: question("big.example.", "A") });
const ofClass = (qclass: number): Uint8Array => packet({ question: question("www.example.", "A", qclass) });

/** RFC 1995 §3: the SOA that the client has stands in the authority section. */
function ixfr(): Uint8Array {
  const rdata = join(nameOf("ns1.example."), nameOf("hostmaster.example."), new Uint8Array(20));
  const soa = join(Uint8Array.of(0xc0, 12), u16(6), u16(1), u16(0), u16(0), u16(rdata.length), rdata);
  return join(packet({ question: question("example.", "IXFR"), counts: [1, 0, 1, 0] }), soa);
}

export const TYPE_ROWS: readonly Row[] = [
  udp("1035§4.2.1", "1.6 kB answer, no EDNS: TC=1, <=512", BIG, "NOERROR tc=1 aa=1 octets<=512"),
  udp(
    "6891§6.2.3",
    "1.6 kB answer, EDNS 1232: TC=1, <=1232",
    query("big.example.", "A", opt()),
    "NOERROR tc=1 octets<=1232",
  ),
  udp(
    "flagday2020",
    "1.6 kB answer, EDNS 4096: server caps at 1232",
    query("big.example.", "A", opt({ size: 4096 })),
    "NOERROR tc=1 octets<=1232 ‖ NOERROR an=100 tc=0",
  ),
  tcp("7766§5", "same over TCP: all 100 RRs", BIG, "NOERROR an=100 tc=0"),
  both(
    "6891§6.2.3",
    "500..1232-byte answer with EDNS 1232: whole",
    query("mid.example.", "A", opt()),
    "NOERROR an=30 tc=0 octets>500 octets<=1232",
  ),
  both(
    "4892/-",
    "CH TXT version.bind: configured string or REFUSED",
    packet({ question: question("version.bind.", "TXT", 3) }),
    "NOERROR/REFUSED ‖ NXDOMAIN/NOTIMP",
  ),
  both(
    "4892",
    "CH TXT id.server",
    packet({ question: question("id.server.", "TXT", 3) }),
    "NOERROR/REFUSED ‖ NXDOMAIN/NOTIMP",
  ),
  both("1035§3.2.4", "class HS", ofClass(4), "REFUSED/NOTIMP an=0 ‖ FORMERR"),
  both("1035§3.2.5", "class ANY(255)", ofClass(255), "REFUSED/NOTIMP an=0 ‖ NOERROR ‖ FORMERR"),
  both("6895§3.2", "class 0", ofClass(0), "FORMERR/REFUSED/NOTIMP"),
  udp(
    "8482§4",
    "ANY over UDP: minimal (HINFO or one RRset)",
    query("www.example.", "ANY"),
    "NOERROR an>=1 an<=2 ar=0 ‖ NOERROR/NOTIMP/REFUSED",
  ),
  udp(
    "8482§4",
    "ANY apex amplification <512 B",
    query("example.", "ANY", opt({ size: 4096 })),
    "NOERROR octets<512 ‖ NOERROR/NOTIMP/REFUSED",
  ),
  udp("5936§4.2", "AXFR over UDP", query("example.", "AXFR"), "FORMERR/REFUSED/NOTIMP an=0 ‖ drop"),
  tcp("5936§2.2.1", "AXFR over TCP, not allowed", query("example.", "AXFR"), "REFUSED/NOTAUTH/NOTIMP an=0"),
  udp("1995§2", "IXFR over UDP", ixfr(), "REFUSED/NOTIMP/FORMERR/NOTAUTH an=0 ‖ NOERROR"),
  both(
    "1035§3.2.3",
    "QTYPE MAILA(254)",
    query("www.example.", "MAILA"),
    "NOTIMP/NOERROR/REFUSED/FORMERR an=0",
  ),
  both("6895§3.1", "QTYPE 0", query("www.example.", 0), "FORMERR/NOERROR/NOTIMP/REFUSED an=0"),
  both(
    "6895§3.1",
    "QTYPE OPT(41)",
    query("www.example.", "OPT"),
    "FORMERR/NOTIMP/REFUSED an=0 ‖ NOERROR an=0",
  ),
  both(
    "3597§3",
    "existing TYPE65280 returned verbatim",
    query("odd.example.", "TYPE65280"),
    "NOERROR an=1 rdata=\\#_3_010203",
  ),
  both(
    "3597/2308",
    "absent TYPE666 → NODATA + SOA",
    query("odd.example.", "TYPE666"),
    "NOERROR an=0 aa=1 authority=SOA",
  ),
  both(
    "4035§3.1",
    "RRSIG at unsigned name → NODATA",
    query("www.example.", "RRSIG"),
    "NOERROR an=0 aa=1 ‖ NOTIMP/REFUSED",
  ),
  both(
    "8499/2136",
    "name outside all zones → REFUSED, not SERVFAIL/root referral",
    query("www.elsewhere.test.", "A"),
    "REFUSED aa=0 an=0 ns=0",
  ),
  both(
    "draft-0x20",
    "0x20: question echoed byte for byte",
    packet({ question: question("wWw.eXAMple.", "A") }),
    "NOERROR an=2 question=same",
  ),
  both("1035", "SOA apex", query("example.", "SOA"), "NOERROR aa=1 an=1"),
];
