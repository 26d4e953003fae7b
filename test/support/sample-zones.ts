/** Zones that hold one of everything a query can meet, and an image of them, for tests of answering and serving. */

import { compileDecisions, compileZones, type Image, makeImage } from "../../src/image/image.ts";
import type { ZoneSet } from "../../src/zone/model.ts";
import { type HealthWord, snapshot } from "./policies.ts";
import { zoneSetOf } from "./zones.ts";

const many = (owner: string, count: number): string =>
  Array.from({ length: count }, (_, at) => `${owner} A 192.0.2.${at + 1}`).join("\n");

/** `example.` without what only Fairlead knows: every server of zone files can serve it. */
const RECORDS = `
$TTL 300
@        3600 SOA ns1 hostmaster ( 1 3600 600 86400 60 )
@             NS  ns1
@             NS  ns2
ns1           A   192.0.2.53
ns2           A   198.51.100.53
www           A   192.0.2.1
www           A   192.0.2.2
www           AAAA 2001:db8::1
odd           TYPE65280 \\# 3 010203
${many("big", 100)}
${many("mid", 30)}
a.ent         A   192.0.2.3
*.wild        A   192.0.2.4
leaf.wild     TXT "not a wildcard"
b.ent.wild    TXT "makes an empty non-terminal"
*.wcname      CNAME www
alias         CNAME www
chain         CNAME alias
out           CNAME www.elsewhere.test.
dangling      CNAME missing
nodata        CNAME odd
toloop        CNAME fromloop
fromloop      CNAME toloop
sub           NS  ns.sub
sub           NS  ns2
ns.sub        A   192.0.2.54
ns.sub        AAAA 2001:db8::54
wide          NS  ns.wide
${many("ns.wide", 40)}
apart         NS  big
moved         DNAME elsewhere
here.elsewhere A  192.0.2.5
`;

const POLICIES = `
$MONITOR clb http path=/healthz
$POOL one monitor=clb
    a 203.0.113.1 2001:db8:1::1
$POOL two monitor=clb min-up=1 answers=2
    a 203.0.113.11
    b 203.0.113.12
    c 203.0.113.13
$POOL four monitor=clb
    a 203.0.113.21
fail     30/10 POLICY failover ( one four )
both           POLICY two
four           POLICY four
four           TXT "beside a policy"
strict         POLICY four when-down=servfail
silent   20    POLICY four when-down=nodata
near           POLICY geo ( net:10.0.0.0/8=one net:10.1.0.0/16=four *=two )
*.any          POLICY one
*.any          HTTPS 1 .
fail           HTTPS 1 . alpn=h2,h3 ech=AAAA
fail           HTTPS 2 both alpn=h2
aware          MX 10 fail health-aware=on
aware          MX 20 four health-aware=on
topolicy       CNAME fail
tostrict       CNAME strict
`;

const LONG_TARGET = `${"a".repeat(63)}.${"b".repeat(63)}.${"c".repeat(63)}.${"d".repeat(40)}`;

const SECOND = `
@ 300 SOA ns.example. hostmaster.example. ( 7 3600 600 86400 30 )
@ 300 NS ns1.example.
long 300 DNAME ${LONG_TARGET}
`;

/** By the name of the file, without policies: every server of zone files can serve them. */
export const PLAIN_FILES = { "example.zone": RECORDS, "second.test.zone": SECOND };

export function sampleSet(): ZoneSet {
  return zoneSetOf({ ...PLAIN_FILES, "example.zone": RECORDS + POLICIES });
}

/** An image of the sample zones; endpoints are up unless a health is given. */
export function sampleImage(
  health: { readonly [endpointId: string]: HealthWord } = {},
  generation = 1,
): Image {
  return imageOf(sampleSet(), health, generation);
}

export function imageOf(
  set: ZoneSet,
  health: { readonly [endpointId: string]: HealthWord } = {},
  generation = 1,
): Image {
  const zones = compileZones(set);
  const pools = [...set.definitions.pools.values()];
  return makeImage(generation, zones, compileDecisions(zones, snapshot(pools, health)));
}
