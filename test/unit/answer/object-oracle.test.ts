/**
 * The answer path over bytes against the zones' objects: generated sets of zones, several inside one another, full of
 * what lookups stumble over, and every question worth asking of them, whole over TCP and cut at 512 octets over UDP.
 */

import { expect } from "chai";
import { describe, it } from "mocha";
import { TRANSPORT, type Transport } from "../../../src/answer/answer.ts";
import type { Message, ResourceRecord } from "../../../src/dns/message.ts";
import { formatName } from "../../../src/dns/name.ts";
import { formatRdata } from "../../../src/dns/rdata.ts";
import { formatType } from "../../../src/dns/types.ts";
import type { Image } from "../../../src/image/image.ts";
import { indexZones, type ZonesByApexKey } from "../../../src/zone/lookup.ts";
import { createAsker, seededRandom } from "../../support/answering.ts";
import { type ObjectAnswer, objectAnswer } from "../../support/object-answer.ts";
import { parsed, query } from "../../support/packets.ts";
import type { HealthWord } from "../../support/policies.ts";
import { imageOf } from "../../support/sample-zones.ts";
import { generateZone } from "../../support/zone-generator.ts";
import { zoneSetOf } from "../../support/zones.ts";

const SEED = 20_261_122;
const SETS = 24;
const APEXES = ["test.", "a.test.", "b.a.test.", "c.b.b.test.", "other.example."] as const;
const TYPES = ["A", "AAAA", "TXT", "CNAME", "NS", "DNAME", "DS", "MX", "SOA", "ANY"] as const;
const LIMITS: readonly (readonly [Transport, number])[] = [
  [TRANSPORT.tcp, 65_535],
  [TRANSPORT.udp, 512],
];

const POOLS = `
$POOL one monitor=none
    a 203.0.113.1
$POOL many monitor=none answers=2
    a 203.0.113.11 203.0.113.12
    b 203.0.113.13 203.0.113.11
    c 203.0.113.14
$POOL gone monitor=clb
    a 203.0.113.21 2001:db8::21
$POOL both monitor=none
    a 203.0.113.31 2001:db8::31
$MONITOR clb http path=/
`;
const POLICIES = `
pol POLICY one
*.pol 60/30 POLICY weighted ( one=1 many=2 both=1 )
x.pol TXT "beside"
strict POLICY gone when-down=servfail
silent 20 POLICY gone when-down=nodata
*.t CNAME pol
v.t CNAME y.pol
w.t CNAME strict
u.t CNAME silent
s.t DNAME pol
big CNAME big.t
${Array.from({ length: 40 }, (_, at) => `big.t A 192.0.2.${at}`).join("\n")}
${Array.from({ length: 12 }, (_, at) => `mid.t MX ${at} Host-${at}.Some.Long.Name.mid.t`).join("\n")}
wide NS ns.wide
wide NS other.mid.t
${Array.from({ length: 25 }, (_, at) => `ns.wide A 192.0.2.${at}`).join("\n")}
other.mid.t A 192.0.2.99
${Array.from({ length: 20 }, (_, at) => `k${at} CNAME k${at + 1}`).join("\n")}
k20 A 192.0.2.20
d3 DNAME d4
b.d4 CNAME d3
`;
const EXTRA_NAMES = (
  "pol x.pol y.pol z.y.pol strict silent q.t v.t w.t u.t s.t a.s.t b.a.s.t big big.t mid.t wide b.wide ns.wide " +
  "k0 k3 k4 k5 k6 b.d3 other.mid.t Some.Long.Name.mid.t"
).split(" ");

interface GeneratedSet {
  readonly image: Image;
  /** The same zones, not compiled. */
  readonly zones: ZonesByApexKey;
  readonly names: readonly string[];
}

