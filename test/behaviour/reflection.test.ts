/**
 * Whom an attacker aims Fairlead at gets no more of it than of NSD at the same settings, and without a limit no more
 * than the answers. Both are asked at once, query by query in the same moments, so that they meet the same machine.
 */

import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { needPeers } from "../peers.ts";
import { startFairlead } from "../support/peers/fairlead.ts";
import { startNsd } from "../support/peers/nsd.ts";
import { PLAIN_FILES } from "../support/sample-zones.ts";
import type { Place } from "./asking.ts";
import {
  ATTACKS,
  formatReflection,
  REFLECTION_QUERIES,
  REFLECTION_RATE,
  REFLECTION_SECONDS,
  type Reflection,
  type ReflectionLoad,
  reflect,
} from "./reflection.ts";

/** How far two counts of the same second may lie apart. */
const TOLERANCE = 1.02;

/** An answer, a denial, and what a wildcard makes: the kinds that servers count apart. The bench measures all. */
const IN_SHORT: ReadonlySet<string> = new Set([
  "one large answer",
  "names that are not there",
  "names under a wildcard",
]);
const OPEN_QUERIES = 300;

describe("reflection", () => {
  const ends: (() => Promise<unknown>)[] = [];
  const places = new Map<string, Place>();

  before(async function () {
    needPeers.call(this, "nsd");
    const { responsesPerSecond: rate, slip } = REFLECTION_RATE;
    const config = `rate-limit:\n  responses-per-second: ${rate}\n  slip: ${slip}\n`;
    for (const [name, text] of [
      ["open", ""],
      ["limited", config],
    ] as const) {
      const fairlead = await startFairlead({ zones: PLAIN_FILES, config: text });
      ends.push(() => fairlead.stop());
      places.set(`${name} fairlead`, fairlead.dns);
    }
    const plain = new Map(
      Object.entries(PLAIN_FILES).map(([file, text]) => [file.replace(/zone$/, ""), text]),
    );
    for (const [name, rateLimit] of [
      ["open", 0],
      ["limited", rate],
    ] as const) {
      const nsd = await startNsd(plain, { rateLimit });
      ends.push(() => nsd.end());
      places.set(`${name} nsd`, nsd);
    }
  });

  after(async () => {
    for (const end of ends) await end();
  });

  const measure = (name: string, load: ReflectionLoad): Promise<Reflection> => {
    const place = places.get(name);
    if (place === undefined) throw new Error(`${name} does not run`);
    return reflect(place, load);
  };

  for (const { what, client, queryOf } of ATTACKS.filter(({ what }) => IN_SHORT.has(what))) {
    it(`by ${what} is no greater than NSD's, with and without a limit`, async () => {
      const flood = { client, queryOf, queries: REFLECTION_QUERIES, seconds: REFLECTION_SECONDS };
      const [ours, theirs] = await Promise.all([
        measure("limited fairlead", flood),
        measure("limited nsd", flood),
      ]);
      const few = { ...flood, queries: OPEN_QUERIES, seconds: OPEN_QUERIES / 2_000 };
      const open = await measure("open fairlead", few);
      const theirsOpen = await measure("open nsd", few);
      const gains = `without a limit: fairlead ${open.gain.toFixed(2)}, nsd ${theirsOpen.gain.toFixed(2)}`;
      const line = `fairlead ${formatReflection(ours)}; nsd ${formatReflection(theirs)}; ${gains}`;
      process.stdout.write(`reflection by ${what}: ${line}\n`);
      expect(ours.gain, line).to.be.at.most(theirs.gain * TOLERANCE);
      expect(open.gain, line).to.be.at.most(theirsOpen.gain * TOLERANCE);
    });
  }
});
