/** Zones for benchmarks: one of everything beside any number of names. */

import type { ZoneSet } from "../../src/zone/model.ts";
import { zoneSetOf } from "../support/zones.ts";

const ORIGIN = "bench.test.";

/** Some of the address in each label, so that names differ early and late and in length. */
function labelAt(number: number): string {
  return `host-${number.toString(36)}-${(number * 7919) % 1000}`;
}

export function nameAt(number: number): string {
  return `${labelAt(number)}.${ORIGIN}`;
}

const FRAME = `
$TTL 300
@ SOA ns hostmaster ( 1 3600 600 86400 60 )
@ NS ns
@ NS ns2
ns A 192.0.2.53
ns2 A 192.0.2.54
alias CNAME web
web A 192.0.2.80
web A 192.0.2.81
*.wild A 192.0.2.4
cut NS ns.cut
cut NS ns2.cut
ns.cut A 192.0.2.55
ns2.cut A 192.0.2.56
$POOL one monitor=none
    a 203.0.113.1
$POOL two monitor=none
    a 203.0.113.11
$POOL three monitor=none min-up=1
    a 203.0.113.21 weight=3
    b 203.0.113.22 weight=1
$POOL cloud monitor=none
    lb lb.elsewhere.test. as=cname
cloud    30/10 POLICY cloud
weighted 30/10 POLICY weighted ( one=70 two=20 three=10 )
tried    30/10 POLICY weighted ( one=70 two=20 three=10 )
tried    30/10 POLICY weighted ( one=60 two=20 three=20 ) dry-run
failover 30/10 POLICY failover ( one two three )
hinted   30/10 POLICY weighted ( one=70 two=20 three=10 )
hinted         HTTPS 1 . alpn=h2,h3
_aware         SRV 10 60 5060 hinted   health-aware=on
_aware         SRV 20 60 5060 failover health-aware=on
geo      30/10 POLICY geo ( net:10.0.0.0/8=one net:127.0.0.0/8=two *=three )
$POOL far monitor=none location=JP
    a 203.0.113.31
$POOL near monitor=none location=DE
    a 203.0.113.41
$POOL middle monitor=none location=US-VA
    a 203.0.113.51
place    30/10 POLICY geo ( country:DE=near country:US=middle country:JP=far continent:EU=one *=two )
nearest  30/10 POLICY nearest ( far near middle )
`;

export function benchSet(names: number): ZoneSet {
  const lines = [FRAME];
  for (let number = 0; number < names; number++) {
    const address = `10.${(number >> 16) & 0xff}.${(number >> 8) & 0xff}.${number & 0xff}`;
    lines.push(`${labelAt(number)} A ${address}\n`);
  }
  return zoneSetOf({ [`${ORIGIN}zone`]: lines.join("") });
}