function generateSet(seed: number): GeneratedSet {
  const random = seededRandom(seed);
  const shuffleCase = (text: string): string =>
    text.replaceAll(/[a-z]/g, (letter) => (random() < 0.3 ? letter.toUpperCase() : letter));
  const zones = APEXES.map((apex, at) => generateZone(apex, seed * 31 + at));
  const texts = zones.map(({ apex, text }, at) => {
    const cased = text.replaceAll(/^[abc*.]+(?= )|(?<=(?:CNAME|DNAME|NS|MX 10) )[abc*.]+$/gm, shuffleCase);
    return [`${apex}zone`, `${cased}${at === 0 ? POOLS : ""}${POLICIES}`] as const;
  });
  const health: { readonly [endpointId: string]: HealthWord } = random() < 0.5 ? { "gone/a": "down" } : {};
  const names = zones.flatMap(({ apex, names }) =>
    names.concat(EXTRA_NAMES.map((name) => `${name}.${apex}`)),
  );
  const files = Object.fromEntries(texts);
  return {
    image: imageOf(zoneSetOf(files), health),
    zones: indexZones(zoneSetOf(files).zones),
    names: [...new Set(names), ".", "example.", "stranger.", "x.stranger."].map(shuffleCase),
  };
}

function lineOf({ owner, ttlSeconds, type, rdata }: ResourceRecord): string {
  return `${formatName(owner)} ${ttlSeconds} ${formatType(type)} ${formatRdata(type, rdata)}`.toLowerCase();
}

/** Everything but the letters' case in records, which compression decides. */
function sectionsOf(message: Message): object {
  return {
    ...message,
    answers: message.answers.map(lineOf),
    authorities: message.authorities.map(lineOf),
    additionals: message.additionals.map(lineOf),
  };
}

/** Takes what a policy drew off the end of the answer section, and says what is wrong with it. */
function takeDrawn(message: Message, { policy }: ObjectAnswer): Message {
  if (policy === undefined) return message;
  const { owner, evaluation } = policy;
  const answers = [...message.answers];
  const addresses = new Set(
    evaluation.draws.flatMap(({ candidates }) =>
      candidates.flatMap((candidate) => candidate.addresses.map(({ octets }) => octets.join("."))),
    ),
  );
  const drawn = new Set<string>();
  for (let last = answers.at(-1); last !== undefined; last = answers.at(-1)) {
    const isOwned = formatName(last.owner).toLowerCase() === formatName(owner).toLowerCase();
    const address = last.rdata.join(".");
    if (!isOwned || !addresses.has(address)) break;
    expect(last.ttlSeconds).to.equal(evaluation.ttlSeconds);
    expect(drawn.has(address), "an address is answered once").to.equal(false);
    drawn.add(address);
    answers.pop();
  }
  if (drawn.size > 0 || message.isTruncated) return { ...message, answers };
  // A pool without addresses of the family can be drawn as well, and answers NODATA.
  expect(evaluation.draws.some(({ candidates }) => candidates.length === 0)).to.equal(true);
  expect(message.authorities.map(({ type }) => formatType(type))).to.deep.equal(["SOA"]);
  expect(message.authorities[0]?.ttlSeconds).to.be.at.most(evaluation.ttlSeconds);
  return { ...message, answers, authorities: [] };
}

describe("answer() and the zones' objects", () => {
  for (let at = 0; at < SETS; at++) {
    it(`agree on set ${at}`, function () {
      this.timeout(120_000);
      const { image, zones, names } = generateSet(SEED + at);
      const { ask } = createAsker(() => image);
      for (const name of names) {
        for (const type of TYPES) {
          const octets = query(name, type);
          for (const [transport, limit] of LIMITS) {
            const expected = objectAnswer(zones, image, octets, limit);
            const reply = parsed(ask(octets, { transport }) ?? new Uint8Array(0));
            const ours = sectionsOf(takeDrawn(reply, expected));
            expect(ours, `${name} ${type} ${limit}`).to.deep.equal(sectionsOf(parsed(expected.octets)));
          }
        }
      }
    });
  }
});
