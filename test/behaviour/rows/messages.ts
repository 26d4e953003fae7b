/** Packets that are no query, or a broken one (RFC 1035 §4), and what is not QUERY. */

import { nameOf } from "../../../src/dns/name.ts";
import { join, opt, option, packet, query, question, u16 } from "../../support/packets.ts";
import { both, longName, questionOf, type Row, udp, WWW, withFlags, withOpcode, withOptions } from "./row.ts";

const A_RECORD = join(
  Uint8Array.of(0xc0, 12),
  u16(1),
  u16(1),
  u16(0),
  u16(60),
  u16(4),
  Uint8Array.of(192, 0, 2, 1),
);
const OWN_ZONE = question("example.", "SOA");
const COOKIE = option(10, 1, 2, 3, 4, 5, 6, 7, 8);

/** RFC 8945 §4.2: well-formed, by a key that nobody has. */
function tsig(): Uint8Array {
  const rdata = join(
    nameOf("hmac-sha256."),
    Uint8Array.of(0, 0, 0x65, 0, 0, 0),
    u16(300),
    u16(32),
    new Uint8Array(32).fill(0x5a),
    u16(0x1234),
    u16(0),
    u16(0),
  );
  return join(nameOf("nobody.key."), u16(250), u16(255), u16(0), u16(0), u16(rdata.length), rdata);
}

const MALFORMED = "FORMERR an=0 ‖ drop";

export const MESSAGE_ROWS: readonly Row[] = [
  udp("1035§4.1", "0-byte datagram", new Uint8Array(0), "drop"),
  udp("1035§4.1.1", "11-byte datagram", new Uint8Array(11), "drop"),
  both("1035§4.1.1", "header only, QDCOUNT=0", packet({}), "FORMERR qd=0 ‖ drop"),
  both("1035§4.1.1/7.3", "QR=1 (a response)", withFlags(0x8000), "drop"),
  both("1035§4.1.2", "header only, QDCOUNT=1", packet({ counts: [1, 0, 0, 0] }), MALFORMED),
  both("9619", "QDCOUNT=2", packet({ counts: [2, 0, 0, 0], question: join(WWW, WWW) }), "FORMERR an=0"),
  both(
    "7873§5.4",
    "QDCOUNT=0 + COOKIE",
    packet({ additional: [opt({ options: [COOKIE] })] }),
    "NOERROR qd=0 an=0 opt=1 cookie=24 ‖ NOERROR an=0 opt=1 ‖ FORMERR ‖ drop",
  ),
  both(
    "1035§4.1.4",
    "QNAME = pointer to itself",
    packet({ question: questionOf(Uint8Array.of(0xc0, 12)) }),
    MALFORMED,
  ),
  both(
    "1035§4.1.4",
    "QNAME pointer past end",
    packet({ question: questionOf(Uint8Array.of(0xc1, 0)) }),
    MALFORMED,
  ),
  both(
    "1035§4.1.4",
    "QNAME label then pointer to itself",
    packet({ question: questionOf(Uint8Array.of(1, 0x61, 0xc0, 14)) }),
    MALFORMED,
  ),
  both("6891§5", "label type 0x40", packet({ question: questionOf(Uint8Array.of(0x41, 0)) }), MALFORMED),
  both("1035§4.1.4", "label type 0x80", packet({ question: questionOf(Uint8Array.of(0x81, 0)) }), MALFORMED),
  both("1035§2.3.4", "QNAME 257 octets", packet({ question: questionOf(longName(257)) }), MALFORMED),
  both("1035§4.1.2", "question cut before QCLASS", packet({ question: WWW.subarray(0, -2) }), MALFORMED),
  both("1035§4.1.2", "question cut inside QNAME", packet({ question: WWW.subarray(0, 3) }), MALFORMED),
  both(
    "1035§4.1",
    "4 bytes of garbage after question",
    join(packet({ question: WWW }), u16(1), u16(2)),
    "FORMERR ‖ NOERROR an=2 ‖ drop",
  ),
  both(
    "1035§4.1.1",
    "ANCOUNT=1 with an A RR in a query",
    join(packet({ question: WWW, counts: [1, 1, 0, 0] }), A_RECORD),
    "FORMERR ‖ NOERROR an=2 ‖ drop",
  ),
  both(
    "1035§4.1.1",
    "ARCOUNT=1 but no RR follows",
    packet({ question: WWW, counts: [1, 0, 0, 1] }),
    MALFORMED,
  ),
  both(
    "1035§4.1.1",
    "ANCOUNT=65535, nothing follows",
    packet({ question: WWW, counts: [1, 65_535, 0, 0] }),
    MALFORMED,
  ),
  both("6891§6.1.1", "two OPT RRs", query("www.example.", "A", opt(), opt()), "FORMERR an=0"),
  both(
    "6891§6.1.2",
    "OPT owner not root",
    query("www.example.", "A", opt({ owner: Uint8Array.of(1, 0x61, 0) })),
    "FORMERR ‖ NOERROR ‖ drop",
  ),
  both(
    "6891§6.1.2",
    "OPT RDLEN past end",
    query("www.example.", "A", join(opt().subarray(0, -2), u16(9))),
    MALFORMED,
  ),
  both(
    "6891§6.1.2",
    "option length past RDLEN",
    withOptions(join(u16(3), u16(9), Uint8Array.of(1))),
    MALFORMED,
  ),
  both(
    "8945§5.2",
    "TSIG with unknown key",
    query("www.example.", "A", tsig()),
    "NOTAUTH ‖ FORMERR ‖ REFUSED ‖ NOERROR ‖ drop",
  ),
  ...(
    [
      ["3425/1035§4.1.1", "opcode IQUERY", 1],
      ["1035§4.1.1", "opcode STATUS", 2],
      ["1035§4.1.1", "opcode unassigned 3", 3],
      ["1035§4.1.1", "opcode unassigned 7", 7],
      ["1035§4.1.1", "opcode unassigned 15", 15],
    ] as const
  ).map(([rfc, input, opcode]) =>
    both(rfc, input, withOpcode(opcode), `NOTIMP an=0 op=${opcode} ‖ FORMERR/REFUSED an=0 ‖ drop`),
  ),
  both(
    "1996§3.11",
    "NOTIFY for own zone, not a secondary",
    withOpcode(4, OWN_ZONE),
    "NOTAUTH/REFUSED/NOTIMP an=0 ‖ NOERROR",
  ),
  both("2136§3.1/6", "UPDATE", withOpcode(5, OWN_ZONE), "REFUSED/NOTIMP an=0 ‖ NOTAUTH ‖ NOERROR"),
  udp("8490§5", "DSO over UDP", packet({ flags: 6 << 11 }), "drop ‖ NOTIMP/FORMERR"),
];
