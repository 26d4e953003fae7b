/** Blocks of zones: copied or built, they make the same image; and the nodes that are read back from them are the same. */

import { expect } from "chai";
import { describe, it } from "mocha";
import { nameKey, nameOf } from "../../../src/dns/name.ts";
import { TYPE } from "../../../src/dns/types.ts";
import { ZONE_HEADER } from "../../../src/image/layout.ts";
import { compileZones } from "../../../src/image/zones.ts";
import type { JudgedFile } from "../../../src/zone/judge.ts";
import { loadZones } from "../../../src/zone/load.ts";
import type { ZoneNode, ZoneSet } from "../../../src/zone/model.ts";
import { generateZone } from "../../support/zone-generator.ts";
import { zoneSetOf } from "../../support/zones.ts";

const SEED = 20_261_122;
const APEXES = ["test.", "a.test.", "b.a.test.", "c.b.b.test.", "other.example."] as const;

const BESIDE = `
$POOL one monitor=none
    a 203.0.113.1
Pol      POLICY one
pol      HTTPS 1 . alpn=h2
srv      SRV 1 1 1 pol health-aware=on
srv      SRV 2 1 1 long
srv      MX 1 pol
srv      MX 2 long health-aware=on
*.pol    POLICY geo ( net:10.0.0.0/8=one *=one )
long     TXT ${`"${"x".repeat(255)}" `.repeat(200)}
${Array.from({ length: 600 }, (_, at) => `many MX ${at} ${"m".repeat(60)}.${"n".repeat(60)}.host${at}.elsewhere.`).join("\n")}
`;

/** The text of one zone by its file's name; `changed` asks for another text of the zone at that place. */
function textsOf(seed: number, changed?: number): { readonly [path: string]: string } {
  const texts = APEXES.map((apex, at) => {
    const { text } = generateZone(apex, seed * 31 + at + (at === changed ? 1_000 : 0));
    return [`${apex}zone`, `${text}${at === 0 ? BESIDE : ""}`] as const;
  });
  return Object.fromEntries(texts);
}

/** The words that are in use: what lies behind them is room that was asked for and not needed. */
function wordsOf(bytes: SharedArrayBuffer): Int32Array {
  const words = new Int32Array(bytes);
  const end = (words[ZONE_HEADER.shadowed] ?? 0) + ((words[ZONE_HEADER.shadowedMask] ?? 0) + 1) * 2;
  return words.slice(0, end);
}

function nodesOf(set: ZoneSet): (readonly [string, ZoneNode])[][] {
  return set.zones.map(({ nodes }) => [...nodes.entries()]);
}

