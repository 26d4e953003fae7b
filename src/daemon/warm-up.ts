/**
 * What a worker answers for itself before it answers anyone: zones that hold one of everything, and queries that find it
 * all. What it has met by then is compiled, so that the first weighted query of a client, say, costs what the millionth
 * does.
 */

import { createCounterBlock } from "../answer/counter-layout.ts";
import { type AnswerSettings, DEFAULT_SETTINGS, type PublishedAnswers } from "../answer/settings.ts";
import { SIP_HASH_KEY_OCTETS } from "../answer/sip-hash.ts";
import { EDNS_VERSION } from "../dns/edns.ts";
import type { EdnsOption } from "../dns/edns-option.ts";
import { buildMessage } from "../dns/message.ts";
import { nameOf } from "../dns/name.ts";
import { CLASS, parseType } from "../dns/types.ts";
import { compileDecisions, compileZones, makeImage, publishImage } from "../image/image.ts";
import { loadZones } from "../zone/load.ts";

export interface WarmUp {
  readonly published: PublishedAnswers;
  readonly queries: readonly Uint8Array[];
}

const ZONE = `
$TTL 300
@        SOA ns1 hostmaster ( 1 3600 600 86400 60 )
@        NS  ns1
@        NS  ns2
@        MX  10 www
@        TXT "warm"
ns1      A   192.0.2.1
ns2      A   192.0.2.2
www      A   192.0.2.3
www      A   192.0.2.4
www      AAAA 2001:db8::3
${Array.from({ length: 100 }, (_, index) => `big A 198.51.100.${index + 1}`).join("\n")}
*.wild   A   192.0.2.5
a.ent    A   192.0.2.6
alias    CNAME www
chain    CNAME alias
out      CNAME www.elsewhere.test.
missing-target CNAME missing
moved    DNAME elsewhere
here.elsewhere A 192.0.2.7
sub      NS  ns.sub
ns.sub   A   192.0.2.8

$POOL one monitor=none
    a 203.0.113.1 2001:db8:1::1 weight=3
    b 203.0.113.2 weight=1
$POOL two monitor=none answers=2
    a 203.0.113.11
    b 203.0.113.12
    c 203.0.113.13
$POOL three monitor=none
    a 203.0.113.21
    b 203.0.113.22 2001:db8:3::2
$POOL cloud monitor=none answers=2
    a lb.elsewhere.test. as=cname
    b 203.0.113.31
cloud    30    POLICY cloud
weighted 30/10 POLICY weighted ( one=70 two=20 three=10 )
failover 30    POLICY failover ( three one )
places   30    POLICY geo ( net:10.0.0.0/8=one net:10.1.0.0/16=two *=weighted ( one two ) )
many     30    POLICY two
*.policy 30    POLICY one
topolicy       CNAME weighted
`;
const ORIGIN = nameOf("warm-up.test.");

const NAMES =
  "www big x.wild y.x.wild a.ent ent alias chain out missing-target here.moved moved x.sub sub ns1 missing x.www " +
  "weighted failover places many x.policy topolicy cloud cloud weighted failover places weighted";
const TYPES = ["A", "AAAA", "A", "TXT"];

const SETTINGS: AnswerSettings = {
  ...DEFAULT_SETTINGS,
  nsid: new TextEncoder().encode("warm-up"),
  cookieSecrets: [new Uint8Array(SIP_HASH_KEY_OCTETS)],
};

/** Every name and type, with and without EDNS; some of them as they should not be. */
export function createWarmUp(): WarmUp {
  const octets = new TextEncoder().encode(ZONE);
  const { set } = loadZones([{ path: "warm-up.test.zone", octets }], () => undefined);
  if (set === undefined) throw new Error("the zone of the warm-up is faulty");
  const part = compileZones(set);
  const decisions = compileDecisions(part, { atMs: 0, endpoints: new Map() });
  const answerCount = part.policies.reduce((sum, { endpoints }) => sum + endpoints.length, 0);
  const block = createCounterBlock({ zoneCount: part.zones.length, answerCount });
  const image = publishImage(makeImage(1, part, decisions), block);
  return { published: { image, settings: SETTINGS }, queries: createQueries() };
}

function createQueries(): Uint8Array[] {
  const apex = ["A", "SOA", "NS", "MX", "ANY"].map((type) => query("@", type, undefined));
  const below = NAMES.split(" ").flatMap((name) =>
    TYPES.flatMap((type) => [
      query(name, type, undefined),
      query(name, type, []),
      query(name.toUpperCase(), type, [{ kind: "nsid", octets: new Uint8Array() }]),
      query(name, type, [SUBNET]),
      query(name, type, [COOKIE]),
    ]),
  );
  const elsewhere = query("www.elsewhere.test.", "A", undefined);
  const [cut, garbled, response] = [0, 1, 2].map(() => query("www", "A", []));
  garbled?.fill(0xff, 12, 20);
  if (response !== undefined) response[2] = 0x80;
  return [
    ...apex,
    ...below,
    elsewhere,
    ...(cut ? [cut.subarray(0, 17)] : []),
    ...(garbled ? [garbled] : []),
    ...(response ? [response] : []),
  ];
}

/** Falls in the smaller network of the policy that asks for places. */
const SUBNET: EdnsOption = {
  kind: "client-subnet",
  address: Uint8Array.of(10, 1, 2, 0),
  sourcePrefixBits: 24,
  scopePrefixBits: 0,
};

/** As many resolvers send one with every query. */
const COOKIE: EdnsOption = { kind: "cookie", client: new Uint8Array(8), server: undefined };

function query(name: string, type: string, options: EdnsOption[] | undefined): Uint8Array {
  return buildMessage({
    id: 0x5741,
    opcode: 0,
    rcode: 0,
    isResponse: false,
    isAuthoritative: false,
    isTruncated: false,
    recursionDesired: true,
    recursionAvailable: false,
    authenticData: false,
    checkingDisabled: false,
    questions: [{ name: nameOf(name, ORIGIN), type: parseType(type) ?? 0, class: CLASS.IN }],
    answers: [],
    authorities: [],
    additionals: [],
    edns: options && { udpSize: 1_232, version: EDNS_VERSION, dnssecOk: false, reservedFlags: 0, options },
  });
}
