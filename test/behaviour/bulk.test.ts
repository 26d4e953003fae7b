/**
 * Lookups in bulk: zones made by rule from a seed, and of every name worth asking in them every type, asked of Fairlead,
 * NSD and Knot; code, AA and the three sections are compared as sets. A difference fails the test unless it is one of
 * those that `explanations` names. Over TCP, so that nothing is cut; and ours once more over UDP.
 */

import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { needPeers } from "../peers.ts";
import { startFairlead } from "../support/peers/fairlead.ts";
import { startKnot } from "../support/peers/knot.ts";
import { startNsd } from "../support/peers/nsd.ts";
import type { RunningPeer } from "../support/peers/running-peer.ts";
import { generateZone } from "../support/zone-generator.ts";
import type { Place } from "./asking.ts";
import { askInBulk, askInDatagrams, type BulkQuestion } from "./bulk-asking.ts";
import { type Comparison, EXPLANATIONS } from "./explanations.ts";
import { isSame, type Sections } from "./sections.ts";

const SEED = 20_261_122;
/** Some have more zones inside, below names that the outer one knows nothing of. */
const APEXES = Array.from({ length: 40 }, (_, at) => `z${at}.test.`).flatMap((apex, at) =>
  at < 6 ? [apex, `in.${apex}`, `far.down.in.${apex}`] : [apex],
);
const TYPES = ["A", "AAAA", "TXT", "MX", "SRV", "CNAME", "DNAME", "NS", "DS", "SOA", "TYPE65280"];

/** What leads out of a zone leads into the next one, or out of them all. */
function outsideOf(at: number): string {
  const next = at % 2 === 0 ? APEXES[at + 1] : undefined;
  return next === undefined ? "out.example." : `a.b.${next}`;
}

describe("lookups in bulk", () => {
  const zones = APEXES.map((apex, at) => generateZone(apex, SEED + at, outsideOf(at)));
  const texts = new Map(zones.map(({ apex, text }) => [apex, text]));
  const questions: BulkQuestion[] = zones.flatMap(({ apex, names, outside }) =>
    names.flatMap((name) => TYPES.map((type) => ({ apex, name, type, outside }))),
  );
  const ends: (() => Promise<unknown>)[] = [];
  const unused = new Set(EXPLANATIONS);
  let differences = 0;
  let compared = 0;
  /** With minimal answers, and with all that may go along. */
  let minimal: Place;
  let complete: Place;

  before(async function () {
    needPeers.call(this, "nsd", "knotd");
    const files = Object.fromEntries(Array.from(texts, ([apex, text]) => [`${apex}zone`, text]));
    const start = async (config: string): Promise<Place> => {
      const fairlead = await startFairlead({ zones: files, config });
      ends.push(() => fairlead.stop());
      return fairlead.dns;
    };
    minimal = await start("");
    complete = await start("minimal-responses: no");
  });

  after(async () => {
    for (const end of ends) await end();
    if (compared > 0) {
      process.stdout.write(
        `zones compared ${zones.length}, queries ${compared}, differences ${differences}\n`,
      );
    }
  });

  const agree = async (comparison: Comparison, ours: Place, peer: RunningPeer): Promise<void> => {
    ends.push(() => peer.end());
    const own = await askInBulk(ours, questions);
    const theirs = await askInBulk(peer, questions);
    const unexplained: unknown[] = [];
    for (const [at, question] of questions.entries()) {
      const one = sectionsAt(own, at);
      const other = sectionsAt(theirs, at);
      if (isSame(one, other)) continue;
      const known = EXPLANATIONS.find(
        (each) => comparison.startsWith(each.of) && each.explains(question, one, other),
      );
      if (known === undefined) unexplained.push({ question, fairlead: one, [comparison]: other });
      else unused.delete(known);
    }
    compared += questions.length;
    differences += unexplained.length;
    expect(unexplained.slice(0, 5), `${unexplained.length} differences`).to.deep.equal([]);
  };

  it("agree with NSD where both are minimal", async () => {
    await agree("nsd minimal", minimal, await startNsd(texts));
  });

  it("agree with NSD where neither is minimal", async () => {
    await agree("nsd complete", complete, await startNsd(texts, { minimalResponses: false }));
  });

  it("agree with Knot, which is in between", async () => {
    await agree("knot", minimal, await startKnot(texts));
  });

  it("say the same in datagrams, save where that would have to be cut", async () => {
    const whole = await askInBulk(complete, questions);
    const datagrams = await askInDatagrams(complete, questions);
    const cut = datagrams.filter((sections) => sections === undefined).length;
    expect(cut).to.be.below(questions.length / 100);
    for (const [at, sections] of datagrams.entries()) {
      if (sections !== undefined) expect(sections).to.deep.equal(whole[at]);
    }
  });

  it("need every explanation of a difference that is given", () => {
    expect([...unused].map(({ name }) => name)).to.deep.equal([]);
  });
});

function sectionsAt(all: readonly Sections[], at: number): Sections {
  const sections = all[at];
  if (sections === undefined) throw new Error(`question ${at} was not answered`);
  return sections;
}