describe("compileZones()", () => {
  for (let seed = SEED; seed < SEED + 12; seed++) {
    it(`copies what has not changed, to the image that is built of it anew (${seed})`, () => {
      for (let changed = 0; changed < APEXES.length; changed++) {
        const before = zoneSetOf(textsOf(seed));
        expect(compileZones(before).builtZones).to.equal(APEXES.length);
        const after = zoneSetOf(textsOf(seed, changed));
        const zones = after.zones.map((zone, at) => (at === changed ? zone : (before.zones[at] ?? zone)));
        const part = compileZones({ ...after, zones });
        expect(part.builtZones).to.equal(1);
        const anew = compileZones(zoneSetOf(textsOf(seed, changed)));
        expect(wordsOf(part.bytes)).to.deep.equal(wordsOf(anew.bytes));
        expect(part.policies.map(({ owner }) => owner)).to.deep.equal(
          anew.policies.map(({ owner }) => owner),
        );
      }
    });

    it(`leaves the nodes of its zones as they were (${seed})`, () => {
      const set = zoneSetOf(textsOf(seed));
      const before = nodesOf(set);
      const sizes = set.zones.map(({ nodes }) => nodes.size);
      compileZones(set);
      expect(nodesOf(set)).to.deep.equal(before);
      expect(set.zones.map(({ nodes }) => nodes.size)).to.deep.equal(sizes);
      set.zones.forEach(({ nodes }, at) => {
        for (const [key, node] of before[at] ?? []) {
          expect(nodes.get(key)).to.deep.equal(node);
          expect(nodes.has(key)).to.equal(true);
        }
        expect(nodes.get(nameKey(nameOf("stranger.")))).to.equal(undefined);
      });
    });
  }

  it("moves zones and their policies to other numbers where others come before them", () => {
    const texts = textsOf(SEED);
    const first = zoneSetOf(texts);
    compileZones(first);
    const policy = `@ 300 SOA ns hostmaster ( 1 3600 600 86400 60 )\n@ 300 NS ns.elsewhere.\np 300 POLICY one\n`;
    const more = { "aaa.example.zone": policy, ...texts };
    const loaded = zoneSetOf(more);
    const known = new Map(first.zones.map((zone) => [zone.file, zone]));
    const part = compileZones({ ...loaded, zones: loaded.zones.map((zone) => known.get(zone.file) ?? zone) });
    expect(part.builtZones).to.equal(1);
    expect(wordsOf(part.bytes)).to.deep.equal(wordsOf(compileZones(zoneSetOf(more)).bytes));
  });

  it("keeps every record of a set that is too long for any message", () => {
    const set = zoneSetOf(textsOf(SEED));
    const key = nameKey(nameOf("many.test."));
    compileZones(set);
    expect(set.zones[0]?.nodes.get(key)?.rrsets.get(TYPE.MX)?.rdatas).to.have.length(600);
  });

  it("counts the RRsets of each zone", () => {
    const set = zoneSetOf(textsOf(SEED));
    const counts = set.zones.map(({ nodes }) =>
      [...nodes.values()].reduce((sum, { rrsets }) => sum + rrsets.size, 0),
    );
    expect(compileZones(set).zones.map(({ rrsetCount }) => rrsetCount)).to.deep.equal(counts);
  });
});

describe("compileZones() of what loadZones() has taken over", () => {
  const ZONES = 300;
  const digestOf = (octets: Uint8Array): string => new TextDecoder().decode(octets);

  /** Loads the texts as a reload does: what is unchanged is taken over from `earlier`. */
  function reload(
    texts: readonly string[],
    earlier: readonly JudgedFile[],
  ): { set: ZoneSet; judged: readonly JudgedFile[] } {
    const files = texts.map((text, at) => ({
      path: `z${at}.test.zone`,
      octets: new TextEncoder().encode(text),
    }));
    const { set, judged } = loadZones(files, () => undefined, { digestOf, earlier });
    if (set === undefined) throw new Error("the zones are faulty");
    return { set, judged };
  }

  const textOf = (address: string): string =>
    `@ 300 SOA ns hostmaster ( 1 3600 600 86400 60 )\n@ 300 NS ns\nns 300 A ${address}\nwww 300 A ${address}\n`;

  it(`builds the block of one zone where one file of ${ZONES} has changed, and none where none has`, () => {
    const texts = Array.from({ length: ZONES }, (_, at) => textOf(`192.0.2.${at % 256}`));
    const first = reload(texts, []);
    expect(compileZones(first.set).builtZones).to.equal(ZONES);
    const same = reload(texts, first.judged);
    expect(compileZones(same.set).builtZones).to.equal(0);
    const changed = texts.with(77, textOf("198.51.100.1"));
    const second = reload(changed, same.judged);
    const part = compileZones(second.set);
    expect(part.builtZones).to.equal(1);
    expect(wordsOf(part.bytes)).to.deep.equal(wordsOf(compileZones(reload(changed, []).set).bytes));
    const address = second.set.zones[77]?.nodes.get(nameKey(nameOf("www.z77.test.")))?.rrsets.get(TYPE.A);
    expect(address?.rdatas).to.deep.equal([Uint8Array.of(198, 51, 100, 1)]);
  });
});
